"""`--all-shops`: a run for each shop; one shop's failure does not stop the others.

Without a cluster they run in turn. With one, each shop's run is a task: a worker starts a
process that does for the shop what this machine would do, with the worker's own credentials.
What a run says comes back, and is said here.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, cast

import typer

from fulfilltools import cluster, runs, steps
from fulfilltools.errors import ClusterError, FulfillError, HeldError, SettingsError
from fulfilltools.processes import end_with_the_parent
from fulfilltools.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from distributed import Future

    from fulfilltools.cluster import Cluster
    from fulfilltools.settings import Connection, Settings

    OneLine = Callable[[Exception], str]

FAILED = 1
LOCK_PATIENCE = 180.0
"""Seconds until a network file system surely gave up the lock of a machine that is gone."""

LOCK_SECONDS = 0.5
NEW_WORKERS_SECONDS = 5.0
"""How long shops wait for their turn before it is looked for workers that have come."""

PASSED_ON = ("FULFILLTOOLS_PART_ROWS", "FULFILLTOOLS_DEBUG")
"""Variables of this machine that count on workers, too."""


def run_each(
    shops: Mapping[str, Connection],
    run: Callable[..., None],
    options: dict[str, Any],
    one_line: OneLine,
) -> int:
    """Run each shop with the same options; return 1 when one failed, else the worst status.

    `--out` gets a folder per shop. Raises SettingsError when no shop is set, or another one
    was asked for as well, and ClusterError where `--cluster` names one that cannot help.
    """
    if options["shop"] or options["demo"] or not shops:
        raise SettingsError(
            "--all-shops takes every [shops.NAME] of fulfilltools.toml, at least one. "
            "Set them, and leave --shop and --demo out."
        )
    jobs = [_Job(shop, _of_shop(shop, options), run, one_line) for shop in shops]
    if options["cluster"]:
        statuses = _on_cluster(options["cluster"], jobs, shops)
    else:
        statuses = {job.status() for job in jobs}
    return FAILED if FAILED in statuses else max(statuses)


def check_cluster(address: str, folder: Path) -> None:
    """See that a cluster is there and sees the runs, before hours are spent on fetching."""
    with cluster.reached(address, folder) as workers:
        threads = workers.threads()
    _say(f"Cluster {address}: workers {len(threads)}, threads {sum(threads.values())}.")


@dataclass(frozen=True)
class _Job:
    """One shop's run."""

    shop: str
    options: dict[str, Any]
    run: Callable[..., None]
    one_line: OneLine
    environment: Mapping[str, str] = field(default_factory=dict)
    """What a worker's process is given beside the worker's own variables."""
    seen: Mapping[str, str] = field(default_factory=dict)
    """The settings that a worker must have, too."""

    def status(self) -> int:
        """Run it in this process; what fails is one line, as the command writes it."""
        try:
            self.run(**self.options)
        except typer.Exit as stop:
            return stop.exit_code
        except Exception as error:
            if os.environ.get("FULFILLTOOLS_DEBUG"):
                raise
            return self.failed(error)
        return 0

    def failed(self, error: Exception) -> int:
        """Say what failed."""
        _say(f"fulfilltools: {self.shop}: {self.one_line(error)}")
        return FAILED


def _of_shop(shop: str, options: dict[str, Any]) -> dict[str, Any]:
    out = options["out"] / shop if options["out"] else None
    return options | {"shop": shop, "all_shops": False, "cluster": None, "out": out}


def _on_cluster(address: str, jobs: list[_Job], shops: Mapping[str, Connection]) -> set[int]:
    settings = load_settings()
    waiting = [_for_worker(job, settings, shops[job.shop]) for job in jobs]
    with cluster.reached(address, settings.runs) as workers:
        workers.check(other_settings, fingerprints(settings), [*shops])
        return {_retold(job, task) for job, task in _as_they_end(workers, waiting)}


def _as_they_end(workers: Cluster, waiting: list[_Job]) -> Iterator[tuple[_Job, Future[Any]]]:
    """Give out the jobs, as many at once as there are threads; give each back when it ends."""
    going: dict[Future[Any], _Job] = {}
    while waiting or going:
        while waiting and (
            task := workers.submit_long(run_here, waiting[0], key=f"run-{waiting[0].shop}")
        ):
            going[task] = waiting.pop(0)
        for task in workers.wait({*going}, NEW_WORKERS_SECONDS if waiting else float("inf")):
            yield going.pop(task), task


