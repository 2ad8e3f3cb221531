"""A message as a post: Slack's blocks, and plain JSON for any other program."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from fulfilltools.errors import DeliveryError
from fulfilltools.texts import marked

if TYPE_CHECKING:
    from fulfilltools.delivery.content import Content
    from fulfilltools.wording import Voice

SECONDS = 30
SLACK_ROWS = 5
SLACK_TEXT = 2900
"""Slack takes 3,000 characters a block; https://docs.slack.dev/reference/block-kit/blocks."""

ROW = marked("{order}: {cause}, {severity}, {owner}, waiting {age}")
OPEN = marked("Open the report")


@dataclass(frozen=True)
class SlackPost:
    """A post to a Slack incoming webhook: headline, sentences, the five worst, a link."""

    content: Content
    address: str = field(repr=False)

    @property
    def key(self) -> str:
        """What is noted once it was sent."""
        return f"slack {self.content.key}"

    def __str__(self) -> str:
        return f"Slack\n{json.dumps(self.payload(), ensure_ascii=False, indent=1)}"

    def payload(self) -> dict[str, Any]:
        """Build Slack's blocks; `text` is what notifications show."""
        it = self.content
        sign = ":rotating_light: " if it.is_failure else ""
        blocks = [_section(f"{sign}*{_plain(it.headline)}*")]
        if it.lines:
            blocks.append(_section("\n".join(map(_plain, it.lines))))
        if rows := [_row(row, it.voice) for row in it.rows[:SLACK_ROWS]]:
            blocks.append(_section("\n".join(rows)))
        if it.link:
            blocks.append(_section(f"<{it.link}|{it.voice.say(OPEN)}>"))
        return {"text": _plain(it.subject), "blocks": blocks, "unfurl_links": False}

    def send(self) -> None:
        """Post it. Raises DeliveryError."""
        _post("Slack", self.address, self.payload())


@dataclass(frozen=True)
class WebhookPost:
    """A post of JSON: kind (report or failure), numbers, and the rows that need action."""

    content: Content
    address: str = field(repr=False)

    @property
    def key(self) -> str:
        """What is noted once it was sent."""
        return f"webhook {self.content.key}"

    def __str__(self) -> str:
        return f"Webhook\n{json.dumps(self.content.data, ensure_ascii=False, indent=1)}"

    def send(self) -> None:
        """Post it. Raises DeliveryError."""
        _post("The webhook", self.address, self.content.data)


def _post(name: str, address: str, payload: object) -> None:
    host = urlsplit(address).hostname
    try:
        answer = requests.post(address, json=payload, timeout=SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        # The address is a secret, and the error's text and its chain hold it.
        reason = type(error).__name__
        raise DeliveryError(
            f"{name} at {host} could not be reached: {reason}. Check its address, then try "
            "`fulfilltools deliver`."
        ) from None
    if not answer.ok or answer.is_redirect:
        raise DeliveryError(
            f"{name} at {host} answered {answer.status_code}. Check its address, then try "
            "`fulfilltools deliver`."
        )


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SLACK_TEXT]}}


def _plain(text: str) -> str:
    """Keep Slack from reading links, mentions or channels into a text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _row(row: Any, voice: Voice) -> str:  # noqa: ANN401 (a finding)
    order = _plain(row["order"])
    if str(row["admin_url"]).startswith("https://"):
        order = f"<{row['admin_url']}|{order}>"
    hours = row["age_hours"]
    return voice.say(
        ROW,
        order=order,
        cause=voice.words(row["cause"]),
        severity=voice.words(row["severity"]),
        owner=voice.words(row["owner"]),
        age="–" if hours is None else voice.duration(hours),
    )
