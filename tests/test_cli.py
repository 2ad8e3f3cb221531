"""The command keeps its contract: exit status, one line on stderr, nothing half-written."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import nbformat
import psutil
import pytest

import fulfilltools
from fulfilltools import cli, job, runs, steps
from fulfilltools.cause import SEVERITIES
from fulfilltools.demo import AS_OF, SHOP_DOMAIN, serve
from fulfilltools.demo.export import export_rows, write_export
from fulfilltools.demo.world import build_world
from fulfilltools.notebooks import shipped_notebooks
from fulfilltools.runs import SIX_FILES, Run

TOKEN = "shpat_" + "0a1b" * 8


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in that folder, without the settings of whoever runs the tests."""
    return subprocess.run(
        [sys.executable, "-m", "fulfilltools", *arguments],
        cwd=folder,
        env=clean_environment() | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def clean_environment() -> dict[str, str]:
    ours = re.compile("SHOPIFY_|FULFILLTOOLS_")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """What it says on stderr, which must be one line and no traceback."""
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("No shop is set")]
    assert line.startswith("fulfilltools: ")
    return line.removeprefix("fulfilltools: ")


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    result = command(folder, "run", "--out", "out")
    assert result.returncode == 0, result.stderr
    return folder, result


def test_without_a_shop_the_demo_shop_is_reported_and_that_is_said(demo_run):
    folder, result = demo_run
    assert "No shop is set, so this is the demo shop." in result.stderr
    run = Run(folder / "runs" / "demo" / "latest")
    assert run.summary["headline"] in result.stdout
    assert result.stdout.rstrip().endswith(f"{AS_OF:{runs.RUN_ID}}/report.html")


def test_the_run_holds_what_the_manifest_lists(demo_run):
    folder, _ = demo_run
    run = Run(folder / "runs" / "demo" / f"{AS_OF:{runs.RUN_ID}}")
    assert set(SIX_FILES) - {"manifest.json"} < set(run.manifest["files"])
    assert {f"notebooks/{name}.ipynb" for name in job.NOTEBOOKS} < set(run.manifest["files"])
    for name, facts in run.manifest["files"].items():
        assert (run.folder / name).stat().st_size == facts["size"], name
    assert run.manifest["state"] == "done"
    assert list(run.manifest["seconds"]) == list(job.NOTEBOOKS)
    assert run.manifest["fetch"]["complete"] is True
    assert "secrets_taken_out" not in run.manifest


def test_the_counts_of_all_files_agree(demo_run):
    folder, _ = demo_run
    run = Run(folder / "runs" / "demo" / "latest")
    rows = run.summary["rows"]
    assert rows > 50
    assert rows == len(run.findings) == len(run.table("findings")) == len(run.backlog)
    assert rows == sum(cause["rows"] for cause in run.summary["by_cause"])
    assert rows == sum(run.summary["by_severity"].values())


def test_out_has_the_six_files_and_no_more(demo_run):
    folder, _ = demo_run
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(SIX_FILES)
    latest = folder / "runs" / "demo" / "latest"
    for name in SIX_FILES:
        assert (folder / "out" / name).read_bytes() == (latest / name).read_bytes()


def test_an_order_of_the_run_is_explained(demo_run):
    folder, _ = demo_run
    worst = Run(folder / "runs" / "demo" / "latest").findings[0]
    result = command(folder, "explain", worst["order"].lstrip("#"))
    assert result.returncode == 0
    assert worst["evidence"] in result.stdout
    assert worst["action"] in result.stdout


