"""One function per picture: a Diagnosis in, matplotlib Axes out.

Every picture is a row of labeled bars from a zero baseline, drawn from a small table, so the
numbers can always be read beside it. `draw` turns a picture into SVG with its title, its text
alternative and that table. The house style is applied in a context, never globally, and
pyplot's global state is left alone.
"""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from babel.numbers import format_compact_decimal, format_percent

from fulfilltools.cause import IN_ORDER
from fulfilltools.wording import LANGUAGE, money, number, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from pandas import DataFrame, Series

    from fulfilltools.diagnosis import Diagnosis

    Plot = Callable[[Diagnosis], Axes]

SEVERITY_COLORS = {
    "critical": "#7a0f2b",
    "high": "#c43d3d",
    "medium": "#d88b3c",
    "low": "#b4c4d2",
    "info": "#dfe6ec",
}
"""Worst first; each step is lighter, so the order survives grey and color blindness."""

AGE_COLORS = {
    "0–1 day": "#c3d9ec",
    "1–3 days": "#84b0d6",
    "3–7 days": "#3f7db3",
    "7+ days": "#163f66",
    "unknown": "#b9bec4",
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

NOTHING = "Nothing needs action, so there is nothing to draw."
NO_PLACE = "No location"
OTHERS = "{n} others"
_OTHERS = re.compile(r"\d+ others")
TITLES = {
    "causes": "{cause} is the most frequent of {kinds} causes: {k} of {n} that need action",
    "ageing_late": "{k} of {n} that need action have waited more than 3 days",
    "ageing_young": "Nothing that needs action has waited more than 3 days",
    "locations": "{place} holds {k} of {n} that need action",
    "value_at_risk": "{money} waits in what needs action, {share} of it because of: {cause}",
}


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawn picture: SVG without its title, the title, a text for those who see none."""

    name: str
    title: str
    alt: str
    svg: str
    table: DataFrame

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        """Show the picture in JupyterLab, in notebooks that are not trusted, too."""
        source = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<figure style="margin:0"><figcaption style="font-weight:600">'
            f'{html.escape(self.title)}</figcaption><img alt="{html.escape(self.alt)}" '
            f'style="background:#fff;max-width:100%" src="data:image/svg+xml;base64,{source}">'
            f"</figure>"
        )


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
    return _bars(ax, table, AGE_COLORS, title, faded=quiet)


def ageing(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw how long the rows that need action have waited, by severity."""
    table = ageing_table(diagnosis)
    late = int(table.filter(["3–7 days", "7+ days"], axis="index").to_numpy().sum())
    title = TITLES["ageing_late" if late else "ageing_young"]
    return _bars(ax, table, SEVERITY_COLORS, title.format(k=late, n=int(table.to_numpy().sum())))


def locations(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """Draw where the rows that need action wait, by severity."""
    table = location_table(diagnosis)
    title = NOTHING
    if len(table):
        title = TITLES["locations"].format(
            place=table.index[0], k=int(table.iloc[0].sum()), n=int(table.to_numpy().sum())
        )
    return _bars(ax, table, SEVERITY_COLORS, title)


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
    return _bars(ax, table, dict.fromkeys(map(str, table), AGE_COLORS["3–7 days"]), title)


PICTURES: tuple[Plot, ...] = (causes, value_at_risk, ageing, locations)
"""The report's pictures, in its order."""


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


def draw(plot: Plot, diagnosis: Diagnosis) -> Picture:
    """Draw a picture to SVG; the same numbers give the same bytes."""
    with _house_style(plot.__name__), warnings.catch_warnings():
        # The browser draws the letters, so a glyph that DejaVu lacks is no loss.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        axes = plot(diagnosis)
        title = axes.get_title(loc="left").replace("\n", " ")
        axes.set_title("", loc="left")
        svg = io.StringIO()
        axes.get_figure(root=True).savefig(  # type: ignore[union-attr]
            svg, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    table = TABLES[plot.__name__](diagnosis)
    text = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", svg.getvalue())
    return Picture(plot.__name__, title, _alternative(axes, title), text, table)


TABLES: Mapping[str, Callable[[Diagnosis], DataFrame]] = {
    "causes": lambda diagnosis: cause_table(diagnosis)[0],
    "ageing": ageing_table,
    "locations": location_table,
    "value_at_risk": value_table,
}


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


def _bars(
    ax: Axes | None,
    table: DataFrame,
    colors: Mapping[str, str],
    title: str,
    faded: Sequence[str] = (),
) -> Axes:
    """Draw one stacked bar a row, first row on top, its total written at its end."""
    if not table.size:
        return _only_words(ax, NOTHING)
    with _house_style():
        axes = ax if ax is not None else _new_axes(height=0.75 + 0.27 * len(table))
        ends = _stack(axes, table.astype("float64"), colors, faded)
        for position, end in enumerate(ends):
            place, shift = (end, position), (4, 0)
            axes.annotate(_short(end), place, shift, textcoords="offset points", va="center")
        names = [textwrap.shorten(str(row), 28, placeholder="…") for row in table.index]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(table) - 0.45, -0.55)
        axes.set_xlim(0, max(ends) * 1.12 or 1)
        axes.set_xticks([])
        axes.set_title(textwrap.fill(title, 52))
        if len(table.columns) > 1:
            axes.legend(loc="upper right", bbox_to_anchor=(1, -0.01), ncols=len(table.columns))
    return axes


def _stack(
    axes: Axes, numbers: DataFrame, colors: Mapping[str, str], faded: Sequence[str]
) -> list[float]:
    """Draw the bars themselves; return where each ends."""
    ends = pd.Series(0.0, numbers.index)
    for name in map(str, numbers):
        widths = numbers[name]
        bars = axes.barh(range(len(widths)), widths, 0.72, ends, color=colors[name], label=name)
        for bar, row in zip(bars.patches, numbers.index, strict=True):
            bar.set(edgecolor=PAPER, linewidth=0.7)
            bar.set_alpha(0.35 if row in faded or _OTHERS.fullmatch(str(row)) else None)
        ends = ends + widths
    return [float(end) for end in ends]


def _only_words(ax: Axes | None, sentence: str) -> Axes:
    with _house_style():
        axes = ax if ax is not None else _new_axes(height=1.2)
        axes.set_axis_off()
        axes.set_title(sentence)
        axes.text(0.5, 0.5, sentence, ha="center", va="center", transform=axes.transAxes)
    return axes


def _new_axes(height: float) -> Axes:
    from matplotlib.figure import Figure  # noqa: PLC0415 (0.4 s that importing us need not cost)

    axes: Axes = Figure(figsize=(4.8, height), layout="constrained").subplots()
    return axes


@contextmanager
def _house_style(salt: str = "fulfilltools") -> Iterator[None]:
    from matplotlib import rc_context  # noqa: PLC0415 (as above)

    with rc_context({"svg.hashsalt": salt}, fname=Path(__file__).with_name("house.mplstyle")):
        yield


def _short(figure: float) -> str:
    """Write a figure beside its bar: whole, and short once it is large."""
    if figure < COMPACT_FROM:
        return number(round(figure))
    return str(format_compact_decimal(figure, locale=LANGUAGE, fraction_digits=1))


def _alternative(axes: Axes, title: str) -> str:
    """Say the picture in words: the title, then what is written at each bar."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    bars = zip(names, (text.get_text() for text in axes.texts), strict=False)
    return f"{title}. " + "; ".join(f"{name}: {total}" for name, total in bars)
