"""The parts of the HTML report: what each template of the same name is filled with.

Every part stands alone: one that fails is replaced by a word in its place, and the others are
delivered.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel.dates import format_date, format_datetime

from fulfilltools import history, plots
from fulfilltools.cause import IN_ORDER
from fulfilltools.demo.sign import AS_OF, SHOP_DOMAIN
from fulfilltools.plots import needing_action
from fulfilltools.report.numbers import Facts, findings_list
from fulfilltools.report.tiles import tiles
from fulfilltools.texts import marked
from fulfilltools.wording import zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pandas import DataFrame, Series

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot
    from fulfilltools.wording import Voice

log = logging.getLogger(__name__)

LIST_CAP = 200
EXAMPLES = 3
CHANGES_CAP = 12

VERDICTS = {
    "act": (marked("Act"), marked("Something is critical or high.")),
    "watch": (marked("Watch"), marked("What needs action is medium or low.")),
    "ok": (marked("OK"), marked("Nobody needs to act.")),
}
INCOMPLETE = marked(
    "Only {received} of {counted} orders were received. Orders are missing from this report."
)
SCOPE_MISSING = "{unseen} Scope {scope} is not granted."
FAILED = marked("This could not be made: {names}. It is left out; all else is as usual.")
GLANCE = 2
"""How many pictures stand before the findings; what to do matters more than the rest."""

TITLES = {
    "lead": marked("Headline"),
    "limits": marked("Limits of this report"),
    "tiles": marked("Key figures"),
    "changes": marked("What changed since the last run"),
    "glance": marked("At a glance"),
    "findings": marked("Findings"),
    "pictures": marked("The backlog in pictures"),
    "orders": marked("Orders that need action"),
    "method": marked("Data quality and method"),
}


@dataclass(frozen=True)
class Material:
    """All that the parts are made of; `failed` names what could not be made, and why."""

    diagnosis: Diagnosis
    facts: Facts
    numbers: Mapping[str, Any]
    previous: Snapshot | None
    failed: dict[str, str]
    voice: Voice

    @property
    def acting(self) -> DataFrame:
        """The findings that ask something of somebody."""
        return needing_action(self.diagnosis.findings)

    @property
    def now(self) -> Snapshot:
        """The run as it is compared."""
        return history.Snapshot(self.facts.run_id, self.diagnosis.findings, self.facts.fetch)


def _lead(it: Material) -> dict[str, Any]:
    verdict = _verdict(it.acting)
    when = moments(it.diagnosis.as_of, it.facts, it.voice)
    told = [it.voice.say(text) for text in VERDICTS[verdict]]
    sees_older = "read_all_orders" in (it.facts.fetch.get("scopes_granted") or [])
    given = {"verdict": told, "verdict_class": verdict, "when": when}
    return given | {"sees_older": sees_older, "demo_day": _demo_day(it)}


def _demo_day(it: Material) -> str | None:
    """Write the day on which the demo shop stands still, if it is that: it does not grow old."""
    if it.facts.fetch.get("shop") != SHOP_DOMAIN:
        return None
    return format_date(AS_OF, "d MMMM y", locale=it.voice.language)


def _limits(it: Material) -> dict[str, Any]:
    warnings = _warnings(it.facts.fetch, it.voice)
    if it.failed:
        titles = {name: it.voice.say(title) for name, title in TITLES.items()}
        names = ", ".join(titles.get(name) or it.voice.label(name) for name in it.failed)
        warnings.insert(0, it.voice.say(FAILED, names=names))
    return {"warnings": warnings, "is_partial": bool(it.failed) or _misses_orders(it.facts.fetch)}


def _glance(it: Material) -> dict[str, Any]:
    return {"pictures": [_picture(it, plot, it.diagnosis) for plot in plots.PICTURES[:GLANCE]]}


def _pictures(it: Material) -> dict[str, Any]:
    further = plots.PICTURES[GLANCE:]
    drawn: list[tuple[plots.Plot, object]] = [(plot, it.diagnosis) for plot in further]
    drawn += [(plot, it.facts.run) for plot in plots.RUN_PICTURES if it.facts.run is not None]
    return {"pictures": [_picture(it, plot, source) for plot, source in drawn]}


def _picture(it: Material, plot: Callable[[Any], Any], source: object) -> dict[str, Any]:
    """Draw one picture, or say that it failed; the others stand."""
    name = plot.__name__
    try:
        drawn = plots.draw(plot, source)
        return {"drawn": drawn, "svg": plots.inline_svg(drawn), "name": name}
    except Exception as error:
        log.exception("The picture %s failed.", name)
        it.failed[f"picture_{name}"] = type(error).__name__
        return {"drawn": None, "error": type(error).__name__, "name": name}


def _orders(it: Material) -> dict[str, Any]:
    findings, acting = it.diagnosis.findings, it.acting
    quiet = findings.loc[~findings.index.isin(acting.index)]
    since = history.first_seen(it.now, it.facts.past.snapshots())
    return {
        "acting": _with_since(acting.head(LIST_CAP), since, it),
        "acting_total": len(acting),
        "quiet": _with_since(quiet.head(LIST_CAP), since, it),
        "quiet_total": len(quiet),
        "cap": LIST_CAP,
    }


def _with_since(findings: DataFrame, since: Series[Any], it: Material) -> list[dict[str, Any]]:
    """Add the day since which earlier runs have seen each finding with this cause."""
    zone, language = ZoneInfo(it.facts.time_zone), it.voice.language
    days = {
        run_id: format_datetime(history.run_moment(run_id), "d MMM", tzinfo=zone, locale=language)
        for run_id in since.loc[findings.index].unique()
        if run_id != it.facts.run_id
    }
    rows = zip(findings_list(findings), since.loc[findings.index], strict=True)
    return [row | {"since": days.get(run_id)} for row, run_id in rows]


def _verdict(acting: DataFrame) -> str:
    if acting.empty:
        return "ok"
    return "act" if acting["severity"].isin(["critical", "high"]).any() else "watch"


def _warnings(fetch: Mapping[str, Any], voice: Voice) -> list[str]:
    """Say what this report could not see; it stands above everything else."""
    missing = [
        SCOPE_MISSING.format(scope=scope, unseen=unseen)
        for scope, unseen in (fetch.get("scopes_missing") or {}).items()
    ]
    if not fetch.get("complete", True):
        received, counted = fetch.get("orders_received") or 0, fetch.get("orders_counted") or 0
        counts = {"received": voice.number(received), "counted": voice.number(counted)}
        missing.insert(0, voice.say(INCOMPLETE, **counts))
    return list(dict.fromkeys(map(voice.retold, [*missing, *(fetch.get("notes") or [])])))


def _misses_orders(fetch: Mapping[str, Any]) -> bool:
    """Tell whether whole rows may be missing, and not only what is known of them."""
    missing = fetch.get("scopes_missing") or {}
    return not fetch.get("complete", True) or any("_orders" in scope for scope in missing)


def moments(as_of: datetime, facts: Facts, voice: Voice) -> dict[str, str]:
    """Write the moment of a report in its ways: for machines, in the shop's zone, in UTC."""
    moment = pd.Timestamp(as_of).tz_convert("UTC").to_pydatetime()
    zone, since = ZoneInfo(facts.time_zone), facts.fetch.get("since")
    language = voice.language
    return {
        "iso": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "local": format_datetime(moment, "EEEE d MMMM y, HH:mm", tzinfo=zone, locale=language),
        "utc": format_datetime(moment, "d MMM HH:mm", locale=language),
        "since": format_date(pd.Timestamp(since), "d MMMM y", locale=language) if since else "",
        "zone": zone_name(facts.time_zone),
        "day": format_datetime(moment, "d MMMM y", tzinfo=zone, locale=language),
    }


