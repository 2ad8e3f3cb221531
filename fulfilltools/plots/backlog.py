"""The backlog in pictures: a Diagnosis in, Axes out. Labeled bars from small tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
from babel.numbers import format_percent

from fulfilltools.cause import IN_ORDER
from fulfilltools.findings import by_frequency, frequencies
from fulfilltools.plots.bars import AGE_COLORS, MOST_BARS, NOTHING, OTHERS, SEVERITY_COLORS, bars
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

    from fulfilltools.diagnosis import Diagnosis

NO_PLACE = marked("No location")
TITLES = {
    "causes": marked("{cause} is the most frequent of {kinds} causes: {k} of {n} that need action"),
    "causes_apart": marked("{n} need action, each by a cause of its own; the worst: {cause}"),
    "ageing_young": marked("Nothing that needs action has waited more than 3 days"),
    "value_at_risk": marked(
        "{money} waits in what needs action, {share} of it because of: {cause}"
    ),
}


def causes(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw the backlog by cause and age; what needs nobody stands below, faded."""
    table, quiet = cause_table(diagnosis)
    voice = Voice(diagnosis.language)
    counts = by_frequency(needing_action(diagnosis.findings), diagnosis.causes)
    title = _cause_title(counts, voice) if len(counts) else voice.say("Nothing needs action.")
    return bars(ax, table, AGE_COLORS, title, voice, faded=quiet)


