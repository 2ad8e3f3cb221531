"""The admin's order export: from CSV files to `export_*.parquet`, counted and reconciled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fulfilltools.admin.fetch_report import FetchReport
from fulfilltools.errors import SettingsError, TableError
from fulfilltools.exports import values
from fulfilltools.exports.headings import ORDERS
from fulfilltools.exports.loading import fresh_database, load
from fulfilltools.wording import money, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import duckdb

    from fulfilltools.exports.reading import Sheet

DATES = ("created_at", "paid_at", "fulfilled_at", "cancelled_at", "due_at")
AMOUNTS = ("quantity", "total", "refunded", "outstanding", "price", "discount")
CANNOT_SHOW = (
    "An order export shows no holds, fulfillment orders, locations, requests to services, stock, "
    "returns, edits or disputes, so what needs them is unknown. An access token shows them."
)
_GARBLED = "[ÃÂâð][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|\ufffd"
"""What two bytes of UTF-8 look like to a reader who takes each for a letter."""
_OLD = 7
"""Days after which an export is called old."""


@dataclass
class ExportReport(FetchReport):
    """What was read of the files, reconciled; fetch.json of a run without a token."""

    source: str = "export"
    files: list[dict[str, Any]] = field(default_factory=list)
    """Name, rows and orders of each file; never its contents."""
    rows: int = 0
    lines: int = 0
    units: int = 0
    totals: dict[str, str] = field(default_factory=dict)
    """The orders' totals by currency, as decimal text."""
    financial_statuses: dict[str, int] = field(default_factory=dict)
    fulfillment_statuses: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows that make no order or line: reason → how many. With `lines` they add up to `rows`."""
    columns: list[str] = field(default_factory=list)
    columns_missing: list[str] = field(default_factory=list)


def read_export(
    given: Sequence[Path | str],
    raw: Path,
    *,
    as_of: datetime,
    shop: str = "export",
    date_order: str | None = None,
) -> ExportReport:
    """Read the files of an order export into the folder `raw`, without anything personal.

    Writes export_orders, export_lines and export_columns as Parquet, and fetch.json; then
    `tables.build` takes them for what a shop would have sent. `date_order` (dmy, mdy or ymd)
    settles dates that do not say it themselves. Raises TableError for a file that is no order
    export, saying what it looks like, and SettingsError when `date_order` is needed.
    """
    if not given:
        raise SettingsError("No file is given. Name the order export's CSV file.")
    with fresh_database() as (database, aside):
        sheets = _read_rows(database, [Path(one) for one in given], aside)
        database.execute(values.MACROS)
        values.learn_dates(database, "read_row", DATES, date_order)
        values.learn_amounts(database, "read_row", AMOUNTS)
        values.refuse_unread(database, "read_row", DATES, "moment", "date")
        values.refuse_unread(database, "read_row", AMOUNTS, "amount", "number")
        sql = files("fulfilltools") / "exports" / "read_orders.sql"
        database.execute(sql.read_text(encoding="utf-8"))
        _refuse_two_shops(database)
        _refuse_mojibake(database)
        for table in ("export_order", "export_line", "export_column"):
            database.table(table).write_parquet(str(raw / f"{table}s.parquet"))
        report = _count(database, sheets, shop, as_of)
    report.write(raw)
    return report


def export_name(files: Sequence[Path]) -> str:
    """Name the run's folder after the first file, without what counts its downloads."""
    stem = re.sub(r"[\W_]*\d[\d\W_]*$", "", files[0].stem)
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "export"
    return f"{name}-export" if name == "demo" else name


