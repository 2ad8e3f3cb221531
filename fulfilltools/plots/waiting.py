"""Where open orders wait: a flow from the whole backlog to whose turn it is, to the state."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fulfilltools.plots.backlog import age_bucket
from fulfilltools.plots.bars import AGE_COLORS, INK, NOTHING, house_style, new_axes, only_words
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

TITLE = marked("Most wait here: {state} ({k} of {n} open), half of them {age} or longer")
ALL = marked("All open")
UNSEEN = marked("An order export does not show where and in which state orders wait.")
WHERE = {
    "own": marked("Own location"),
    "service": marked("Service"),
    "unknown": marked("Unknown place"),
    "nowhere": marked("Not routed"),
}
STATES = {
    "scheduled": marked("scheduled for later"),
    "held": marked("on hold"),
    "queue": marked("in the queue"),
    "begun": marked("begun"),
    "rejected": marked("declined"),
    "ending": marked("asked to cancel"),
    "accepted": marked("accepted"),
    "asked": marked("asked, no answer"),
    "unasked": marked("not asked yet"),
    "routing": marked("no fulfillment order"),
    "unsaid": marked("state not known"),
}
COLUMNS = {"rows": "open", "median": marked("half wait longer than (hours)")}
_REQUESTS = {
    "REJECTED": "rejected",
    "CANCELLATION_REQUESTED": "ending",
    "CANCELLATION_REJECTED": "ending",
    "ACCEPTED": "accepted",
    "SUBMITTED": "asked",
}
GAP = 0.03
"""Between two states, as a share of the height of all that is open."""

LINE = 0.18
"""Inches that a line of words takes: no state is told in less, no place named in less."""

BLOCK, MIDDLE, RIGHT = 0.02, 0.3, 0.58
"""How wide a block is, and where the second and third columns stand."""


def waiting(source: Any, ax: Axes | None = None) -> Axes:  # noqa: ANN401 (a Diagnosis or a Run)
    """Draw the open fulfillment orders from all to where to which state, a band each."""
    table, voice = waiting_table(source), Voice(source.language)
    if not len(table):
        return only_words(ax, voice.say(NOTHING))
    if _from_export(source.backlog).all():
        return only_words(ax, voice.say(UNSEEN))
    rows, median = table[COLUMNS["rows"]], table[COLUMNS["median"]]
    state = str(rows.idxmax())
    title = voice.say(
        TITLE,
        state=", ".join(state.lower().split(": ")),
        k=voice.number(rows.max()),
        n=voice.number(rows.sum()),
        age=_age(float(median[state]), voice),
    )
    tall = 0.5 + 0.2 * len(table)  # inches of all that is open
    tops = _tops(table, LINE / tall)
    bottom = max(1.0, _end(tops, rows / rows.sum())) + GAP
    with house_style():
        height = 0.6 + tall * (bottom + LINE / tall)
        axes = ax if ax is not None else new_axes(height=height)
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom, -LINE / tall)
        _flow(axes, table, tops, voice)
        axes.set_title(textwrap.fill(title, 52))
    return axes


def waiting_table(source: Any) -> DataFrame:  # noqa: ANN401 (a Diagnosis or a Run)
    """Count the backlog by where and in which state it waits, and how long half of it has."""
    backlog = source.backlog
    if not len(backlog) or "status" not in backlog:
        return pd.DataFrame(columns=list(COLUMNS.values()))
    where, state = _where(backlog), _state(backlog)
    voice = Voice(source.language)
    places, states = (
        {key: voice.say(name) for key, name in names.items()} for names in (WHERE, STATES)
    )
    names = where.map(places) + ": " + state.map(states)
    order = [f"{place}: {name}" for place in places.values() for name in states.values()]
    hours = backlog["age_hours"].astype("float64")
    table = pd.DataFrame(
        {COLUMNS["rows"]: names.value_counts(), COLUMNS["median"]: hours.groupby(names).median()}
    )
    return table.reindex([name for name in order if name in table.index]).round(1)


def _where(backlog: DataFrame) -> Series[Any]:
    at_service = backlog["at_service"].fillna(value=False).astype(bool)
    where = pd.Series(np.where(at_service, "service", "own"), index=backlog.index)
    # Neither whose place it is nor whether there is such a place: locations cannot be seen.
    is_unseen = backlog["at_service"].isna() & backlog["location_exists"].isna()
    is_routed = backlog["fulfillment_order_id"].notna() | _from_export(backlog)
    return where.mask(is_unseen, "unknown").where(is_routed, "nowhere")


def _from_export(backlog: DataFrame) -> Series[Any]:
    """Mark rows of an order export, whose fulfillment orders and places nobody has seen."""
    return backlog["from_export"].fillna(value=False).astype(bool)


def _state(backlog: DataFrame) -> Series[Any]:
    """Name the state of each row: what Shopify says of it, and at services of its request."""
    request = backlog["request_status"].map(_REQUESTS)
    at_service = backlog["at_service"].fillna(value=False).astype(bool)
    state = request.where(request.notna(), "unasked").astype(object)
    state = state.where(at_service | request.notna(), "queue")
    status = backlog["status"]
    state = state.mask((status == "IN_PROGRESS").fillna(value=False) & ~at_service, "begun")
    state = state.mask((status == "ON_HOLD").fillna(value=False), "held")
    state = state.mask((status == "SCHEDULED").fillna(value=False), "scheduled")
    state = state.mask(backlog["fulfillment_order_id"].isna(), "routing")
    return state.mask(_from_export(backlog), "unsaid")


def _tops(table: DataFrame, line: float) -> list[float]:
    """Tell where each state begins: room for its words, and for a place's name above its first."""
    rows, tops, at = table[COLUMNS["rows"]], [], 0.0
    places = _places(table)
    for row, share in enumerate(rows / rows.sum()):
        if row and places[row] != places[row - 1]:
            at += line
        tops.append(at)
        at += max(float(share) + GAP, line)
    return tops


