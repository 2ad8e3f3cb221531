"""A history too long to be read whole: copy the lines that are, the rest is only glanced at.

A bulk result has the lines of an order wherever they fell, so it is gone through twice: what is
whole is known once all has been seen (sql/2_glance.sql), then those lines are copied as they are.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from isal import igzip_threaded
from isal.igzip_lib import IsalError

from fulfilltools.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

BLOCK = 1 << 20
"""Bytes of lines taken at once."""


def copy_whole_orders(
    database: duckdb.DuckDBPyConnection, files: Iterable[Path], folder: Path
) -> dict[Path, Path]:
    """Copy the lines of the orders that are read whole; give the copy of each packed file.

    Raises TableError when a file is not what it was when it was glanced at.
    """
    copies = {file: folder / f"whole.{n}.jsonl" for n, file in enumerate(files)}
    for file, copy in copies.items():
        try:
            _copy_lines(file, copy, _is_whole(database, file))
        except (EOFError, OSError, IsalError) as error:  # type: ignore[misc]  # an instance, it says
            raise TableError(
                f"{file} cannot be read to its end: {error}. Fetch the orders again."
            ) from error
    return copies


def _is_whole(database: duckdb.DuckDBPyConnection, file: Path) -> list[bool]:
    """Tell of each line of a file whether it belongs to an order that is read whole."""
    lines = database.execute(
        "SELECT coalesce(coalesce(parent, number) IN (FROM whole), false) AS is_whole "
        "FROM glance WHERE file = ? ORDER BY rowid",
        [str(file)],
    )
    return lines.df()["is_whole"].tolist()


def _copy_lines(file: Path, copy: Path, is_whole: list[bool]) -> None:
    seen = 0
    with igzip_threaded.open(file, threads=1) as packed, copy.open("wb") as kept:
        while lines := packed.readlines(BLOCK):
            kept.writelines(compress(lines, is_whole[seen : seen + len(lines)]))
            seen += len(lines)
    if seen != len(is_whole):
        raise TableError(
            f"{file} has {seen:,} lines, where {len(is_whole):,} are JSON. Fetch the orders again."
        )