def _read_rows(
    database: duckdb.DuckDBPyConnection, given: Sequence[Path], aside: Path
) -> list[Sheet]:
    columns = ", ".join(f"{name} VARCHAR" for name in ORDERS.known)
    database.execute(f"CREATE TABLE read_row (file_no INT, {columns})")
    sheets = [load(database, file, ORDERS, number, aside) for number, file in enumerate(given, 1)]
    database.execute(
        "DELETE FROM read_row WHERE lower(order_name) = 'name' AND lower(created_at) = 'created at'"
    )
    in_all = set.intersection(*(set(sheet.places) for sheet in sheets))
    database.execute(
        "CREATE TABLE export_column AS SELECT unnest(?::VARCHAR[]) AS name",
        [[name for name in ORDERS.known if name in in_all]],
    )
    if not database.execute("SELECT count(order_name) FROM read_row").fetchall()[0][0]:
        raise TableError(
            f"{', '.join(str(file) for file in given)} has headings and no order. "
            "Export the orders again."
        )
    return sheets


def _refuse_two_shops(database: duckdb.DuckDBPyConnection) -> None:
    row = database.execute(
        """
        SELECT order_name FROM order_text GROUP BY order_name
        HAVING min(order_number) <> max(other_number) ORDER BY order_name LIMIT 1
        """
    ).fetchone()
    if row:
        raise TableError(
            f"Order {row[0]} stands there with two different ids, so these are two shops. "
            "Give each shop's export by itself."
        )


def _refuse_mojibake(database: duckdb.DuckDBPyConnection) -> None:
    """Refuse texts that were UTF-8 and were read as something else before they came here."""
    garbled, other = database.execute(
        """
        SELECT count(*) FILTER (is_garbled), count(*) FILTER (NOT is_garbled)
        FROM (
            SELECT regexp_matches(t, ?) AS is_garbled
            FROM (
                SELECT title AS t FROM export_line
                UNION ALL SELECT shipping_method FROM export_order
            )
            WHERE NOT regexp_full_match(t, '[\\x00-\\x7f]*')
        )
        """,
        [_GARBLED],
    ).fetchall()[0]
    if garbled > other:
        raise TableError(
            f"{garbled} texts are garbled (mojibake, such as Ã¶ for ö): the file was once opened "
            "in the wrong encoding and saved. Export it again, and open it as UTF-8."
        )


def _count(
    database: duckdb.DuckDBPyConnection, sheets: Sequence[Sheet], shop: str, as_of: datetime
) -> ExportReport:
    def counted(sql: str) -> dict[str, Any]:
        return dict(database.execute(sql).fetchall())

    facts = database.execute(
        """
        SELECT count(*), strftime(min(created_at), '%Y-%m-%dT%H:%M:%SZ'),
            strftime(max(created_at), '%Y-%m-%dT%H:%M:%SZ'),
            date_diff('day', max(created_at), $as_of::TIMESTAMPTZ),
            count(*) FILTER (created_at > $as_of::TIMESTAMPTZ), mode(currency ORDER BY currency)
        FROM export_order
        """,
        {"as_of": as_of},
    ).fetchall()[0]
    orders, since, newest, days, later, currency = facts
    rows, named, lines, units = database.execute(
        """
        SELECT (SELECT count(*) FROM read_row), (SELECT count(order_name) FROM read_row),
            count(*), sum(quantity)::BIGINT FROM export_line
        """
    ).fetchall()[0]
    repeated = database.execute(
        "SELECT count(*) FROM read_row ANTI JOIN order_file USING (order_name, file_no) "
        "WHERE order_name IS NOT NULL"
    ).fetchall()[0][0]
    left_out = {
        "rows without an order name": rows - named,
        "rows of orders that another file has too": repeated,
        "rows without an item": named - repeated - lines,
    }
    columns = [name for (name,) in database.execute("FROM export_column").fetchall()]
    report = ExportReport(
        shop=shop,
        shop_name=shop,
        api_version="",
        since=since,
        as_of=as_of.isoformat(),
        time_zone=_time_zone(database),
        currency=currency or "",
        orders_counted=orders,
        orders_received=orders,
        complete=True,
        files=_files(database, sheets),
        rows=rows,
        lines=lines,
        units=units or 0,
        totals=counted(
            "SELECT coalesce(currency, ''), sum(total)::VARCHAR FROM export_order "
            "WHERE total IS NOT NULL GROUP BY 1 ORDER BY 1"
        ),
        financial_statuses=counted(_BY.format("financial_status")),
        fulfillment_statuses=counted(_BY.format("fulfillment_status")),
        left_out={reason: count for reason, count in left_out.items() if count},
        columns=columns,
        columns_missing=[ORDERS.known[name][0] for name in ORDERS.known if name not in columns],
    )
    report.notes = _notes(report, sheets, newest, days, later)
    return report


