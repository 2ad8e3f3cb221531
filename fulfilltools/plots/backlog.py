"""The backlog in pictures: a Diagnosis in, Axes out. Labeled bars from small tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
from babel.numbers import format_percent

from fulfilltools.cause import IN_ORDER
from fulfilltools.plots.bars import AGE_COLORS, MOST_BARS, NOTHING, OTHERS, SEVERITY_COLORS, bars
from fulfilltools.texts import LANGUAGE
from fulfilltools.wording import money, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

    from fulfilltools.diagnosis import Diagnosis

NO_PLACE = "No location"
TITLES = {
    "causes": "{cause} is the most frequent of {kinds} causes: {k} of {n} that need action",
    "ageing_late": "{k} of {n} that need action have waited more than 3 days",
    "ageing_young": "Nothing that needs action has waited more than 3 days",
    "locations": "{place} holds {k} of {n} that need action",
    "value_at_risk": "{money} waits in what needs action, {share} of it because of: {cause}",
}


def causes(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw the backlog by cause and age; what needs nobody stands below, faded."""
    table, quiet = cause_table(diagnosis)
    acting = needing_action(diagnosis.findings)
    title = NOTHING
    if len(acting):
        counts = acting["cause"].value_counts()
        title = TITLES["causes"].format(
            cause=table.index[0], kinds=len(counts), k=counts.iloc[0], n=len(acting)
        )
    return bars(ax, table, AGE_COLORS, title, faded=quiet)


def ageing(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw how long the rows that need action have waited, by severity."""
    table = ageing_table(diagnosis)
    late = int(table.filter(["3–7 days", "7+ days"], axis="index").to_numpy().sum())
    title = TITLES["ageing_late" if late else "ageing_young"]
    return bars(ax, table, SEVERITY_COLORS, title.format(k=late, n=int(table.to_numpy().sum())))


def locations(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw where the rows that need action wait, by severity."""
    table = location_table(diagnosis)
    title = NOTHING
    if len(table):
        title = TITLES["locations"].format(
            place=table.index[0], k=int(table.iloc[0].sum()), n=int(table.to_numpy().sum())
        )
    return bars(ax, table, SEVERITY_COLORS, title)


def value_at_risk(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw the value of what needs action by cause, in the most frequent currency alone."""
    table = value_table(diagnosis)
    title = NOTHING
    if table.size:
        currency = str(table.columns[0])
        values = [Decimal(value) for value in table[currency]]
        table = table[[currency]]
        title = TITLES["value_at_risk"].format(
            money=money(sum(values, Decimal(0)), currency),
            share=format_percent(float(values[0] / (sum(values) or 1)), locale=LANGUAGE),
            cause=str(table.index[0]).lower(),
        )
    return bars(ax, table, dict.fromkeys(map(str, table), AGE_COLORS["3–7 days"]), title)


def cause_table(diagnosis: Diagnosis) -> tuple[DataFrame, list[str]]:
    """Count rows by cause and age; also name the last rows, which need nobody."""
    findings = diagnosis.findings
    is_quiet = ~findings.index.isin(needing_action(findings).index)
    names = findings["cause"].where(~is_quiet, findings["verdict"]).map(label)
    table = _crossed(names, age_bucket(findings["age_hours"]), AGE_COLORS)
    quiet = [name for name in map(label, IN_ORDER) if name in table.index]
    return pd.concat([_largest(table.drop(quiet)), table.loc[quiet]]), quiet


def ageing_table(diagnosis: Diagnosis) -> DataFrame:
    """Count rows that need action by age and severity."""
    acting = needing_action(diagnosis.findings)
    table = _crossed(age_bucket(acting["age_hours"]), acting["severity"], SEVERITY_COLORS)
    return table.reindex([bucket for bucket in AGE_COLORS if bucket in table.index])


def location_table(diagnosis: Diagnosis) -> DataFrame:
    """Count rows that need action by location and severity."""
    acting = needing_action(diagnosis.findings)
    places = acting["location"].astype(object)
    places = places.where(places.notna(), NO_PLACE)
    return _largest(_crossed(places, acting["severity"], SEVERITY_COLORS))


def value_table(diagnosis: Diagnosis) -> DataFrame:
    """Sum the value of what needs action by cause; one column a currency, never added."""
    acting = needing_action(diagnosis.findings)
    acting = acting.loc[acting["value"].notna() & acting["currency"].notna()]
    sums: dict[str, dict[str, Decimal]] = {}
    for currency in acting["currency"].value_counts().index:
        sums[str(currency)] = dict.fromkeys(acting["cause"], Decimal(0))
    for cause, currency, value in zip(
        acting["cause"], acting["currency"], acting["value"], strict=True
    ):
        sums[currency][cause] += Decimal(str(value))
    order = sorted(
        set(acting["cause"]), key=lambda cause: (*(-one[cause] for one in sums.values()), cause)
    )
    return _first(pd.DataFrame(sums, index=order, dtype=object).rename(index=label))


def needing_action(findings: DataFrame) -> DataFrame:
    """Keep the rows whose verdict asks something of somebody."""
    return findings.loc[~findings["verdict"].isin([str(verdict) for verdict in IN_ORDER])]


def age_bucket(age_hours: Series) -> Series:
    """Name the age bucket of each row; missing ages are named, not dropped."""
    names = list(AGE_COLORS)
    hours = pd.to_numeric(age_hours, errors="coerce").astype("float64")
    limits = [-float("inf"), 24, 72, 168, float("inf")]
    buckets = pd.cut(hours, limits, right=False, labels=names[:-1]).astype(object)
    return buckets.where(buckets.notna(), names[-1])


def label(code: object) -> str:
    """Write a code as words: `payment_pending` → Payment pending."""
    text = words(str(code))
    return text[:1].upper() + text[1:]


def _crossed(rows: Series, columns: Series, known: Mapping[str, str]) -> DataFrame:
    table = pd.crosstab(rows.astype(object), columns.astype(object))
    table = table.reindex(columns=[name for name in known if name in table.columns])
    return table.rename_axis(index=None, columns=None)


def _largest(table: DataFrame) -> DataFrame:
    """Sort by total, ties by name, and keep as many as can be read."""
    totals = {name: float(total) for name, total in table.sum(axis="columns").items()}
    return _first(table.loc[sorted(totals, key=lambda name: (-totals[name], str(name)))])


def _first(table: DataFrame) -> DataFrame:
    """Keep the first rows and add up all beyond the most that can be read."""
    rest = table.iloc[MOST_BARS:]
    if len(rest) <= 1:
        return table
    return pd.concat([table.iloc[:MOST_BARS], rest.sum().to_frame(OTHERS.format(n=len(rest))).T])
