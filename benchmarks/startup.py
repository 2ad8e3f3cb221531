"""How long people wait before anything happens: imports, the command's help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measure import in_turn, python

if TYPE_CHECKING:
    from pathlib import Path

HELP = "import sys; sys.argv = ['x', '--help']\nfrom fulfilltools.cli import main\nmain()"


def measure(_scratch: Path) -> str:
    """Measure imports against that of pandas."""
    pandas, package, names, helped = in_turn(
        python("import pandas"),
        python("import fulfilltools"),
        python("import fulfilltools as ft; ft.Diagnosis"),
        python(HELP),
    )
    return (
        "## Start\n\n"
        f"- `import fulfilltools`: {package.times(pandas):.2f} × `import pandas` "
        f"(its names used: {names.times(pandas):.2f} ×)\n"
        f"- `fulfilltools --help`: {helped.times(pandas):.2f} × `import pandas`"
    )
