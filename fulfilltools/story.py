"""One order's whole story: what happened, what waits where, what each cause says, and the way out.

`diagnosis.order("#1042")` gives it; `fulfilltools explain "#1042"` prints it. Every sentence
names what it rests on: a moment of the run's tables, or the columns that a cause read.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fulfilltools import display, evidence, timeline
from fulfilltools.errors import RunError
from fulfilltools.texts import LANGUAGE
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from fulfilltools.diagnosis import Diagnosis


A_MINUTE = 1 / 60


@dataclass(frozen=True, repr=False)
class Story:
    """An order as the run saw it. Frames have one row per moment, place, line, answer or peer.

    Without a run's folder there are no tables: `timeline` and `lines` are empty then.
    """

    name: str
    admin_url: str | None
    findings: DataFrame
    """Its findings, worst first; empty where nothing of it is open."""
    timeline: DataFrame
    """`at` (UTC), `what`, `detail`, `by`, `hours_since` the row before."""
    waiting: DataFrame
    """Its open fulfillment orders: place, state, what Shopify lets us do, cause, evidence."""
    lines: DataFrame
    """Their lines: units left, stock here (`here`), and at other places (`elsewhere`)."""
    answers: DataFrame
    """What each cause answered there: root, yes, no or unknown, `because` of what it read."""
    ways_out: DataFrame
    """What it would take to ship: action, what Shopify offers, mutations that would do it."""
    peers: DataFrame
    """Others stuck the same way now, and how fast the same place ships otherwise."""
    zone: str = "UTC"
    language: str = LANGUAGE

    @property
    def longest_wait(self) -> str:
        """Say after what it has waited longest."""
        is_over = self.findings.empty & (self.timeline["what"] == "now")
        waits = self.timeline["hours_since"].where(~_ahead(self.timeline) & ~is_over).dropna()
        if waits.empty:
            return Voice(self.language).say("nothing is known of its waits")
        place = int(waits.argmax())
        moments = self.timeline["what"].tolist()
        at = [*self.timeline.index].index(waits.index[place])
        voice = Voice(self.language)
        before, after = (voice.words(moments[one]) for one in (at - 1, at))
        return voice.say(
            "{time} from {before} to {after}",
            time=voice.duration(waits.iloc[place]),
            before=before,
            after=after,
        )

    @property
    def open_findings(self) -> list[dict[str, Any]]:
        """Its findings as plain values, missing ones None."""
        plain = self.findings.astype(object)
        return [
            {str(name): None if _is_missing(value) else value for name, value in row.items()}
            for row in plain.to_dict("records")
        ]

    def to_frame(self) -> DataFrame:
        """Give the timeline as it is read: the shop's time, waits in words."""
        told, voice = self.timeline, Voice(self.language)
        return pd.DataFrame(
            {
                "when": [voice.moment(at, self.zone) for at in told["at"]],
                "after": [_after(wait, voice) for wait in told["hours_since"]],
                "what": [voice.words(what) for what in told["what"]],
                "detail": told["detail"],
                "by": [voice.named(by) if isinstance(by, str) else "" for by in told["by"]],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Give what can be compared: moments, causes and answers, as plain values."""
        asked = self.answers
        return {
            "order": self.name,
            "causes": self.findings["cause"].tolist(),
            "timeline": [
                [f"{at:%Y-%m-%dT%H:%M:%SZ}", what]
                for at, what in zip(self.timeline["at"], self.timeline["what"], strict=True)
            ],
            "units_left": int(self.waiting["units"].sum()),
            **{
                answer: sorted(set(asked.loc[asked["answer"] == answer, "cause"]))
                for answer in ("root", "yes", "unknown")
            },
        }

    def __str__(self) -> str:
        return "\n".join(self._told())

    __repr__ = __str__

    def _headline(self) -> str:
        voice, told = Voice(self.language), {"order": self.name, "wait": self.longest_wait}
        if self.findings.empty:
            return voice.say("{order} has nothing open in this run; longest wait: {wait}.", **told)
        first = self.findings.iloc[0]
        why = f"{voice.words(first['cause'])} ({voice.words(first['severity'])})"
        return voice.say(
            "{order} is not shipped because of: {why}. Longest wait: {wait}.", why=why, **told
        )

    def _told(self) -> Iterator[str]:
        voice = Voice(self.language)
        yield self._headline()
        yield from _section(
            voice.say("What happened"),
            self.to_frame(),
            "{when:17}  {after:>10}  {what} {detail} ({by})",
        )
        yield from _section(
            voice.say("What waits"),
            self.waiting,
            voice.say("{place}: {units} to ship, {state}. {evidence}"),
        )
        yield from _section(
            voice.say("Stock"),
            self.lines,
            voice.say("{item}: {left} left; here {here}; elsewhere {elsewhere}"),
        )
        said = self._said(self.answers["answer"] != "no")
        yield from _section(
            voice.say("What causes answered"),
            said,
            voice.say("{cause} at {place}: {answer} ({because})"),
        )
        yield from _section(
            voice.say("What it would take"), self.ways_out, "{place}: {action} {button} {mutations}"
        )
        yield from _section(voice.say("Peers"), self.peers, "{what}: {number} {detail}")
        if self.admin_url:
            yield voice.say("See {link}", link=self.admin_url)

    def _said(self, asked: pd.Series[bool]) -> DataFrame:
        """Give some of the answers, told in the reader's language."""
        said = self.answers[asked]
        return said.assign(answer=said["answer"].map(Voice(self.language).named))

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        say = Voice(self.language).say
        severity = "info" if self.findings.empty else str(self.findings["severity"].iloc[0])
        url = self.admin_url
        place = display.link(url, say("Open it in the admin")) if url else ""
        said = self._said(self.answers["answer"] != "no")
        noes = self._said(self.answers["answer"] == "no")
        no = say("{n} answers are no", n=len(noes))
        parts = [
            f"<p><b>{display.escaped(self._headline())}</b> {place}</p>",
            display.grid(self.to_frame(), say("What happened")),
            display.grid(self.waiting, say("What waits")) if len(self.waiting) else "",
            display.grid(self.lines, say("Its lines and their stock")) if len(self.lines) else "",
            display.grid(self.ways_out, say("What it would take")) if len(self.ways_out) else "",
            display.grid(said, say("Causes that are true or unknown")) if len(said) else "",
            display.folded(no, display.grid(noes)) if len(noes) else "",
            display.grid(self.peers, say("Others like it")) if len(self.peers) else "",
        ]
        return display.bundle("order", str(self), display.framed(parts, severity), self.to_dict())


_NO_FINDINGS = pd.DataFrame(columns=["cause", "severity", "order"])
_NO_MOMENTS = pd.DataFrame(columns=list(timeline.COLUMNS))
NOTHING = Story(
    "No order",
    None,
    _NO_FINDINGS,
    _NO_MOMENTS,
    waiting=pd.DataFrame(columns=list(evidence.WAITING)),
    lines=pd.DataFrame(columns=list(evidence.LINES)),
    answers=pd.DataFrame(columns=list(evidence.ANSWERS)),
    ways_out=pd.DataFrame(columns=list(evidence.WAYS_OUT)),
    peers=pd.DataFrame(columns=list(evidence.PEERS)),
)
"""What is told where nothing is open."""


def tell(diagnosis: Diagnosis, name: str | int) -> Story:
    """Tell the story of an order by its name, with or without the number sign.

    A number is a name, too: papermill and notebooks make one of 1042.

    Raises RunError, with the nearest names, when the run has no such order.
    """
    found = _of_order(diagnosis, name)
    order, findings = found["order_name"], found["findings"]
    rows_of = diagnosis.backlog[diagnosis.backlog["order_id"] == found["order_id"]]
    folder, voice = diagnosis.folder, Voice(diagnosis.language)
    told = _NO_MOMENTS
    if folder:
        told = timeline.moments(folder, found["order_id"], diagnosis.as_of, voice)
    return Story(
        name=order,
        admin_url=found["admin_url"],
        findings=findings,
        timeline=told,
        waiting=evidence.waiting(rows_of, findings, voice),
        lines=evidence.stocked_lines(folder, rows_of, voice),
        answers=evidence.answers(diagnosis, rows_of, findings),
        ways_out=evidence.ways_out(rows_of, findings, diagnosis.causes, voice),
        peers=evidence.peers(diagnosis, rows_of, findings),
        zone=diagnosis.zone,
        language=diagnosis.language,
    )


def _of_order(diagnosis: Diagnosis, name: str | int) -> dict[str, Any]:
    """Find an order among the open ones, else among all that the run has fetched."""
    wanted = str(name).strip().lstrip("#").lower()
    plain = diagnosis.backlog["order_name"].str.lstrip("#").str.lower()
    mine = diagnosis.backlog[plain == wanted]
    if len(mine):
        first = mine.iloc[0]
        findings = diagnosis.findings
        return {
            "order_name": first["order_name"],
            "order_id": first["order_id"],
            # an export knows no address of the admin
            "admin_url": None if _is_missing(first["admin_url"]) else first["admin_url"],
            "findings": findings[findings["order_id"] == first["order_id"]],
        }
    there = timeline.rows(diagnosis.folder, "orders") if diagnosis.folder else diagnosis.backlog
    all_plain = there["order_name"].str.lstrip("#").str.lower()
    others = there[all_plain == wanted].sort_values("order_id")
    if others.empty:
        near = difflib.get_close_matches(wanted, [*all_plain.dropna()], n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "Give its name, such as #1042."
        raise RunError(f"The run has no order {name!r}. {hint}")
    order_id = others["order_id"].iloc[0]
    return {
        "order_name": others["order_name"].iloc[0],
        "order_id": order_id,
        "admin_url": None,
        "findings": diagnosis.findings.iloc[:0],
    }


def _after(hours: float, voice: Voice) -> str:
    if pd.isna(hours):
        return ""
    return voice.duration(hours) if hours >= A_MINUTE else voice.say("at once")


def _is_missing(value: object) -> bool:
    return not isinstance(value, (list, np.ndarray)) and bool(pd.isna(value))  # type: ignore[call-overload]


def _section(heading: str, told: DataFrame, template: str) -> Iterator[str]:
    if len(told):
        yield f"\n{heading}:"
        for row in told.to_dict("records"):
            plain = {str(name): "" if pd.isna(value) else value for name, value in row.items()}
            yield "  " + template.format(**plain).replace(" ()", "").rstrip()


def _ahead(told: DataFrame) -> pd.Series[Any]:
    now = told.index[told["what"] == "now"]
    return pd.Series(told.index > (now[0] if len(now) else len(told)), index=told.index)
