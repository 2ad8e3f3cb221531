"""The notebooks we ship: short, executed, free of secrets and machines, each able to run alone."""

import ast
import copy
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from fulfilltools.demo.world import build_world
from fulfilltools.notebooks import Step, read_parameters, run_notebooks, shipped_notebooks
from fulfilltools.redaction import TOKEN

SHIPPED = sorted(shipped_notebooks().glob("*.ipynb"))
SCHEDULED = [path for path in SHIPPED if path.stem[0].isdigit()]
DIGGING = [path for path in SHIPPED if path not in SCHEDULED]
MOST_CELLS, MOST_LINES, MOST_BYTES, MOST_OUTPUT = 12, 8, 300_000, 100_000
MOST_LISTED = 18
"""Lines of a cell that lists what it declares: a cause, or the parameters."""

HOSTILE = "<script>alert(1)</script> {country} 'x\" %s \\ =cmd|' \u202eاختبار 😀\n" + "long " * 60


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def code(path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def is_cause(statement: ast.stmt) -> bool:
    """Tell the one thing that a notebook may define: a cause, with its decorator."""
    return isinstance(statement, ast.FunctionDef) and bool(statement.decorator_list)


def test_it_is_short_and_defines_nothing_but_a_cause(path, code):
    assert len(code) <= MOST_CELLS
    for cell in code:
        statements = [one for one in ast.parse(cell.source).body if not is_cause(one)]
        makes_cause = len(statements) < len(ast.parse(cell.source).body)
        assert not makes_cause or path.stem == "own_cause"
        is_list = makes_cause or cell.metadata.get("tags") == ["parameters"]
        assert len(cell.source.splitlines()) <= (MOST_LISTED if is_list else MOST_LINES)
        kinds = {type(node) for one in statements for node in ast.walk(one)}
        assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
        assert not re.search(r"^\s*[!%]", cell.source, re.MULTILINE)


def test_it_begins_with_prose_and_one_cell_of_parameters(path, code):
    assert nbformat.read(path, 4).cells[0].cell_type == "markdown"
    assert [cell.metadata.get("tags") for cell in code] == [["parameters"]] + [None] * len(code[1:])
    assert read_parameters(path)["shop"].default == "demo"
    assert read_parameters(path)["run_folder"].default is None


def test_it_stands_as_executed_from_top_to_bottom(code):
    # A cell that never ran is never compared by nbval, and would pass it.
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]
    outputs = [output for cell in code for output in cell.outputs]
    assert not [one for one in outputs if one.output_type == "error" or one.get("name") == "stderr"]
    assert max((len(json.dumps(one)) for one in outputs), default=0) < MOST_OUTPUT


def test_it_holds_no_secret_no_address_and_no_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    assert not re.search(TOKEN.decode(), text)
    assert not re.search(r"[\w.]+@[\w-]+\.\w+", text)
    assert not re.search(r'"[^"]*(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)', text)
    assert set(json.loads(text)["metadata"]) == {"kernelspec", "language_info"}


def test_its_links_lead_to_notebooks_that_exist(path):
    prose = "".join(cell.source for cell in nbformat.read(path, 4).cells)
    names = {one.name for one in SHIPPED}
    assert set(re.findall(r"\]\((\w+\.ipynb)\)", prose)) <= names


@pytest.mark.parametrize("path", [*SCHEDULED, DIGGING[-1]], ids=lambda path: path.stem)
def test_it_runs_alone_from_anywhere(path, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    output = tmp_path / path.name
    environment = {"FULFILLTOOLS_RUNS": str(tmp_path / "runs")}
    seconds = run_notebooks([Step(path, output, {"shop": "demo"})], environment=environment)
    assert list(seconds) == [path.stem]
    assert list(tmp_path.glob("runs/demo/2*/backlog.parquet"))


def other_world(kind):
    """The demo shop, but empty, with one order, or large, hostile, and on the other side."""
    world = build_world()
    if kind != "large":
        stuck = [order for order in world.orders if order["name"] == "#1407"]
        return replace(world, orders=stuck if kind == "one order" else [])
    shop = world.shop | {"ianaTimezone": "Pacific/Chatham"}
    orders = [one for copies in range(9) for one in copied(world.orders, copies)]
    return replace(world, shop=shop, orders=orders)


SHARED = ("location", "product", "variant", "inventoryItem", "service", "app", "heldByApp")


def copied(orders, number):
    """Copy orders, give all that is theirs ids of its own, and spoil their texts."""
    made = copy.deepcopy(orders)
    spoil(made, number, seen=set())
    for order in made:
        order["name"] = f"{order['name']}-{number}" if number else order["name"]
    return made


def spoil(node, number, seen):
    if isinstance(node, (list, dict)) and id(node) not in seen:
        seen.add(id(node))
        if isinstance(node, dict):
            spoil_texts(node, number)
        own = node if isinstance(node, list) else [node[name] for name in {*node} - {*SHARED}]
        for one in own:
            spoil(one, number, seen)


def spoil_texts(node, number):
    if node.get("id") and number:
        node["id"] = re.sub(r"(\d+)$", rf"{number}\1", node["id"])
    for name in ("title", "sku", "vendor", "message"):
        if isinstance(node.get(name), str):
            node[name] = HOSTILE


@pytest.mark.parametrize("kind", ["empty", "one order", "large"])
def test_the_digging_ones_run_on_any_shop_from_anywhere(kind, make_run, tmp_path, monkeypatch):
    run = make_run(other_world(kind), shop="other", diagnosed=kind == "large")
    assert len(run.table("orders")) == {"empty": 0, "one order": 1, "large": 5490}[kind]
    monkeypatch.chdir("/")
    steps, home = [], run.folder.parent.parent
    for path in DIGGING:
        folder = run.folder
        if kind != "large":  # each finds a run that nobody has diagnosed yet
            folder = shutil.copytree(folder, home / path.stem / folder.name)
        given = {"shop": "other", "run_folder": str(folder)}
        given |= {"order": None} if "order" in read_parameters(path) else {}
        steps.append(Step(path, tmp_path / path.name, given))
    environment = {"FULFILLTOOLS_RUNS": str(home)}
    with ThreadPoolExecutor(2) as both:
        halves = [steps[::2], steps[1::2]]
        list(both.map(lambda half: run_notebooks(half, environment=environment), halves))
    for step in steps:
        cells = nbformat.read(step.output, 4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [one for one in outputs if one.get("name") == "stderr"]
        pages = [one["data"].get("text/html", "") for one in outputs if "data" in one]
        assert "<script>alert" not in "".join(pages)
