"""What `fulfilltools schedule` prints is what each scheduler takes, checked by its own means."""

import ast
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fulfilltools import schedule
from fulfilltools.errors import SettingsError


@pytest.fixture
def plan(tmp_path):
    folder = tmp_path / "it's 100% ours"
    folder.mkdir()
    return schedule.Plan("nordlys", folder, folder / "runs", folder / "notebooks", is_sent=True)


def command_of(crontab):
    """Take the command out of a crontab as cron does: after five fields, \\% is %."""
    (line,) = (one for one in crontab.splitlines() if one and not one.startswith("#"))
    assert "%" not in line.replace("\\%", "")
    return line.split(None, 5)[5].replace("\\%", "%")


def fake_python(folder, status):
    """Make a Python that only says what it was asked, and in what environment."""
    fake = folder / "python"
    fake.write_text(f'#!/bin/sh\necho "$@" > "{folder}/asked"\necho "$TOKEN" >&2\nexit {status}\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    return str(fake)


def ran_by_cron(plan):
    """Run the cron line by cron's shell, in cron's environment."""
    line = command_of(schedule.schedule("cron", plan)["crontab"])
    bare = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd="/", env=bare, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("status", [0, 1])
def test_the_cron_line_runs_in_crons_own_environment(plan, tmp_path, monkeypatch, status):
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, status))
    (plan.folder / schedule.ENV_FILE).write_text("TOKEN=it-came\n")
    ran = ran_by_cron(plan)
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == "-m fulfilltools run --shop nordlys --keep 60 --deliver"
    assert ran.stderr == ""
    assert ("it-came" in ran.stdout) is bool(status), "silent while all is well, else cron mails"


def test_cron_needs_no_file_of_secrets(plan, tmp_path, monkeypatch):
    """Secrets may stand in the keyring, in `.env` or in files of their own; the demo has none."""
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, 0))
    ran = ran_by_cron(plan)
    assert (tmp_path / "asked").is_file(), ran.stderr
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)
    assert not (plan.folder / schedule.ENV_FILE).exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(plan, tmp_path):
    for name, text in schedule.schedule("systemd", plan).items():
        (tmp_path / name).write_text(text)
    files = [tmp_path / name for name in schedule.FILES["systemd"]]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    checked = subprocess.run(
        ["systemd-analyze", "--user", "verify", *files],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


def test_systemd_needs_no_file_of_secrets(plan):
    unit = schedule.schedule("systemd", plan)["fulfilltools.service"]
    (file,) = (line for line in unit.splitlines() if line.startswith("EnvironmentFile="))
    assert file.startswith("EnvironmentFile=-/"), "the minus sign lets it be missing"


def test_a_missed_run_is_caught_up_and_a_hung_one_is_ended(plan):
    texts = schedule.schedule("systemd", plan)
    assert "Persistent=true" in texts["fulfilltools.timer"]
    assert "TimeoutStartSec=" in texts["fulfilltools.service"]


def test_the_workflow_keeps_secrets_secret_and_always_uploads(plan):
    workflow = yaml.safe_load(schedule.schedule("github", plan)["fulfilltools.yml"])
    (start,) = workflow[True]["schedule"]  # YAML reads `on` as true
    job = workflow["jobs"]["report"]
    assert start["cron"].split()[0] == "47"
    assert job["timeout-minutes"] == 60
    assert job["env"]["SHOPIFY_ACCESS_TOKEN"] == "${{ secrets.SHOPIFY_ACCESS_TOKEN }}"
    uploads = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert [step["if"] for step in uploads] == ["always()"]
    (command,) = (step["run"] for step in job["steps"] if "run --" in step.get("run", ""))
    assert "--deadline 45" in command
    assert "nordlys" not in command, "the shop's name comes from the secrets"


def test_the_dag_runs_the_notebooks_one_after_the_other(plan):
    text = schedule.schedule("airflow", plan)["fulfilltools_dag.py"]
    tree = ast.parse(text)
    compile(text, "fulfilltools_dag.py", "exec")
    given = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    assert given["SHOP"] == "nordlys"
    assert given["NOTEBOOKS"] == str(plan.notebooks)
    assert "TOKEN" not in text.replace("SHOPIFY_ACCESS_TOKEN and", "")


def test_the_dag_reports_the_moment_of_its_fetch(plan):
    """Orders come as they are now; Airflow 2's own moment is a day earlier."""
    tree = ast.parse(schedule.schedule("airflow", plan)["fulfilltools_dag.py"])
    (task,) = (
        node.keywords
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PapermillOperator"
    )
    given = {word.arg: ast.unparse(word.value) for word in task}
    assert given["parameters"] == "{'shop': SHOP}"
    assert "run_id" in given["output_nb"], "Airflow 3 knows no ts for a run started by its API"
    assert "mkdir" in given["pre_execute"], "papermill writes into no folder that is not there"


def test_the_dag_imports_in_airflow(plan, tmp_path):
    pytest.importorskip("airflow", reason="Airflow is not installed")
    for name, text in schedule.schedule("airflow", plan).items():
        (tmp_path / name).write_text(text)
    subprocess.run([sys.executable, tmp_path / "fulfilltools_dag.py"], check=True)


def test_parameters_for_jupyter_scheduler_are_quoted(plan):
    (text,) = schedule.schedule("jupyter-scheduler", plan).values()
    assert '`"nordlys"`' in text


@pytest.mark.parametrize("kind", schedule.FILES)
def test_nothing_is_left_to_fill_in(plan, kind):
    for text in schedule.schedule(kind, plan).values():
        assert not schedule._PLACE.search(text)


@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "noon", "06:47\n* * * * * rm"])
def test_what_is_no_time_of_the_day_is_refused(text):
    with pytest.raises(SettingsError, match="time of the day"):
        schedule.time_of_day(text)


def test_the_page_about_schedules_names_every_scheduler():
    page = (Path(__file__).parent.parent / "docs" / "schedule.md").read_text("utf-8")
    for kind in schedule.FILES:
        assert f"fulfilltools schedule {kind}" in page
