"""A Dask cluster on loopback: its scheduler and each worker are processes of their own."""

import os
import pickle
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from distributed import Client

from fulfilltools import cluster, diagnosis, each_shop, history, parts, runs
from fulfilltools.causes import CAUSES, chosen
from fulfilltools.demo import AS_OF, serve
from fulfilltools.errors import CauseError, ClusterError, HeldError, SettingsError
from fulfilltools.schema import backlog_of
from fulfilltools.settings import load_settings

ROOT = Path(__file__).parents[1]
RUN = f"{AS_OF:%Y-%m-%dT%H-%M-%SZ}"
SAME = ("findings.json", "findings.csv", "findings.parquet", "answers.parquet", "backlog.parquet")
TOLD = {"as_of": AS_OF, "zone": "Europe/Stockholm", "language": "en"}
OWN = """
from fulfilltools.cause import cause

@cause(verdict="data", severity="low", owner="support", evidence="{value}", action="Look.",
       hits=[{"value": 1}])
def looked_at_one_row(value):
    '''One row is looked at'''
    return (value > 500).astype("boolean")
"""
GREEDY = """
@cause(verdict="data", severity="low", owner="support", evidence="{value}", action="Look.",
       hits=[{"value": 1}])
def looked_at_all_rows(value):
    '''All rows are looked at'''
    return (value > value.mean()).astype("boolean")
"""


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    return (
        kept
        | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0"}
        | more
    )


def _is_ours(name):
    return name.startswith(("SHOPIFY_", "FULFILLTOOLS_"))


class Machines:
    """A scheduler and its workers, each started as on a machine of its own."""

    def __init__(self, folder):
        self.folder, self.workers = folder, []
        few = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        self.scheduler = self._start("scheduler", "--port", "0", "--no-show", **few)
        self.address = self._said("scheduler", r"Scheduler at:\s+(tcp://\S+)")

    def worker(self, **more):
        name = f"worker{len(self.workers)}"
        place = ["--local-directory", str(self.folder / name)]
        options = ["--no-nanny", "--nthreads", "1", "--death-timeout", "60", *place]
        self.workers.append(self._start(name, self.address, *options, **more))
        self._said(name, r"Registered to:")
        return self.workers[-1]

    def two(self):
        """Have two workers, whatever became of earlier ones."""
        for _ in range(2 - sum(one.poll() is None for one in self.workers)):
            self.worker()
        return self

    def logs(self):
        return "".join(file.read_text("utf-8") for file in self.folder.glob("*.log"))

    def end(self):
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def _start(self, name, *arguments, **more):
        kind = "scheduler" if name == "scheduler" else "worker"
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--no-dashboard"],
                cwd=self.folder,
                env=environment(**more),
                stdout=log,
                stderr=log,
            )

    def _said(self, name, pattern):
        file, until = self.folder / f"{name}.log", time.monotonic() + 30
        while not (found := re.search(pattern, file.read_text("utf-8"))):
            assert time.monotonic() < until, file.read_text("utf-8")
            time.sleep(0.05)
        return found[found.lastindex or 0]


@pytest.fixture
def lonely(tmp_path):
    """A scheduler that has no worker yet."""
    machines = Machines(tmp_path)
    yield machines
    machines.end()


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    machines = Machines(tmp_path_factory.mktemp("machines"))
    yield machines
    machines.end()


@pytest.fixture
def machines(together):
    return together.two()


