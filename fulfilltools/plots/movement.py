"""What comes and goes in pictures: a Run in, Axes out. They read the run's tidy tables."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from babel.dates import format_date, get_day_names

from fulfilltools.plots.bars import (
    AGE_COLORS,
    INK,
    WIDTH,
    house_style,
    legend_below,
    new_axes,
    only_words,
)
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path as MplPath
    from pandas import DataFrame

    from fulfilltools.runs import Run

BLUES = [color for name, color in AGE_COLORS.items() if name != "unknown"]
MOST_WEEKS = 12
MOST_PLACES = 12
HOURS = 24
NAME_WIDTH = 28

NO_ORDERS = marked("No order was placed in this time, so there is nothing to draw.")
NO_NORM = marked("No place has shipped enough orders to know its usual time.")
FEWEST_FOR_RHYTHM = 50
"""Orders that tell at which of a week's 168 hours most come or leave; fewer are chance."""

TITLES = {
    "trend": marked("{came} and {left} in the last 7 days: {change}"),
    "beyond": marked(
        "{k} of {n} open wait longer than nine of ten at their place do; most: {place}"
    ),
    "within": marked(
        "Nothing open waits unusually long; slowest place: {place}, {hours} business hours"
    ),
    "rhythm": marked(
        "Most orders come on {day} at {hour}:00, most leave on {left_day} at {left_hour}:00"
    ),
    "rhythm_came": marked("Most orders come on {day} at {hour}:00; none has left"),
    "rhythm_few_left": marked(
        "Most orders come on {day} at {hour}:00; too few have left to tell when most do"
    ),
}
COLUMNS = {
    "came": marked("came"),
    "left": marked("left"),
    "open": marked("open at the end"),
    "shipped": marked("shipped"),
    "usual": marked("half within (hours)"),
    "slow": marked("nine of ten (hours)"),
    "now": marked("open"),
    "beyond": marked("open longer"),
}
LEGEND = marked("business hours in which half to nine of ten orders leave")
AT_BAR = marked("{usual}–{slow} h; {beyond} open longer")
STEP = marked("{least}–{most}")
IN_ALL = marked("Orders by weekday and hour, all weeks together")
LEFT_OUT = marked("Open: without cancelled, archived and test orders")


def trend(run: Run, ax: Axes | None = None) -> Axes:
    """Draw what came, what left and what stayed open, by weeks that end at the run's moment."""
    table, voice = trend_table(run), Voice(run.language)
    if not len(table):
        return only_words(ax, voice.say(NO_ORDERS))
    came, left, still_open = (table[COLUMNS[name]] for name in ("came", "left", "open"))
    with house_style():
        axes = ax if ax is not None else new_axes(height=2.9, width=2 * WIDTH)
        places = np.arange(len(table))
        names = [voice.named(COLUMNS[name]) for name in ("came", "left", "open")]
        axes.bar(places - 0.2, came, 0.38, color=BLUES[1], label=names[0])
        axes.bar(places + 0.2, left, 0.38, color=BLUES[3], label=names[1])
        axes.plot(places, still_open, color=INK, marker="o", markersize=3, label=names[2])
        last = (float(places[-1]), float(still_open.iloc[-1]))
        axes.annotate(voice.number(last[1]), last, (0, 5), textcoords="offset points", ha="center")
        axes.set_xticks(places, [str(name) for name in table.index])
        axes.set_ylim(0, max(float(table.to_numpy().max()) * 1.15, 1))
        axes.set_title(_trend_title(int(came.iloc[-1]), int(left.iloc[-1]), voice))
        drawn = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        legend_below(axes, 0.12, 3, voice.say(LEFT_OUT), [drawn[name] for name in names])
    return axes


