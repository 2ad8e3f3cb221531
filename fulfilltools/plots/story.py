"""One order's waits in a picture: a bar from each thing that happened to the next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from fulfilltools.plots.bars import AGE_COLORS, MUTED, house_style, new_axes, only_words
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

    from fulfilltools.story import Story

TITLE = marked("{order}: longest wait {wait}")
NO_STORY = marked("No moment of this order is known, so there is nothing to draw.")
MOST_ROWS = 24
HOURS = marked("hours since the one before")


def timeline(story: Story, ax: Axes | None = None) -> Axes:
    """Draw what happened to an order, top down, each wait as a bar from left to right."""
    table, voice = timeline_table(story), Voice(story.language)
    if not len(table):
        return only_words(ax, voice.say(NO_STORY))
    with house_style():
        axes = ax if ax is not None else new_axes(height=0.8 + 0.24 * len(table))
        ends = table[HOURS].cumsum()
        longest = table[HOURS].argmax()
        colors = [AGE_COLORS["1–3 days"]] * len(table)
        colors[longest] = AGE_COLORS["7+ days"]
        axes.barh(range(len(table)), table[HOURS], 0.6, ends - table[HOURS], color=colors)
        for row, (end, wait) in enumerate(zip(ends, table[HOURS], strict=True)):
            axes.plot(end, row, "o", color=colors[row], markersize=3)
            told = voice.duration(wait) if wait else ""
            axes.annotate(
                told, (end, row), (6, 0), textcoords="offset points", va="center", color=MUTED
            )
        axes.set_yticks(range(len(table)), [str(name).split(". ", 1)[1] for name in table.index])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(0, float(ends.iloc[-1]) * 1.2 or 1)
        axes.set_xticks([])
        title = voice.say(TITLE, order=story.name, wait=story.longest_wait)
        axes.set_title(textwrap.fill(title, 52))
    return axes


def timeline_table(story: Story) -> DataFrame:
    """Tell the hours from each moment to the next, up to now; one row per moment, numbered."""
    told = story.timeline
    now = told.index[told["what"] == "now"]
    past = told.loc[: now[0]] if len(now) else told
    past = past.tail(MOST_ROWS)
    voice = Voice(story.language)
    names = [f"{row}. {voice.words(what)}" for row, what in enumerate(past["what"], 1)]
    hours = past["hours_since"].fillna(0).astype("float64").round(2)
    return pd.DataFrame({HOURS: hours.to_numpy()}, index=names)
