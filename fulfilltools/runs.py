"""A run's folder: written aside, moved into place whole, and kept.

    <runs>/<shop>/2026-11-23T07-00-00Z/   one run, named after its moment (as-of, UTC)
    <runs>/<shop>/latest                  link to the newest run that has a report
    <runs>/<shop>/failed/<time>/          what a failed run leaves, marked failed
    <runs>/<shop>/.work-…  .old-…  .lock  being written, being replaced, held

A run is `running`, then `fetched` (raw files only), `done` (with its report) or `failed`;
`manifest.json` says which.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fulfilltools.errors import HeldError, RunError
from fulfilltools.redaction import without_secrets

try:
    import fcntl
except ImportError:  # Windows: there, one run at a time is the user's care.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

RUN_ID = "%Y-%m-%dT%H-%M-%SZ"
ONE_RUN = "[0-9]*Z"
"""What a folder named by RUN_ID looks like to glob."""
MANIFEST = "manifest.json"
SIX_FILES = (
    "report.html",
    "report.xlsx",
    "findings.csv",
    "findings.json",
    "summary.json",
    MANIFEST,
)
"""What a run gives to people and programs; `--out` copies them."""

TEXT = {".csv", ".html", ".ipynb", ".json", ".log", ".md", ".txt"}
PACKAGES = ("fulfilltools", "duckdb", "matplotlib", "pandas", "papermill", "pyarrow", "ShopifyAPI")


@dataclass(frozen=True, repr=False)
class Run:
    """One run's folder, read lazily.

    Raises RunError where the folder, or a file asked for, is not there.
    """

    folder: Path

    def __post_init__(self) -> None:
        if not (self.folder / MANIFEST).is_file():
            raise RunError(
                f"{self.folder} is not a run: it has no {MANIFEST}. Give a run's folder."
            )

    def __repr__(self) -> str:
        fetched = self.fetched
        shop = fetched.get("shop_name") or self.shop
        orders = f"{fetched['orders_received']:,} orders" if fetched else "no orders yet"
        whole = ", incomplete" if fetched.get("complete") is False else ""
        return f"Run of {shop} at {self.as_of:%a %d %b %Y %H:%M} UTC: {orders}{whole}"

    @property
    def shop(self) -> str:
        """The shop's short name, which is also its folder under the runs."""
        return str(self.manifest["shop"])

    @property
    def as_of(self) -> datetime:
        """The moment the run speaks of, in UTC."""
        return datetime.fromisoformat(self.manifest["as_of"])

    @property
    def language(self) -> str:
        """What the run's findings and report are told in: "en" or "sv"."""
        return str(self.manifest.get("language", "en"))

    @property
    def raw(self) -> Path:
        """The folder of what Shopify sent, unchanged and compressed."""
        return self.folder / "raw"

    @property
    def manifest(self) -> dict[str, Any]:
        """How the run went: state, timings, files with hashes, package versions."""
        return dict(self._read_json(MANIFEST))

    @property
    def summary(self) -> dict[str, Any]:
        """The run's numbers, as the report shows them."""
        return dict(self._read_json("summary.json"))

    @property
    def findings(self) -> list[dict[str, Any]]:
        """One object per open fulfillment order with its root cause, worst first."""
        return list(self._read_json("findings.json"))

    @property
    def fetched(self) -> dict[str, Any]:
        """What was asked of the shop and what came; empty before the orders are fetched."""
        there = (self.raw / "fetch.json").exists()
        return dict(self._read_json("raw/fetch.json")) if there else {}

    @cached_property
    def backlog(self) -> pd.DataFrame:
        """One row per open fulfillment order; the columns are docs/columns.md's."""
        return self.table("backlog")

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the run's Parquet tables, such as "orders" or "findings"."""
        import pandas as pd  # noqa: PLC0415 - takes 0.4 s, and the command's help needs none

        return pd.read_parquet(self._file(f"{name}.parquet"), dtype_backend="numpy_nullable")

    def previous(self) -> Run | None:
        """Find the shop's newest run with a report before this one."""
        before = f"{self.as_of:{RUN_ID}}"
        earlier = (run for run in _newest_first(self.folder.parent) if run.folder.name < before)
        return next((run for run in earlier if run.manifest["state"] == "done"), None)

    def record(self, **facts: object) -> None:
        """Add facts to the manifest, which is never seen half-written."""
        _write_json(self.folder / MANIFEST, self.manifest | facts)

    def seal(self) -> None:
        """Note in the manifest what the folder holds, with hashes and package versions.

        A run with a report is done, and `latest` then points to the newest such run.
        """
        self.record(
            state="done" if (self.folder / "report.html").exists() else "fetched",
            finished_at=_now().isoformat(),
            fetch=self.fetched,
            files={
                file.relative_to(self.folder).as_posix(): _fingerprint(file)
                for file in sorted(self.folder.rglob("*"))
                if file.is_file() and file.name != MANIFEST
            },
            versions=package_versions(),
        )
        if not self.folder.name.startswith("."):
            _link_latest(self.folder.parent)

    def _read_json(self, name: str) -> Any:  # noqa: ANN401 - JSON is whatever was written
        return json.loads(self._file(name).read_text(encoding="utf-8"))

    def _file(self, name: str) -> Path:
        if not (self.folder / name).is_file():
            raise RunError(
                f"The run in {self.folder} has no {name}. "
                "Run the notebook before this one, or `fulfilltools run`."
            )
        return self.folder / name


