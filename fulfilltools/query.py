"""SQL over runs: their Parquet tables as views, asked with DuckDB.

Every table of a run (tables.TIDY_TABLES, backlog, findings, answers) is a view of that name, with
the columns `shop` and `run` (its as-of, as the folder is called) in front. Nothing is written.
"""

from __future__ import annotations

import glob
import re
from typing import TYPE_CHECKING

import duckdb

from fulfilltools.errors import RunError
from fulfilltools.runs import ONE_RUN
from fulfilltools.schema import nullable
from fulfilltools.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

PLACED = """
    parse_path(filename)[-3] AS shop, parse_path(filename)[-2] AS run, * EXCLUDE (filename)
"""
"""Runs of older versions may lack columns of newer ones: they read as missing."""


def sql(question: str, *parameters: object) -> DataFrame:
    """Ask over all runs of all shops: `ft.sql("select run, count(*) from backlog group by run")`.

    Views are the tables of the runs: backlog, findings, orders, fulfillment_orders, ... A `?`
    takes the next of `parameters`. Raises RunError where the question cannot be answered.
    """
    home = load_settings().runs
    return ask(home, f"*/{ONE_RUN}", question, *parameters)


def ask(home: Path, which: str, question: str, *parameters: object) -> DataFrame:
    """Ask over the runs below `home` whose folders fit the pattern `which`."""
    found = {file.stem for file in home.glob(f"{which}/*.parquet")}
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for table in sorted(found & set(re.findall(r"\w+", question))):
            found_here = sorted(home.glob(f"{which}/{table}.parquet"))
            files = [glob.escape(str(file)) for file in found_here]  # DuckDB expects patterns
            read = database.read_parquet(files, filename=True, union_by_name=True)
            read.project(PLACED).create_view(table)
        try:
            answer = database.sql(question, params=list(parameters)).to_arrow_table()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            tables = ", ".join(sorted(found)) or "none"
            raise RunError(f"{reason.rstrip('.!')}. The tables in {home} are: {tables}.") from error
    frame: DataFrame = answer.to_pandas(types_mapper=nullable)
    return frame