def ageing(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw how long the rows that need action have waited, by severity."""
    table = ageing_table(diagnosis)
    acting, voice = needing_action(diagnosis.findings), Voice(diagnosis.language)
    late = int(age_bucket(acting["age_hours"]).isin(["3–7 days", "7+ days"]).sum())
    title = _late_title(late, len(acting), voice) if late else voice.say(TITLES["ageing_young"])
    return bars(ax, table, SEVERITY_COLORS, title, voice)


def locations(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw where the rows that need action wait, by severity."""
    table = location_table(diagnosis)
    voice = Voice(diagnosis.language)
    title = _place_title(table, voice) if len(table) else voice.say(NOTHING)
    return bars(ax, table, SEVERITY_COLORS, title, voice)


def value_at_risk(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw the value of what needs action by cause, in the most frequent currency alone."""
    sums = _value_sums(diagnosis)
    table = value_table(diagnosis)
    voice, title = Voice(diagnosis.language), NOTHING
    if table.size:
        currency = str(table.columns[0])
        values = [Decimal(value) for value in table[currency]]
        table = table[[currency]]
        title = voice.say(
            TITLES["value_at_risk"],
            money=voice.money(sum(values, Decimal(0)), currency),
            share=format_percent(float(values[0] / (sum(values) or 1)), locale=voice.language),
            cause=voice.words(sums.index[0]),
        )
    return bars(ax, table, dict.fromkeys(map(str, table), AGE_COLORS["3–7 days"]), title, voice)


def cause_table(diagnosis: Diagnosis) -> tuple[DataFrame, list[str]]:
    """Count rows by cause and age; also name the last rows, which need nobody."""
    findings = diagnosis.findings
    is_quiet = ~findings.index.isin(needing_action(findings).index)
    voice = Voice(diagnosis.language)
    names = findings["cause"].where(~is_quiet, findings["verdict"])
    table = _crossed(names, age_bucket(findings["age_hours"]), AGE_COLORS)
    quiet = [str(verdict) for verdict in IN_ORDER if verdict in table.index]
    counts = by_frequency(findings.loc[~is_quiet], diagnosis.causes)
    shown = pd.concat([_first(table.loc[[*counts.index]], voice), table.loc[quiet]])
    told = {code: voice.label(code) for code in (*counts.index, *quiet)}
    return shown.rename(index=told), [told[verdict] for verdict in quiet]


def ageing_table(diagnosis: Diagnosis) -> DataFrame:
    """Count rows that need action by age and severity."""
    acting = needing_action(diagnosis.findings)
    table = _crossed(age_bucket(acting["age_hours"]), acting["severity"], SEVERITY_COLORS)
    table = table.reindex([bucket for bucket in AGE_COLORS if bucket in table.index])
    return table.rename(index=Voice(diagnosis.language).named)


def location_table(diagnosis: Diagnosis) -> DataFrame:
    """Count rows that need action by location and severity."""
    acting = needing_action(diagnosis.findings)
    places = acting["location"].astype(object)
    voice = Voice(diagnosis.language)
    places = places.where(places.notna(), voice.say(NO_PLACE))
    return _largest(_crossed(places, acting["severity"], SEVERITY_COLORS), voice)


def value_table(diagnosis: Diagnosis) -> DataFrame:
    """Sum the value of what needs action by cause; one column a currency, never added."""
    voice = Voice(diagnosis.language)
    return _first(_value_sums(diagnosis).rename(index=voice.label), voice)


def _value_sums(diagnosis: Diagnosis) -> DataFrame:
    """Sum as value_table does, by the causes' codes, all of them."""
    acting = needing_action(diagnosis.findings)
    acting = acting.loc[acting["value"].notna() & acting["currency"].notna()]
    sums: dict[str, dict[str, Decimal]] = {}
    for currency in frequencies(acting["currency"]).index:
        sums[str(currency)] = dict.fromkeys(acting["cause"], Decimal(0))
    for cause, currency, value in zip(
        acting["cause"], acting["currency"], acting["value"], strict=True
    ):
        sums[currency][cause] += Decimal(str(value))
    order = sorted(
        set(acting["cause"]), key=lambda cause: (*(-one[cause] for one in sums.values()), cause)
    )
    return pd.DataFrame(sums, index=order, dtype=object)


def _cause_title(counts: Series[int], voice: Voice) -> str:
    """Name the first cause: the only one, the most frequent, or where each has one the worst."""
    n, cause = int(counts.sum()), voice.words(counts.index[0])
    if len(counts) == 1:
        return voice.plural(
            "The only one that needs action has this cause: {cause}",
            "All {n} that need action have the same cause: {cause}",
            n,
            cause=cause,
        )
    if counts.iloc[0] == 1:
        return voice.say(TITLES["causes_apart"], n=n, cause=cause)
    first, k = voice.label(counts.index[0]), int(counts.iloc[0])
    return voice.say(TITLES["causes"], cause=first, kinds=len(counts), k=k, n=n)


def _late_title(late: int, acting: int, voice: Voice) -> str:
    if acting == 1:
        return voice.say("The only one that needs action has waited more than 3 days")
    return voice.plural(
        "{n} of {all} that need action has waited more than 3 days",
        "{n} of {all} that need action have waited more than 3 days",
        late,
        all=acting,
    )


def _place_title(table: DataFrame, voice: Voice) -> str:
    k, n, place = int(table.iloc[0].sum()), int(table.to_numpy().sum()), table.index[0]
    if place != voice.say(NO_PLACE):
        return voice.plural(
            "{place} holds the only one that needs action",
            "{place} holds {k} of {n} that need action",
            n,
            place=place,
            k=k,
        )
    if n == 1:
        return voice.say("The only one that needs action is at no known location")
    return voice.plural(
        "{n} of {all} that need action is at no known location",
        "{n} of {all} that need action are at no known location",
        k,
        all=n,
    )


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


def _crossed(rows: Series, columns: Series, known: Mapping[str, str]) -> DataFrame:
    table = pd.crosstab(rows.astype(object), columns.astype(object))
    table = table.reindex(columns=[name for name in known if name in table.columns])
    return table.rename_axis(index=None, columns=None)


def _largest(table: DataFrame, voice: Voice) -> DataFrame:
    """Sort by total, ties by name, and keep as many as can be read."""
    totals = {name: float(total) for name, total in table.sum(axis="columns").items()}
    return _first(table.loc[sorted(totals, key=lambda name: (-totals[name], str(name)))], voice)


def _first(table: DataFrame, voice: Voice) -> DataFrame:
    """Keep the first rows and add up all beyond the most that can be read."""
    rest = table.iloc[MOST_BARS:]
    if len(rest) <= 1:
        return table
    others = rest.sum().to_frame(voice.say(OTHERS, n=len(rest))).T
    return pd.concat([table.iloc[:MOST_BARS], others])