def _changes(it: Material) -> dict[str, Any]:
    """List what came, went and changed, as far as it needs action; counts cover all."""
    changes = history.compare(it.now, it.previous)
    new, changed = needing_action(changes.new), changes.changed.head(CHANGES_CAP)
    before = changed[["cause_before", "severity_before"]].to_dict("records") if it.previous else []
    told = {
        "previous": changes.previous,
        "note": changes.note and it.voice.retold(changes.note),
        "recurring": changes.recurring,
        "new": findings_list(new.head(CHANGES_CAP)),
        "new_quiet": len(changes.new) - len(new),
        "new_total": len(new),
        "changed": [row | was for row, was in zip(findings_list(changed), before, strict=True)],
        "changed_total": len(changes.changed),
        "cleared": findings_list(changes.cleared.head(CHANGES_CAP)),
        "cleared_total": len(changes.cleared),
    }
    return {"changes": told}


def _findings(it: Material) -> dict[str, Any]:
    """Join each cause's counts with what to do, its proof and its worst rows."""
    by_cause = it.diagnosis.findings.groupby("cause", sort=False)
    rows_of, examples = dict(iter(by_cause)), defaultdict(list)
    for row in findings_list(by_cause.head(EXAMPLES)):
        examples[row["cause"]].append(row)
    causes = [
        {
            **cause,
            "quiet": rows_of[cause["cause"]]["verdict"].isin(list(IN_ORDER)).all(),
            "steps": _steps(rows_of[cause["cause"]]),
            "proof": rows_of[cause["cause"]]["proof"].iloc[0],
            "examples": examples[cause["cause"]],
        }
        for cause in it.numbers["by_cause"]
    ]
    return {"causes": causes}


def _steps(rows: DataFrame) -> list[dict[str, Any]]:
    """List who does what for these rows, what concerns most of them first."""
    counts = Counter(zip(rows["owner"], rows["action"], strict=True))
    return [
        {"owner": owner, "action": action, "rows": count}
        for (owner, action), count in counts.most_common()
    ]


SECTIONS: Mapping[str, Callable[[Material], dict[str, Any]]] = {
    "lead": _lead,
    "limits": _limits,
    "tiles": lambda it: {"tiles": tiles(it.numbers, it.acting, it.facts, it.voice)},
    "changes": _changes,
    "glance": _glance,
    "findings": _findings,
    "pictures": _pictures,
    "orders": _orders,
    "method": lambda _: {},
}
"""The parts in the order of the page."""
