"""Run the shipped notebooks on the demo shop and keep their outputs; with --check, compare.

The outputs are documentation that people see on GitHub, so they are committed; whatever
changes from run to run (timings, ids, versions) is taken out. Pictures are not compared:
their bytes differ between versions of matplotlib.
"""

import argparse
import difflib
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat

from fulfilltools.errors import FulfillError
from fulfilltools.notebooks import Step, run_notebooks

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SHOWN_LINES = 40
PICTURE = re.compile(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+")


def main() -> None:
    """Refresh or check; the exit status says whether all is fresh."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    check = parser.parse_args().check
    try:
        fresh = executed(sorted(NOTEBOOKS.glob("*.ipynb")))
    except FulfillError as error:
        sys.exit(str(error))
    stale = False
    for path, notebook in fresh.items():
        difference = compared(path, notebook)
        stale |= bool(difference)
        print(f"{path.name}: {'differs' if difference else 'fresh'}")
        if check and difference:
            print("\n".join(difference[:SHOWN_LINES]))
        elif not check:
            path.write_text(text_of(notebook), encoding="utf-8")
    if check and stale:
        sys.exit("Some outputs are stale. Run `make notebooks`, read the change, and commit it.")


def executed(paths: list[Path]) -> dict[Path, nbformat.NotebookNode]:
    """Run the scheduled ones in order in a runs folder of their own, and then the others on it."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as both:
        steps = [Step(path, Path(folder) / path.name, {}) for path in paths]
        scheduled = [step for step in steps if step.notebook.name[0].isdigit()]
        others = [step for step in steps if step not in scheduled]
        run = partial(run_notebooks, environment={"FULFILLTOOLS_RUNS": f"{folder}/runs"})
        run(scheduled)
        list(both.map(run, (others[::2], others[1::2])))
        return {step.notebook: cleaned(step.output) for step in steps}


def cleaned(path: Path) -> nbformat.NotebookNode:
    """Keep what was said and seen, not when and by which version."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
    return notebook


def compared(path: Path, notebook: nbformat.NotebookNode) -> list[str]:
    """Tell the difference line by line, pictures left out."""
    before, now = (
        PICTURE.sub("", text).splitlines()
        for text in (path.read_text(encoding="utf-8"), text_of(notebook))
    )
    return list(difflib.unified_diff(before, now, "committed", "now", lineterm="", n=1))


def text_of(notebook: nbformat.NotebookNode) -> str:
    """Write it as nbformat does, keys in order."""
    return f"{nbformat.writes(notebook, version=4).rstrip()}\n"


if __name__ == "__main__":
    main()
