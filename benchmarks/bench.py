"""Measure where time and memory go, as ratios against baselines of the same run.

Writes docs/benchmarks.md. `python benchmarks/bench.py startup report` measures these sections
only, and prints them.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import causes
import export
import fetch
import measure
import raw
import report
import startup

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
SECTIONS = {
    "raw": raw.measure,
    "causes": causes.measure,
    "startup": startup.measure,
    "fetch": fetch.measure,
    "report": report.measure,
    "export": export.measure,
}
"""In the page's order; each measures in a scratch folder and gives its Markdown."""


def main(wanted: list[str]) -> None:
    """Measure what is wanted; the page is written when that is everything."""
    if unknown := [name for name in wanted if name not in SECTIONS]:
        sys.exit(f"No section is called {unknown[0]!r}; there are: {', '.join(SECTIONS)}.")
    parts = [_head()]
    for name in wanted or SECTIONS:
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["FULFILLTOOLS_RUNS"] = f"{scratch}/runs"
            parts.append(SECTIONS[name](Path(scratch)))
        print(parts[-1], flush=True)
    if not wanted:
        PAGE.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def _head() -> str:
    machine = f"{os.cpu_count()} processors ({platform.machine()}), Python"
    return (
        "# Benchmarks\n\n<!-- Written by `make bench`. -->\n\n"
        f"Measured on {machine} {platform.python_version()}. Each figure is the median of "
        f"{measure.RUNS} processes, if not said otherwise, and its ratio is against a baseline "
        "that ran in turn with it, because machines differ and drift. Memory is the peak of "
        "the largest single process."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