def begin_run(folder: Path, shop: str, as_of: datetime) -> Run:
    """Make `folder` a run that is being written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(
            folder / MANIFEST,
            {
                "schema": 1,
                "run_id": f"{as_of:{RUN_ID}}",
                "shop": shop,
                "state": "running",
                "as_of": as_of.isoformat(),
                "started_at": _now().isoformat(),
            },
        )
    except OSError as error:
        raise unwritable(folder, error) from error
    return Run(folder)


@contextmanager
def new_run(
    runs: Path,
    shop: str,
    as_of: datetime,
    *,
    secrets: Iterable[str] = (),
    keep: int | None = None,
) -> Iterator[Run]:
    """Write a run aside; at the end it stands at `run_folder(runs, shop, as_of)`, whole.

    A run of the same moment is replaced. When the body raises, the folder goes to
    `failed/` and the error carries a note saying where. `secrets` and whatever looks like
    a Shopify token are taken out of the text files. With `keep`, only that many good and
    that many failed runs stay. Raises RunError when another run of the shop is going on
    or the folder cannot be written.
    """
    home = runs / shop
    with held(home):
        _recover(home)
        try:
            work = Path(tempfile.mkdtemp(prefix=".work-", dir=home))
        except OSError as error:
            raise unwritable(home, error) from error
        run = begin_run(work, shop, as_of)
        try:
            yield run
            _take_out(run, secrets)
            _publish(run, run_folder(runs, shop, as_of))
        except BaseException as error:
            error.add_note(str(_keep_failed(run, f"{type(error).__name__}: {error}", secrets)))
            raise
        finally:
            if keep is not None:
                _forget(home, keep)
            _link_latest(home)


def run_folder(runs: Path, shop: str, as_of: datetime) -> Path:
    """Where the run of that shop and moment stands."""
    return runs / shop / f"{as_of:{RUN_ID}}"


def newest_run(runs: Path, shop: str) -> Run:
    """Open a shop's newest run that did not fail. Raises RunError when there is none."""
    if run := next(_newest_first(runs / shop), None):
        return run
    raise RunError(
        f"There is no run of {shop} in {runs}. Run `fulfilltools run`, or 1_fetch_orders first."
    )


