"""Every column of the backlog: name, kind, meaning, healthy value, what its absence says, source.

They are declared once, in `schema.csv` beside this module. `sql/7_backlog.sql` makes them,
causes read them by name, docs/columns.md is generated from here. The healthy values together
are an ordinary order: placed on a Friday morning, paid, in stock, waiting in the warehouse's
queue. Examples of causes change only what they name.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandas.api.extensions import ExtensionDtype

DTYPES: dict[str, ExtensionDtype] = {
    "text": pd.StringDtype(na_value=pd.NA),
    "flag": pd.BooleanDtype(),
    "count": pd.Int64Dtype(),
    "number": pd.Float64Dtype(),
    "moment": pd.DatetimeTZDtype("us", "UTC"),
}
"""Kind → pandas dtype: each knows a missing value, because missing means unknown."""

_FROM_ARROW = {
    pa.string(): DTYPES["text"],
    pa.bool_(): DTYPES["flag"],
    pa.int64(): DTYPES["count"],
    pa.float64(): DTYPES["number"],
}


@dataclass(frozen=True)
class Column:
    """One backlog column, as its line in schema.csv says."""

    name: str
    kind: str
    meaning: str
    healthy: str | bool | float | None
    """Its value in an ordinary row; None where such a row has none."""
    missing: str
    """What a missing value says: "none" (there is none, a fact), "unknown", or "never"."""
    source: str
    """The Admin API field, or what it is computed from."""
    part: str
    """The heading it stands under in docs/columns.md."""

    @property
    def dtype(self) -> ExtensionDtype:
        """The pandas dtype of its kind."""
        return DTYPES[self.kind]


EMPTY = "(empty)"
"""Stands in schema.csv for a text that is known and empty."""


def _healthy(kind: str, text: str) -> str | bool | float | None:
    if not text:
        return None
    if text == EMPTY:
        return ""
    if kind == "flag":
        return text == "yes"
    return float(text) if kind in ("count", "number") else text


def _declared() -> tuple[Column, ...]:
    text = (files("fulfilltools") / "schema.csv").read_text(encoding="utf-8")
    return tuple(
        Column(
            name=line["column"],
            kind=line["kind"],
            meaning=line["meaning"],
            healthy=_healthy(line["kind"], line["healthy"]),
            missing=line["missing"],
            source=line["source"],
            part=line["part"],
        )
        for line in csv.DictReader(text.splitlines())
    )


BACKLOG = _declared()
"""In the order that the backlog has them."""

COLUMNS = {column.name: column for column in BACKLOG}


def nullable(arrow_type: pa.DataType) -> ExtensionDtype | None:
    """Map an Arrow type to the pandas dtype that keeps missing values missing."""
    return _FROM_ARROW.get(arrow_type)


def backlog_of(changes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a backlog of healthy rows, one for each mapping, changed only where it says so.

    For tests and for the examples of causes. Raises KeyError naming a column that does not
    exist.
    """
    if odd := sorted({name for change in changes for name in change} - set(COLUMNS)):
        raise KeyError(f"No such column: {', '.join(odd)}; see schema.csv.")
    rows = [{"row_id": f"row {place}"} | dict(change) for place, change in enumerate(changes)]
    return pd.DataFrame(
        {
            name: _column([row.get(name, column.healthy) for row in rows], column)
            for name, column in COLUMNS.items()
        }
    )


def _column(values: Sequence[Any], column: Column) -> pd.Series[Any]:
    if column.kind == "moment":
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601")
    return pd.Series(values, dtype=column.dtype)