def test_a_story_says_of_which_run_it_is_and_without_a_shop_takes_the_one_made_last(
    demo_run, whole_world, tmp_path, monkeypatch
):
    shutil.copytree(demo_run[0] / "runs", tmp_path / "runs", symlinks=True)
    write_export(export_rows(whole_world), tmp_path / "orders_export.csv")
    monkeypatch.setenv("FULFILLTOOLS_RUNS", str(tmp_path / "runs"))
    # Its moment is older, and still it was made last.
    steps.fetch(export=str(tmp_path / "orders_export.csv"), as_of="2026-11-22T07:00:00Z")
    result = command(tmp_path, "explain", "1001")
    assert result.stderr.startswith("No shop is set, so this is the run made last.")
    first = "From the run of orders-export at 22 Nov 2026 08:00 UTC+1:"
    assert result.stdout.splitlines()[0] == first
    result = command(tmp_path, "explain", "1001", "--demo", "--language", "sv")
    first = "Ur körningen för Nordlys Living (demo) den 23 nov. 2026 08:00 Europe/Stockholm:"
    assert result.stdout.splitlines()[0] == first
    assert not result.stderr


def test_whoever_has_no_run_is_told_to_make_one(tmp_path):
    result = command(tmp_path, "explain", "1001")
    assert result.returncode == 1
    assert one_line(result).endswith("/runs. Run `fulfilltools run` first.")


def test_an_order_that_is_not_there_is_named(demo_run):
    folder, _ = demo_run
    result = command(folder, "explain", "999999")
    assert result.returncode == 2
    assert "'999999' is neither a cause nor an order" in one_line(result)


def test_a_cause_is_explained_and_a_near_one_offered(tmp_path):
    assert "The money has not arrived" in command(tmp_path, "explain", "payment_pending").stdout
    result = command(tmp_path, "explain", "payment_pendin")
    assert result.returncode == 2
    assert one_line(result) == "No cause is called payment_pendin. Did you mean payment_pending?"


def test_a_shop_that_is_set_is_run_and_fail_on_is_a_status_of_its_own(tmp_path):
    with serve(token=TOKEN) as shop:
        settings = {
            "SHOPIFY_SHOP": "https://acme.myshopify.com/admin",
            "SHOPIFY_API_URL": shop.url,
            "SHOPIFY_ACCESS_TOKEN": TOKEN,
        }
        arguments = ["--as-of", AS_OF.isoformat(), "--since", "2026-10-01", "--fail-on", "low"]
        result = command(tmp_path, "run", *arguments, **settings)
    assert result.returncode == 3, result.stderr
    latest = tmp_path / "runs" / "acme" / "latest"
    assert Run(latest).fetched["since"].startswith("2026-10-01")
    files = [path for path in latest.rglob("*") if path.is_file()]
    assert len(files) > len(SIX_FILES)
    assert not [path.name for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in result.stdout + result.stderr


def test_a_shop_without_orders_has_a_report_all_the_same(tmp_path):
    world = build_world()
    world.orders.clear()
    with serve(world, token=TOKEN) as shop:
        settings = {"SHOPIFY_SHOP": "acme", "SHOPIFY_API_URL": shop.url}
        arguments = ["--as-of", AS_OF.isoformat(), "--fail-on", "info"]
        result = command(tmp_path, "run", *arguments, **settings, SHOPIFY_ACCESS_TOKEN=TOKEN)
    assert result.returncode == 0, result.stderr
    assert Run(tmp_path / "runs" / "acme" / "latest").summary["rows"] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--nope"], "No such option: --nope"),
        (["fly"], "No such command 'fly'"),
        (["run", "--shop", "acme"], "No shop 'acme' is set; known: none."),
        (["run", "--shop", "acme", "--demo"], "--shop and --demo are two shops."),
        (["run", "--as-of", "someday"], "as_of is 'someday', which is no date."),
        (["run", "--since", "someday"], "since is 'someday', which is no date."),
        (["run", "--fail-on", "bad"], "'--fail-on': 'bad' is not one of 'info', 'low'"),
        (["run", "--keep", "0"], "'--keep': Input should be greater than"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_with_2(tmp_path, arguments, says):
    result = command(tmp_path, *arguments)
    assert says in one_line(result)
    assert result.returncode == 2
    assert not list(tmp_path.glob("runs/*/2*"))


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SHOPIFY_SHOP": "acme"}, "neither an access token nor client credentials"),
        ({"SHOPIFY_ACCESS_TOKEN": "two words"}, "SHOPIFY_ACCESS_TOKEN is empty or holds a space"),
        ({"SHOPIFY_API_URL": "nowhere"}, "SHOPIFY_API_URL is not an address"),
        ({"SHOPIFY_SHOP": "not a shop!"}, "is not the name of a shop"),
        ({"SHOPIFY_API_VERSION": "2020-01"}, "api_version"),
    ],
)
def test_bad_settings_are_one_line_that_says_what_to_do(tmp_path, variables, says):
    with serve(token=TOKEN) as shop:
        right = {"SHOPIFY_SHOP": "acme", "SHOPIFY_API_URL": shop.url}
        token = {} if says.startswith("neither") else {"SHOPIFY_ACCESS_TOKEN": TOKEN}
        result = command(tmp_path, "run", **(right | token | variables))
    assert says in one_line(result)
    assert result.returncode == 2
    assert TOKEN not in result.stderr
    assert not list(tmp_path.glob("runs/*/*"))