def _retold(job: _Job, task: Future[Any]) -> int:
    """Say here what the run said there; give its status."""
    try:
        status, said, noted = cluster.outcome(task)
    except FulfillError as error:
        return job.failed(error)
    typer.echo(noted, err=True, nl=False)
    typer.echo(said, nl=False)
    return int(status)


def _for_worker(job: _Job, settings: Settings, connection: Connection) -> _Job:
    """Fix what another machine, or a second try, would take for something else: now and here."""
    moment = steps.moment_to_report(job.options["as_of"], connection)
    options = {name: _absolute(value) for name, value in job.options.items()}
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return replace(
        job,
        options=options | {"as_of": moment.isoformat()},
        environment=passed_on | {"FULFILLTOOLS_RUNS": str(settings.runs)},
        seen=fingerprints(settings),
    )


def _absolute(value: object) -> object:
    if isinstance(value, list):
        return [_absolute(one) for one in value]
    return value.resolve() if isinstance(value, Path) else value


def other_settings(seen: Mapping[str, str], shops: Sequence[str]) -> str | None:
    """Say what a worker's settings lack, or have otherwise; secrets are not compared."""
    settings = load_settings()
    closed = [shop for shop in shops if not _is_opened(settings, shop)]
    if closed:
        return (
            f"it has no credentials of {', '.join(closed)}. Set them in its environment or in "
            "the fulfilltools.toml of the folder where it was started"
        )
    ours = fingerprints(settings)
    if differs := [part for part in seen if ours[part] != seen[part]]:
        return (
            f"its {' and '.join(differs)} differ from those here. Start it where the same "
            "fulfilltools.toml is found"
        )
    return None


def _is_opened(settings: Settings, shop: str) -> bool:
    if shop not in settings.shops:
        return False
    connection = settings.shops[shop].with_keyring()
    return bool(connection.access_token or connection.client_secret)


def fingerprints(settings: Settings) -> dict[str, str]:
    """Fingerprint what decides on the answers and on where they go."""
    policy = settings.policy.model_dump(mode="json", exclude={"own_causes"})
    own = [file.read_text("utf-8") for file in settings.policy.own_causes if file.is_file()]
    parts = {
        "[policy]": [policy, own],
        "[delivery]": settings.delivery.model_dump(mode="json"),
        "language": settings.language,
    }
    return {
        name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()
        for name, part in parts.items()
    }


def run_here(job: _Job) -> tuple[int, str, str]:
    """Run a shop on this worker, in a process of its own that ends when the worker does.

    Gives its exit status and what it said on stdout and stderr. Raises ClusterError.
    """
    if problem := other_settings(job.seen, [job.shop]):
        raise ClusterError(f"The worker that took {job.shop} cannot help: {problem}.")
    known = {cluster.VARIABLE: cluster.address_here(), "PYTHONIOENCODING": "utf-8"}
    program = "from fulfilltools import each_shop; each_shop.be_the_run()"
    command = [sys.executable, "-P", "-c", program]  # none of the folder's modules for Python's own
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        tempfile.TemporaryFile("w+", encoding="utf-8") as noted,
        subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=noted,
            env=os.environ | job.environment | known,
        ) as process,
    ):
        stdin = cast("IO[bytes]", process.stdin)
        with suppress(BrokenPipeError):  # it died; its status and stderr say why
            stdin.write(pickle.dumps(job))
            stdin.flush()  # and stays open, so that the process sees when we die
        status = process.wait()
        for file in (said, noted):
            file.seek(0)
        return status, said.read(), noted.read()


def be_the_run() -> NoReturn:
    """Run the job that comes on stdin, once no other run holds the shop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))  # so that what is open is closed
    job: _Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - our parent wrote it
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    try:
        wait_until_free(load_settings().runs / job.shop, LOCK_PATIENCE)
    except FulfillError as error:
        sys.exit(job.failed(error))
    sys.exit(job.status())


def wait_until_free(home: Path, seconds: float) -> None:
    """Wait for another run of the shop: of a lost worker, or one that goes on.

    Raises RunError when the shop is still held after these seconds.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            with runs.held(home):
                return
        except HeldError:
            if time.monotonic() > until:
                raise
            time.sleep(LOCK_SECONDS)


def _say(line: str) -> None:
    typer.echo(line, err=True)
