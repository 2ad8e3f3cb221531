"""The report on paper: report.html printed by a Chromium that is already there."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from fulfilltools.errors import RunError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 180
LETTER = ("USD", "CAD", "MXN", "PHP", "CLP", "COP")
"""Currencies of countries that print on Letter; all others print on A4."""

PAPER = "<style>@page {{ size: {paper}; }}</style></head>"


def write_pdf(folder: Path) -> Path:
    """Print a run's report.html to report.pdf beside it.

    Raises RunError when no browser is found or it does not print.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RunError(
            "report.pdf needs Chromium or Chrome, and none is on the PATH. Install one "
            "(Debian: apt install chromium), or leave --pdf out; all other files are written."
        )
    page, made = folder / "report.html", folder / ".report.pdf.part"
    with tempfile.TemporaryDirectory() as profile:
        copy = Path(profile) / "report.html"
        sized = PAPER.format(paper="letter" if _currency(folder) in LETTER else "A4")
        copy.write_text(page.read_text("utf-8").replace("</head>", sized, 1), encoding="utf-8")
        asked = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        asked += [f"--user-data-dir={profile}", f"--print-to-pdf={made}", copy.as_uri()]
        try:
            subprocess.run(asked, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            made.unlink(missing_ok=True)
            raise RunError(
                f"{browser} did not print {page}: {type(error).__name__}. Try it by hand, or "
                "leave --pdf out; all other files are written."
            ) from error
    if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
        raise RunError(f"{browser} printed no PDF of {page}. Leave --pdf out, or print by hand.")
    made.replace(folder / "report.pdf")
    return folder / "report.pdf"


def _currency(folder: Path) -> object:
    return json.loads((folder / "summary.json").read_text("utf-8"))["fetch"].get("currency")
