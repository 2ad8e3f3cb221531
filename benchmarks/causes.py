"""All causes of a million rows, against one groupby of them."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from measure import RUNS, measured, python

if TYPE_CHECKING:
    from pathlib import Path

CAUSES = """
import json, time
import numpy as np
from fulfilltools.causes import CAUSES
from fulfilltools.diagnosis import answered
from fulfilltools.schema import backlog_of
examples = backlog_of([example for made in CAUSES for example in made.hits])
again = np.tile(np.arange(len(examples)), 1_000_000 // len(examples))
backlog = examples.iloc[again].reset_index(drop=True)
start = time.perf_counter()
backlog.groupby(["location", "status"], dropna=False)["value"].agg(["size", "sum"])
grouped = time.perf_counter() - start
start = time.perf_counter()
answered(backlog, CAUSES)
asked = time.perf_counter() - start
print(json.dumps({"asked": asked, "grouped": grouped, "rows": len(backlog), "causes": len(CAUSES)}))
"""


def measure(_scratch: Path) -> str:
    """Measure the causes alone, in processes of their own; the median ratio counts."""
    runs = [json.loads(measured(python(CAUSES), runs=1).output) for _ in range(RUNS)]
    ratio = statistics.median(run["asked"] / run["grouped"] for run in runs)
    seconds = statistics.median(run["asked"] for run in runs)
    return (
        "## The causes\n\n"
        f"All {runs[0]['causes']} causes of {runs[0]['rows']:,} rows, every example of each: "
        f"{seconds:.1f} s, **{ratio:.1f} ×** one pandas groupby of two columns of the same frame."
    )
