"""The HTML report: one file, no network, readable without JavaScript.

The template and its style and script stand beside this module. The page's policy forbids all
requests; its one script runs because its hash is named in that policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel.dates import format_date, format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from fulfilltools import history, plots, wording
from fulfilltools.cause import IN_ORDER
from fulfilltools.plots import label, needing_action
from fulfilltools.report.numbers import (
    DUE_SOON_HOURS,
    Facts,
    findings_list,
    setting,
)
from fulfilltools.wording import LANGUAGE, duration, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pandas import DataFrame

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot

LIST_CAP = 200
EXAMPLES = 3
CHANGES_CAP = 12

VERDICTS = {
    "act": ("Act", "Something is critical or high."),
    "watch": ("Watch", "What needs action is medium or low."),
    "ok": ("OK", "Nobody needs to act."),
}
TILES = {
    "orders": "Need action",
    "late": "Past their promise",
    "value": "Value at risk",
    "median": "Median wait",
    "oldest": "Longest wait",
    "new": "New since last run",
}
NOTES = {
    "orders": "of {n} unfulfilled orders",
    "late": "{n} more fall due within {hours} hours",
    "p90": "one in ten waits longer than {age}",
    "none": "nothing priced needs action",
    "cleared": "{n} cleared",
    "first": "first run, no comparison",
    "order": "order {order}",
    "more": "{n} more than last run",
    "fewer": "{n} fewer than last run",
    "same": "as many as last run",
}
INCOMPLETE = (
    "Only {received} of {counted} orders were received. Orders are missing from this report."
)
SCOPE_MISSING = "{unseen} Scope {scope} is not granted."


def report_html(
    diagnosis: Diagnosis, facts: Facts, numbers: Mapping[str, Any], previous: Snapshot | None = None
) -> str:
    """Render the report of one run; `numbers` is its `summary`."""
    findings = diagnosis.findings
    acting = needing_action(findings)
    quiet = findings.loc[~findings.index.isin(acting.index)]
    script = _beside("script.js")
    return _template().render(
        numbers=numbers,
        facts=facts,
        fetch=numbers["fetch"],
        lang=LANGUAGE,
        verdict=VERDICTS[_verdict(acting)],
        verdict_class=_verdict(acting),
        warnings=_warnings(facts.fetch),
        is_partial=_misses_orders(facts.fetch),
        when=_moments(diagnosis.as_of, facts),
        tiles=_tiles(numbers, acting, previous),
        changes=_changes(history.Snapshot(facts.run_id, findings, facts.fetch), previous),
        causes=_causes(numbers, findings),
        pictures=[plots.draw(plot, diagnosis) for plot in plots.PICTURES],
        acting=findings_list(acting.head(LIST_CAP)),
        acting_total=len(acting),
        quiet=findings_list(quiet.head(LIST_CAP)),
        quiet_total=len(quiet),
        cap=LIST_CAP,
        style=plots.style_sheet() + _beside("style.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=json.dumps(numbers, ensure_ascii=False).replace("<", "\\u003c"),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("fulfilltools", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "words": label,
        "age": age,
        "count": number,
        "figure": figure,
        "money": money,
        "setting": setting,
        "weblink": weblink,
        "inline_svg": plots.inline_svg,
    }
    return environment.get_template("template.html.j2")


def age(hours: float | None) -> str:
    """Write how long it has waited; a dash where that is unknown."""
    return "–" if hours is None else duration(hours)


def money(amount: str | None, currency: str | None) -> str:
    """Write an amount for reading; a dash where it is unknown."""
    return "–" if amount is None or not currency else wording.money(Decimal(amount), currency)


def figure(cell: float | Decimal, column: str) -> str:
    """Write a cell of a picture's table: a count, or money of the column's currency."""
    return wording.money(cell, column) if isinstance(cell, Decimal) else number(cell)


def weblink(url: str | None) -> str | None:
    """Pass a web address on, and nothing that a browser would run."""
    return url if url and url.startswith("https://") else None


def _beside(name: str) -> str:
    return files("fulfilltools.report").joinpath(name).read_text("utf-8")


def _verdict(acting: DataFrame) -> str:
    if acting.empty:
        return "ok"
    return "act" if acting["severity"].isin(["critical", "high"]).any() else "watch"


def _warnings(fetch: Mapping[str, Any]) -> list[str]:
    """Say what this report could not see; it stands above everything else."""
    missing = [
        SCOPE_MISSING.format(scope=scope, unseen=unseen)
        for scope, unseen in (fetch.get("scopes_missing") or {}).items()
    ]
    if not fetch.get("complete", True):
        received, counted = fetch.get("orders_received") or 0, fetch.get("orders_counted") or 0
        missing.insert(0, INCOMPLETE.format(received=number(received), counted=number(counted)))
    return list(dict.fromkeys([*missing, *(fetch.get("notes") or [])]))


def _misses_orders(fetch: Mapping[str, Any]) -> bool:
    """Tell whether whole rows may be missing, and not only what is known of them."""
    missing = fetch.get("scopes_missing") or {}
    return not fetch.get("complete", True) or any("_orders" in scope for scope in missing)


def _moments(as_of: datetime, facts: Facts) -> dict[str, str]:
    moment = pd.Timestamp(as_of).tz_convert("UTC").to_pydatetime()
    zone, since = ZoneInfo(facts.time_zone), facts.fetch.get("since")
    return {
        "iso": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "local": format_datetime(moment, "EEEE d MMMM y, HH:mm", tzinfo=zone, locale=LANGUAGE),
        "utc": format_datetime(moment, "d MMM HH:mm", locale=LANGUAGE),
        "since": format_date(pd.Timestamp(since), "d MMMM y", locale=LANGUAGE) if since else "",
        "day": format_datetime(moment, "d MMMM y", tzinfo=zone, locale=LANGUAGE),
    }


def _tiles(
    numbers: Mapping[str, Any], acting: DataFrame, previous: Snapshot | None
) -> list[dict[str, Any]]:
    """Fill the tiles: what the number is, the number, a note, and whether that is worse."""
    orders, ages, since = numbers["orders"], numbers["age_hours"], numbers["since_last_run"]
    change, tone = _delta(orders["actionable"], previous)
    home = numbers["fetch"].get("currency")
    at_risk = sorted(numbers["value_at_risk"].items(), key=lambda sum_of: sum_of[0] != home)
    risk = [money(value, code).replace("\N{NO-BREAK SPACE}", " ") for code, value in at_risk]
    oldest = acting.loc[acting["age_hours"] == acting["age_hours"].max(), "order"]
    fills = {
        "orders": (number(orders["actionable"]), NOTES["orders"].format(n=orders["unfulfilled"])),
        "late": (
            number(numbers["late"]["rows"]),
            NOTES["late"].format(n=numbers["late"]["due_soon"], hours=DUE_SOON_HOURS),
        ),
        "value": (risk[0] if risk else "–", " · ".join(risk[1:]) if risk else NOTES["none"]),
        "median": (age(ages["median"]), NOTES["p90"].format(age=age(ages["p90"]))),
        "oldest": (
            age(ages["oldest"]),
            NOTES["order"].format(order=oldest.iloc[0]) if len(oldest) else "",
        ),
        "new": (
            number(len(since["new"])) if previous else "–",
            NOTES["cleared"].format(n=len(since["cleared"])) if previous else NOTES["first"],
        ),
    }
    tiles = [
        {"label": TILES[name], "figure": text, "note": note, "change": "", "tone": ""}
        for name, (text, note) in fills.items()
    ]
    tiles[0] |= {"change": change, "tone": tone}
    return tiles


def _delta(now: int, previous: Snapshot | None) -> tuple[str, str]:
    if previous is None:
        return "", ""
    difference = now - needing_action(previous.findings)["order_id"].nunique()
    if not difference:
        return NOTES["same"], "same"
    sentence, tone = ("more", "worse") if difference > 0 else ("fewer", "better")
    return NOTES[sentence].format(n=abs(difference)), tone


def _changes(now: Snapshot, previous: Snapshot | None) -> dict[str, Any]:
    """List what came, went and changed, as far as it needs action; counts cover all."""
    changes = history.compare(now, previous)
    new, changed = needing_action(changes.new), changes.changed.head(CHANGES_CAP)
    before = changed[["cause_before", "severity_before"]].to_dict("records") if previous else []
    return {
        "previous": changes.previous,
        "note": changes.note,
        "recurring": changes.recurring,
        "new": findings_list(new.head(CHANGES_CAP)),
        "new_quiet": len(changes.new) - len(new),
        "new_total": len(new),
        "changed": [row | was for row, was in zip(findings_list(changed), before, strict=True)],
        "changed_total": len(changes.changed),
        "cleared": findings_list(changes.cleared.head(CHANGES_CAP)),
        "cleared_total": len(changes.cleared),
    }


def _causes(numbers: Mapping[str, Any], findings: DataFrame) -> list[dict[str, Any]]:
    """Join each cause's counts with what to do, its proof and its worst rows."""
    rows_of = dict(iter(findings.groupby("cause", sort=False)))
    return [
        {
            **cause,
            "quiet": rows_of[cause["cause"]]["verdict"].isin(list(IN_ORDER)).all(),
            "steps": _steps(rows_of[cause["cause"]]),
            "proof": rows_of[cause["cause"]]["proof"].iloc[0],
            "examples": findings_list(rows_of[cause["cause"]].head(EXAMPLES)),
        }
        for cause in numbers["by_cause"]
    ]


def _steps(rows: DataFrame) -> list[dict[str, Any]]:
    """List who does what for these rows, what concerns most of them first."""
    counts = Counter(zip(rows["owner"], rows["action"], strict=True))
    return [
        {"owner": owner, "action": action, "rows": count}
        for (owner, action), count in counts.most_common()
    ]
