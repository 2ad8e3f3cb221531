"""From raw files to tidy tables and the backlog, by the SQL that stands beside this module.

`sql/` is run in the order of its numbers inside one DuckDB database in memory, which spills
to disk when a shop is large. Nothing here looks at the clock: `as_of` is given.
"""

from __future__ import annotations

import glob
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import holidays

from fulfilltools import long_history, schema
from fulfilltools.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    import pandas as pd

    from fulfilltools.settings import Policy

TIDY_TABLES = (
    "orders",
    "order_lines",
    "fulfillment_orders",
    "fulfillment_order_lines",
    "holds",
    "fulfillments",
    "merchant_requests",
    "transactions",
    "events",
    "locations",
    "inventory_items",
    "inventory_levels",
    "location_norms",
    "time_to_ship",
    "app_norms",
    "automation_norms",
    "answer_norms",
    "capture_habits",
    "pos_norms",
    "request_norms",
    "order_kinds",
    "waiting_lines",
)
"""Written as Parquet beside the backlog, for analysts and pictures."""

RAW_FILES = ("context", "locations", "orders", "inventory", "order_extra")

OPTIONAL_RAW_FILES = ("orders.bulk", "timelines")
"""Orders come by pages or in bulk; without timelines, norms of apps are unknown."""

EXPORT_FILES = ("export_orders.parquet", "export_lines.parquet", "export_columns.parquet")
"""What stands in `raw` instead where an order export was read."""

NODE_TYPES = (
    "order_node",
    "line_node",
    "fulfillment_order_node",
    "fulfillment_order_line_node",
    "merchant_request_node",
)
"""What a line of a bulk result may be; the types are those of sql/1_types.sql."""

MEMORY = "1GB"
"""What the database may hold at once; the rest is spilled to disk."""

NORM_SAMPLE = 20
"""Fewer examples make no norm."""


@dataclass(frozen=True)
class Tables:
    """What was built: the backlog and where the tidy tables stand."""

    backlog: pd.DataFrame
    folder: Path
    supplier: dict[str, int] | None = None
    """How suppliers' lists fitted the shop's orders; None where none was given."""
    glanced: int = 0
    """Shipped orders that are older than the history learned from: counted, not read whole."""


def build(raw: Path, folder: Path, *, as_of: datetime, policy: Policy) -> Tables:
    """Read the raw files and write the tidy tables and `backlog.parquet` into `folder`.

    `as_of` is an aware moment that ages are measured to. Raises TableError when a raw file
    is missing or is not what Shopify sends.
    """
    with duckdb.connect() as database, tempfile.TemporaryDirectory() as spill:
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET temp_directory = ?", [spill])
        database.execute("SET memory_limit = ?", [MEMORY])
        with suppress(duckdb.InvalidInputException):  # a notebook without ipywidgets has no bar
            database.execute("SET enable_progress_bar = false")  # it would stand in the notebook
        is_export = (raw / EXPORT_FILES[0]).is_file()
        _name_export_files(database, raw) if is_export else _name_raw_files(database, raw)
        too_long = [] if is_export else _name_long_history(database, raw, policy)
        _lay_shipments(database, raw / "shipments.parquet")
        for name, statements in _steps(is_export=is_export):
            if name.startswith("3"):
                _name_node_columns(database)
                _copy_whole_orders(database, too_long, raw, Path(spill))
            if name.startswith("5"):
                _ask(database, as_of, policy)
            _run(database, statements, raw)
        backlog = to_frame(database.table("backlog"))
        _write_tidy_tables(database, folder)
        supplier = _supplier_counts(database, folder)
        glanced = len(database.table("older_order"))
    backlog.to_parquet(folder / "backlog.parquet", index=False)
    return Tables(backlog, folder, supplier, glanced)


