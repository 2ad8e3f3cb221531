"""A Dask cluster: reached, checked before it gets work, and waited for in finite time.

Dask is an extra, and this module alone imports it. What goes through a cluster is names, paths
and numbers; rows go through a folder that all see, and secrets stay where each worker has them.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fulfilltools import runs
from fulfilltools.errors import ClusterError, FulfillError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from distributed import Client, Future

VARIABLE = "FULFILLTOOLS_CLUSTER"
"""Holds the scheduler's address, as `--cluster` does; notebooks learn it from there."""

PATIENCE = 60.0
"""Seconds that a scheduler may take to answer, and a cluster may be without any worker."""

TICK = 0.05
LOOK_SECONDS = 2.0
"""How often it is looked whether there are workers still."""

HERE = "here"


@dataclass(frozen=True)
class Expected:
    """What a worker must have to give the same answers as this machine."""

    folder: Path
    """Below the runs, made by this machine; a worker that finds `word` in it sees the runs."""
    word: str
    versions: Mapping[str, str]


@dataclass
class Cluster:
    """A cluster that was reached and checked."""

    client: Client
    expected: Expected
    patience: float
    long: dict[Future[Any], str] = field(default_factory=dict)
    """Long tasks and the workers that they were given to."""

    @property
    def folder(self) -> Path:
        """A folder that every worker sees, for as long as the cluster is asked."""
        return self.expected.folder

    def submit(self, ask: Callable[..., object], *given: object, key: str) -> Future[Any]:
        """Give a task to any worker. It must be harmless to run it twice: workers get lost."""
        return self.client.submit(
            _checked, ask, self.expected, *given, key=self._named(key), pure=False
        )

    def submit_long(
        self, ask: Callable[..., object], *given: object, key: str
    ) -> Future[Any] | None:
        """Give a task that keeps none of its worker's threads; None when all have their fill.

        No more are given out at once than there are threads, each to the idlest worker.
        """
        busy = Counter(worker for task, worker in self.long.items() if not task.done())
        free = {one: threads - busy[one] for one, threads in self.threads().items()}
        worker = max(free, key=lambda one: free[one], default=None)
        if worker is None or free[worker] < 1:
            return None
        task = self.client.submit(
            _checked_aside,
            ask,
            self.expected,
            *given,
            key=self._named(key),
            pure=False,
            workers=[worker],
            allow_other_workers=True,  # it may be lost
        )
        self.long[task] = worker
        return task

    def wait(self, tasks: set[Future[Any]], at_most: float = float("inf")) -> set[Future[Any]]:
        """Wait until one of the tasks has ended, or seconds have passed; give those that have.

        Raises ClusterError when the scheduler is lost, or all workers are.
        """
        until, look_at = time.monotonic() + at_most, time.monotonic() + LOOK_SECONDS
        while not (done := {one for one in tasks if one.done()}) and time.monotonic() < until:
            time.sleep(TICK)
            if time.monotonic() > look_at:
                self.require_workers()
                look_at = time.monotonic() + LOOK_SECONDS
        if any(one.cancelled() for one in done):
            raise self._lost()
        return done

    def threads(self) -> dict[str, int]:
        """Count the threads of each worker that is there now."""
        try:
            return dict(self.client.nthreads())
        except (OSError, RuntimeError) as error:  # Dask's own words for a connection that is gone
            raise self._lost() from error

    def require_workers(self) -> None:
        """Wait for a worker. Raises ClusterError when none comes in time."""
        until = time.monotonic() + self.patience
        while not self.threads():
            if time.monotonic() > until:
                raise ClusterError(
                    f"The cluster at {self._address} had no worker for {self.patience:g} seconds. "
                    "Start some (docs/cluster.md), or leave --cluster out."
                )
            time.sleep(TICK)

    def check(self, ask: Callable[..., str | None], *given: object) -> None:
        """Ask every worker what is wrong with it. Raises ClusterError naming those and what."""
        answers = self.client.run(_told, ask, *given, on_error="return")
        wrong = {worker: answer for worker, answer in answers.items() if answer is not None}
        if not wrong:
            return
        worker, answer = min(wrong.items())
        if isinstance(answer, BaseException):  # not even our question could be read there
            answer = (
                f"it cannot run fulfilltools {runs.package_versions().get('fulfilltools')} "
                f"({type(answer).__name__}: {answer}). Install the same version there"
            )
        raise ClusterError(
            f"{len(wrong)} of {len(answers)} workers cannot help. Worker {worker}: {answer}."
        )

    def _named(self, key: str) -> str:
        return f"fulfilltools-{key}-{self.expected.word}"

    @property
    def _address(self) -> str:
        return str(self.client.scheduler.address) if self.client.scheduler else "its address"

    def _lost(self) -> ClusterError:
        return ClusterError(
            "The cluster's scheduler was lost while it was asked. What was done is kept or "
            "repeated: start the cluster and run again, or leave --cluster out."
        )


