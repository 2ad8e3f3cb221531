"""Shipment lists of suppliers and 3PLs, under whatever headings: to `shipments.parquet`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fulfilltools.exports import values
from fulfilltools.exports.headings import SHIPMENTS
from fulfilltools.exports.loading import fresh_database, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

_TYPED = """
INSERT INTO shipment
SELECT
    order_name,
    sku,
    CASE WHEN {quantity} THEN try_cast(amount(quantity) AS BIGINT) END AS quantity,
    tracking_number,
    carrier,
    moment(shipped_at) AS shipped_at,
    ? AS source_file,
    rowid + ? AS row,
    -- A list that has these columns leaves them empty for what has not been shipped.
    ({dated} OR coalesce(tracking_number, shipped_at) IS NOT NULL)
        AND coalesce(amount(quantity) <> 0, true) AS is_shipped
FROM read_row
WHERE order_name IS NOT NULL
"""


def read_shipments(
    given: Sequence[Path | str], raw: Path, *, date_order: str | None = None
) -> dict[str, Any]:
    """Read suppliers' lists of what they shipped into `raw`/shipments.parquet.

    Headings may be English, Swedish, German or others (`headings.SHIPMENTS`); only the order
    is a must. `tables.build` finds the file there. Returns files and rows, for the summary.
    Raises TableError naming the headings seen when none is the order's, and SettingsError
    when dates need `date_order`.
    """
    with fresh_database() as (database, aside):
        database.execute(values.MACROS)
        database.execute(
            "CREATE TABLE shipment (order_name VARCHAR, sku VARCHAR, quantity BIGINT, "
            "tracking_number VARCHAR, carrier VARCHAR, shipped_at TIMESTAMPTZ, "
            "source_file VARCHAR, row BIGINT, is_shipped BOOLEAN)"
        )
        files = [
            _read(database, Path(file), number, aside, date_order)
            for number, file in enumerate(given, 1)
        ]
        database.table("shipment").write_parquet(str(raw / "shipments.parquet"))
    return {"files": files, "rows": sum(one["rows"] for one in files)}


def how_lists_fitted(
    rows: int, rows_unmatched: int, orders_not_listed: int, shipped_not_here: int
) -> str:
    """Say in a sentence how the lists fitted the shop's orders (`tables.Tables.supplier`)."""
    return (
        f"Shipment lists have {rows:,} rows: {rows_unmatched:,} fit no order, and "
        f"{shipped_not_here:,} waiting fulfillment orders were shipped there. "
        f"Of the orders that wait at those suppliers, {orders_not_listed:,} are in no list. "
        "What does not fit stands in supplier_unmatched.csv."
    )


def _read(
    database: duckdb.DuckDBPyConnection,
    file: Path,
    number: int,
    aside: Path,
    date_order: str | None,
) -> dict[str, Any]:
    columns = ", ".join(f"{name} VARCHAR" for name in SHIPMENTS.known)
    database.execute(f"CREATE OR REPLACE TABLE read_row (file_no INT, {columns})")
    sheet = load(database, file, SHIPMENTS, number, aside)
    values.learn_dates(database, "read_row", ("shipped_at",), date_order)
    values.learn_amounts(database, "read_row", ("quantity",))
    values.refuse_unread(database, "read_row", ("shipped_at",), "moment", "date")
    values.refuse_unread(database, "read_row", ("quantity",), "amount", "number")
    typed = _TYPED.format(
        quantity="true" if "quantity" in sheet.places else "false",
        dated="true" if not {"tracking_number", "shipped_at"} & set(sheet.places) else "false",
    )
    database.execute(typed, [f"{number}: {file.name}", sheet.skip + 1])
    rows, shipped = database.execute(
        "SELECT count(*), count(*) FILTER (is_shipped) FROM shipment WHERE source_file = ?",
        [f"{number}: {file.name}"],
    ).fetchall()[0]
    read = database.execute("SELECT count(*) FROM read_row").fetchall()[0][0]
    return {
        "file": file.name,
        "rows": read,
        "rows_without_order": read - rows,
        "rows_not_shipped": rows - shipped,
        "columns": list(sheet.places),
        "notes": sheet.notes,
    }
