"""The numbers of a run: counts that add up, money by currency, rows as plain objects.

Money is Decimal from end to end, written as strings with the currency's own decimals, and
never added across currencies.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools import history
from fulfilltools.cause import SEVERITIES
from fulfilltools.findings import CONTRACT, by_frequency, frequencies
from fulfilltools.history import Past
from fulfilltools.plots import needing_action
from fulfilltools.report.tiles import DUE_SOON_HOURS
from fulfilltools.texts import marked
from fulfilltools.wording import Voice, plain_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pandas import DataFrame, Series

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot
    from fulfilltools.runs import Run

WORST_FIRST = tuple(map(str, reversed(SEVERITIES)))

NO_LOCATION = "no location"
HEADLINES = {
    "empty": marked("No order waits: nothing in this shop is unfulfilled."),
    "calm": marked(
        "Nothing needs action: all {n} unfulfilled orders wait by design or need nothing."
    ),
    "calm_one": marked(
        "Nothing needs action: the only unfulfilled order waits by design or needs nothing."
    ),
    "only": marked("The only unfulfilled order needs action; its cause: {cause}."),
    "one": marked("1 of {n} unfulfilled orders needs action; its cause: {cause}."),
    "alike": marked("{k} of {n} unfulfilled orders need action; their cause: {cause}."),
    "apart": marked("{k} of {n} unfulfilled orders need action; worst cause: {cause}."),
    "act": marked(
        "{k} of {n} unfulfilled orders need action; most frequent cause: {cause} ({rows})."
    ),
}


@dataclass(frozen=True)
class Facts:
    """What a report says about its run, beside the diagnosis.

    `fetch` is the FetchReport as a dict; `versions` names packages; `policy` the thresholds.
    `past` is the shop's runs before this one; `run` gives the tables that some pictures draw.
    """

    run_id: str
    fetch: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    run: Run | None = None

    @property
    def time_zone(self) -> str:
        """The shop's IANA time zone, UTC when it could not be read."""
        return str(self.fetch.get("time_zone") or "UTC")


def summary(diagnosis: Diagnosis, facts: Facts, previous: Snapshot | None = None) -> dict[str, Any]:
    """Count a run for `summary.json`; rows by cause add up to `rows`."""
    findings, fetch, voice = diagnosis.findings, facts.fetch, Voice(diagnosis.language)
    acting = needing_action(findings)
    orders = {
        "seen": int(fetch.get("orders_received") or 0),
        "unfulfilled": int(findings["order_id"].nunique()),
        "actionable": int(acting["order_id"].nunique()),
    }
    return {
        "schema": 1,
        "run_id": facts.run_id,
        "shop": fetch.get("shop"),
        "shop_name": fetch.get("shop_name"),
        "as_of": f"{pd.Timestamp(diagnosis.as_of).tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}",
        "time_zone": facts.time_zone,
        "api_version": fetch.get("api_version_answered") or fetch.get("api_version"),
        "language": diagnosis.language,
        "headline": _headline(orders, by_frequency(acting, diagnosis.causes), voice),
        "orders": orders,
        "rows": len(findings),
        "by_cause": by_cause(findings),
        "by_severity": {name: int((findings["severity"] == name).sum()) for name in WORST_FIRST},
        "by_verdict": _counts(findings["verdict"]),
        "by_owner": _counts(findings["owner"]),
        "by_location": _counts(findings["location"]),
        "value_at_risk": money_by_currency(acting),
        "age_hours": _ages(acting["age_hours"], median=0.5, p90=0.9, oldest=1.0),
        "late": _late(diagnosis.backlog, acting),
        "unknown": _unknown(diagnosis),
        "unexplained": int(diagnosis.unexplained),
        "since_last_run": _since(history.Snapshot(facts.run_id, findings, fetch), previous, voice),
        "fetch": dict(fetch),
    }


def by_cause(findings: DataFrame) -> list[dict[str, Any]]:
    """Count each cause; the worst severity first, and then the most rows."""
    causes = [
        {
            "cause": cause,
            "title": rows["title"].iloc[0],
            "severity": min(rows["severity"], key=WORST_FIRST.index),
            "verdict": rows["verdict"].iloc[0],
            "owner": rows["owner"].iloc[0],
            "rows": len(rows),
            "orders": int(rows["order_id"].nunique()),
            "value": money_by_currency(rows),
            "oldest_hours": _ages(rows["age_hours"], oldest=1.0)["oldest"],
        }
        for cause, rows in findings.groupby("cause", sort=False)
    ]
    return sorted(causes, key=lambda one: (WORST_FIRST.index(one["severity"]), -one["rows"]))


