"""Takes sheets into DuckDB as text, row by row, before anything is believed of them."""

from __future__ import annotations

import glob
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from fulfilltools.exports.reading import Sheet, open_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fulfilltools.exports.headings import Headings

_DAY_WORDS = r"\b(date|datum|day|tid|time)\b"
"""All that is taken from an order's note attributes: whether they name a day."""


@contextmanager
def fresh_database() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a database in memory, with a folder for files that are rewritten."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        aside, spill = Path(folder, "rewritten"), Path(folder, "spill")
        aside.mkdir()
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET temp_directory = ?", [str(spill)])
        yield database, aside


def load(
    database: duckdb.DuckDBPyConnection, file: Path, wanted: Headings, number: int, aside: Path
) -> Sheet:
    """Append a file's wanted columns, as text, to the table `read_row`, in the file's order.

    `number` tells its rows from those of other files. Raises TableError for another kind of
    file, or one that cannot be read.
    """
    sheet = open_sheet(file, wanted, aside)
    try:
        _insert(database, sheet, number)
    except duckdb.Error:
        # DuckDB's message holds the line, which is somebody's data: say it in our words
        sheet = open_sheet(file, wanted, aside, mend=True)
        _insert(database, sheet, number)
    return sheet


def _insert(database: duckdb.DuckDBPyConnection, sheet: Sheet, number: int) -> None:
    named = ", ".join(_column(name, place) for name, place in sheet.places.items())
    cells = ", ".join(f"c{place}" for place in sheet.places.values())
    database.execute(
        f"""
        INSERT INTO read_row BY NAME
        SELECT {number} AS file_no, {named}
        FROM read_csv(?, delim = ?, quote = '"', escape = '"', header = false, skip = ?,
            auto_detect = false, columns = {sheet.columns()}, encoding = 'utf-8')
        WHERE c{sheet.places["order_name"]} <> '' OR trim(concat({cells})) <> ''
        """,  # noqa: S608 - numbers and names of our own columns
        [glob.escape(str(sheet.path)), sheet.delimiter, sheet.skip],  # DuckDB expects a pattern
    )


def _column(name: str, place: int) -> str:
    if name == "day_words":
        return f"regexp_extract(lower(c{place}), '{_DAY_WORDS}') AS {name}"
    return f"nullif(trim(c{place}), '') AS {name}"