def test_a_failed_run_keeps_its_executed_notebook_and_says_where(tmp_path):
    with serve(token=TOKEN) as shop:
        settings = {"SHOPIFY_SHOP": "acme", "SHOPIFY_API_URL": shop.url}
        result = command(tmp_path, "run", **settings, SHOPIFY_ACCESS_TOKEN="wrong")
    kept = Path(re.search(r"\(kept: (.+)\)$", one_line(result))[1])
    assert result.returncode == 1
    assert kept.parent == tmp_path / "runs" / "acme" / "failed"
    assert not (tmp_path / "runs" / "acme" / "latest").exists()
    assert "AccessError" in (kept / "notebooks" / "1_fetch_orders.ipynb").read_text()
    assert json.loads((kept / "manifest.json").read_text())["state"] == "failed"


def test_a_folder_that_cannot_be_written_is_found_before_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = command(tmp_path, "run", FULFILLTOOLS_RUNS=str(tmp_path / "file" / "runs"))
    assert re.search(r"file/runs/demo cannot be written: .*FULFILLTOOLS_RUNS", one_line(result))
    assert result.returncode == 1
    result = command(tmp_path, "run", "--out", "file/out")
    assert "file/out cannot be written: Not a directory" in one_line(result)
    assert result.returncode == 1


def test_whoever_debugs_gets_the_traceback(tmp_path):
    result = command(tmp_path, "run", "--shop", "acme", FULFILLTOOLS_DEBUG="1")
    assert "Traceback" in result.stderr
    assert "SettingsError: No shop 'acme' is set" in result.stderr


def test_edited_notebooks_are_held_to_their_parameters(tmp_path):
    for name in job.NOTEBOOKS:
        cell = {
            "cell_type": "code",
            "source": "shop = 'demo'",
            "metadata": {"tags": ["parameters"]},
        }
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}))
    result = command(tmp_path, "run", "--notebooks", str(tmp_path))
    assert "1_fetch_orders has no parameter 'run_folder', 'since', 'as_of'" in one_line(result)
    assert result.returncode == 1


def test_a_token_that_an_own_notebook_lets_out_is_not_printed(tmp_path):
    shutil.copytree(shipped_notebooks(), tmp_path / "own")
    first = tmp_path / "own" / "1_fetch_orders.ipynb"
    notebook = nbformat.read(first, 4)
    leak = "import os; raise ValueError('<' + os.environ['SHOPIFY_ACCESS_TOKEN'] + '>')"
    notebook.cells[-1] = nbformat.v4.new_code_cell(leak)
    nbformat.write(notebook, first)
    result = command(tmp_path, "run", "--demo", "--notebooks", "own")
    assert "ValueError: <[secret taken out]>" in result.stderr
    assert result.returncode == 1