def findings_list(findings: DataFrame) -> list[dict[str, Any]]:
    """Give each finding as a plain object with the keys of `findings.json`."""
    rows = findings.loc[:, list(CONTRACT)].astype(object).to_dict("records")
    return [{str(key): _plain(str(key), value, row) for key, value in row.items()} for row in rows]


def findings_csv(findings: DataFrame) -> str:
    """Write the findings as CSV (RFC 4180) that no spreadsheet reads as formulas."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CONTRACT)
    for row in findings_list(findings):
        row["also"] = " ".join(row["also"])
        writer.writerow([formula_safe(value) for value in row.values()])
    return text.getvalue()


def formula_safe(value: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would run."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def money_by_currency(rows: DataFrame) -> dict[str, str]:
    """Sum values by currency, as strings with the currency's decimals."""
    sums: dict[str, Decimal] = {}
    for value, currency in zip(rows["value"], rows["currency"], strict=True):
        if not pd.isna(value) and not pd.isna(currency):
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(str(value))
    return {currency: plain_amount(sums[currency], currency) for currency in sorted(sums)}


def setting(value: object, voice: Voice) -> str:
    """Write a setting's value: numbers plainly, several with commas, nothing as a dash."""
    if isinstance(value, dict):
        return setting([f"{name} {setting(one, voice)}" for name, one in value.items()], voice)
    if isinstance(value, (list, tuple)):
        return ", ".join(voice.words(one) for one in value) or "–"
    if value is None:
        return "–"
    return voice.number(value) if isinstance(value, (int, float)) else str(value)


def _headline(orders: Mapping[str, int], causes: Series[int], voice: Voice) -> str:
    """Say how many orders need action and the first of their causes (findings.by_frequency)."""
    if not orders["unfulfilled"]:
        return voice.say(HEADLINES["empty"])
    if causes.empty:
        kind = "calm_one" if orders["unfulfilled"] == 1 else "calm"
        return voice.say(HEADLINES[kind], n=orders["unfulfilled"])
    return voice.say(
        HEADLINES[_kind(orders, causes)],
        k=orders["actionable"],
        n=orders["unfulfilled"],
        cause=voice.words(causes.index[0]),
        rows=causes.iloc[0],
    )


def _kind(orders: Mapping[str, int], causes: Series[int]) -> str:
    if orders["actionable"] == 1:
        return "only" if orders["unfulfilled"] == 1 else "one"
    if len(causes) == 1:
        return "alike"
    # Where each cause has one row, none is the most frequent.
    return "apart" if causes.iloc[0] == 1 else "act"


def _counts(names: Series) -> dict[str, int]:
    known = names.astype(object).where(names.notna(), NO_LOCATION)
    return {str(name): int(count) for name, count in frequencies(known).items()}


def _ages(hours: Series, **shares: float) -> dict[str, float | None]:
    """Give quantiles of ages, each by its share; None where no age is known."""
    known = pd.to_numeric(hours, errors="coerce").dropna().astype("float64")
    if known.empty:
        return dict.fromkeys(shares)
    quantiles = known.quantile([*shares.values()])
    return {name: round(float(age), 1) for name, age in zip(shares, quantiles, strict=True)}


def _late(backlog: DataFrame, acting: DataFrame) -> dict[str, int]:
    """Count rows that need action past their promise, and those due within a day."""
    hours = backlog.loc[backlog["row_id"].isin(acting["row_id"]), "hours_late"].astype("Float64")
    return {
        "rows": int((hours > 0).sum()),
        "due_soon": int(((hours <= 0) & (hours > -DUE_SOON_HOURS)).sum()),
    }


def _unknown(diagnosis: Diagnosis) -> dict[str, Any]:
    by_code = {str(code): int(n) for code, n in diagnosis.unknown.items() if n}
    return {"rows": int(diagnosis.findings["unknown"].map(len).gt(0).sum()), "by_cause": by_code}


def _since(now: Snapshot, previous: Snapshot | None, voice: Voice) -> dict[str, Any]:
    changes = history.compare(now, previous)
    return {
        "previous": changes.previous,
        "new": _names(changes.new["order"]),
        "cleared": _names(changes.cleared["order"]),
        "changed": _names(changes.changed["order"]),
        "recurring": changes.recurring,
        "comparable": changes.comparable,
        "note": changes.note and voice.retold(changes.note),
    }


def _names(orders: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(map(str, orders)))


def _plain(key: str, value: Any, row: Mapping[Any, Any]) -> Any:  # noqa: ANN401 (any cell)
    """Turn a cell into what JSON knows; missing is null, money a string."""
    if key == "also":
        return [] if value is None or value is pd.NA else [str(code) for code in value]
    if pd.isna(value):
        return None
    if key == "value":
        return plain_amount(Decimal(str(value)), row["currency"])
    return round(float(value), 1) if key == "age_hours" else str(value)
