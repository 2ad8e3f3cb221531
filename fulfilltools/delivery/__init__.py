"""A finished run, sent to people: e-mail, Slack, and a webhook for programs.

What is sent holds counts, causes, order names and links, and no text that somebody typed; the
attachments of a mail are the reader's choice. Each message goes out once per run: what was
sent is noted in the run's folder. Secrets come from the environment alone:

    FULFILLTOOLS_SMTP_URL               smtp://user:password@host:587, smtps://..., smtp+plain://
    FULFILLTOOLS_SLACK_WEBHOOK          and FULFILLTOOLS_SLACK_WEBHOOK_FINANCE ... for one owner
    FULFILLTOOLS_WEBHOOK                and FULFILLTOOLS_WEBHOOK_FINANCE ... for one owner
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, get_args

from fulfilltools.delivery.content import Content, of_failure, of_run
from fulfilltools.delivery.mail import Mail
from fulfilltools.delivery.webhooks import SlackPost, WebhookPost
from fulfilltools.errors import DeliveryError, SettingsError
from fulfilltools.redaction import ADDRESSES, secret_addresses
from fulfilltools.settings import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fulfilltools.runs import Run
    from fulfilltools.settings import Delivery

    Message = Mail | SlackPost | WebhookPost

SMTP, SLACK, WEBHOOK = ADDRESSES
SENT = "delivered.json"
SEVERITIES = ("low", "medium", "high", "critical")
CALM = ("nothing to do", "waits by design")


def messages(
    run: Run, settings: Delivery, environment: Mapping[str, str] = os.environ
) -> list[Message]:
    """Make all messages of a run that its settings ask for, sent or not.

    Raises SettingsError when nothing says where to send.
    """
    _require_somewhere(settings, environment)
    return [
        message
        for owner in (None, *get_args(Owner))
        if _is_wanted(run, settings, owner)
        for message in _to(settings, environment, of_run(run, settings, owner), owner)
    ]


def deliver(run: Run, settings: Delivery, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Send what was not sent yet; return what was sent now.

    All messages are tried. Raises DeliveryError naming those that failed, which the next call
    tries again, and SettingsError when nothing says where to send.
    """
    noted = run.folder / SENT
    before = json.loads(noted.read_text("utf-8")) if noted.is_file() else []
    sent, failed = [], []
    for message in messages(run, settings, environment):
        if message.key in before:
            continue
        try:
            message.send()
        except DeliveryError as error:
            failed.append(str(error))
            continue
        sent.append(message.key)
        noted.write_text(json.dumps([*before, *sent]) + "\n", encoding="utf-8")
    if failed:
        raise DeliveryError(" ".join(dict.fromkeys(failed)))
    return sent


def deliver_failure(
    facts: Mapping[str, str], settings: Delivery, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Tell that a run failed; `facts` has shop, moment, error, and last_good where there is one.

    Raises DeliveryError naming what could not be sent.
    """
    _require_somewhere(settings, environment)
    sent, failed = [], []
    for message in _to(settings, environment, of_failure(facts), None):
        try:
            message.send()
            sent.append(message.key)
        except DeliveryError as error:
            failed.append(str(error))
    if failed:
        raise DeliveryError(" ".join(failed))
    return sent


def _require_somewhere(settings: Delivery, environment: Mapping[str, str]) -> None:
    to_mail = settings.email_to or settings.email_by_owner
    if to_mail and not environment.get(SMTP):
        raise SettingsError(f"[delivery] names receivers of mail, but {SMTP} is not set. Set it.")
    if not to_mail and not secret_addresses(environment):
        raise SettingsError(
            "Nothing says where to send the report. Set [delivery] email_to in fulfilltools.toml, "
            f"or {SLACK} or {WEBHOOK}."
        )


def _is_wanted(run: Run, settings: Delivery, owner: str | None) -> bool:
    """Tell whether a run has what its receiver waits for; owners with nothing get nothing."""
    rows = [row for row in run.findings if row["verdict"] not in CALM]
    if owner is not None:
        rows = [row for row in rows if row["owner"] == owner]
        if not rows:
            return False
    if settings.when == "severity":
        bad = SEVERITIES[SEVERITIES.index(settings.severity) :]
        return any(row["severity"] in bad for row in rows)
    since = run.summary["since_last_run"]
    if settings.when == "new" and since["previous"] is not None:
        fresh = {*since["new"], *since["changed"]}
        return any(row["order"] in fresh for row in rows)
    return True


def _to(
    settings: Delivery, environment: Mapping[str, str], content: Content, owner: str | None
) -> Iterator[Message]:
    """Make the message of each channel that is set for this owner, or for everything."""
    receivers = settings.email_by_owner.get(owner, ()) if owner else settings.email_to  # type: ignore[call-overload]
    if content.is_failure:
        receivers = settings.failure_to or settings.email_to
    if receivers:
        yield Mail(content, environment[SMTP], tuple(receivers), settings.email_from)
    suffix = f"_{owner.upper()}" if owner else ""
    if address := environment.get(SLACK + suffix):
        yield SlackPost(content, address)
    if address := environment.get(WEBHOOK + suffix):
        yield WebhookPost(content, address)


def shown(message: Any) -> str:  # noqa: ANN401 (any of the three)
    """Write a message as it would go out, for `--dry-run`; never a secret."""
    return str(message)
