"""The report of many orders: its size, its opening in Chromium, its workbook's memory.

The orders are the demo shop's backlog, repeated under new ids and diagnosed as one.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from measure import RUNS, in_turn, measured, python
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

OPEN_ORDERS = 5_000
SHEET_ROWS = (10_000, 100_000)
CHROMIUM = "/usr/bin/chromium"
MOST_MB, MOST_SECONDS = 1.5, 1.0

DIAGNOSED = """
import json, sys
from pathlib import Path
import pandas as pd
import fulfilltools as ft
from fulfilltools import report
from fulfilltools.diagnosis import diagnose

OWN_IDS = ("row_id", "order_id", "fulfillment_order_id", "order_name")
run, count, of, folder = ft.open_run("demo"), int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
once = run.backlog
copies = -(-count // once[of].nunique())
backlog = pd.concat(
    [once.assign(**{name: once[name] + f"-{n}" for name in OWN_IDS}) for n in range(copies)],
    ignore_index=True,
).head(count if of == "row_id" else None)
diagnosis = diagnose(backlog, as_of=run.as_of, zone=run.fetched["time_zone"])
facts = report.Facts("benchmark", run.fetched, run=run)
"""
"""A diagnosis of so many orders, or of so many rows."""

HTML = """
report.write_outputs(folder, diagnosis, facts)
print(backlog["order_id"].nunique(), folder.joinpath("report.html").stat().st_size)
"""

SAVED = """
folder.mkdir()
diagnosis.save(folder)
folder.joinpath("summary.json").write_text(json.dumps(report.summary(diagnosis, facts)))
"""

FINDINGS = """
import json, sys
from pathlib import Path
import pandas as pd
from fulfilltools import demo, report
from fulfilltools.diagnosis import Diagnosis
from fulfilltools.report.workbook import workbook

folder = Path(sys.argv[1])
findings = pd.read_parquet(folder / "findings.parquet", dtype_backend="numpy_nullable")
diagnosis = Diagnosis(findings.head(0), findings.head(0), findings, demo.AS_OF, "en")
numbers = json.loads(folder.joinpath("summary.json").read_text())
"""

SHEETS = """
workbook(folder / "again.xlsx", diagnosis, report.Facts("benchmark", numbers["fetch"]), numbers)
"""

READY = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return {loaded: page.loadEventEnd, painted: paint ? paint.startTime : page.loadEventEnd};
}"""


def measure(scratch: Path) -> str:
    """Measure the page's size and opening, and what memory the workbook takes."""
    many = python(DIAGNOSED + HTML, str(OPEN_ORDERS), "order_id", str(scratch))
    orders, size = map(int, measured(many, runs=1).output.split())
    page, empty = _opened(scratch / "report.html")
    lines = [_sheets(rows, scratch / str(rows)) for rows in SHEET_ROWS]
    return (
        "## The report\n\n"
        f"{orders:,} open orders, opened from a file in headless Chromium by Playwright, in turn "
        "with an empty page that holds as many bytes in a comment.\n\n"
        "| | measured | at most |\n|--|--|--|\n"
        f"| size of `report.html` | {size / 1e6:.2f} MB | {MOST_MB} MB |\n"
        f"| until loaded and its list ready to be searched | {page['loaded'] / 1000:.2f} s "
        f"| {MOST_SECONDS:.0f} s |\n"
        f"| the same, against the empty page | {page['loaded'] / empty['loaded']:.1f} × | |\n"
        f"| until first painted | {page['painted'] / 1000:.2f} s | |\n\n"
        "The page lists the worst orders and says that the workbook has all, so it hardly grows. "
        "The workbook has a sheet of all rows, one of those that need action, and one for each "
        "owner. Its memory is what a process that reads the findings and writes it takes more "
        "than one that only reads them: some tens of MB, however many rows.\n\n"
        "| rows | reads | reads and writes | the workbook | file |\n|--|--|--|--|--|\n"
        + "\n".join(lines)
    )


def _opened(page: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Open the report and an empty page of its size in turn; the medians in milliseconds."""
    empty = page.with_name("empty.html")
    empty.write_text(f"<!doctype html><title>x</title><!--{'x' * page.stat().st_size}--><p>x")
    taken: dict[Path, list[dict[str, float]]] = {page: [], empty: []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        _open(browser, empty)  # the first page of a browser pays for its start
        for _ in range(RUNS):
            for file, times in taken.items():
                times.append(_open(browser, file))
        browser.close()
    report, blank = (
        {name: statistics.median(one[name] for one in times) for name in times[0]}
        for times in taken.values()
    )
    return report, blank


def _open(browser: Browser, file: Path) -> dict[str, float]:
    """Open a page in a context of its own; what it took, by the browser's own clock."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="load")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    shown = page.locator("#shown")
    if shown.count() and not shown.text_content():
        raise RuntimeError(f"The order list of {file.name} was not ready when the page had loaded.")
    times: dict[str, float] = page.evaluate(READY)
    context.close()
    return times


def _sheets(rows: int, folder: Path) -> str:
    measured(python(DIAGNOSED + SAVED, str(rows), "row_id", str(folder)), runs=1)
    programs = FINDINGS, FINDINGS + SHEETS
    read, written = in_turn(*(python(program, str(folder)) for program in programs), runs=1)
    size = folder.joinpath("again.xlsx").stat().st_size / 1e6
    return (
        f"| {rows:,} | {read.memory:,.0f} MB | {written.memory:,.0f} MB "
        f"| {written.memory - read.memory:,.0f} MB | {size:,.1f} MB |"
    )
