"""The runner is strict, ends in time, and leaves no kernel behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from datetime import date
from pathlib import Path

import nbformat
import psutil
import pytest

from fulfilltools.errors import AccessError, NotebookError
from fulfilltools.notebooks import (
    Step,
    checked_parameters,
    read_parameters,
    run_notebooks,
)
from fulfilltools.processes import GRACE_SECONDS, end_family


def write_notebook(folder: Path, parameters: str, *cells: str, name: str = "probe") -> Path:
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(
        cells=[tagged, *map(nbformat.v4.new_code_cell, cells)],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def run(notebook: Path, given=None, **options) -> str:
    """Run one notebook; what it printed."""
    output = notebook.parent / "out" / notebook.name
    output.parent.mkdir(exist_ok=True)
    run_notebooks([Step(notebook, output, given or {})], **options)
    cells = nbformat.read(output, 4).cells
    return "".join(out.get("text", "") for cell in cells for out in cell.get("outputs", []))


def kernels_below(process: psutil.Process) -> list[psutil.Process]:
    return [
        child for child in process.children(recursive=True) if "ipykernel" in str(child.cmdline())
    ]


def test_parameters_are_read_as_python_not_by_pattern(tmp_path):
    cell = """
        from_text: str | None = None  # a = b
        mark = "#1001"
        many: list[str] = [
            "a",
        ]
        kind: Literal["x=1", "y"] = "x=1"
    """
    known = read_parameters(write_notebook(tmp_path, textwrap.dedent(cell)))
    assert {name: (one.default, one.kind, one.may_be_none) for name, one in known.items()} == {
        "from_text": (None, str, True),
        "mark": ("#1001", str, False),
        "many": (["a"], list, False),
        "kind": ("x=1", str, False),
    }


def test_a_misspelt_parameter_is_an_error_that_names_the_near_one(tmp_path):
    notebook = write_notebook(tmp_path, "top = 3\nsince = None")
    with pytest.raises(
        NotebookError,
        match=r"probe has no parameter 'tpo'; it has: top, since\. Did you mean top\?",
    ):
        run(notebook, {"tpo": 3})


@pytest.mark.parametrize(
    ("cell", "given", "fitted"),
    [
        ("n = 3", "7", 7),
        ("n = 0.5", "7", 7.0),
        ("n = False", "true", True),
        ("n = 'a'", 1001, "1001"),
        ("n = 'a'", "00501", "00501"),
        ("n = 'NO'", "NO", "NO"),
        ("n: str | None = None", date(2026, 11, 1), "2026-11-01"),
        ("n: str = ''", Path("a") / "b", "a/b"),
        ("n: 'str | None' = 'a'", None, None),
        ("n = []", ("a", "b"), ["a", "b"]),
        ("n = None", {"any": "thing"}, {"any": "thing"}),
    ],
)
def test_a_value_is_fitted_to_what_the_cell_says(tmp_path, cell, given, fitted):
    value = checked_parameters(write_notebook(tmp_path, cell), {"n": given})["n"]
    assert value == fitted
    assert type(value) is type(fitted)


@pytest.mark.parametrize(("cell", "given"), [("n = 3", "many"), ("n = 3", 7.5), ("n = 'a'", None)])
def test_a_value_that_does_not_fit_is_an_error(tmp_path, cell, given):
    with pytest.raises(NotebookError, match=r"probe takes (int|str) as n, not .* Its default is"):
        checked_parameters(write_notebook(tmp_path, cell), {"n": given})


def test_a_parameters_cell_must_be_literals(tmp_path):
    with pytest.raises(NotebookError, match="not plain literals"):
        read_parameters(write_notebook(tmp_path, "a = 1\nb = a + 1"))


def test_a_notebook_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotebookError, match=r"nowhere\.ipynb cannot be read: No such file"):
        run_notebooks([Step(tmp_path / "nowhere.ipynb", tmp_path / "out.ipynb", {})])


def test_parameters_and_environment_reach_the_notebook_and_brackets_in_paths_do_no_harm(tmp_path):
    folder = tmp_path / "{shop}"
    folder.mkdir()
    notebook = write_notebook(folder, "n = 1", "import os; print(n, os.environ['FULFILL_PROBE'])")
    assert run(notebook, {"n": "7"}, environment={"FULFILL_PROBE": "here"}) == "7 here\n"
    assert nbformat.read(notebook, 4).cells[1].outputs == []


def test_an_error_is_one_line_that_names_notebook_and_cell(tmp_path):
    notebook = write_notebook(tmp_path, "n = 1", "n", "n\n1 / 0")
    with pytest.raises(NotebookError) as caught:
        run(notebook)
    assert str(caught.value) == (
        "probe stopped in code cell 3 (1 / 0): ZeroDivisionError: division by zero. "
        "The executed probe.ipynb shows where."
    )
    assert "ZeroDivisionError" in (tmp_path / "out" / "probe.ipynb").read_text()


def test_our_own_error_comes_out_of_a_notebook_as_it_was_raised(tmp_path):
    raising = "from fulfilltools.errors import AccessError\nraise AccessError('No. Do this next.')"
    with pytest.raises(AccessError, match=r"^No\. Do this next\.$"):
        run(write_notebook(tmp_path, "n = 1", raising))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import sys; sys.exit(0)", r"code cell 2 \(import sys; sys.exit\(0\)\): SystemExit: 0"),
        ("import os; os.kill(os.getpid(), 9)", "probe stopped: DeadKernelError: Kernel died"),
        ("input('name? ')", "StdinNotImplementedError"),
    ],
)
def test_what_papermill_calls_completed_is_judged_by_what_ran(tmp_path, cell, message):
    with pytest.raises(NotebookError, match=message):
        run(write_notebook(tmp_path, "n = 1", cell, "print('the end')"))


def test_a_cell_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(NotebookError, match="probe stopped: CellTimeoutError: A cell timed out"):
        run(write_notebook(tmp_path, "n = 1", "import time; time.sleep(60)"), cell_deadline=1)


def test_a_run_that_takes_too_long_is_ended_with_its_kernel(tmp_path):
    notebook = write_notebook(tmp_path, "n = 1", "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(NotebookError, match=r"the run took longer than 0\.05 minutes"):
        run(notebook, deadline=3)
    assert time.monotonic() - started < 15
    assert kernels_below(psutil.Process()) == []


def test_a_kernel_that_will_not_listen_is_ended_all_the_same(tmp_path):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with pytest.raises(NotebookError, match="the run took longer"):
        run(write_notebook(tmp_path, "n = 1", deaf), deadline=3)
    assert kernels_below(psutil.Process()) == []


def test_when_the_command_is_killed_its_kernels_end(tmp_path):
    notebook = write_notebook(tmp_path, "n = 1", "import time; time.sleep(60)")
    program = textwrap.dedent(f"""
        from pathlib import Path
        from fulfilltools.notebooks import Step, run_notebooks
        run_notebooks([Step(Path({str(notebook)!r}), Path({str(tmp_path / "o.ipynb")!r}), {{}})])
    """)
    with subprocess.Popen([sys.executable, "-c", program]) as command:
        above = psutil.Process(command.pid)
        while not kernels_below(above):
            time.sleep(0.1)
        family = above.children(recursive=True)
        os.kill(command.pid, signal.SIGKILL)
    assert psutil.wait_procs(family, timeout=15)[1] == []


def test_notebooks_run_in_order_and_each_is_timed(tmp_path):
    steps = [
        Step(write_notebook(tmp_path, "n = 1", name=name), tmp_path / f"{name}.out.ipynb", {"n": 2})
        for name in ("1_first", "2_second")
    ]
    done = []
    seconds = run_notebooks(steps, on_done=lambda name, _: done.append(name))
    assert list(seconds) == done == ["1_first", "2_second"]
    assert all(0 < took < 60 for took in seconds.values())
    assert "papermill" in json.loads((tmp_path / "1_first.out.ipynb").read_text())["metadata"]


def test_each_notebook_gets_a_kernel_that_nobody_has_used(tmp_path):
    known = "print(sorted(set(dir()) & {'pandas', 'pd', 'fulfilltools', 'ft', 'left'}))"
    steps = [
        Step(write_notebook(tmp_path, "n = 1", cell, name=name), tmp_path / f"{name}.out.ipynb", {})
        for name, cell in {"first": "left = 1", "second": known}.items()
    ]
    run_notebooks(steps)
    cell = nbformat.read(tmp_path / "second.out.ipynb", 4).cells[-1]
    assert (cell.outputs[0].text, cell.execution_count) == ("[]\n", 2)


def test_the_kernel_that_waits_for_the_next_notebook_ends_when_this_one_fails(tmp_path):
    steps = [
        Step(write_notebook(tmp_path, "n = 1", cell, name=name), tmp_path / f"{name}.out.ipynb", {})
        for name, cell in {"first": "1 / 0", "second": "print('never')"}.items()
    ]
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        run_notebooks(steps)
    assert kernels_below(psutil.Process()) == []


def test_what_a_notebook_leaves_open_is_written_when_its_kernel_ends(tmp_path):
    cell = f"held = [open({str(tmp_path / 'rows.csv')!r}, 'w')]; held.append(held)"
    also = f"import atexit; atexit.register(open({str(tmp_path / 'bye.txt')!r}, 'w').write, 'bye')"
    run(write_notebook(tmp_path, "n = 1", cell, "_ = held[0].write('one row')", also))
    assert (tmp_path / "rows.csv").read_text() == "one row"
    assert (tmp_path / "bye.txt").read_text() == "bye"


def test_what_kernels_need_to_be_reached_is_removed_when_a_notebook_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        run(write_notebook(tmp_path, "n = 1", "1 / 0"))
    assert [file.name for file in tmp_path.glob("**/*.json")] == []


def test_a_kernel_that_cannot_start_is_said_with_its_own_words(tmp_path):
    broken = "import os, sys\nif 'FULFILLTOOLS_WARM' in os.environ: sys.exit('no kernel today')"
    (tmp_path / "sitecustomize.py").write_text(broken)
    environment = {"PYTHONPATH": str(tmp_path)}
    with pytest.raises(NotebookError, match=r"probe did not start, because .*: no kernel today"):
        run(write_notebook(tmp_path, "n = 1"), environment=environment)


def test_no_module_of_the_folder_stands_for_one_of_pythons_own(tmp_path, monkeypatch):
    (tmp_path / "calendar.py").write_text("raise ImportError('the shop calendar')")
    monkeypatch.chdir(tmp_path)
    assert run(write_notebook(tmp_path, "n = 1", "print(n)")) == "1\n"


def test_a_process_that_dies_before_it_reads_its_job_is_said(tmp_path, monkeypatch):
    (tmp_path / "psutil.py").write_text("import os; os._exit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotebookError, match="probe stopped: its process ended with status 9"):
        run(write_notebook(tmp_path, "n = 1"))


def test_a_process_that_nobody_reaps_is_not_waited_for():
    program = "import os, time; os.fork() or time.sleep(60); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        while not psutil.Process(process.pid).children():
            time.sleep(0.01)
        started = time.monotonic()
        end_family(process.pid)  # nobody reaps ours until we leave the block
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert time.monotonic() - started < GRACE_SECONDS / 2


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_when_the_command_is_killed_while_a_kernel_hangs_all_end_at_once(tmp_path, seconds):
    (tmp_path / "temporary").mkdir()
    hanging = "import os, time\nif 'FULFILLTOOLS_WARM' in os.environ: time.sleep(100)"
    (tmp_path / "sitecustomize.py").write_text(hanging)
    program = "import time; from fulfilltools.notebooks import runner\n"
    program += "with runner() as ready: ready.prepare({}); time.sleep(60)"
    environment = {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path / "temporary")}
    environment = os.environ | environment
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as command:
        above = psutil.Process(command.pid)
        while not above.children():
            time.sleep(0.01)
        time.sleep(seconds)  # the process that runs papermill begins, or waits for the kernel
        family = above.children(recursive=True)
        os.kill(command.pid, signal.SIGKILL)
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert list((tmp_path / "temporary").iterdir()) == []
