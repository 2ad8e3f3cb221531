"""How objects show themselves in JupyterLab: text, HTML that needs no trust, and numbers.

JupyterLab takes scripts, style sheets and drawings out of a notebook that is not trusted, so
HTML here has inline styles only, and takes its text color from the theme, light or dark. The
numbers go into a vendor type, which nbval compares and JupyterLab leaves alone.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pandas import DataFrame

MUTED = "color:gray"
FRAME = "border-left:3px solid {};padding:0 0 0 .8em;margin:.4em 0"
SEVERITY = {
    "critical": "#c62828",
    "high": "#e05353",
    "medium": "#d97706",
    "low": "#0891b2",
    "info": "#9ca3af",
}
"""Plain colors, seen on light and dark: a variable here is taken out of what is not trusted."""
CELL = "text-align:left;vertical-align:top;white-space:normal;max-width:34em"
STATIC_ROWS = 10
FOLLOW_THEME = """<script>(() => {
    const follow = () => document.documentElement.classList.toggle(
        "dark", document.body.dataset.jpThemeLight === "false");
    follow();
    new MutationObserver(follow).observe(document.body, {attributeFilter: ["data-jp-theme-light"]});
})()</script>"""
"""DataTables is dark where the page says so, and JupyterLab says it elsewhere."""

_has_bundle = False
"""Whether a table of this kernel has already brought the script with it."""


def bundle(kind: str, text: str, markup: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Give all three forms of an object, as IPython's `_repr_mimebundle_` wants them."""
    return {
        "text/plain": text,
        "text/html": markup,
        f"application/vnd.fulfilltools.{kind}+json": dict(numbers),
    }


def escaped(value: object) -> str:
    """Make a text of the shop harmless in HTML; a missing value is a dash."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 (NaN)
        return "–"
    return html.escape(str(value))


def grid(frame: DataFrame, caption: str = "") -> str:
    """Write a frame as a small table."""
    return rows(frame.itertuples(index=False, name=None), list(frame), caption)


def rows(lines: Iterable[Sequence[object]], names: Iterable[object], caption: str = "") -> str:
    """Write a small table: every text escaped, addresses of the admin as links."""
    head = "".join(f'<th scope="col" style="{CELL}">{escaped(name)}</th>' for name in names)
    body = ["".join(f'<td style="{CELL}">{_cell(value)}</td>' for value in row) for row in lines]
    told = (
        f'<caption style="{CELL};caption-side:top">{escaped(caption)}</caption>' if caption else ""
    )
    cells = "".join(f"<tr>{line}</tr>" for line in body)
    return f"<table>{told}<thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"


def link(address: object, text: str) -> str:
    """Link to the admin; any other address stays text."""
    if not str(address).startswith("https://"):
        return escaped(text)
    return f'<a href="{html.escape(str(address))}" target="_blank">{escaped(text)}</a>'


def framed(parts: Iterable[str], severity: str = "info") -> str:
    """Put paragraphs behind a bar in the color of their severity."""
    color = SEVERITY.get(severity, SEVERITY["info"])
    return f'<div style="{FRAME.format(color)}">{"".join(parts)}</div>'


def folded(summary: str, content: str, *, is_open: bool = False) -> str:
    """Fold a part away; it opens by a click, without any script."""
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{escaped(summary)}</summary>{content}</details>"


@dataclass(frozen=True, repr=False)
class Table:
    """A table to sort, search and page through in JupyterLab; elsewhere its first rows."""

    rows: DataFrame
    name: str

    def __repr__(self) -> str:
        return str(self.rows.head(STATIC_ROWS))

    def _repr_html_(self) -> str:
        # Set by Jupyter's server alone: papermill and nbval get what can be kept and compared.
        if not os.environ.get("JPY_SESSION_NAME"):
            left = len(self.rows) - STATIC_ROWS
            more = f'<p style="{MUTED}">and {left} more rows, which JupyterLab shows</p>'
            return grid(self.rows.head(STATIC_ROWS)) + (more if left > 0 else "")
        return _interactive(self.rows, self.name)


def table(frame: DataFrame, name: str = "table") -> Table:
    """Show a frame as a table that can be sorted and searched; nothing is loaded from outside.

    `name` is the table's id in the page, the same each time.
    """
    return Table(frame, name)


def _interactive(rows: DataFrame, name: str) -> str:
    global _has_bundle  # noqa: PLW0603 - a page needs the script once, and it weighs 1 MB
    import itables  # noqa: PLC0415 - 0.3 s that only an interactive table costs
    from itables.javascript import generate_init_offline_itables_html  # noqa: PLC0415 - as above

    # `init_notebook_mode` would ask for the script before it is there: an error in the page.
    bundled = generate_init_offline_itables_html(itables.options.dt_bundle)
    script = "" if _has_bundle else bundled + FOLLOW_THEME
    _has_bundle = True
    texts = [place for place, kind in enumerate(rows.dtypes) if not is_numeric_dtype(kind)]
    plain = rows.apply(lambda of: of if is_numeric_dtype(of) else of.astype(object).fillna(""))
    shown: str = itables.to_html_datatable(
        plain,
        table_id=name,
        connected=False,
        maxBytes=0,
        display_logo_when_loading=False,
        showIndex=False,
        columnDefs=[{"className": "dt-left", "targets": texts}],
    )
    return f"{script}{shown}"


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith("https://admin.shopify.com/"):
        return link(value, "open in the admin")
    return escaped(value)
