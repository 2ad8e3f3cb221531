"""Progress is shown to whoever watches, and to nobody else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TELLING = """
from fulfilltools.admin.progress import shown_progress
with shown_progress() as progress:
    for part in range(5):
        progress("orders", 100 * part, 400)
    progress("download", 1_500_000, 3_000_000, "bytes")
print("done")
"""


def told(**variables):
    """What stderr shows, as a terminal's."""
    terminal, end = pty.openpty()
    environment = {name: text for name, text in os.environ.items() if "PROGRESS" not in name}
    environment |= {"TERM": "xterm", "COLUMNS": "100", "PYTHONPATH": str(ROOT)} | variables
    subprocess.run(
        [sys.executable, "-c", TELLING], check=True, stderr=end, stdout=-1, env=environment
    )
    os.set_blocking(terminal, False)
    try:
        return os.read(terminal, 100_000).decode()
    except BlockingIOError:
        return ""
    finally:
        os.close(terminal)
        os.close(end)


def test_a_terminal_shows_a_bar():
    shown = told()
    assert "1.5 MB of 3.0 MB" in shown


def test_zero_keeps_it_silent():
    assert told(FULFILLTOOLS_PROGRESS="0") == ""


def test_a_log_gets_nothing():
    arguments = [sys.executable, "-c", TELLING]
    result = subprocess.run(
        arguments, check=True, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_a_process_without_a_terminal_shows_it_in_ours():
    terminal, end = pty.openpty()
    environment = os.environ | {"FULFILLTOOLS_PROGRESS": os.ttyname(end)}
    arguments = [sys.executable, "-c", TELLING]
    subprocess.run(arguments, check=True, capture_output=True, cwd=ROOT, env=environment)
    assert "1.5 MB of 3.0 MB" in os.read(terminal, 100_000).decode()
    os.close(terminal)
    os.close(end)


@pytest.mark.parametrize(("watched", "outputs"), [(True, 2), (False, 1)])
def test_only_a_notebook_that_is_open_has_a_line_and_it_ends_empty(monkeypatch, watched, outputs):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if watched:
        monkeypatch.setenv("JPY_SESSION_NAME", "open.ipynb")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TELLING)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    client = nbclient.NotebookClient(notebook, timeout=60)
    ran = client.execute(env=dict(os.environ))
    shown = ran.cells[0].outputs
    assert len(shown) == outputs
    assert shown[-1]["text"] == "done\n"
    if watched:
        assert shown[0]["data"] == {"text/plain": ""}