def address_set() -> str | None:
    """Give the address of the cluster that is set in the environment, if one is."""
    return os.environ.get(VARIABLE) or None


def address_here() -> str:
    """Give the address by which the worker that we are knows its scheduler."""
    import distributed  # noqa: PLC0415 - an extra; a worker has it

    return str(distributed.get_worker().scheduler.address)


@contextmanager
def reached(address: str, folder: Path, patience: float = PATIENCE) -> Iterator[Cluster]:
    """Reach a cluster whose workers see `folder` and have what this machine has.

    Raises SettingsError where Dask is not installed or the address is none, ClusterError where
    nothing answers there, no worker comes, or a worker would give other answers.
    """
    with _client(address, patience) as client, _shared(folder) as shared:
        word = shared.name.rpartition("-")[2]
        (shared / HERE).write_text(word, encoding="utf-8")
        cluster = Cluster(client, Expected(shared, word, _versions()), patience)
        cluster.require_workers()
        cluster.check(problem_here, cluster.expected)
        yield cluster


def outcome(task: Future[Any]) -> Any:  # noqa: ANN401 - what the task gave
    """Give a task's answer; raise its error, ours as it is and others as ClusterError."""
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, FulfillError):
        raise error
    if type(error).__name__ == "KilledWorker":
        raise ClusterError(
            f"{task.key} was given up: every worker that took it died, often for lack of memory. "
            "Give workers more memory, or set FULFILLTOOLS_PART_ROWS lower."
        ) from error
    raise ClusterError(
        f"{task.key} failed on the cluster: {type(error).__name__}: {error}. "
        "The worker's log says more."
    ) from error


def problem_here(expected: Expected) -> str | None:
    """Say what keeps this worker from giving the same answers, and how to mend it."""
    ours = _versions()
    differs = [
        f"{name} {ours.get(name, 'missing')} instead of {version}"
        for name, version in expected.versions.items()
        if ours.get(name) != version
    ]
    if differs:
        return f"it has {', '.join(differs)}. Install the same versions there"
    try:
        sees = (expected.folder / HERE).read_text(encoding="utf-8") == expected.word
        with tempfile.TemporaryFile(dir=expected.folder):
            pass
    except OSError as error:
        sees, reason = False, f" ({error.strerror})"
    else:
        reason = ""
    if sees:
        return None
    return (
        f"it cannot read and write {expected.folder.parent}{reason}. Runs must stand in a folder "
        "that all machines see under one path, by one user; set FULFILLTOOLS_RUNS to such a one"
    )


def _checked(ask: Callable[..., object], expected: Expected, *given: object) -> object:
    """Run a task; on workers that came later than the check, too, only if all is right."""
    if problem := problem_here(expected):
        raise ClusterError(f"A worker that came later cannot help: {problem}.")
    return ask(*given)


def _checked_aside(ask: Callable[..., object], expected: Expected, *given: object) -> object:
    """Leave the worker's thread to others: the task waits for a process, or for other tasks."""
    import distributed  # noqa: PLC0415 - an extra; a worker has it

    distributed.secede()
    return _checked(ask, expected, *given)


def _told(ask: Callable[..., str | None], *given: object) -> str | None:
    try:
        return ask(*given)
    except FulfillError as error:
        return str(error).rstrip(".")


@cache
def _versions() -> dict[str, str]:
    """Name the versions that must be equal; of Python's, what decides on its byte code."""
    versions = runs.package_versions()
    return versions | {"python": versions["python"].rpartition(".")[0]}


@contextmanager
def _shared(folder: Path) -> Iterator[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A worker taken for lost may still write into it while it is removed.
        shared = tempfile.TemporaryDirectory(
            prefix=".cluster-", dir=folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise runs.unwritable(folder, error) from error
    with shared as name:
        yield Path(name)


@contextmanager
def _client(address: str, patience: float) -> Iterator[Client]:
    try:
        import distributed  # noqa: PLC0415 - an extra that most do without
    except ImportError as error:
        raise SettingsError(
            "--cluster needs Dask, which is not installed here. "
            "Run: pip install 'fulfilltools[cluster]', or leave --cluster out."
        ) from error

    class Reached(distributed.Client):
        def __del__(self) -> None:
            """Leave one that never connected to the system: closing it takes seconds."""

    # What Dask logs of a lost connection, our one line says.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            client = Reached(  # type: ignore[no-untyped-call]
                address, timeout=patience, set_as_default=False, name="fulfilltools"
            )
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"The cluster's address {address!r} cannot be used: {error}. "
            "Write it like tcp://host:8786, as the scheduler prints it."
        ) from error
    except OSError as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address} within {patience:g} seconds. "
            "Start one (docs/cluster.md), or leave --cluster out."
        ) from error
    with client:
        yield client