def test_a_command_that_is_stopped_cleans_up_after_itself(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "fulfilltools", "run"],
        cwd=tmp_path,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        above = psutil.Process(process.pid)
        until = time.monotonic() + 30
        while not list(tmp_path.glob("runs/demo/.work-*/raw")) and time.monotonic() < until:
            time.sleep(0.1)
        family = above.children(recursive=True)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
    assert psutil.wait_procs(family, timeout=15)[1] == []
    assert not list(tmp_path.glob("runs/demo/.work-*"))
    (kept,) = tmp_path.glob("runs/demo/failed/*")
    assert json.loads((kept / "manifest.json").read_text())["state"] == "failed"


def test_check_tells_what_the_token_lacks(tmp_path):
    result = command(tmp_path, "check")
    assert result.returncode == 0
    assert f"Nordlys Living answers ({SHOP_DOMAIN})." in result.stdout
    assert "No shop is set, so this checks the demo shop." in result.stderr
    assert not command(tmp_path, "check", "--demo").stderr
    with serve(token=TOKEN, scopes=["read_orders"]) as shop:
        settings = {"SHOPIFY_API_URL": shop.url, "SHOPIFY_ACCESS_TOKEN": TOKEN}
        result = command(tmp_path, "check", SHOPIFY_SHOP="acme", **settings)
    assert result.returncode == 0
    assert not result.stderr
    assert "lacks  scope read_inventory: Stock is not seen" in result.stdout


def test_check_says_what_is_wrong_and_exits_with_1(tmp_path):
    result = command(tmp_path, "check", SHOPIFY_SHOP="acme")
    assert result.returncode == 1
    assert "FAILED settings: There is neither an access token" in result.stdout


def test_the_demo_shop_is_served_until_stopped_with_settings_that_reach_it(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "fulfilltools", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        lines = [process.stdout.readline().removeprefix("export ").strip() for _ in range(3)]
        settings = dict(line.split("=", 1) for line in lines)
        result = command(tmp_path, "check", **settings)
        process.send_signal(signal.SIGINT)
    assert result.returncode == 0
    assert SHOP_DOMAIN in result.stdout
    assert process.returncode == 0


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = command(tmp_path, "demo", "--port", port)
    assert one_line(result).startswith(f"Port {port} cannot be served: ")
    assert result.returncode == 2


def test_the_help_needs_nothing_that_is_slow_to_import():
    program = (
        "import atexit, sys; from fulfilltools.cli import main\n"
        "slow = {'pandas', 'numpy', 'duckdb', 'matplotlib', 'shopify', 'pydantic'}\n"
        "atexit.register(lambda: print('imported:', sorted(slow & {*sys.modules})))\n"
        "main(['--help'])"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert told.stdout.decode().endswith("imported: []\n")


def test_whoever_asks_a_served_demo_shop_builds_none():
    served = (
        "import sys, fulfilltools.steps as steps;\n"
        "from fulfilltools.settings import load_settings\n"
        "with steps.reach('demo', load_settings()) as reached: assert reached.api_url\n"
        "sys.exit(any(name in sys.modules for name in ('graphql', 'fulfilltools.demo.world')))"
    )
    address = {"SHOPIFY_API_URL": "http://127.0.0.1:9", "SHOPIFY_ACCESS_TOKEN": "none"}
    environment = os.environ | address | {"SHOPIFY_SHOP": SHOP_DOMAIN}
    done = subprocess.run([sys.executable, "-c", served], env=environment, check=False)
    assert done.returncode == 0


def test_severities_of_the_option_are_those_of_the_causes():
    assert get_args(cli.Severity) == tuple(map(str, SEVERITIES))


def test_public_names_are_sorted_there_and_lazy():
    assert fulfilltools.__all__ == sorted(fulfilltools.__all__)
    assert all(getattr(fulfilltools, name) is not None for name in fulfilltools.__all__)
    with pytest.raises(AttributeError, match="fulfilltools has no 'fetsch'"):
        _ = fulfilltools.fetsch
    program = "import sys, fulfilltools; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
