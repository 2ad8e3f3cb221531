"""The other edges: the admin's order export, and shipment lists of suppliers and 3PLs.

Both are CSV as spreadsheets make it. They are read into a run's raw folder as small Parquet
files; `tables.build` takes it from there. Customers' names, e-mails, phones, addresses and
notes are read past: they are in none of these files.
"""

from __future__ import annotations

from fulfilltools.exports.orders import ExportReport, export_name, read_export
from fulfilltools.exports.reading import check_files
from fulfilltools.exports.shipments import how_lists_fitted, read_shipments

__all__ = [
    "ExportReport",
    "check_files",
    "export_name",
    "how_lists_fitted",
    "read_export",
    "read_shipments",
]
