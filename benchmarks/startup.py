"""How long people wait: for imports, for the command's help, for the scheduled run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from measure import in_turn, measured, python

if TYPE_CHECKING:
    from pathlib import Path

QUICK_RUNS = 7
LONG_RUNS = 5
HELP = "import sys; sys.argv = ['x', '--help']\nfrom fulfilltools.cli import main\nmain()"
NAMES = "import fulfilltools as ft; ft.Diagnosis, ft.fetch, ft.write_report"

EMPTY = """
import json, sys
from pathlib import Path

sys.modules["rfc3987_syntax"] = None  # as the scheduled run imports papermill, without grammars
from papermill.execute import execute_notebook
from traitlets.config import Config

folder, config = Path(sys.argv[1]), Config()
folder.mkdir(exist_ok=True)
config.KernelManager.transport_encryption = "auto"
cell = {"cell_type": "code", "execution_count": None, "id": "one", "metadata": {}, "outputs": []}
kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
notebook = {"cells": [cell | {"source": "pass"}], "metadata": {"kernelspec": kernel}}
(folder / "empty.ipynb").write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
for name in ("1", "2", "3"):
    execute_notebook(
        str(folder / "empty.ipynb"),
        str(folder / f"{name}.ipynb"),
        {},
        kernel_name="python3",
        progress_bar=False,
        execution_timeout=3600,
        config=config,
    )
"""
"""Three notebooks of one cell that does nothing, as papermill runs them one after the other."""

RUN = "from fulfilltools.cli import main\nmain(['run', '--demo'])"


def measure(scratch: Path) -> str:
    """Measure imports against that of pandas, and the run against three empty notebooks."""
    pandas, package, names, helped = in_turn(
        python("import pandas"),
        python("import fulfilltools"),
        python(NAMES),
        python(HELP),
        runs=QUICK_RUNS,
    )
    runs = scratch / "runs"
    measured(python(RUN), runs=1)  # the first of a machine also makes matplotlib's list of fonts
    empty, run = in_turn(
        python(EMPTY, str(scratch / "empty")),
        python(RUN),
        runs=LONG_RUNS,
        before=lambda: shutil.rmtree(runs, ignore_errors=True),
    )
    return (
        "## Start and scheduled run\n\n"
        "| | measured | at most |\n|--|--|--|\n"
        f"| `import fulfilltools` | {package.times(pandas):.2f} × `import pandas` | 1.2 × |\n"
        f"| the same, and its names used | {names.times(pandas):.2f} × | |\n"
        f"| `fulfilltools --help` | {helped.times(pandas):.2f} × `import pandas` | 1 × |\n"
        f"| `fulfilltools run` on the demo shop | {run.fastest / empty.fastest:.2f} × three empty "
        f"notebooks | 2 × |\n"
        f"| the same, in processor time | {run.times_cpu(empty):.2f} × | |\n"
        f"| peak memory of a run | {run.memory:,.0f} MB "
        f"(empty ones: {empty.memory:,.0f} MB) | |\n\n"
        f"`import pandas` takes {pandas.seconds:.2f} s here, the run {run.fastest:.1f} s, the "
        f"empty notebooks {empty.fastest:.1f} s: papermill runs them one after the other in one "
        "process, each in a kernel of its own, with the settings of the scheduled run. Seconds "
        f"are from start to end of the process, in the fastest of {LONG_RUNS} runs, because "
        "kernels that papermill ends at times take seconds until they are killed (the medians are "
        f"{run.seconds:.1f} s and {empty.seconds:.1f} s). The run serves the demo shop itself and "
        "gets kernels ready beside the notebook at work, so a second processor shortens it."
    )
