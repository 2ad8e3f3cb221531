"""A picture as SVG: its title and text alternative apart, its numbers beside it."""

from __future__ import annotations

import base64
import html
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from fulfilltools.plots import backlog, movement, story, waiting
from fulfilltools.plots.bars import (
    AGE_COLORS,
    DARK,
    INK,
    MUTED,
    PAPER,
    SEVERITY_COLORS,
    house_style,
)
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

TABLES: Mapping[str, Callable[[Any], DataFrame]] = {
    "causes": lambda diagnosis: backlog.cause_table(diagnosis)[0],
    "ageing": backlog.ageing_table,
    "locations": backlog.location_table,
    "value_at_risk": backlog.value_table,
    "waiting": waiting.waiting_table,
    "timeline": story.timeline_table,
    "trend": movement.trend_table,
    "time_to_ship": movement.time_to_ship_table,
    "rhythm": movement.rhythm_table,
}
WIDE = {"trend", "rhythm"}
MOST_TOLD = 100
"""Numbers in a text alternative; beyond, the table beside the picture tells them."""


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawn picture: SVG without its title, the title, a text for those who see none."""

    name: str
    title: str
    alt: str
    svg: str
    table: DataFrame
    is_wide: bool = False
    is_words: bool = False
    """Nothing is drawn; the title says why."""

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        """Show the picture in JupyterLab, in notebooks that are not trusted, too."""
        source = base64.b64encode(self.svg.encode()).decode()
        drawn = (
            f'<img alt="{html.escape(self.alt)}" '
            f'style="background:#fff;max-width:100%" src="data:image/svg+xml;base64,{source}">'
        )
        return (
            f'<figure style="margin:0"><figcaption style="font-weight:600">'
            f"{html.escape(self.title)}</figcaption>{'' if self.is_words else drawn}</figure>"
        )


def draw(plot: Callable[[Any], Axes], source: Any) -> Picture:  # noqa: ANN401 (a Diagnosis or a Run)
    """Draw a picture to SVG; the same numbers give the same bytes.

    A diagnosis does not change, so it keeps its pictures; the tables of a run may.
    """
    kept: dict[Callable[[Any], Axes], Picture] = getattr(source, "pictures", {})
    if plot not in kept:
        kept[plot] = _drawn(plot, source)
    return kept[plot]


def _drawn(plot: Callable[[Any], Axes], source: Any) -> Picture:  # noqa: ANN401 (as above)
    with house_style(plot.__name__), warnings.catch_warnings():
        # The browser draws the letters, so a glyph that DejaVu lacks is no loss.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        axes = plot(source)
        title = axes.get_title(loc="left").replace("\n", " ")
        axes.set_title("", loc="left")
        note, is_words = _note(axes), not axes.has_data()
        svg = _saved(cast("Figure", axes.get_figure(root=True)))
    voice = Voice(source.language)
    table = TABLES[plot.__name__](source).rename(columns=voice.named)
    text = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", svg)
    name = plot.__name__
    alt = ". ".join(filter(None, (_alternative(title, table, voice), note)))
    return Picture(name, title, alt, text, table, name in WIDE, is_words)


def _note(axes: Axes) -> str:
    """Read what the legend says above its colors: what they mean and what is left out."""
    legend = axes.get_legend()
    return legend.get_title().get_text() if legend else ""


def _saved(figure: Figure) -> str:
    """Save as SVG without a moment or a program's name in it."""
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        figure.set_layout_engine("none")  # else savefig draws everything once more to lay it out
    svg = io.StringIO()
    unnamed = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(svg, format="svg", metadata=unnamed)
    return svg.getvalue()


def inline_svg(picture: Picture) -> str:
    """Give the SVG element for a page of ours: its colors become the theme's variables."""
    svg = picture.svg[picture.svg.index("<svg") :]
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{picture.name}-", svg)
    svg = re.sub(r'^<svg[^>]*(viewBox="[^"]*")[^>]*>', r"<svg \1 ROLE>", svg, count=1)
    alt = f'role="img" aria-label="{html.escape(picture.alt)}"'
    svg = svg.replace("ROLE", f'xmlns:xlink="http://www.w3.org/1999/xlink" {alt}', 1)
    for name, color in theme().items():
        svg = svg.replace(color, f"var(--{name})")
    return svg


def theme() -> dict[str, str]:
    """Name every color of the pictures as the report's style sheet does."""
    ages = {f"age-{position}": color for position, color in enumerate(AGE_COLORS.values())}
    return {"ink": INK, "muted": MUTED, "paper": PAPER, **SEVERITY_COLORS, **ages}


def style_sheet() -> str:
    """Declare those colors for a page, light and dark."""
    colors = (f"--{name}: light-dark({it}, {DARK[it]});" for name, it in theme().items())
    return f":root {{ {' '.join(colors)} }}"


def _alternative(title: str, table: DataFrame, voice: Voice) -> str:
    """Say the picture in words: the title, then the numbers, unless they are too many."""
    if table.size > MOST_TOLD or not table.size:
        return title
    rows = (
        f"{name}: " + ", ".join(f"{column} {_told(cell, voice)}" for column, cell in row.items())
        for name, row in table.astype(object).iterrows()
    )
    return f"{title}. " + "; ".join(rows)


def _told(cell: object, voice: Voice) -> str:
    return voice.number(cell) if isinstance(cell, (int, float)) else str(cell)
