"""The report of one run: HTML for reading, XLSX and CSV for working, JSON for machines.

`write_outputs` writes all of them from one `Diagnosis`; all say the same numbers, those of
`summary`.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fulfilltools.errors import RunError
from fulfilltools.report.message import summary_md
from fulfilltools.report.numbers import Facts, findings_csv, findings_list, summary
from fulfilltools.report.page import report_html
from fulfilltools.report.workbook import workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot

__all__ = [
    "Facts",
    "findings_list",
    "report_html",
    "summary",
    "summary_md",
    "workbook",
    "write_outputs",
]


log = logging.getLogger(__name__)


def write_outputs(
    folder: Path, diagnosis: Diagnosis, facts: Facts, previous: Snapshot | None = None
) -> dict[str, Any]:
    """Write the report's files into a run's folder and return the summary.

    Each file is written aside and moved into place whole. A part or a file that cannot be made
    is left out, named in the report and in the summary's `failed`, and logged. Raises RunError
    when the folder cannot be written.
    """
    numbers = summary(diagnosis, facts, previous)
    failed: dict[str, str] = {}
    numbers["failed"] = failed
    makers: dict[str, Callable[[], bytes]] = {
        "findings.json": lambda: _json(findings_list(diagnosis.findings)),
        "findings.csv": lambda: findings_csv(diagnosis.findings).encode(),
        "summary.md": lambda: summary_md(numbers).encode(),
        # Last, because they tell what of the others failed.
        "report.html": lambda: report_html(diagnosis, facts, numbers, previous).encode(),
        "summary.json": lambda: _json(numbers),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _aside(folder / "report.xlsx", failed) as aside:
            workbook(aside, diagnosis, facts, numbers, previous)
        for name, make in makers.items():
            with _aside(folder / name, failed) as aside:
                aside.write_bytes(make())
    except OSError as error:
        raise RunError(
            f"The report cannot be written to {folder}: {error.strerror}. Free the place or "
            "choose another folder with --out."
        ) from error
    return numbers


@contextmanager
def _aside(file: Path, failed: dict[str, str]) -> Iterator[Path]:
    """Let a file be made aside and move it into place whole; note where that fails.

    One that could not be made must not leave an older one.
    """
    aside = file.with_name(f".{file.name}.part")
    try:
        yield aside
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    except Exception as error:
        log.exception("%s could not be made.", file.name)
        failed[file.name] = type(error).__name__
        aside.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
    else:
        aside.replace(file)


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
