"""What is said, once for all channels: subject, sentences, rows, and the same as plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fulfilltools.report.message import figures, limits, summary_md, voice_of
from fulfilltools.report.workbook import worklist
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fulfilltools.runs import Run
    from fulfilltools.settings import Delivery

CALM = ("nothing to do", "waits by design")
MOST_ROWS = 20
"""Of the table in a mail; phones and Gmail cut what is longer."""

SENT_KEYS = (
    *("order", "cause", "severity", "owner", "verdict", "age_hours", "value", "currency"),
    *("location", "admin_url"),
)
"""Of a finding, what is sent: nothing in it was typed by a customer or a clerk."""

SUBJECTS = {
    "run": marked("{shop}: {k} of {n} unfulfilled orders need action, {day}"),
    "owner": marked("{shop}: {rows} for {owner}, {day}"),
    "failure": marked("{shop}: NO REPORT, the run of {day} failed"),
}
FAILURE = {
    "error": marked("The run of {moment} UTC failed, so there is no new report. {error}"),
    "last_good": marked("The last good report is of {last_good}."),
    "none": marked("There is no earlier report."),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Content:
    """A message before it takes a channel's form."""

    key: str
    """The run and, where there is one, the owner; the channel adds its name."""
    subject: str
    headline: str
    lines: Sequence[str]
    text: str
    rows: Sequence[Mapping[str, Any]] = ()
    total: int = 0
    link: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    is_failure: bool = False
    voice: Voice = field(default_factory=Voice)


def of_run(run: Run, settings: Delivery, owner: str | None) -> Content:
    """Say a run, whole or as far as one owner has to do with it."""
    numbers = run.summary
    voice = voice_of(numbers)
    rows = [row for row in run.findings if row["verdict"] not in CALM]
    if owner is not None:
        rows = [row for row in rows if row["owner"] == owner]
    asked = {key: numbers["orders"][key] for key in ("actionable", "unfulfilled")}
    subject = voice.say(
        SUBJECTS["owner" if owner else "run"],
        shop=numbers["shop_name"] or numbers["shop"],
        k=asked["actionable"],
        n=asked["unfulfilled"],
        rows=len(rows),
        owner=voice.words(owner or ""),
        day=numbers["as_of"][:10],
    )
    sent = [{key: row[key] for key in SENT_KEYS} for row in rows]
    link = None
    if settings.report_url:
        link = f"{settings.report_url.rstrip('/')}/{run.shop}/{run.folder.name}/report.html"
    return Content(
        key=f"{numbers['run_id']} {owner or 'all'}",
        subject=_CONTROL.sub(" ", subject),
        headline=subject if owner else numbers["headline"],
        lines=limits(numbers) + ([] if owner else figures(numbers)),
        text=summary_md(numbers) if owner is None else _owner_text(subject, numbers, sent),
        rows=sent[:MOST_ROWS],
        total=len(sent),
        link=link,
        data=_data(numbers, sent, owner),
        files=_files(run, settings, rows),
        voice=voice,
    )


def of_failure(facts: Mapping[str, str]) -> Content:
    """Say that a run failed, in words that nobody takes for a report."""
    moment = facts["moment"].replace("T", " ").removesuffix("Z")
    voice = voice_of(facts)
    said = voice.say(FAILURE["error"], moment=moment[:16], error=facts["error"])
    last = facts.get("last_good")
    before = voice.say(FAILURE["last_good"], last_good=last) if last else voice.say(FAILURE["none"])
    lines = [said, before]
    subject = voice.say(SUBJECTS["failure"], shop=facts["shop"], day=moment[:10])
    return Content(
        key=f"{facts['moment']} failure",
        subject=_CONTROL.sub(" ", subject),
        headline=subject,
        lines=lines,
        text="\n\n".join([subject, *lines]) + "\n",
        data={"schema": 1, "kind": "failure", **facts},
        is_failure=True,
        voice=voice,
    )


def _owner_text(subject: str, numbers: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    voice = voice_of(numbers)
    lines = [
        f"- {row['order']}: {voice.words(row['cause'])}, {voice.words(row['severity'])}"
        for row in rows[:MOST_ROWS]
    ]
    return "\n\n".join([subject, *limits(numbers), "\n".join(lines)]) + "\n"


def _data(
    numbers: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], owner: str | None
) -> dict[str, Any]:
    """Give programs the numbers, and the rows that need action, without free texts."""
    keys = ("run_id", "shop", "shop_name", "as_of", "time_zone", "api_version", "headline")
    counts = ("orders", "by_severity", "by_owner", "value_at_risk", "late", "unexplained")
    since = numbers["since_last_run"]
    return {
        "schema": 1,
        "kind": "report",
        "owner": owner,
        "language": voice_of(numbers).language,
        **{key: numbers[key] for key in (*keys, *counts)},
        "by_cause": [
            {key: cause[key] for key in ("cause", "severity", "owner", "rows", "orders")}
            for cause in numbers["by_cause"]
        ],
        "since_last_run": {key: since[key] for key in ("previous", "new", "cleared", "changed")},
        "failed": sorted(numbers.get("failed") or {}),
        "complete": numbers["fetch"].get("complete", True),
        "findings": rows,
    }


def _files(run: Run, settings: Delivery, rows: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in settings.attach:
        if name == "worklist.xlsx":
            files[name] = worklist(rows, run.summary["as_of"], voice_of(run.summary))
        elif (run.folder / name).is_file():
            files[name] = (run.folder / name).read_bytes()
    return files
