"""The notebooks we ship: short, executed, free of secrets and machines, each able to run alone."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from fulfilltools.notebooks import Step, read_parameters, run_notebooks, shipped_notebooks
from fulfilltools.runs import TOKEN

SHIPPED = sorted(shipped_notebooks().glob("*.ipynb"))
MOST_CELLS, MOST_LINES, MOST_BYTES = 12, 8, 300_000


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def code(path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_it_is_short_and_defines_nothing(code):
    assert len(code) <= MOST_CELLS
    for cell in code:
        assert len(cell.source.splitlines()) <= MOST_LINES
        kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
        assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}


def test_it_begins_with_prose_and_one_cell_of_parameters(path, code):
    assert nbformat.read(path, 4).cells[0].cell_type == "markdown"
    assert [cell.metadata.get("tags") for cell in code] == [["parameters"]] + [None] * len(code[1:])
    assert read_parameters(path)["shop"].default == "demo"


def test_it_stands_as_executed_from_top_to_bottom(code):
    # A cell that never ran is never compared by nbval, and would pass it.
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]
    outputs = [output for cell in code for output in cell.outputs]
    assert not [one for one in outputs if one.output_type == "error" or one.get("name") == "stderr"]


def test_it_holds_no_secret_no_address_and_no_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    assert not re.search(TOKEN.decode(), text)
    assert not re.search(r"[\w.]+@[\w-]+\.\w+", text)
    assert not re.search(r'"[^"]*(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)', text)
    assert set(json.loads(text)["metadata"]) == {"kernelspec", "language_info"}


def test_it_runs_alone_from_anywhere(path, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    output = tmp_path / path.name
    environment = {"FULFILLTOOLS_RUNS": str(tmp_path / "runs")}
    seconds = run_notebooks([Step(path, output, {"shop": "demo"})], environment=environment)
    assert list(seconds) == [path.stem]
    assert list(tmp_path.glob("runs/demo/2*/backlog.parquet"))
