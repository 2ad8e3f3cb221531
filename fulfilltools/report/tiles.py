"""The key figures: each with its change since the last run and in a week, and its course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from fulfilltools import history
from fulfilltools.texts import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pandas import DataFrame

    from fulfilltools.report.numbers import Facts
    from fulfilltools.wording import Voice

    Numbers = Mapping[str, Any]

DUE_SOON_HOURS = 24
WEEK = timedelta(days=7)
NEARLY = timedelta(hours=12)
"""A run this close to a week ago is the one of the same weekday."""

CALM_SHARE = 0.05
"""A smaller change is told without alarm."""

FEWEST_POINTS, MOST_POINTS = 3, 30

TITLES = {
    "orders": marked("Need action"),
    "late": marked("Past their promise"),
    "value": marked("Value at risk"),
    "median": marked("Median wait"),
    "oldest": marked("Longest wait"),
    "new": marked("New since last run"),
}
NOTES = {
    "late": marked("{n} more fall due within {hours} hours"),
    "p90": marked("one in ten waits longer than {age}"),
    "none": marked("nothing priced needs action"),
    "cleared": marked("{n} cleared"),
    "first": marked("first run, no comparison"),
    "order": marked("order {order}"),
}
CHANGES = {
    "last": marked("{change} since last run"),
    "week": marked("{change} in a week"),
    "last_same": marked("unchanged since last run"),
    "week_same": marked("as a week ago"),
}
COURSE = marked("The last {n} runs: from {first} to {last}")


@dataclass(frozen=True)
class _Figure:
    """One key figure: how it is read from a summary and written."""

    name: str
    read: Callable[[Numbers], float | None]
    write: Callable[[float], str]


def tiles(numbers: Numbers, acting: DataFrame, facts: Facts, voice: Voice) -> list[dict[str, Any]]:
    """Fill the tiles: title, figure, note, changes with their tone, and the course so far."""
    earlier = facts.past.summaries()
    now = pd.Timestamp(numbers["as_of"])
    # A shop's first runs, or runs of the same moment, have nothing to be compared with.
    last = earlier[0] if earlier else None
    week = next((one for one in earlier if _is_week_ago(one, now)), None)
    if week is last or (week and history.difference(numbers["fetch"], week["fetch"])):
        week = None
    notes = _notes(numbers, acting, voice)
    return [
        {
            "label": voice.say(TITLES[figure.name]),
            "figure": _written(figure, figure.read(numbers)),
            "note": notes[figure.name],
            "changes": [
                change
                for kind, before in (("last", last), ("week", week))
                if before and (change := _change(figure, kind, numbers, before, voice))
            ],
            "spark": _course(figure, [*reversed(earlier[: MOST_POINTS - 1]), numbers], voice),
        }
        for figure in _figures(numbers, voice)
    ]


def _figures(numbers: Numbers, voice: Voice) -> list[_Figure]:
    home = _home_currency(numbers)

    def value(one: Numbers) -> float | None:
        return float(one["value_at_risk"].get(home, 0)) if home else None

    def new(one: Numbers) -> float | None:
        since = one["since_last_run"]
        return len(since["new"]) if since["previous"] else None

    return [
        _Figure("orders", lambda one: one["orders"]["actionable"], voice.number),
        _Figure("late", lambda one: one["late"]["rows"], voice.number),
        _Figure("value", value, lambda amount: _money(amount, home, voice)),
        _Figure("median", lambda one: one["age_hours"]["median"], voice.duration),
        _Figure("oldest", lambda one: one["age_hours"]["oldest"], voice.duration),
        _Figure("new", new, voice.number),
    ]


def _home_currency(numbers: Numbers) -> str | None:
    """Take the shop's own currency, else the first that something at risk is priced in."""
    at_risk = sorted(numbers["value_at_risk"])
    home: str | None = numbers["fetch"].get("currency")
    return home if home in at_risk or not at_risk else str(at_risk[0])


def _notes(numbers: Numbers, acting: DataFrame, voice: Voice) -> dict[str, str]:
    orders, ages, since = numbers["orders"], numbers["age_hours"], numbers["since_last_run"]
    home = _home_currency(numbers)
    others = {code: sum_of for code, sum_of in numbers["value_at_risk"].items() if code != home}
    oldest = acting.loc[acting["age_hours"] == acting["age_hours"].max(), "order"]
    p90 = "–" if ages["p90"] is None else voice.duration(ages["p90"])
    cleared = voice.say(NOTES["cleared"], n=voice.number(len(since["cleared"])))
    return {
        "orders": voice.plural(
            "of {n} unfulfilled order", "of {n} unfulfilled orders", orders["unfulfilled"]
        ),
        "late": voice.say(
            NOTES["late"], n=voice.number(numbers["late"]["due_soon"]), hours=DUE_SOON_HOURS
        ),
        "value": " · ".join(_money(sum_of, code, voice) for code, sum_of in others.items())
        if numbers["value_at_risk"]
        else voice.say(NOTES["none"]),
        "median": voice.say(NOTES["p90"], age=p90),
        "oldest": voice.say(NOTES["order"], order=oldest.iloc[0]) if len(oldest) else "",
        "new": cleared if since["previous"] else voice.say(NOTES["first"]),
    }


def _is_week_ago(one: Numbers, now: pd.Timestamp) -> bool:
    return abs(now - pd.Timestamp(one["as_of"]) - WEEK) <= NEARLY


def _change(
    figure: _Figure, kind: str, numbers: Numbers, before: Numbers, voice: Voice
) -> dict[str, str] | None:
    """Tell a change in words and sign; more is worse, whatever is counted here."""
    now, then = figure.read(numbers), figure.read(before)
    if now is None or then is None:
        return None
    difference = now - then
    written = figure.write(abs(difference))
    if written == figure.write(0):
        return {"text": voice.say(CHANGES[f"{kind}_same"]), "tone": ""}
    sign, tone = ("+", "worse") if difference > 0 else ("\N{MINUS SIGN}", "better")
    is_calm = abs(difference) < CALM_SHARE * max(abs(then), 1)
    text = voice.say(CHANGES[kind], change=f"{sign}{written}")
    return {"text": text, "tone": f"{tone} calm" if is_calm else tone}


def _course(figure: _Figure, summaries: Sequence[Numbers], voice: Voice) -> Markup | str:
    """Draw the figure's way through the runs as a line; nothing where it is too short."""
    read = [value for one in summaries if (value := figure.read(one)) is not None]
    if len(read) < FEWEST_POINTS:
        return ""
    low, high = min(read), max(read)
    points = " ".join(
        f"{100 * place / (len(read) - 1):.1f},{22 - 20 * (value - low) / ((high - low) or 1):.1f}"
        for place, value in enumerate(read)
    )
    told = voice.say(COURSE, n=len(read), first=figure.write(read[0]), last=figure.write(read[-1]))
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><polyline points="{}" vector-effect="non-scaling-stroke"/></svg>'
    ).format(told, points)


def _written(figure: _Figure, value: float | None) -> str:
    return "–" if value is None else figure.write(value)


def _money(amount: float | str, currency: str | None, voice: Voice) -> str:
    if currency is None:
        return "–"
    return voice.money(Decimal(str(amount)), currency).replace("\N{NO-BREAK SPACE}", " ")
