"""A run as a scheduler starts it: an empty environment, no home, from the root folder."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fulfilltools.report.pdf import BROWSERS
from fulfilltools.runs import Run


@pytest.fixture(scope="module")
def webhook(listening):
    """Serve a webhook; gives what was posted, and its address, which is a secret."""
    with listening() as served:
        yield served


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory, webhook):
    """Run the command as cron would; gives where its runs are, too."""
    runs = tmp_path_factory.mktemp("all runs")

    def run(*arguments, path="/usr/bin:/bin"):
        environment = {"PATH": path, "FULFILLTOOLS_RUNS": str(runs)}
        environment["FULFILLTOOLS_WEBHOOK"] = webhook[1]
        return subprocess.run(
            [sys.executable, "-m", "fulfilltools", *arguments],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    return run, runs / "demo"


@pytest.fixture(scope="module")
def good(scheduled):
    run, home = scheduled
    asked = ["--pdf"] if any(map(shutil.which, BROWSERS)) else []
    return run("run", "--demo", "--deliver", "--fail-on", "critical", *asked), home


def test_it_is_written_sent_and_logged_and_the_exit_status_says_what_was_found(good, webhook):
    result, home = good
    assert result.returncode == 3, result.stderr
    ((_, post),) = webhook[0]
    assert post["orders"] == Run(home / "latest").summary["orders"]
    line = (home / "runs.log").read_text("utf-8")
    assert "status=done" in line
    assert "sent=1" in line
    assert 'href="2026-11-23T07-00-00Z/report.html"' in (home / "index.html").read_text("utf-8")


def test_the_webhooks_address_is_nowhere_in_the_run(good):
    _, home = good
    for file in home.rglob("*"):
        if file.is_file() and file.suffix not in {".gz", ".parquet", ".pdf", ".xlsx"}:
            assert b"secret-path" not in file.read_bytes(), file


def test_sending_again_sends_nothing_and_a_dry_run_shows_all(good, scheduled, webhook):
    run, _ = scheduled
    before = len(webhook[0])
    assert "it was sent before" in run("deliver", "--demo").stdout
    shown = run("deliver", "--demo", "--dry-run")
    assert json.loads(shown.stdout.split("\n", 1)[1])["kind"] == "report"
    assert "secret-path" not in shown.stdout
    assert len(webhook[0]) == before


def test_a_run_that_hangs_is_ended_and_told_and_the_last_good_one_stays(good, scheduled, webhook):
    run, home = scheduled
    report = (home / "latest" / "report.html").read_bytes()
    result = run("run", "--demo", "--deliver", "--deadline", "0.01")
    assert result.returncode == 1
    assert webhook[0][-1][1]["kind"] == "failure"
    assert webhook[0][-1][1]["last_good"] == "2026-11-23 07:00 UTC"
    assert (home / "latest" / "report.html").read_bytes() == report
    assert "status=failed error=NotebookError" in (home / "runs.log").read_text("utf-8")
    (failed,) = (home / "failed").iterdir()
    assert f"failed/{failed.name}" in (home / "index.html").read_text("utf-8")


def test_without_a_browser_all_but_the_pdf_is_delivered(tmp_path, good, scheduled):
    run, home = scheduled
    result = run("run", "--demo", "--pdf", "--out", str(tmp_path), path=str(Path("/nowhere")))
    assert result.returncode == 1
    assert "needs Chromium or Chrome" in result.stderr
    assert (tmp_path / "report.html").is_file()
    assert "status=incomplete" in (home / "runs.log").read_text("utf-8")


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_schedules_are_printed_or_written(scheduled, tmp_path, kind):
    run, _ = scheduled
    printed = run("schedule", kind, "--demo")
    written = run("schedule", kind, "--demo", "--write", str(tmp_path / "new"))
    assert (printed.returncode, written.returncode) == (0, 0)
    for file in (tmp_path / "new").iterdir():
        assert file.read_text("utf-8") in printed.stdout
