"""The house style: its colors, fresh axes, and labeled bars from a zero baseline."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import pandas as pd
from babel.numbers import format_compact_decimal

from fulfilltools.texts import marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from pandas import DataFrame

    from fulfilltools.wording import Voice

SEVERITY_COLORS = {
    "critical": "#7a0f2b",
    "high": "#c43d3d",
    "medium": "#d88b3c",
    "low": "#b4c4d2",
    "info": "#dfe6ec",
}
"""Worst first; each step is lighter, so the order survives grey and color blindness."""

AGE_COLORS = {
    marked("0–1 day"): "#c3d9ec",
    marked("1–3 days"): "#84b0d6",
    marked("3–7 days"): "#3f7db3",
    marked("7+ days"): "#163f66",
    marked("unknown"): "#b9bec4",
}
INK, MUTED, PAPER = "#1c2127", "#57606a", "#ffffff"
DARK = {
    INK: "#e6e8eb",
    MUTED: "#a3abb5",
    PAPER: "#15181c",
    "#7a0f2b": "#ffb9b9",
    "#c43d3d": "#e8696a",
    "#d88b3c": "#9c5f22",
    "#b4c4d2": "#475562",
    "#dfe6ec": "#333b43",
    "#c3d9ec": "#28445e",
    "#84b0d6": "#3d709d",
    "#3f7db3": "#6fa9da",
    "#163f66": "#c9e3f9",
    "#b9bec4": "#4d545c",
}
"""The same colors on a dark page, where more weight is lighter, not darker."""

MOST_BARS = 10
COMPACT_FROM = 10_000
WIDTH = 4.8
"""Inches of a picture that shares its row with another; a wide one takes twice that."""

NOTHING = marked("Nothing needs action, so there is nothing to draw.")
OTHERS = marked("{n} others")
PALER = marked("Paler bars need no action.")
FAINT = 0.35
"""How much color the bars of those have that need nobody."""


def bars(
    ax: Axes | None,
    table: DataFrame,
    colors: Mapping[str, str],
    title: str,
    voice: Voice,
    faded: Sequence[str] = (),
) -> Axes:
    """Draw one stacked bar a row, first row on top, its total written at its end."""
    if not table.size:
        return only_words(ax, voice.say(NOTHING))
    with house_style():
        height = (0.95 if faded else 0.75) + 0.27 * len(table)
        axes = ax if ax is not None else new_axes(height=height)
        ends = _stack(axes, table.astype("float64"), colors, voice, faded)
        for position, end in enumerate(ends):
            place, shift = (end, position), (4, 0)
            axes.annotate(short(end, voice), place, shift, textcoords="offset points", va="center")
        names = [textwrap.shorten(str(row), 28, placeholder="…") for row in table.index]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(table) - 0.45, -0.55)
        axes.set_xlim(0, max(ends) * 1.12 or 1)
        axes.set_xticks([])
        axes.set_title(textwrap.fill(title, 52))
        if len(table.columns) > 1:
            note = voice.say(PALER) if faded else None
            legend_below(axes, 0.01, len(table.columns), note)
    return axes


def _stack(
    axes: Axes,
    numbers: DataFrame,
    colors: Mapping[str, str],
    voice: Voice,
    faded: Sequence[str],
) -> list[float]:
    """Draw the bars themselves; return where each ends."""
    ends = pd.Series(0.0, numbers.index)
    for name in map(str, numbers):
        widths, told = numbers[name], voice.named(name)
        bars = axes.barh(range(len(widths)), widths, 0.72, ends, color=colors[name], label=told)
        for bar, row in zip(bars.patches, numbers.index, strict=True):
            bar.set(edgecolor=PAPER, linewidth=0.7)
            bar.set_alpha(FAINT if row in faded else None)
        ends = ends + widths
    return [float(end) for end in ends]


def legend_below(
    axes: Axes,
    drop: float,
    columns: int,
    note: str | None,
    handles: Sequence[Artist] | None = None,
) -> None:
    """Put the legend under the right end, and above its colors what they leave unsaid."""
    axes.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1, -drop),
        ncols=columns,
        title=note,
        alignment="right",
    )


def only_words(ax: Axes | None, sentence: str) -> Axes:
    """Say a sentence, once, where there is nothing to draw."""
    with house_style():
        axes = ax if ax is not None else new_axes(height=0.4)
        axes.set_axis_off()
        axes.set_title(sentence)
    return axes


def new_axes(height: float, width: float = WIDTH) -> Axes:
    """Make axes of a figure of their own, in inches."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (0.4 s that importing us need not cost)

    axes: Axes = Figure(figsize=(width, height), layout="constrained").subplots()
    return axes


@contextmanager
def house_style(salt: str = "fulfilltools") -> Iterator[None]:
    """Apply the house style inside a `with`, and nowhere else."""
    from matplotlib import rc_context  # noqa: PLC0415 (as above)

    with (
        as_file(files("fulfilltools") / "house.mplstyle") as style,
        rc_context({"svg.hashsalt": salt}, fname=style),
    ):
        yield


def short(figure: float, voice: Voice) -> str:
    """Write a figure beside its bar: whole, and short once it is large."""
    if figure < COMPACT_FROM:
        return voice.number(round(figure))
    return str(format_compact_decimal(figure, locale=voice.language, fraction_digits=1))