def to_frame(relation: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """Turn a backlog relation into a frame with the dtypes that schema.py declares.

    Raises TableError when the columns are not the declared ones.
    """
    declared = {column.name: column.dtype for column in schema.BACKLOG}
    if set(relation.columns) != set(declared):
        odd = sorted(set(relation.columns) ^ set(declared))
        raise TableError(f"sql/7_backlog.sql and schema.BACKLOG differ in {', '.join(odd)}.")
    frame: pd.DataFrame = relation.to_arrow_table().to_pandas(types_mapper=schema.nullable)
    return frame[list(declared)].astype(declared)


def _steps(*, is_export: bool) -> Iterator[tuple[str, str]]:
    """Give the SQL in order; for an export, `sql/export/` has other and further steps."""
    folder = files("fulfilltools") / "sql"
    steps = {file.name: file for file in folder.iterdir() if file.is_file()}
    if is_export:
        steps |= {file.name: file for file in (folder / "export").iterdir()}
    for name in sorted(steps):
        yield name, steps[name].read_text(encoding="utf-8")


def _name_raw_files(database: duckdb.DuckDBPyConnection, raw: Path) -> None:
    """Let the SQL find them; a run that builds on an earlier one holds its files, too."""
    database.execute("SET VARIABLE generations = map([]::VARCHAR[], []::BIGINT[])")
    for name in (*RAW_FILES, *OPTIONAL_RAW_FILES):
        found = _raw_files(raw, name)
        if not found and name in RAW_FILES:
            file = raw / f"{name}.jsonl.gz"
            raise TableError(f"{file} is missing. Fetch the orders again (1_fetch_orders).")
        _read_as(database, name.replace(".", "_"), {file: _generation(raw, file) for file in found})
    report = _fetched(raw)
    sees_older = "read_all_orders" in report.get("scopes_granted", ())
    since = report["since"] if report.get("base") else None
    database.execute("SET VARIABLE since = ?", [since])
    database.execute("SET VARIABLE sees_older = ?", [sees_older])


def _raw_files(raw: Path, name: str) -> list[Path]:
    kind = f"{name}*" if name.endswith(".bulk") else name
    return sorted(raw.rglob(f"{kind}.jsonl.gz"))


def _generation(raw: Path, file: Path) -> int:
    """Count the earlier runs between this one and the run that fetched the file."""
    return len(file.relative_to(raw).parts)


def _read_as(
    database: duckdb.DuckDBPyConnection, variable: str, generations: dict[Path, int]
) -> None:
    """Let the SQL find files by a variable's name, and the generation of each."""
    files = [str(file) for file in generations]
    database.execute(f"SET VARIABLE {variable} = ?", [_as_named(generations)])
    database.execute(
        "SET VARIABLE generations = map_concat(getvariable('generations'), "
        "map(?::VARCHAR[], ?::BIGINT[]))",
        [files, list(generations.values())],
    )


def _as_named(files: Iterable[Path]) -> list[str]:
    """Name the files to DuckDB, which takes names for patterns; without any, an empty one."""
    return [glob.escape(str(file)) for file in files] or [os.devnull]


def _fetched(raw: Path) -> dict[str, Any]:
    report = raw / "fetch.json"
    return json.loads(report.read_text("utf-8")) if report.is_file() else {}


def _name_long_history(
    database: duckdb.DuckDBPyConnection, raw: Path, policy: Policy
) -> list[Path]:
    """Let sql/2_glance.sql find the bulk results of a history too long to be read whole."""
    is_long = _fetched(raw).get("orders_received", 0) > policy.history_orders
    found = _raw_files(raw, "orders.bulk") if is_long else []
    database.execute("SET VARIABLE long_history = ?", [_as_named(found)])
    database.execute("SET VARIABLE history_orders = ?", [policy.history_orders])
    return found


def _copy_whole_orders(
    database: duckdb.DuckDBPyConnection, too_long: list[Path], raw: Path, scratch: Path
) -> None:
    """Let the SQL find copies that hold only the orders that are read whole."""
    if too_long:
        copies = long_history.copy_whole_orders(database, too_long, scratch)
        generations = {copy: _generation(raw, file) for file, copy in copies.items()}
        _read_as(database, "orders_bulk", generations)
    database.execute("DROP TABLE glance")


def _name_export_files(database: duckdb.DuckDBPyConnection, raw: Path) -> None:
    """Let the SQL find what was read of an order export (exports/orders.py)."""
    database.execute("SET VARIABLE long_history = ?", [[os.devnull]])
    for name in EXPORT_FILES:
        database.execute(f"SET VARIABLE {name.split('.')[0]} = ?", _as_named([raw / name]))
    report = json.loads((raw / "fetch.json").read_text("utf-8"))
    for name in ("shop_name", "time_zone", "as_of"):
        database.execute(f"SET VARIABLE export_{name} = ?", [report[name]])


def _lay_shipments(database: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Lay down what suppliers say they shipped (exports/shipments.py), or an empty table."""
    database.execute("SET VARIABLE shipments = ?", [str(file) if file.is_file() else None])
    if file.is_file():
        database.read_parquet(_as_named([file])).create("shipment_list")
    else:
        database.execute(
            "CREATE TABLE shipment_list (order_name VARCHAR, sku VARCHAR, quantity BIGINT, "
            "tracking_number VARCHAR, carrier VARCHAR, shipped_at TIMESTAMPTZ, "
            "source_file VARCHAR, row BIGINT, is_shipped BOOLEAN)"
        )


def _write_tidy_tables(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    # They are sets. To keep an order of so many columns, DuckDB would write in one thread.
    database.execute("SET preserve_insertion_order = false")
    for table in TIDY_TABLES:
        database.table(table).write_parquet(str(folder / f"{table}.parquet"))
    database.execute("RESET preserve_insertion_order")


def _supplier_counts(database: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int] | None:
    """Count how the lists fitted; what did not is written to supplier_unmatched.csv."""
    given, *counts = database.execute(
        """
        SELECT
            getvariable('shipments') IS NOT NULL,
            (SELECT count(*) FROM shipment_list),
            (SELECT count(*) FROM supplier_unmatched WHERE side = 'list'),
            (SELECT count(*) FROM supplier_unmatched WHERE side = 'shop'),
            (SELECT count(*) FROM backlog WHERE supplier_shipped_units > 0)
        """
    ).fetchall()[0]
    if not given:
        return None
    # A spreadsheet would take a text that begins so for a formula.
    database.sql(
        r"""
        SELECT * REPLACE (
            regexp_replace(order_name, '^([=+@-])', '''\1') AS order_name,
            regexp_replace(sku, '^([=+@-])', '''\1') AS sku,
            regexp_replace(tracking_number, '^([=+@-])', '''\1') AS tracking_number,
            regexp_replace(carrier, '^([=+@-])', '''\1') AS carrier
        ) FROM supplier_unmatched
        """
    ).write_csv(str(folder / "supplier_unmatched.csv"))
    names = ("rows", "rows_unmatched", "orders_not_listed", "shipped_not_here")
    return dict(zip(names, counts, strict=True))


def _name_node_columns(database: duckdb.DuckDBPyConnection) -> None:
    """Lay down what a bulk line may hold: the fields of all nodes but their connections."""
    columns = {"__typename": "VARCHAR", "__parentId": "VARCHAR"}
    for node in NODE_TYPES:
        fields = database.execute(f"SELECT unnest(NULL::{node})").description
        columns |= {name: str(kind) for name, kind, *_ in fields or ()}
    plain = {name: kind for name, kind in columns.items() if not kind.startswith("STRUCT(nodes ")}
    database.execute("SET VARIABLE node_columns = ?", [plain])


def _run(database: duckdb.DuckDBPyConnection, statements: str, raw: Path) -> None:
    try:
        database.execute(statements)
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        what = str(error).splitlines()[0][:300]
        raise TableError(
            f"A file in {raw} is not what Shopify sends: {what}. Fetch the orders again."
        ) from error


def _ask(database: duckdb.DuckDBPyConnection, as_of: datetime, policy: Policy) -> None:
    """Lay the givens in the one-row table `asked`, which every later step reads."""
    zone = database.execute(
        "SELECT coalesce(any_value(shop.ianaTimezone), 'UTC') FROM shop"
    ).fetchone()
    # The year, because a whole moment would come as an object that needs pytz.
    first = database.execute("SELECT year(min(processed_at)) FROM orders").fetchone()
    years = range(((first and first[0]) or as_of.year) - 2, as_of.year + 3)
    slas = policy.sla_by_location | policy.sla_by_delivery_method
    givens: dict[str, tuple[str, Any]] = {
        "as_of": ("TIMESTAMPTZ", as_of),
        "time_zone": ("VARCHAR", (zone or ("UTC",))[0]),
        "weekend": ("VARCHAR[]", list(policy.weekend)),
        "holidays": ("DATE[]", _public_holidays(policy.holidays, years)),
        "norm_sample": ("BIGINT", NORM_SAMPLE),
        "places": ("VARCHAR[]", list(slas)),
        "place_hours": ("DOUBLE[]", list(slas.values())),
        "cutoff_at": ("DOUBLE", policy.cutoff_at),
    }
    numbers = {
        name: value
        for name, value in policy
        if isinstance(value, int | float) and name not in givens
    }
    givens |= {name: ("DOUBLE", float(value)) for name, value in numbers.items()}
    selected = ", ".join(f"?::{kind} AS {name}" for name, (kind, _) in givens.items())
    database.execute(f"CREATE TABLE given AS SELECT {selected}", [v for _, v in givens.values()])
    database.execute(
        "CREATE TABLE asked AS SELECT *, map(places, place_hours) AS sla_by_place FROM given"
    )


def _public_holidays(countries: Sequence[str], years: range) -> list[date]:
    days: dict[Any, str] = {}
    for country in countries:
        days |= holidays.country_holidays(country, years=years)
    return sorted(days)
