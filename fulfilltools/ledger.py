"""What a shop's runs say of themselves beside their folders: `runs.log` and `index.html`.

<runs>/<shop>/runs.log      one line a run, logfmt: time, status, counts, seconds, folder
<runs>/<shop>/index.html    the runs that are kept, newest first, failed ones too
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fulfilltools.templates import templates
from fulfilltools.texts import LANGUAGE, checked_language
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jinja2 import Template

    from fulfilltools.texts import Language

LOG = "runs.log"
MOST_BYTES = 1_000_000
"""Of the log; when it grows beyond, its older half goes."""


@contextmanager
def noted(home: Path) -> Iterator[dict[str, object]]:
    """Note a run in the shop's log and list of runs, whatever becomes of it.

    The body may add to the facts given. Notes never stand in the way of the run: where they
    cannot be written, the run's own error or success counts.
    """
    start = time.monotonic()
    facts: dict[str, object] = {
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "shop": home.name,
        "status": "done",
    }
    try:
        yield facts
    except BaseException as error:
        facts["status"] = "failed"
        facts["error"] = type(error).__name__
        if kept := getattr(error, "__notes__", None):
            facts["folder"] = kept[0]
        raise
    finally:
        facts["seconds"] = round(time.monotonic() - start, 1)
        with suppress(OSError):
            append(home, facts)
            write_index(home)


def append(home: Path, facts: Mapping[str, object]) -> None:
    """Add one line to the shop's log, in one write."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / LOG
    if log.exists() and log.stat().st_size > MOST_BYTES:
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        log.write_text("".join(lines[len(lines) // 2 :]), encoding="utf-8")
    line = " ".join(f"{name}={_value(value)}" for name, value in facts.items())
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def write_index(home: Path) -> None:
    """List the runs that are there, with links to their reports."""
    manifests = [*home.glob("[0-9]*Z/manifest.json"), *home.glob("failed/*/manifest.json")]
    runs = [run for one in manifests if (run := _entry(home, one.parent)) is not None]
    runs.sort(key=lambda run: (run["as_of"], run["started_at"], run["folder"]), reverse=True)
    aside = home / ".index.html.part"
    language = runs[0]["language"] if runs else LANGUAGE
    page = _template(language).render(shop=home.name, runs=runs, language=language)
    aside.write_text(page, encoding="utf-8")
    aside.replace(home / "index.html")


def counts(summary: Mapping[str, Any]) -> dict[str, object]:
    """Give the counts that the log and the list of runs show."""
    orders, severities = summary["orders"], summary["by_severity"]
    return {
        "seen": orders["seen"],
        "unfulfilled": orders["unfulfilled"],
        "actionable": orders["actionable"],
        "critical": severities["critical"],
        "high": severities["high"],
        "unexplained": summary["unexplained"],
    }


def _entry(home: Path, folder: Path) -> dict[str, Any] | None:
    """Read what the list shows of one run; a folder that is no run is not shown."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        summary_file, report = folder / "summary.json", folder / "report.html"
        is_done = manifest["state"] == "done" and report.is_file()
        numbers = json.loads(summary_file.read_text("utf-8")) if is_done else None
        return {
            "as_of": str(manifest["as_of"])[:16].replace("T", " "),
            "started_at": str(manifest["started_at"]),
            "state": manifest["state"],
            "language": checked_language(manifest.get("language", LANGUAGE)),
            "reason": str(manifest.get("reason") or ""),
            "failed": sorted((numbers or {}).get("failed") or {}),
            "counts": counts(numbers) if numbers else {},
            "report": report.relative_to(home).as_posix() if is_done else None,
            "folder": folder.relative_to(home).as_posix(),
        }
    except (OSError, ValueError, KeyError):
        return None


@cache
def _template(language: Language) -> Template:
    environment = templates("report/templates", language, {"code": Voice(language).words})
    return environment.get_template("runs.html.j2")


def _value(value: object) -> str:
    """Write a value as logfmt does: quoted where it holds a space, a quote or an equals sign."""
    text = " ".join(str(value).split())
    return json.dumps(text, ensure_ascii=False) if set(text) & set(' "=') or not text else text
