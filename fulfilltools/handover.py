"""After the notebooks: the PDF, the messages, the log; and a word to people when a run fails."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fulfilltools import ledger, runs
from fulfilltools.errors import FulfillError, RunError
from fulfilltools.texts import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from fulfilltools.runs import Run
    from fulfilltools.settings import Delivery

SEVERITIES = ("info", "low", "medium", "high", "critical")
OURS = "{name}, which is our mistake; the log and the run's folder say more."


@contextmanager
def told(
    runs_folder: Path, shop: str, moment: datetime, to: Delivery | None, language: str = LANGUAGE
) -> Iterator[dict[str, object]]:
    """Note the run in the shop's log and list; with `to`, send a notice when it fails."""
    with ledger.noted(runs_folder / shop) as facts:
        try:
            yield facts
        except Exception as error:
            if to is not None:
                _tell_failure(error, runs_folder, {"shop": shop, "language": language}, moment, to)
            raise


def hand_over(done: Run, facts: dict[str, object], *, pdf: bool, to: Delivery | None) -> list[str]:
    """Print and send a finished run as far as asked; return what could not be done.

    `facts` get the counts and the folder for the log.
    """
    problems = []
    if pdf:
        from fulfilltools.report.pdf import write_pdf  # noqa: PLC0415 - only when asked for

        try:
            write_pdf(done.folder)
            done.seal()
        except RunError as error:
            problems.append(str(error))
    if to is not None:
        from fulfilltools import delivery  # noqa: PLC0415 - a report's code only when it is sent

        try:
            facts["sent"] = len(delivery.deliver(done, to))
        except FulfillError as error:
            problems.append(str(error))
    if failed := done.summary.get("failed"):
        problems.append(
            f"Parts of the report could not be made: {', '.join(failed)}. All else is delivered; "
            f"{done.folder / 'notebooks' / '3_report.ipynb'} tells what went wrong."
        )
    facts |= ledger.counts(done.summary) | {"folder": done.folder}
    if problems:
        facts["status"] = "incomplete"
    return problems


def is_reached(done: Run, severity: str) -> bool:
    """Tell whether a run has something as bad as `severity`, or worse."""
    bad_enough = SEVERITIES[SEVERITIES.index(severity) :]
    return any(done.summary["by_severity"][one] for one in bad_enough)


def copy(done: Run, out: Path) -> None:
    """Copy the files that people and programs read into a folder of theirs."""
    names = (*runs.SIX_FILES, "report.pdf")
    with written(out):
        for name in (one for one in names if (done.folder / one).is_file()):
            shutil.copyfile(done.folder / name, out / name)


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it. Raises RunError."""
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Say of what fails inside that the folder cannot be written. Raises RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written: {error.strerror}. Choose another folder."
        ) from error


def newest_report(runs_folder: Path, shop: str) -> Run:
    """Open a shop's newest run that has a report. Raises RunError when there is none."""
    newest = runs.newest_run(runs_folder, shop)
    found = newest if newest.manifest["state"] == "done" else newest.previous()
    if found is None:
        raise RunError(f"No run of {shop} in {runs_folder} has a report. Run `fulfilltools run`.")
    return found


def last_made(runs_folder: Path) -> Run:
    """Open the run that was begun last, of whatever shop. Raises RunError when there is none.

    Its moment does not count: those of the demo shop and of an old export are their own.
    """
    found = [runs.Run(one.parent) for one in runs_folder.glob(f"*/{runs.ONE_RUN}/{runs.MANIFEST}")]
    if not found:
        raise RunError(f"There is no run in {runs_folder}. Run `fulfilltools run` first.")
    return max(found, key=lambda run: str(run.manifest["started_at"]))


def _tell_failure(
    error: Exception, runs_folder: Path, known: dict[str, str], moment: datetime, to: Delivery
) -> None:
    """Send a notice of failure; when that fails, too, the run's own error still counts."""
    from fulfilltools import delivery  # noqa: PLC0415 - as above

    said = str(error) if isinstance(error, FulfillError) else OURS.format(name=type(error).__name__)
    facts = known | {"moment": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "error": said}
    with suppress(RunError):
        facts["last_good"] = f"{newest_report(runs_folder, known['shop']).as_of:%Y-%m-%d %H:%M} UTC"
    try:
        delivery.deliver_failure(facts, to)
    except FulfillError as unsent:
        error.add_note(f"no notice of this was sent: {unsent}")