@pytest.fixture(scope="module")
def backlog():
    """Every example of every cause, several times; an order's rows are far from each other."""
    examples = [each for made in CAUSES for each in (*made.hits, *made.misses)]
    rows = backlog_of(examples * 3)
    number = pd.Series(range(len(rows)))
    return rows.assign(
        row_id="row " + number.astype("string"),
        order_id="order " + (number * 7 % (len(rows) // 3)).astype("string"),
        value=(number * 37 % 900).astype("Float64"),
        supplier_shipped_units=pd.array([1, *[None] * (len(rows) - 1)], dtype="Int64"),
    )


def assert_same(one, two, folder):
    pd.testing.assert_frame_equal(one.findings, two.findings)
    pd.testing.assert_frame_equal(one.answers, two.answers)
    for name, made in (("one", one), ("two", two)):
        (folder / name).mkdir()
        made.save(folder / name)
    for file in ("findings.parquet", "answers.parquet"):
        assert (folder / "one" / file).read_bytes() == (folder / "two" / file).read_bytes()


def test_a_backlog_is_cut_between_orders_into_parts_of_bounded_size():
    orders = pd.Series(["a", "b", "a", "c", "c", "c", "c", "d", "b", "e"], dtype="string")
    assert [one.tolist() for one in parts.cut(orders, 4)] == [[0, 1, 2, 8], [3, 4, 5, 6], [7, 9]]
    assert [one.tolist() for one in parts.cut(orders, 3)] == [[0, 2], [1, 8], [3, 4, 5, 6], [7, 9]]
    assert [one.tolist() for one in parts.cut(orders, 99)] == [list(range(10))]
    assert parts.cut(orders.iloc[:0], 4)[0].tolist() == []


def test_parts_on_two_workers_give_what_one_process_gives(machines, backlog, tmp_path, monkeypatch):
    monkeypatch.setenv(parts.ROWS_VARIABLE, "150")
    file = tmp_path / "own.py"
    file.write_text(OWN)
    asked = TOLD | {"causes": chosen((), [file]), "folder": tmp_path, "language": "sv"}
    one = diagnosis.diagnose(backlog, **asked)
    two = parts.diagnose(backlog, address=machines.address, **asked)
    assert_same(one, two, tmp_path)
    assert set(one.findings["cause"]) >= {"looked_at_one_row", "unexplained"}
    assert "shipped_not_synced" in two.answers  # only one of the parts has a supplier's word
    assert not list(tmp_path.glob(".cluster-*"))


def test_a_cause_that_looks_at_other_orders_is_refused(machines, backlog, tmp_path, monkeypatch):
    monkeypatch.setenv(parts.ROWS_VARIABLE, "150")
    file = tmp_path / "own.py"
    file.write_text(OWN + GREEDY)
    asked = TOLD | {"causes": chosen((), [file]), "folder": tmp_path}
    with pytest.raises(CauseError, match="looked_at_all_rows looks at rows of other orders"):
        parts.diagnose(backlog, address=machines.address, **asked)


def test_a_killed_worker_costs_no_row_of_a_backlog(machines, backlog, tmp_path, monkeypatch):
    monkeypatch.setenv(parts.ROWS_VARIABLE, "40")
    asked = TOLD | {"causes": CAUSES, "folder": tmp_path}
    one = diagnosis.diagnose(backlog, **asked)
    killer = threading.Thread(target=_kill_when, args=(machines, tmp_path, "*/*.findings.parquet"))
    killer.start()
    two = parts.diagnose(backlog, address=machines.address, **asked)
    killer.join()
    assert sum(each.poll() is None for each in machines.workers) == 1
    assert_same(one, two, tmp_path)


def _wait_for(folder, there):
    until = time.monotonic() + 120
    while not list(folder.glob(there)) and time.monotonic() < until:
        time.sleep(0.01)


def _kill_when(machines, folder, there):
    _wait_for(folder, there)
    next(one for one in machines.workers if one.poll() is None).kill()


def test_a_small_backlog_is_not_cut_and_needs_no_cluster(backlog, tmp_path):
    asked = TOLD | {"causes": CAUSES, "folder": tmp_path}
    made = parts.diagnose(backlog, address="tcp://127.0.0.1:9", **asked)
    assert len(made.findings) == len(backlog)


def test_a_worker_that_does_not_see_the_runs_is_named(machines, tmp_path):
    with cluster.reached(machines.address, tmp_path) as workers:
        elsewhere = cluster.Expected(tmp_path / "gone" / "x", "word", workers.expected.versions)
        with pytest.raises(ClusterError, match=r"2 of 2 workers.*cannot read and write .*/gone"):
            workers.check(cluster.problem_here, elsewhere)
        late = cluster.Cluster(workers.client, elsewhere, 1)
        task = late.submit(len, "x", key="late")
        late.wait({task})
        with pytest.raises(ClusterError, match="A worker that came later cannot help"):
            cluster.outcome(task)


def test_no_worker_another_version_and_a_lost_scheduler_are_said(lonely, tmp_path):
    with (
        pytest.raises(ClusterError, match=r"had no worker for 0\.2 seconds"),
        cluster.reached(lonely.address, tmp_path, patience=0.2),
    ):
        pass
    other = tmp_path / "other" / "fulfilltools-0.0.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: fulfilltools\nVersion: 0.0.9\n")
    odd = lonely.worker(PYTHONPATH=f"{other.parent}{os.pathsep}{ROOT}")
    with (
        pytest.raises(ClusterError, match=r"has fulfilltools 0\.0\.9 instead of"),
        cluster.reached(lonely.address, tmp_path),
    ):
        pass
    odd.kill()
    odd.wait()
    lonely.worker()
    with cluster.reached(lonely.address, tmp_path, patience=1) as workers:
        task = workers.submit(time.sleep, 60, key="long")
        lonely.scheduler.kill()
        with pytest.raises(ClusterError, match="scheduler was lost"):
            workers.wait({task})


def test_all_workers_lost_is_said_in_time(lonely, tmp_path):
    worker = lonely.worker()
    with cluster.reached(lonely.address, tmp_path, patience=0.3) as workers:
        task = workers.submit(time.sleep, 60, key="long")
        worker.kill()
        with pytest.raises(ClusterError, match="had no worker"):
            workers.wait({task})
        lonely.worker().kill()  # the second that the task costs, and one is allowed
        while not task.done():
            time.sleep(0.05)
        with pytest.raises(ClusterError, match="given up: every worker that took it died"):
            cluster.outcome(task)


def test_an_address_that_is_none_is_a_wrong_setting(tmp_path):
    for address in ("nonsense", "http://127.0.0.1:9", "tls://127.0.0.1:9"):
        with (
            pytest.raises(SettingsError, match=r"cannot be used: .*Write it like tcp://host:8786"),
            cluster.reached(address, tmp_path),
        ):
            pass


def python(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_without_dask_or_a_scheduler_one_line_says_what_to_do(tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError\n")
    paths = f"{tmp_path}{os.pathsep}{ROOT}"
    asked = (*RUN_IT, "--demo", "--cluster", "tcp://127.0.0.1:9")
    lacking = python(tmp_path, *asked, PYTHONPATH=paths)
    assert lacking.returncode == 2
    assert "pip install 'fulfilltools[cluster]'" in lacking.stderr
    assert not list(tmp_path.glob("runs/demo/*"))


def test_nothing_imports_dask_before_a_cluster_is_named(tmp_path):
    asked = "import sys, fulfilltools.cli, fulfilltools.each_shop, fulfilltools.parts\n"
    asked += "sys.exit(any(name in sys.modules for name in ('dask', 'distributed')))"
    assert python(tmp_path, "-c", asked).returncode == 0


class Graph:
    """What the scheduler is given while the `with` lasts, looked at by a client of our own."""

    def __init__(self, address):
        self.seen, self._address, self._ended = {}, address, threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self.seen

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _look(self):
        with Client(self._address, set_as_default=False) as client:
            while not self._ended.wait(0.2):
                self.seen |= client.run_on_scheduler(tasks_there)


def tasks_there(dask_scheduler=None):
    known = dask_scheduler.tasks.items()
    return {key: pickle.dumps((task.run_spec, task.annotations)) for key, task in known}


RUN_IT = ("-m", "fulfilltools", "run")
BY_HAND = """
import sys, fulfilltools as ft
run = ft.fetch("nordlys", as_of=sys.argv[1], way="paged")
ft.write_report(run, ft.diagnose_run(run))
"""


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Two shops, of which one does not answer; only workers have what opens them."""
    folder = tmp_path_factory.mktemp("shops")
    token = "shpat_" + "0c" * 16
    with serve() as shop:
        opened = f'[shops.broken]\napi_url = "http://127.0.0.1:9"\naccess_token = "{token}"\n'
        opened += f'[shops.nordlys]\napi_url = "{shop.url}"\naccess_token = "{shop.access_token}"\n'
        for name, text in {"here": "[shops.broken]\n[shops.nordlys]\n", "there": opened}.items():
            (folder / name).mkdir()
            settings = folder / name / "fulfilltools.toml"
            settings.write_text(text)
            settings.chmod(0o600)
        yield folder, (token, shop.access_token)


@pytest.fixture(scope="module")
def by_hand(shops):
    """What a single process, without kernels and without a cluster, writes of the shop."""
    folder, _ = shops
    done = python(
        *(folder / "there", "-c", BY_HAND, AS_OF.isoformat()),
        FULFILLTOOLS_RUNS=str(folder / "alone"),
    )
    assert done.returncode == 0, done.stderr
    return folder / "alone" / "nordlys" / RUN


@pytest.fixture
def knowing(shops):
    """Workers started where the settings of the shops are."""
    machines = Machines(shops[0] / "there").two()
    yield machines
    machines.end()


def test_all_shops_on_two_workers_of_which_one_is_killed(shops, by_hand, knowing):
    folder, tokens = shops
    home = folder / "runs"
    killer = threading.Thread(target=_kill_the_runner, args=(knowing, home / "nordlys"))
    killer.start()
    asked = ("--all-shops", "--cluster", knowing.address, "--as-of", AS_OF.isoformat())
    with Graph(knowing.address) as graph:
        done = python(
            *(folder / "here", *RUN_IT, *asked, "--fetch", "paged", "--out", "out"),
            FULFILLTOOLS_RUNS=str(home),
            FULFILLTOOLS_PART_ROWS="60",
        )
    killer.join()
    assert sum(one.poll() is None for one in knowing.workers) == 1
    assert done.returncode == 1
    assert "fulfilltools: broken: broken.myshopify.com gave no usable answer" in done.stderr
    assert str(home / "nordlys" / RUN / "report.html") in done.stdout.replace("\n", "")
    assert (folder / "here" / "out" / "nordlys" / "report.html").is_file()
    _assert_one_whole_run(home, by_hand)
    ours = {str(key): spec for key, spec in graph.items() if "fulfilltools" in str(key)}
    assert {re.match(r"fulfilltools-(run|part)", key)[1] for key in ours} == {"run", "part"}
    said = knowing.logs() + done.stdout + done.stderr + repr([*graph])
    for token in tokens:
        assert token not in said
        assert not any(token.encode() in spec for spec in graph.values())


def _assert_one_whole_run(all_runs, by_hand):
    """Of the killed run nothing is left but its folder among the failed."""
    home = all_runs / "nordlys"
    assert [one.name for one in home.glob("[0-9]*Z")] == [RUN]
    assert not list(home.glob(".work-*"))
    assert (home / "latest").resolve().name == RUN
    assert len(list(home.glob("failed/*"))) == 1
    (line,) = (home / "runs.log").read_text("utf-8").splitlines()
    assert " status=done " in line
    assert len(history.runs_table(all_runs, "nordlys")) == 1
    for name in SAME:
        assert (home / RUN / name).read_bytes() == (by_hand / name).read_bytes(), name


def _kill_the_runner(machines, home):
    """Kill the worker that runs a shop, once its first answers are there."""
    _wait_for(home, ".work-*/raw/*.gz")
    process = int(re.search(r"process (\d+)", (home / ".lock").read_text())[1])
    parent = psutil.Process(process).ppid()
    next(one for one in machines.workers if one.pid == parent).kill()


def test_other_limits_and_own_causes_are_told_from_the_same_ones(tmp_path, monkeypatch):
    for name in filter(_is_ours, os.environ):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "fulfilltools.toml"
    settings.write_text('[policy]\nown_causes = ["own.py"]\n[shops.a]\n')
    (tmp_path / "own.py").write_text(OWN)
    seen = each_shop.fingerprints(load_settings())
    assert each_shop.other_settings(seen, []) is None
    assert "no credentials of a, b" in each_shop.other_settings(seen, ["a", "b"])
    (tmp_path / "own.py").write_text(OWN + GREEDY)
    assert "its [policy] differ" in each_shop.other_settings(seen, [])
    settings.write_text('language = "sv"\n[delivery]\nwhen = "new"\n')
    assert "[policy] and [delivery] and language" in each_shop.other_settings(seen, [])


def test_a_run_waits_for_the_lock_that_a_lost_worker_left(tmp_path):
    held = runs.held(tmp_path)
    held.__enter__()
    threading.Timer(0.3, held.__exit__, (None, None, None)).start()
    each_shop.wait_until_free(tmp_path, 20)
    with runs.held(tmp_path), pytest.raises(HeldError, match="Another run of"):
        each_shop.wait_until_free(tmp_path, 0)


def test_workers_without_credentials_or_with_other_limits_are_named(shops, machines):
    folder, _ = shops
    asked = (*RUN_IT, "--all-shops", "--cluster", machines.address)
    done = python(folder / "here", *asked)
    assert done.returncode == 1
    assert "it has no credentials of broken, nordlys" in done.stderr
