"""The other edges: the admin's order export, and shipment lists of suppliers and 3PLs.

Both are CSV as spreadsheets make it. They are read into a run's raw folder as small Parquet
files; `tables.build` takes it from there. Customers' names, e-mails, phones, addresses and
notes are read past: they are in none of these files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fulfilltools.exports.orders import ExportReport, export_name, read_export
from fulfilltools.exports.shipments import how_lists_fitted, read_shipments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ExportReport",
    "as_parameters",
    "export_name",
    "how_lists_fitted",
    "read_export",
    "read_shipments",
]


def as_parameters(
    export: Sequence[Path] | None, supplier: Sequence[Path] | None, date_order: str | None
) -> dict[str, Any]:
    """Name the files for the first notebook, which works in another directory."""
    given = {"export": export, "supplier": supplier}
    named = {name: [str(one.resolve()) for one in files] for name, files in given.items() if files}
    return named | ({"date_order": date_order} if date_order else {})