def time_to_ship(run: Run, ax: Axes | None = None) -> Axes:
    """Draw each place's own norm, half to nine in ten of its orders, and who waits beyond it."""
    table, voice = time_to_ship_table(run), Voice(run.language)
    if not len(table):
        return only_words(ax, voice.say(NO_NORM))
    usual, slow = table[COLUMNS["usual"]], table[COLUMNS["slow"]]
    with house_style():
        axes = ax if ax is not None else new_axes(height=1.05 + 0.27 * len(table))
        rows = np.arange(len(table))
        axes.barh(rows, slow - usual, 0.6, usual, color=BLUES[2], label=voice.say(LEGEND))
        for row, (_, place) in enumerate(table.iterrows()):
            axes.annotate(
                voice.say(
                    AT_BAR,
                    usual=voice.number(round(place[COLUMNS["usual"]])),
                    slow=voice.number(round(place[COLUMNS["slow"]])),
                    beyond=voice.number(place[COLUMNS["beyond"]]),
                ),
                (place[COLUMNS["slow"]], row),
                (5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(rows, [textwrap.shorten(str(name), NAME_WIDTH) for name in table.index])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(0, float(slow.max()) * 1.9 or 1)
        axes.set_xticks([])
        axes.set_title(textwrap.fill(_norm_title(table, voice), 52))
        axes.legend(loc="upper right", bbox_to_anchor=(1, -0.01))
    return axes


def rhythm(run: Run, ax: Axes | None = None) -> Axes:
    """Draw when orders come and when they leave: weekday by hour in the shop's time zone."""
    table, voice = rhythm_table(run), Voice(run.language)
    if not table.to_numpy().sum():
        return only_words(ax, voice.say(NO_ORDERS))
    with house_style():
        axes = ax if ax is not None else new_axes(height=3.6, width=2 * WIDTH)
        days = len(table) // 2
        # An empty line parts what comes, on top, from what leaves.
        grid = np.vstack([table.iloc[:days], np.full((1, HOURS), np.nan), table.iloc[days:]])
        _heat(axes, grid, voice)
        places = [*range(days), *range(days + 1, 2 * days + 1)]
        axes.set_yticks([place + 0.5 for place in places], [str(name) for name in table.index])
        hours = range(0, HOURS, 2)
        axes.set_xticks([hour + 0.5 for hour in hours], [str(hour) for hour in hours])
        # On both sides, because a phone shows one end at a time.
        axes.tick_params(axis="y", labelright=True)
        axes.set_title(_rhythm_title(table, voice))
        axes.spines["left"].set_visible(False)
    return axes


def trend_table(run: Run) -> DataFrame:
    """Count by weeks what came, what left and what is open at the end of each.

    An order leaves when its last parcel does, or when it is cancelled or archived. Weeks end
    at the run's moment; the first whole week is the first row, at most 12. Orders placed before
    the time fetched and shipped since are not seen, so the first rows count a few too few.
    """
    orders = _orders(run)
    end = pd.Timestamp(run.as_of)
    since = pd.Timestamp(run.fetched.get("since") or orders["came"].min())
    weeks = 0 if orders.empty else min(int((end - since) / pd.Timedelta(days=7)), MOST_WEEKS)
    edges = [end - pd.Timedelta(days=7 * back) for back in range(weeks, -1, -1)]
    zone = ZoneInfo(run.fetched.get("time_zone") or "UTC")
    rows = {}
    for start, stop in pairwise(edges):
        day = (stop - pd.Timedelta(seconds=1)).tz_convert(zone)
        rows[format_date(day, "d MMM", locale=run.language)] = {
            COLUMNS["came"]: int(orders["came"].between(start, stop, inclusive="left").sum()),
            COLUMNS["left"]: int(orders["left"].between(start, stop, inclusive="left").sum()),
            COLUMNS["open"]: int(
                ((orders["came"] < stop) & ~(orders["left"] < stop).fillna(value=False)).sum()
            ),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def time_to_ship_table(run: Run) -> DataFrame:
    """Tell each place's norm in business hours, and how many open ones are beyond; slowest first.

    Places that shipped too few orders in the time fetched have no norm and are not listed.
    """
    norms = run.table("location_norms")
    norms = norms.sort_values(["location", "delivery_method", "location_id"]).set_index("location")
    backlog = run.backlog
    beyond = (backlog["business_age_hours"] > backlog["slow_hours"]).fillna(value=False)
    still_open = backlog.groupby("location").size()
    late = backlog.loc[beyond].groupby("location").size()
    table = pd.DataFrame(
        {
            COLUMNS["shipped"]: norms["shipped"].astype(int),
            COLUMNS["usual"]: norms["usual_hours"].astype("float64").round(1),
            COLUMNS["slow"]: norms["slow_hours"].astype("float64").round(1),
            COLUMNS["now"]: still_open.reindex(norms.index, fill_value=0),
            COLUMNS["beyond"]: late.reindex(norms.index, fill_value=0),
        }
    )
    table = table.sort_values(COLUMNS["slow"], ascending=False, kind="stable")
    return table.head(MOST_PLACES).rename_axis(None)


def rhythm_table(run: Run) -> DataFrame:
    """Count orders by weekday and hour, shop's time: first those that came, then that left."""
    orders, zone = _orders(run), run.fetched.get("time_zone") or "UTC"
    voice, names = Voice(run.language), get_day_names("abbreviated", locale=run.language)
    parts = []
    for what in ("came", "left_by_parcel"):
        at = orders[what].dropna().dt.tz_convert(zone)
        counts = pd.crosstab(at.dt.day_of_week, at.dt.hour)
        counts = counts.reindex(index=range(7), columns=range(HOURS), fill_value=0)
        word = voice.named(COLUMNS["came" if what == "came" else "left"])
        parts.append(counts.set_axis([f"{names[day]}, {word}" for day in range(7)]))
    return pd.concat(parts).set_axis([str(hour) for hour in range(HOURS)], axis="columns")


def _orders(run: Run) -> DataFrame:
    """Give each order the moment it came, and the one it left for good."""
    orders = run.table("orders").set_index("order_id")
    orders = orders.loc[~orders["is_test"].fillna(value=False)]
    parcels = run.table("fulfillments")
    shipped = parcels.loc[parcels["status"] == "SUCCESS"].groupby("order_id")["created_at"].max()
    parcel = shipped.reindex(orders.index).where(orders["fulfillment_status"] == "FULFILLED")
    ended = orders["cancelled_at"].where(orders["cancelled_at"].notna(), orders["closed_at"])
    return pd.DataFrame(
        {
            "came": orders["processed_at"],
            "left": parcel.where(parcel.notna(), ended),
            "left_by_parcel": parcel,
        }
    )


def _norm_title(table: DataFrame, voice: Voice) -> str:
    still_open, beyond = table[COLUMNS["now"]], table[COLUMNS["beyond"]]
    if not beyond.sum():
        hours = voice.number(round(table[COLUMNS["slow"]].iloc[0]))
        return voice.say(TITLES["within"], place=str(table.index[0]), hours=hours)
    k, n = voice.number(beyond.sum()), voice.number(still_open.sum())
    return voice.say(TITLES["beyond"], k=k, n=n, place=str(beyond.idxmax()))


def _trend_title(came: int, left: int, voice: Voice) -> str:
    more, fewer = max(came - left, 0), max(left - came, 0)
    change = voice.say("as many are open")
    if more:
        change = voice.plural("{n} more is open", "{n} more are open", more)
    elif fewer:
        change = voice.plural("{n} fewer is open", "{n} fewer are open", fewer)
    return voice.say(
        TITLES["trend"],
        came=voice.plural("{n} order came", "{n} orders came", came),
        left=voice.plural("{n} left", "{n} left", left) if left else voice.say("none left"),
        change=change,
    )


def _rhythm_title(table: DataFrame, voice: Voice) -> str:
    days = get_day_names("wide", locale=voice.language)
    came, left = table.to_numpy()[:7], table.to_numpy()[7:]
    if came.sum() < FEWEST_FOR_RHYTHM:
        return voice.plural(
            "{n} order came: too few to tell when most do",
            "{n} orders came: too few to tell when most do",
            came.sum(),
        )
    day, hour = np.unravel_index(came.argmax(), came.shape)
    if left.sum() < FEWEST_FOR_RHYTHM:
        kind = "rhythm_few_left" if left.sum() else "rhythm_came"
        return voice.say(TITLES[kind], day=days[int(day)], hour=hour)
    left_day, left_hour = np.unravel_index(left.argmax(), left.shape)
    return voice.say(
        TITLES["rhythm"],
        day=days[int(day)],
        hour=hour,
        left_day=days[int(left_day)],
        left_hour=left_hour,
    )


def _heat(axes: Axes, grid: np.ndarray, voice: Voice) -> None:
    """Fill cells by few steps of one color, named below; zero stays paper."""
    from matplotlib.patches import Patch, PathPatch  # noqa: PLC0415 (see bars.py)
    from matplotlib.path import Path  # noqa: PLC0415 (see bars.py)

    most = max(int(np.nanmax(grid)), 2 ** len(BLUES))
    limits = [0, *(round(most * share) for share in (0.1, 0.25, 0.5)), most]
    steps = []
    for color, least, limit in zip(BLUES, limits, limits[1:], strict=False):
        # One path a step: hundreds of cells of their own would make the file ten times larger.
        cells = [_cell(*place) for place in np.argwhere((grid > least) & (grid <= limit))]
        if cells:
            shape = Path.make_compound_path(*cells)
            axes.add_patch(PathPatch(shape, facecolor=color, linewidth=0))
        steps.append(Patch(color=color, label=voice.say(STEP, least=least + 1, most=limit)))
    axes.set_xlim(0, grid.shape[1])
    axes.set_ylim(grid.shape[0], 0)
    legend_below(axes, 0.07, len(steps), voice.say(IN_ALL), steps)


def _cell(row: int, column: int) -> MplPath:
    from matplotlib.path import Path  # noqa: PLC0415 (see bars.py)

    left, right, top, bottom = column + 0.04, column + 0.96, row + 0.05, row + 0.95
    return Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
