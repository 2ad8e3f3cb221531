"""One order's whole story: what happened, what waits where, what each cause says, and the way out.

`diagnosis.order("#1042")` gives it; `fulfilltools explain "#1042"` prints it. Every sentence
names what it rests on: a moment of the run's tables, or the columns that a cause read.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fulfilltools import display, history
from fulfilltools.cause import IN_ORDER
from fulfilltools.errors import RunError
from fulfilltools.timeline import each, rows, timeline
from fulfilltools.wording import duration, moment, money, number, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pandas import DataFrame

    from fulfilltools.cause import Cause
    from fulfilltools.diagnosis import Diagnosis

MOST_PEERS = 5
MOST_RUNS = 60
"""How many earlier runs are read for how others got out."""

SAYS = {True: "yes", False: "no", None: "unknown"}


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
    zone: str = field(default="UTC")

    @property
    def longest_wait(self) -> str:
        """Say after what it has waited longest."""
        is_over = self.findings.empty & (self.timeline["what"] == "now")
        waits = self.timeline["hours_since"].where(~_ahead(self.timeline) & ~is_over).dropna()
        if waits.empty:
            return "nothing is known of its waits"
        place = int(waits.argmax())
        moments = self.timeline["what"].tolist()
        at = [*self.timeline.index].index(waits.index[place])
        return (
            f"{duration(waits.iloc[place])} from {words(moments[at - 1])} to {words(moments[at])}"
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
        told = self.timeline
        return pd.DataFrame(
            {
                "when": [moment(at, self.zone) for at in told["at"]],
                "after": ["" if pd.isna(wait) else duration(wait) for wait in told["hours_since"]],
                "what": [words(what) for what in told["what"]],
                "detail": told["detail"],
                "by": told["by"].fillna(""),
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
        if self.findings.empty:
            return f"{self.name} has nothing open in this run; longest wait: {self.longest_wait}."
        first = self.findings.iloc[0]
        return (
            f"{self.name} is not shipped because of: {words(first['cause'])} ({first['severity']})."
            f" Longest wait: {self.longest_wait}."
        )

    def _told(self) -> Iterator[str]:
        yield self._headline()
        yield from _section(
            "What happened", self.to_frame(), "{when:17}  {after:>10}  {what} {detail} ({by})"
        )
        yield from _section(
            "What waits", self.waiting, "{place}: {units} to ship, {state}. {evidence}"
        )
        yield from _section(
            "Stock", self.lines, "{item}: {left} left; here {here}; elsewhere {elsewhere}"
        )
        said = self.answers[self.answers["answer"] != "no"]
        yield from _section(
            "What causes answered", said, "{cause} at {place}: {answer} ({because})"
        )
        yield from _section(
            "What it would take", self.ways_out, "{place}: {action} {button} {mutations}"
        )
        yield from _section("Peers", self.peers, "{what}: {number} {detail}")
        if self.admin_url:
            yield f"See {self.admin_url}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        severity = "info" if self.findings.empty else str(self.findings["severity"].iloc[0])
        place = display.link(self.admin_url, "Open it in the admin")
        said = self.answers[self.answers["answer"] != "no"]
        noes = self.answers[self.answers["answer"] == "no"]
        parts = [
            f"<p><b>{display.escaped(self._headline())}</b> {place}</p>",
            display.grid(self.to_frame(), "What happened"),
            display.grid(self.waiting, "What waits") if len(self.waiting) else "",
            display.grid(self.lines, "Its lines and their stock") if len(self.lines) else "",
            display.grid(self.ways_out, "What it would take") if len(self.ways_out) else "",
            display.grid(said, "Causes that are true or unknown") if len(said) else "",
            display.folded(f"{len(noes)} answers are no", display.grid(noes)) if len(noes) else "",
            display.grid(self.peers, "Others like it") if len(self.peers) else "",
        ]
        return display.bundle("order", str(self), display.framed(parts, severity), self.to_dict())


def tell(diagnosis: Diagnosis, name: str) -> Story:
    """Tell the story of an order by its name, with or without the number sign.

    Raises RunError, with the nearest names, when the run has no such order.
    """
    found = _of_order(diagnosis, name)
    order, findings = found["order_name"], found["findings"]
    rows_of = diagnosis.backlog[diagnosis.backlog["order_id"] == found["order_id"]]
    folder = diagnosis.folder
    told = (
        timeline(folder, found["order_id"], diagnosis.as_of)
        if folder
        else pd.DataFrame(columns=["at", "what", "detail", "by", "hours_since"])
    )
    return Story(
        name=order,
        admin_url=found["admin_url"],
        findings=findings,
        timeline=told,
        waiting=_waiting(rows_of, findings),
        lines=_lines(folder, rows_of) if folder else pd.DataFrame(),
        answers=_answers(diagnosis, rows_of, findings),
        ways_out=_ways_out(rows_of, findings, diagnosis.causes),
        peers=_peers(diagnosis, rows_of, findings),
        zone=diagnosis.zone,
    )


def _of_order(diagnosis: Diagnosis, name: str) -> dict[str, Any]:
    """Find an order among the open ones, else among all that the run has fetched."""
    wanted = name.strip().lstrip("#").lower()
    plain = diagnosis.backlog["order_name"].str.lstrip("#").str.lower()
    mine = diagnosis.backlog[plain == wanted]
    if len(mine):
        first = mine.iloc[0]
        findings = diagnosis.findings
        return {
            "order_name": first["order_name"],
            "order_id": first["order_id"],
            "admin_url": first["admin_url"],
            "findings": findings[findings["order_id"] == first["order_id"]],
        }
    there = rows(diagnosis.folder, "orders") if diagnosis.folder else diagnosis.backlog
    all_plain = there["order_name"].str.lstrip("#").str.lower()
    others = there[all_plain == wanted]
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


def _place(row: Any) -> str:  # noqa: ANN401 - a named tuple of the backlog
    return "no place yet" if pd.isna(row.location) else str(row.location)


def _waiting(open_rows: DataFrame, findings: DataFrame) -> DataFrame:
    by_row: dict[Any, dict[Any, Any]] = findings.set_index("row_id").to_dict("index")
    return pd.DataFrame(
        [
            {
                "place": _place(row),
                "state": _state(row, by_row[row.row_id]["verdict"]),
                "units": 0 if pd.isna(row.units_left) else int(row.units_left),
                "worth": "" if pd.isna(row.value) else money(row.value, row.currency),
                "cause": words(str(by_row[row.row_id]["cause"])),
                "evidence": by_row[row.row_id]["evidence"],
            }
            for row in each(open_rows)
        ],
        columns=["place", "state", "units", "worth", "cause", "evidence"],
    )


def _state(row: Any, verdict: str) -> str:  # noqa: ANN401 - as above
    known = [one for one in (row.status, row.request_status) if not pd.isna(one)]
    runs_late = verdict not in IN_ORDER and not pd.isna(row.hours_late)
    late = f"; {_late(row.hours_late)}" if runs_late else ""
    return f"{words(', '.join(known)) or 'no fulfillment order'}{late}"


def _late(hours: float) -> str:
    return f"{number(abs(hours))} business hours {'past' if hours > 0 else 'within'} its SLA"


def _lines(folder: Path, open_rows: DataFrame) -> DataFrame:
    ids = open_rows["fulfillment_order_id"].dropna().tolist()
    columns = ["place", "item", "sku", "left", "here", "elsewhere"]
    if not ids:
        return pd.DataFrame(columns=columns)
    lines = rows(folder, "fulfillment_order_lines", fulfillment_order_id=ids)
    lines = lines[lines["remaining_quantity"] > 0]
    titles = rows(folder, "order_lines", order_id=open_rows["order_id"].iloc[0])
    names = titles.drop_duplicates("line_id").set_index("line_id")["title"]
    cards = rows(folder, "fulfillment_orders", fulfillment_order_id=ids)
    place = cards.set_index("fulfillment_order_id")[["location_id", "location"]]
    items = lines["inventory_item_id"].dropna().tolist()
    levels = rows(folder, "inventory_levels", inventory_item_id=items) if items else None
    where = rows(folder, "locations").set_index("location_id")["location"].to_dict()
    told = []
    for line in each(lines):
        at = place.loc[line.fulfillment_order_id]
        here, elsewhere = _stock(levels, line.inventory_item_id, at["location_id"], where)
        item = names.get(line.line_id, line.sku)
        told.append([at["location"], item, line.sku, line.remaining_quantity, here, elsewhere])
    return pd.DataFrame(told, columns=columns)


def _stock(
    levels: DataFrame | None, item: object, location: object, names: Mapping[Any, str]
) -> tuple[str, str]:
    """Say an item's stock at its place, and at others that have some."""
    if levels is None or pd.isna(item):  # type: ignore[call-overload]
        return "not known", "not known"
    mine = levels[levels["inventory_item_id"] == item]
    here = mine[(mine["location_id"] == location).fillna(value=False)]
    others = mine[(mine["location_id"] != location) & (mine["available"] > 0)]
    said = [f"{names.get(one.location_id, '?')} {one.available}" for one in each(others)]
    if here.empty:
        return "not stocked", ", ".join(said) or "none"
    level = here.iloc[0]
    counts = {name: level[name] for name in ("on_hand", "committed", "available", "incoming")}
    told = [f"{count} {words(name)}" for name, count in counts.items() if not pd.isna(count)]
    return ", ".join(told), ", ".join(said) or "none"


