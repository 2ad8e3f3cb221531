"""The report of one run: HTML for reading, XLSX and CSV for working, JSON for machines.

`write_outputs` writes all of them from one `Diagnosis`; all say the same numbers, those of
`summary`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fulfilltools.errors import RunError
from fulfilltools.report.numbers import Facts, findings_csv, findings_list, summary
from fulfilltools.report.page import report_html
from fulfilltools.report.workbook import workbook

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot

__all__ = ["Facts", "findings_list", "report_html", "summary", "workbook", "write_outputs"]


def write_outputs(
    folder: Path, diagnosis: Diagnosis, facts: Facts, previous: Snapshot | None = None
) -> dict[str, Any]:
    """Write the report's five files into a run's folder and return the summary.

    Each file is written aside and moved into place whole. Raises RunError when the folder
    cannot be written.
    """
    numbers = summary(diagnosis, facts, previous)
    files = {
        "findings.json": _json(findings_list(diagnosis.findings)),
        "findings.csv": findings_csv(diagnosis.findings).encode(),
        "report.xlsx": workbook(diagnosis, facts, numbers),
        "report.html": report_html(diagnosis, facts, numbers, previous).encode(),
        "summary.json": _json(numbers),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            aside = folder / f".{name}.part"
            aside.write_bytes(content)
            aside.replace(folder / name)
    except OSError as error:
        raise RunError(
            f"The report cannot be written to {folder}: {error.strerror}. Free the place or "
            "choose another folder with --out."
        ) from error
    return numbers


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
