"""All causes of a million rows, against one groupby of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from measure import measured, python

if TYPE_CHECKING:
    from pathlib import Path

CAUSES = """
import json, time
import pandas as pd
from fulfilltools.causes import CAUSES
from fulfilltools.schema import backlog_of
rows = [example for made in CAUSES for example in made.hits]
backlog = pd.concat([backlog_of(rows)] * (1_000_000 // len(rows)), ignore_index=True)
start = time.perf_counter()
for made in CAUSES:
    made.answer(backlog)
asked = time.perf_counter() - start
start = time.perf_counter()
backlog.groupby(["location", "status"], dropna=False)["value"].agg(["size", "sum"])
grouped = time.perf_counter() - start
print(json.dumps({"asked": asked, "grouped": grouped, "rows": len(backlog)}))
"""


def measure(_scratch: Path) -> str:
    """Measure the causes alone, in one process."""
    figures = json.loads(measured(python(CAUSES)).output)
    ratio = figures["asked"] / figures["grouped"]
    return (
        "## The causes\n\n"
        f"All causes of {figures['rows']:,} rows: {ratio:.1f} × one pandas groupby of them."
    )