def _answers(diagnosis: Diagnosis, open_rows: DataFrame, findings: DataFrame) -> DataFrame:
    """Tell what each cause answered, in the order of asking, with the values it read."""
    roots = findings.set_index("row_id")["cause"]
    causes = diagnosis.causes
    told = []
    for index, row in zip(open_rows.index, open_rows.itertuples(), strict=True):
        for code, given in diagnosis.answers.loc[index].items():
            is_root = roots.get(row.row_id) == code
            answer = "root" if is_root else SAYS[None if pd.isna(given) else bool(given)]
            read = causes[str(code)].columns if str(code) in causes else ()
            because = "; ".join(f"{name} = {_value(getattr(row, name))}" for name in read)
            told.append([_place(row), str(code), answer, because])
    return pd.DataFrame(told, columns=["place", "cause", "answer", "because"])


def _value(value: object) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return "unknown"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}Z"
    return number(value) if isinstance(value, (int, float)) else str(value) or "none"


def _ways_out(open_rows: DataFrame, findings: DataFrame, causes: Mapping[str, Cause]) -> DataFrame:
    offered = open_rows.set_index("row_id")["supported_actions"]
    told = []
    for finding in each(findings):
        made = causes.get(finding.cause)
        label = "" if pd.isna(finding.variant) else finding.variant
        variant = made.as_variant(label) if made else None
        wants = variant.needs_action if variant else None
        actions = offered.get(finding.row_id)
        told.append(
            {
                "place": "no place yet" if pd.isna(finding.location) else finding.location,
                "who": finding.owner,
                "action": finding.action,
                "button": _button(wants, actions),
                "mutations": f"({', '.join(variant.fixes)})" if variant and variant.fixes else "",
            }
        )
    return pd.DataFrame(told, columns=["place", "who", "action", "button", "mutations"])