def package_versions() -> dict[str, str]:
    """Name the versions that a run's numbers depend on."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):  # run from a checkout that is not installed
            versions[name] = metadata.version(name)
    return versions


def _newest_first(home: Path) -> Iterator[Run]:
    for manifest in sorted(home.glob(f"{ONE_RUN}/{MANIFEST}"), reverse=True):
        yield Run(manifest.parent)


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the shop's lock, or say who holds it; the system frees it when we die."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise unwritable(home, error) from error
    with lock:
        _lock(lock, home.name)
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {platform.node()} since {_now():%H:%M:%S} UTC")
        lock.flush()
        yield


def _lock(lock: IO[str], shop: str) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise HeldError(
            f"Another run of {shop} is going on: {lock.read()}. Wait for it, or end that process."
        ) from error
    except OSError as error:
        raise RunError(
            f"{lock.name} cannot be locked: {error.strerror}. "
            "Put the runs on a file system that has locks."
        ) from error


def _recover(home: Path) -> None:
    """Put right what a killed run left; only the holder of the lock may."""
    for old in home.glob(".old-*"):
        target = home / old.name.removeprefix(".old-")
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
    for work in home.glob(".work-*"):
        try:
            _keep_failed(Run(work), "The run was killed.")
        except (RunError, ValueError):  # killed before its manifest stood there whole
            shutil.rmtree(work)


def _publish(run: Run, target: Path) -> None:
    """Swap the run in; killed in between, the next run's `_recover` brings the old one back."""
    _name_final_place(run, target)
    run.seal()
    old = target.with_name(f".old-{target.name}")
    try:
        if target.exists():
            target.rename(old)
        run.folder.rename(target)
    except OSError as error:
        raise unwritable(target, error) from error
    shutil.rmtree(old, ignore_errors=True)


def _name_final_place(run: Run, target: Path) -> None:
    """Let executed notebooks name the folder they end up in, not the one they ran in."""
    work, final = (json.dumps(str(path))[1:-1] for path in (run.folder, target))
    for notebook in run.folder.glob("notebooks/*.ipynb"):
        text = notebook.read_text(encoding="utf-8")
        notebook.write_text(text.replace(work, final), encoding="utf-8")


def _keep_failed(run: Run, reason: str, secrets: Iterable[str] = ()) -> Path:
    failed = run.folder.parent / "failed"
    failed.mkdir(exist_ok=True)
    kept = failed / f"{_now():%Y-%m-%dT%H-%M-%S.%fZ}"
    _name_final_place(run, kept)
    run.record(state="failed", reason=reason, finished_at=_now().isoformat())
    _take_out(run, secrets)
    run.folder.rename(kept)
    return kept


def _forget(home: Path, keep: int) -> None:
    """Remove all but the newest `keep` good runs, and as many failed ones."""
    good = [run.folder for run in _newest_first(home)]
    failed = sorted((one for one in home.glob("failed/*") if one.is_dir()), reverse=True)
    for folder in good[keep:] + failed[keep:]:
        shutil.rmtree(folder)


def _link_latest(home: Path) -> None:
    """Let `latest` point to the newest run with a report, in one step."""
    done = (run.folder.name for run in _newest_first(home) if run.manifest["state"] == "done")
    latest, aside = home / "latest", home / f".latest-{os.getpid()}"
    if not (newest := next(done, None)):
        latest.unlink(missing_ok=True)
        return
    aside.unlink(missing_ok=True)
    try:
        aside.symlink_to(newest, target_is_directory=True)
    except OSError:  # Windows without the privilege, or a file system without links.
        aside.write_text(newest, encoding="utf-8")
    aside.replace(latest)


def _take_out(run: Run, secrets: Iterable[str]) -> None:
    """Clean the text files, and note in the manifest where secrets were found."""
    found = {}
    for file in run.folder.rglob("*"):
        if file.suffix not in TEXT or not file.is_file():
            continue
        clean, count = without_secrets(file.read_bytes(), secrets)
        if count:
            file.write_bytes(clean)
            found[file.relative_to(run.folder).as_posix()] = count
    if found:
        run.record(secrets_taken_out=found)


def _fingerprint(file: Path) -> dict[str, object]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"size": file.stat().st_size, "sha256": digest}


def _write_json(file: Path, content: dict[str, Any]) -> None:
    aside = file.with_name(f".{file.name}")
    aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    aside.replace(file)


def unwritable(folder: Path, error: OSError) -> RunError:
    """Say that a folder cannot be written, and what helps."""
    return RunError(
        f"{folder} cannot be written: {error.strerror}. "
        "Make it writable, or set FULFILLTOOLS_RUNS to another folder."
    )


def _now() -> datetime:
    return datetime.now(UTC)