_BY = (
    "SELECT coalesce({0}, 'none'), count(*) FROM export_order GROUP BY 1 ORDER BY count(*) DESC, 1"
)


def _files(database: duckdb.DuckDBPyConnection, sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    counts = database.execute(
        "SELECT file_no, count(*), count(DISTINCT order_name) FROM read_row GROUP BY 1"
    ).fetchall()
    by_number = {number: (rows, orders) for number, rows, orders in counts}
    return [
        {"file": sheet.file.name, "rows": rows, "orders": orders}
        for number, sheet in enumerate(sheets, 1)
        for rows, orders in [by_number.get(number, (0, 0))]
    ]


def _time_zone(database: duckdb.DuckDBPyConnection) -> str:
    """Take the newest order's offset for the shop's zone; the export names no other."""
    row = database.execute(
        r"""
        SELECT regexp_extract(created_at, '([+-]\d{2}):?(\d{2})$', ['hours', 'minutes'])
        FROM order_text WHERE created_at IS NOT NULL
        ORDER BY moment(created_at) DESC, order_name, file_no LIMIT 1
        """
    ).fetchone()
    hours, minutes = (row[0]["hours"], row[0]["minutes"]) if row else ("", "")
    if minutes in ("", "00") and hours.lstrip("+-0"):
        # Etc/GMT names are signed the other way round, as POSIX has them
        return f"Etc/GMT{'-' if hours[0] == '+' else '+'}{int(hours[1:])}"
    return _ODD_ZONES.get(f"{hours}{minutes}", "UTC")


_ODD_ZONES = {
    "+0530": "Asia/Kolkata",
    "+0545": "Asia/Kathmandu",
    "+0330": "Asia/Tehran",
    "+0630": "Asia/Yangon",
    "+0930": "Australia/Darwin",
    "+1030": "Australia/Adelaide",
    "-0330": "America/St_Johns",
    "-0230": "America/St_Johns",
}


def _notes(
    report: ExportReport, sheets: Sequence[Sheet], newest: str, days: int, later: int
) -> list[str]:
    statuses = {**report.financial_statuses, **report.fulfillment_statuses}
    listed = ", ".join(f"{words(name)} {count:,}" for name, count in statuses.items())
    totals = ", ".join(money(Decimal(sum_), name) for name, sum_ in report.totals.items() if name)
    read = (
        f"Read {report.rows:,} rows: {report.orders_received:,} orders, {report.lines:,} lines, "
        f"{report.units:,} units, worth {totals or 'nothing that is said'}; {listed}."
    )
    notes = [
        read,
        CANNOT_SHOW,
        *(note for sheet in sheets for note in sheet.notes),
    ]
    if report.columns_missing:
        notes.append(f"The export has no column {', '.join(report.columns_missing)}.")
    if "terms_name" not in report.columns:
        notes.append(
            "Without Payment Terms Name, only draft orders are suspected of being on terms."
        )
    notes += [f"Left out: {count:,} {reason}." for reason, count in report.left_out.items()]
    if days > _OLD:
        notes.append(
            f"The newest order is of {newest[:10]}, {days} days before the moment that ages are "
            "measured to. Set as_of to the day of the export."
        )
    if later:
        notes.append(
            f"Orders placed after the moment reported: {later:,}; their ages are negative. An "
            "export tells states only as they were when it was made, so ages are those of that "
            "moment, and states those of the export."
        )
    if report.time_zone == "UTC":
        notes.append("The dates name no time zone, or UTC: days are those of UTC.")
    return notes
