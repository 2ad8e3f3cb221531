"""An order export of a million rows, against DuckDB's bare reading of the same file."""

from __future__ import annotations

import csv
import random
from itertools import groupby
from typing import TYPE_CHECKING

from measure import in_turn, python

from fulfilltools.demo.export import HEADINGS, export_rows
from fulfilltools.demo.world import build_world

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1_000_000
OPEN = 0.02

BARE = """
import sys, duckdb
database = duckdb.connect()
database.execute("SET enable_progress_bar = false")
database.execute("CREATE TABLE rows AS FROM read_csv(?, all_varchar = true)", [sys.argv[1]])
"""

READ = """
import sys, tempfile
from pathlib import Path
from fulfilltools.demo import AS_OF
from fulfilltools.exports import read_export
with tempfile.TemporaryDirectory() as raw:
    print(read_export([sys.argv[1]], Path(raw), as_of=AS_OF).rows)
"""


def measure(scratch: Path) -> str:
    """Measure reading, which finds dialect, dates and amounts, refuses, counts and reconciles."""
    file = scratch / "orders_export.csv"
    rows = _write(file)
    bare, read = in_turn(python(BARE, str(file)), python(READ, str(file)))
    return (
        "## An order export\n\n"
        f"{rows:,} rows of {len(HEADINGS)} columns, {file.stat().st_size / 1e6:,.0f} MB: read, "
        "with its dialect and its dates found, refused where it is something else, counted and "
        f"reconciled, in {read.seconds:.1f} s. That is **{read.times(bare):.1f} ×** DuckDB's "
        f"`read_csv` of it into a table ({bare.seconds:.1f} s); peak memory {read.memory:,.0f} MB, "
        f"against {bare.memory:,.0f} MB."
    )


def _write(file: Path) -> int:
    """Write the demo shop's orders again and again, most of them shipped, under new names."""
    own = export_rows(build_world())
    orders = [list(rows) for _, rows in groupby(own, key=lambda row: row["Name"])]
    sorts = {
        shipped: [
            rows for rows in orders if (rows[0]["Fulfillment Status"] == "fulfilled") is shipped
        ]
        for shipped in (True, False)
    }
    chance, written, number = random.Random(1), 0, 0  # noqa: S311 - the same file each time
    with file.open("w", newline="", encoding="utf-8") as text:
        table = csv.DictWriter(text, HEADINGS, restval="", lineterminator="\n")
        table.writeheader()
        while written < ROWS:
            number += 1
            family = chance.choice(sorts[chance.random() >= OPEN])
            table.writerows(_renamed(row, number) for row in family)
            written += len(family)
    return written


def _renamed(row: dict[str, str], number: int) -> dict[str, str]:
    other = row | {"Name": f"#{number + 1000}"}
    return other | {"Id": str(number + 10**12)} if row.get("Id") else other