def _button(wants: str | None, offered: object) -> str:
    """Say what Shopify lets us do now, and whether the wanted button is among it."""
    if offered is None or pd.isna(offered):  # type: ignore[call-overload]
        return "Shopify does not say what it offers."
    said = words(str(offered)) or "nothing"
    if wants is None or wants in str(offered).split(", "):
        return f"Shopify offers: {said}."
    return f"It needs “{words(wants)}”; Shopify offers: {said}."


def _peers(diagnosis: Diagnosis, open_rows: DataFrame, findings: DataFrame) -> DataFrame:
    """Count who is stuck the same way, and tell how the same place ships when nothing is wrong."""
    told: list[dict[str, Any]] = []
    for cause in findings["cause"].drop_duplicates():
        alike = diagnosis.findings[diagnosis.findings["cause"] == cause]
        others = alike[~alike["order_id"].isin(open_rows["order_id"])]
        oldest = others.sort_values("age_hours", ascending=False)
        names = ", ".join(oldest["order"].drop_duplicates().head(MOST_PEERS))
        told.append({"what": f"others: {words(cause)}", "number": len(others), "detail": names})
    norms = open_rows.drop_duplicates(["location", "delivery_method"])
    for row in each(norms[norms["norm_sample"].notna()]):
        usual = (
            f"half within {number(row.usual_hours)}, nine of ten within {number(row.slow_hours)}"
        )
        what = f"shipped from {row.location} by {words(str(row.delivery_method))}"
        told.append({"what": what, "number": row.norm_sample, "detail": f"{usual} business hours"})
    told.extend(_got_out(diagnosis.folder, findings["cause"]))
    return pd.DataFrame(told, columns=["what", "number", "detail"])


def _got_out(folder: Path | None, causes: pd.Series[Any]) -> Iterator[dict[str, Any]]:
    """Tell how fast the same causes were cleared in the shop's earlier runs."""
    if not folder or not 1 < len(list(folder.parent.glob("[0-9]*Z/findings.json"))) <= MOST_RUNS:
        return
    cleared = history.time_to_clear(folder.parent.parent, folder.parent.name)
    for code, row in cleared[cleared.index.isin(causes) & (cleared["cleared"] > 0)].iterrows():
        took = f"half within {duration(row['median_hours'])}"
        yield {"what": f"cleared: {words(str(code))}", "number": row["cleared"], "detail": took}


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
