"""The orders of an export run tell their stories, too: most of them is unknown, and said to be."""

import subprocess
import sys

import nbformat
import pytest

from fulfilltools import plots, runs, steps
from fulfilltools.demo import AS_OF
from fulfilltools.demo.export import export_rows, write_export
from fulfilltools.notebooks import shipped_notebooks

MISSING = ("<NA>", "&lt;NA&gt;", "<na>", "&lt;na&gt;", "NaT", " nan ", "None")
"""How a value that is not there shows where nobody minded it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def export_run(home, whole_world):
    """Read the demo shop's order export into a run and diagnose it."""
    file = home.parent / "orders_export.csv"
    write_export(export_rows(whole_world), file)
    folder = runs.run_folder(home, "orders-export", AS_OF)
    run = steps.fetch(as_of=AS_OF.isoformat(), run_folder=str(folder), export=str(file))
    steps.diagnose_run(run)
    run.seal()
    return run


@pytest.fixture(scope="module")
def told_in(export_run):
    """Diagnose the run in a language."""
    return {"en": export_run.diagnosis, "sv": steps._diagnosed(export_run, "sv")}


@pytest.mark.parametrize(("language", "every"), [("en", 1), ("sv", 3)])
def test_every_open_order_of_an_export_tells_its_story(told_in, language, every):
    findings = told_in[language].findings
    for name in findings["order"].drop_duplicates()[::every]:
        story = told_in[language].order(name)
        assert_is_told(story)
        assert story.to_dict()["timeline"][0][1] == "placed"
        assert story.open_findings[0]["order"] == name


@pytest.mark.parametrize("language", ["en", "sv"])
def test_fulfilled_orders_of_an_export_tell_their_stories(export_run, told_in, language):
    orders = export_run.table("orders")
    gone = orders.loc[orders["fulfillment_status"] == "FULFILLED", "order_name"]
    for name in gone[::25]:
        story = told_in[language].order(name)
        assert_is_told(story)
        assert "shipped" in {*story.timeline["what"]}
        assert plots.timeline(story).get_title(loc="left")


def assert_is_told(story):
    told = story._repr_mimebundle_()
    assert told["text/plain"] == str(story)
    page = told["text/html"]
    found = [one for one in MISSING if one in str(story) or one in page]
    assert not found, str(story)
    assert "https://" not in page  # an export knows no address of the admin


def test_what_an_export_does_not_show_is_called_unknown(export_run):
    story = export_run.order("1001")
    assert [*story.waiting["place"]] == [*story.ways_out["place"]] == ["unknown place"]
    assert story.waiting["state"].iloc[0].startswith("state not known; ")


def test_a_payment_of_which_nothing_is_known_is_not_told_as_failed(export_run):
    paid = export_run.table("transactions")
    unknown = paid.loc[paid["status"].isna(), "order_id"]
    orders = export_run.table("orders").set_index("order_id")["order_name"]
    assert len(unknown)
    for name in orders[unknown]:
        assert "payment_failed" not in set(export_run.order(name).timeline["what"])


@pytest.mark.parametrize("order", ["1001", "#1001", 1001])
def test_an_order_may_be_named_with_or_without_its_sign_and_by_number(export_run, order):
    assert export_run.order(order).name == "#1001"
    assert export_run.diagnosis[order].name == "#1001"


@pytest.mark.parametrize(
    ("notebook", "parameters"),
    [("welcome", []), ("investigate_order", ["-p", "order", "1001"])],
)
def test_the_notebooks_to_dig_take_an_export_s_run(
    export_run, home, tmp_path, notebook, parameters, monkeypatch
):
    monkeypatch.setenv("FULFILLTOOLS_RUNS", str(home))
    given = shipped_notebooks() / f"{notebook}.ipynb", tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", *map(str, given), "-p", "shop", export_run.shop]
    done = subprocess.run([*command, *parameters], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outputs = [
        output for cell in nbformat.read(given[1], 4).cells for output in cell.get("outputs", ())
    ]
    told = [one.data["text/plain"] for one in outputs if "data" in one]
    assert any(" is not shipped because of: " in str(one) for one in told)
