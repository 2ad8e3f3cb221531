"""A run's folder: whole or not there, and never with a secret in it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fulfilltools.errors import RunError
from fulfilltools.runs import Run, new_run, newest_run, run_folder

MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 7, tzinfo=UTC)
TOKEN = "shpat_" + "0a1b" * 8


def make_run(runs: Path, as_of: datetime, text: str = "a report", **options) -> Run:
    with new_run(runs, "acme", as_of, **options) as run:
        (run.folder / "report.html").write_text(text)
    return Run(run_folder(runs, "acme", as_of))


def fail_run(runs: Path, as_of: datetime, reason: str, **options) -> Path:
    """Fail a run that has written a notebook; where it is kept."""

    def fail() -> None:
        with new_run(runs, "acme", as_of, **options) as run:
            (run.folder / "1.ipynb").write_text(f"how far it came: {reason}")
            raise ArithmeticError(reason)

    with pytest.raises(ArithmeticError) as caught:
        fail()
    return Path(caught.value.__notes__[0])


def killed_while(runs: Path, moment: str) -> None:
    """Start a rerun of Monday's run in a process of its own, and kill it at that moment."""
    program = f"""
        import os, signal
        from datetime import datetime, UTC
        from pathlib import Path
        from fulfilltools import runs
        die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        if {moment!r} == "swapping":
            rename = Path.rename
            Path.rename = lambda self, to: die() if self.name[:5] == ".work" else rename(self, to)
        monday = datetime(2026, 11, 23, 7, tzinfo=UTC)
        with runs.new_run(Path({str(runs)!r}), "acme", monday) as run:
            (run.folder / "report.html").write_text("half")
            {moment!r} == "writing" and die()
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == -signal.SIGKILL


def test_a_run_stands_whole_under_its_moment_and_latest_points_to_it(tmp_path):
    run = make_run(tmp_path, MONDAY)
    assert run.folder == tmp_path / "acme" / "2026-11-23T07-00-00Z"
    assert (tmp_path / "acme" / "latest" / "report.html").read_text() == "a report"
    assert (tmp_path / "acme" / "latest").readlink() == Path(run.folder.name)
    assert [path.name for path in sorted((tmp_path / "acme").iterdir())] == [
        ".lock",
        "2026-11-23T07-00-00Z",
        "latest",
    ]


def test_the_manifest_names_every_file_with_size_and_hash(tmp_path):
    manifest = make_run(tmp_path, MONDAY, "12345").manifest
    assert manifest["files"] == {
        "report.html": {"size": 5, "sha256": hashlib.sha256(b"12345").hexdigest()}
    }
    assert manifest["state"] == "done"
    assert manifest["run_id"] == "2026-11-23T07-00-00Z"
    assert manifest["versions"]["pandas"]


def test_nothing_shows_before_the_run_is_whole(tmp_path):
    with new_run(tmp_path, "acme", MONDAY) as run:
        assert run.manifest["state"] == "running"
        with pytest.raises(RunError, match="There is no run of acme"):
            newest_run(tmp_path, "acme")


def test_a_rerun_of_the_same_moment_replaces_it_whole(tmp_path):
    with new_run(tmp_path, "acme", MONDAY) as run:
        (run.folder / "report.html").write_text("old")
        (run.folder / "only-in-the-old-one.txt").write_text("old")
    again = make_run(tmp_path, MONDAY, "new")
    assert (again.folder / "report.html").read_text() == "new"
    assert not (again.folder / "only-in-the-old-one.txt").exists()


def test_a_failed_run_is_kept_marked_and_the_last_good_one_stays(tmp_path):
    good = make_run(tmp_path, MONDAY)
    kept = fail_run(tmp_path, TUESDAY, "division by zero")
    assert kept.parent == tmp_path / "acme" / "failed"
    assert (kept / "1.ipynb").read_text() == "how far it came: division by zero"
    assert Run(kept).manifest["state"] == "failed"
    assert Run(kept).manifest["reason"] == "ArithmeticError: division by zero"
    assert newest_run(tmp_path, "acme") == good
    assert (tmp_path / "acme" / "latest").readlink() == Path(good.folder.name)


@pytest.mark.parametrize("moment", ["writing", "swapping"])
def test_a_killed_rerun_loses_nothing(tmp_path, moment):
    make_run(tmp_path, MONDAY, "the good one")
    killed_while(tmp_path, moment)
    make_run(tmp_path, TUESDAY)
    assert (run_folder(tmp_path, "acme", MONDAY) / "report.html").read_text() == "the good one"
    (kept,) = (tmp_path / "acme" / "failed").iterdir()
    assert Run(kept).manifest["reason"] == "The run was killed."
    assert not list((tmp_path / "acme").glob(".work-*"))
    assert not list((tmp_path / "acme").glob(".old-*"))


def test_a_second_run_of_the_shop_is_told_who_runs(tmp_path):
    with (
        new_run(tmp_path, "acme", MONDAY),
        pytest.raises(RunError, match=f"Another run of acme is going on: process {os.getpid()} "),
        new_run(tmp_path, "acme", TUESDAY),
    ):
        pass


def test_two_shops_may_run_at_once(tmp_path):
    with new_run(tmp_path, "acme", MONDAY), new_run(tmp_path, "other", MONDAY):
        pass
    assert newest_run(tmp_path, "acme") != newest_run(tmp_path, "other")


def test_only_the_newest_runs_are_kept(tmp_path):
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    for day in days:
        fail_run(tmp_path, day, "no luck")
        make_run(tmp_path, day, keep=2)
    assert [run.name for run in sorted((tmp_path / "acme").glob("2*"))] == [
        "2026-11-03T00-00-00Z",
        "2026-11-04T00-00-00Z",
    ]
    assert len(list((tmp_path / "acme" / "failed").iterdir())) == 2
    assert (tmp_path / "acme" / "latest").readlink() == Path("2026-11-04T00-00-00Z")


def test_latest_stays_at_the_newest_moment_when_an_older_one_is_run_again(tmp_path):
    make_run(tmp_path, TUESDAY)
    make_run(tmp_path, MONDAY)
    assert (tmp_path / "acme" / "latest").readlink() == Path("2026-11-24T07-00-00Z")


def test_a_run_without_a_report_is_not_the_latest(tmp_path):
    good = make_run(tmp_path, MONDAY)
    with new_run(tmp_path, "acme", TUESDAY):
        pass
    assert newest_run(tmp_path, "acme").manifest["state"] == "fetched"
    assert (tmp_path / "acme" / "latest").readlink() == Path(good.folder.name)
    assert newest_run(tmp_path, "acme").previous() == good
    assert good.previous() is None


def test_secrets_are_taken_out_and_that_is_said(tmp_path):
    with new_run(tmp_path, "acme", MONDAY, secrets=["open sesame"]) as run:
        (run.folder / "report.html").write_text(f"<p>{TOKEN} and {TOKEN} and open sesame</p>")
    run = newest_run(tmp_path, "acme")
    taken_out = "[secret taken out]"
    assert (
        run.folder / "report.html"
    ).read_text() == f"<p>{taken_out} and {taken_out} and {taken_out}</p>"
    assert run.manifest["secrets_taken_out"] == {"report.html": 3}


def test_a_failed_run_keeps_no_secret_either(tmp_path):
    kept = fail_run(tmp_path, MONDAY, f"the token is {TOKEN}")
    assert "the token is [secret taken out]" in (kept / "manifest.json").read_text()
    assert all(TOKEN not in file.read_text() for file in kept.iterdir())


def test_executed_notebooks_name_the_folder_where_the_run_ended_up(tmp_path):
    with new_run(tmp_path, "acme", MONDAY) as run:
        (run.folder / "notebooks").mkdir()
        (run.folder / "notebooks" / "2.ipynb").write_text(json.dumps(str(run.folder)))
    final = run_folder(tmp_path, "acme", MONDAY)
    assert json.loads((final / "notebooks" / "2.ipynb").read_text()) == str(final)


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(RunError, match=r"cannot be written: Not a directory\. Make it writable"),
        new_run(tmp_path / "file", "acme", MONDAY),
    ):
        pass


def test_a_folder_that_is_no_run_says_so(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        Run(tmp_path)


def test_a_file_the_run_does_not_have_yet_names_the_next_step(tmp_path):
    with pytest.raises(RunError, match=r"has no findings\.parquet\. Run the notebook before"):
        make_run(tmp_path, MONDAY).table("findings")