def _places(table: DataFrame) -> list[str]:
    return [str(name).split(": ")[0] for name in table.index]


def _flow(axes: Axes, table: DataFrame, tops: Sequence[float], voice: Voice) -> None:
    """Draw three columns of blocks, the bands between them, and their names."""
    rows, places = table[COLUMNS["rows"]], _places(table)
    shares = rows / rows.sum()
    width = shares.groupby(places, sort=False).sum()
    # A place begins level with its first state, so no band crosses the name of the next place.
    place_tops = {place: tops[places.index(place)] for place in map(str, width.index)}
    left = 0.0
    _named_block(axes, 0.0, left, 1.0, f"{voice.say(ALL)} {voice.number(rows.sum())}")
    for place, top in place_tops.items():
        count = voice.number(round(width[place] * rows.sum()))
        _named_block(axes, MIDDLE, top, float(width[place]), f"{place} {count}")
    lines = zip(places, table.index, table[COLUMNS["median"]].astype(float), strict=True)
    for row, (place, name, hours) in enumerate(lines):
        share = float(shares.iloc[row])
        color = AGE_COLORS[str(age_bucket(pd.Series([hours])).iloc[0])]
        _band(axes, (BLOCK, left), (MIDDLE, place_tops[place]), share, color)
        _band(axes, (MIDDLE + BLOCK, place_tops[place]), (RIGHT, tops[row]), share, color)
        _block(axes, RIGHT, tops[row], share, color)
        state, count = str(name).split(": ")[1], voice.number(rows.iloc[row])
        words = f"{state} {count} · {_age(hours, voice)}"
        axes.text(RIGHT + 1.6 * BLOCK, tops[row] + share / 2, words, va="center")
        left += share
        place_tops[place] += share


def _end(tops: Sequence[float], heights: Series[Any]) -> float:
    return tops[-1] + float(heights.iloc[-1])


def _named_block(axes: Axes, left: float, top: float, height: float, name: str) -> None:
    _block(axes, left, top, height, INK)
    axes.text(left, top - GAP / 3, name, va="bottom")


def _block(axes: Axes, left: float, top: float, height: float, color: str) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 (see bars.py)

    axes.add_patch(Rectangle((left, top), BLOCK, height, color=color, linewidth=0))


def _band(
    axes: Axes, start: tuple[float, float], stop: tuple[float, float], height: float, color: str
) -> None:
    """Draw a band of even height that bends from one block to the next."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415 (see bars.py)
    from matplotlib.path import Path  # noqa: PLC0415 (see bars.py)

    (x, y), (u, v) = start, stop
    middle = (x + u) / 2
    points = [(x, y), (middle, y), (middle, v), (u, v)]
    back = [(u, v + height), (middle, v + height), (middle, y + height), (x, y + height)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    axes.add_patch(PathPatch(Path(points + back, codes), color=color, alpha=0.55, linewidth=0))


def _age(hours: float, voice: Voice) -> str:
    return "–" if np.isnan(hours) else voice.duration(hours)
