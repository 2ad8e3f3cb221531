"""papermill, strict: a notebook is a function that fails loudly and ends in time.

Notebooks run in a child process, each in a kernel of its own. The child may die, hang or
lie, so the parent keeps the time, ends every process, and judges by the executed notebook:
papermill's own status says `completed` after a time-out and after a killed kernel.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from fulfilltools import errors
from fulfilltools.errors import FulfillError, NotebookError
from fulfilltools.processes import GRACE_SECONDS, end_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HOUR = 3600.0

KINDS: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float, str, list, dict)}
"""What a parameter may be, as annotations name it."""


ANSI = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Step:
    """A notebook to run, where its executed copy goes, and the parameters it is given."""

    notebook: Path
    output: Path
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's `parameters` cell."""

    default: object
    kind: type | None
    """None takes anything."""
    may_be_none: bool


def shipped_notebooks() -> Path:
    """Find the notebooks: in a checkout beside the package, else inside the wheel."""
    package = Path(__file__).parent
    inside = package / "shipped_notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def run_notebooks(
    steps: Sequence[Step],
    *,
    environment: Mapping[str, str] | None = None,
    deadline: float = 2 * HOUR,
    cell_deadline: float = HOUR,
    on_done: Callable[[str, float], None] = lambda _name, _seconds: None,
) -> dict[str, float]:
    """Run the notebooks one after the other; the seconds each took, by name.

    `deadline` is for all, `cell_deadline` for one cell, in seconds; `environment` is added
    to ours (secrets go that way, never as parameters). The executed copies stay, also of a
    failed one. Raises NotebookError, or the FulfillError that a notebook itself raised.
    """
    with runner(deadline) as ready:
        ready.prepare(environment or {})
        return ready.run(steps, cell_deadline, on_done)


@contextmanager
def runner(deadline: float = 2 * HOUR) -> Iterator[Runner]:
    """Start the process that runs papermill; leaving the `with` ends it and its kernels.

    It gets ready while the caller does other things.
    """
    with (
        tempfile.TemporaryDirectory(prefix="fulfilltools-") as folder,
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(  # noqa: S603 - ourselves
            # -P: no module of the folder we work in may stand for one of Python's own.
            [sys.executable, "-P", "-m", "fulfilltools.runner", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"},
            start_new_session=True,
        ) as process,
    ):
        started = Runner(process, log, deadline)
        timer = threading.Timer(min(deadline, threading.TIMEOUT_MAX), started.time_is_up)
        timer.start()
        try:
            yield started
            started.let_kernels_end()
        finally:
            timer.cancel()
            end_family(process.pid)
            started.hang_up()


@dataclass
class Runner:
    """The process that runs papermill, seen from ours."""

    process: subprocess.Popen[str]
    log: IO[str]
    deadline: float
    too_late: bool = False

    def prepare(self, environment: Mapping[str, str]) -> None:
        """Let the first kernel get ready, with `environment` added to ours."""
        self._tell(environment)

    def run(
        self,
        steps: Sequence[Step],
        cell_deadline: float = HOUR,
        on_done: Callable[[str, float], None] = lambda _name, _seconds: None,
    ) -> dict[str, float]:
        """Run the notebooks, once, after `prepare`; as `run_notebooks`."""
        steps = [
            Step(step.notebook, step.output, checked_parameters(step.notebook, step.parameters))
            for step in steps
        ]
        self._tell({"steps": [_plain(step) for step in steps], "cell_deadline": cell_deadline})
        try:
            return self._each(steps, on_done)
        except BaseException:
            end_family(self.process.pid)  # before the run's folder is moved and written again
            raise

    def _each(
        self, steps: Sequence[Step], on_done: Callable[[str, float], None]
    ) -> dict[str, float]:
        seconds: dict[str, float] = {}
        for step in steps:
            answer = self._answer()
            if self.too_late:
                raise NotebookError(
                    f"{step.notebook.stem} was ended: the run took longer than "
                    f"{self.deadline / 60:.3g} minutes. Give it more with --deadline, or ask for "
                    "less."
                )
            if reason := answer.get("not_started"):
                raise NotebookError(
                    f"{step.notebook.stem} did not start, because {reason}: {self._said_last()}. "
                    "Mend that, or install fulfilltools again."
                )
            _judge(step, answer)
            seconds[step.notebook.stem] = answer["seconds"]
            on_done(step.notebook.stem, answer["seconds"])
        return seconds

    def _tell(self, line: Mapping[str, object]) -> None:
        """Send a line; the pipe stays open, so that the process sees when we die."""
        stdin = cast("IO[str]", self.process.stdin)
        with suppress(BrokenPipeError):  # a process that is dead already shows in `_answer`
            stdin.write(json.dumps(dict(line)) + "\n")
            stdin.flush()

    def _answer(self) -> dict[str, Any]:
        """Wait for the next notebook's end."""
        if line := cast("IO[str]", self.process.stdout).readline():
            return dict(json.loads(line))
        status = self.process.wait()
        said = f"its process ended with status {status}: {self._said_last()}"
        return {"error": said, "seconds": 0.0}

    def _said_last(self) -> str:
        self.log.seek(0)
        return _one_line((self.log.read().strip().splitlines() or ["it said nothing"])[-1])

    def hang_up(self) -> None:
        """Close the pipe to the process, which may have died before it read what was said."""
        with suppress(BrokenPipeError):
            cast("IO[str]", self.process.stdin).close()

    def let_kernels_end(self) -> None:
        """Wait for the process; its kernels may still have something to write."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)

    def time_is_up(self) -> None:
        """End it because the deadline has come."""
        self.too_late = True
        end_family(self.process.pid)


def checked_parameters(notebook: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Fit the given values to the notebook's `parameters` cell.

    "7" becomes 7 where the cell says int, a date becomes its ISO text. Raises NotebookError
    on a name that the cell does not have and on a value that does not fit.
    """
    known = read_parameters(notebook)
    if unknown := [name for name in given if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise NotebookError(
            f"{notebook.stem} has no parameter {', '.join(map(repr, unknown))}; "
            f"it has: {', '.join(known) or 'none'}." + (f" Did you mean {near[0]}?" if near else "")
        )
    return {name: _fit(notebook, name, value, known[name]) for name, value in given.items()}


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Read the `parameters` cell as Python. Raises NotebookError when it is not literals."""
    cells = [
        cell
        for cell in _read(notebook)["cells"]
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    source = _source(cells[0]) if cells else ""
    try:
        return dict(_parameter(statement) for statement in ast.parse(source).body)
    except (SyntaxError, ValueError, TypeError) as error:
        raise NotebookError(
            f"The parameters cell of {notebook.stem} is not plain literals: {error}. "
            "Write one `name = value` a line."
        ) from error


def _parameter(statement: ast.stmt) -> tuple[str, Parameter]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            words: list[str] = []
        case ast.AnnAssign(
            target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value
        ):
            words = re.findall(r"\w+", ast.unparse(annotation))
        case _:
            raise ValueError(f"line {statement.lineno}")
    default = ast.literal_eval(value)
    named = [KINDS[word] for word in words if word in KINDS]
    kind = named[0] if named else None if default is None else type(default)
    return name, Parameter(default, kind, default is None or bool({"None", "Optional"} & {*words}))


def _fit(notebook: Path, name: str, value: object, parameter: Parameter) -> object:
    if isinstance(value, date):  # a datetime is one, too
        value = value.isoformat()
    if isinstance(value, Path):
        value = str(value)
    kind: Any = parameter.kind or Any
    try:
        adapter = TypeAdapter(
            kind | None if parameter.may_be_none else kind,
            config=ConfigDict(coerce_numbers_to_str=True),
        )
        return adapter.validate_python(value)
    except ValidationError as error:
        raise NotebookError(
            f"{notebook.stem} takes {parameter.kind.__name__ if parameter.kind else 'a value'} "
            f"as {name}, not {value!r}. Its default is {parameter.default!r}."
        ) from error


def _read(notebook: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
        content["cells"]
    except OSError as error:
        raise NotebookError(
            f"{notebook} cannot be read: {error.strerror}. Give the notebooks' folder."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookError(
            f"{notebook} is not a notebook: {error!r}. Restore it, or open it in JupyterLab."
        ) from error
    return content


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _plain(step: Step) -> dict[str, Any]:
    return {
        "notebook": str(step.notebook.resolve()),
        "output": str(step.output.resolve()),
        "parameters": step.parameters,
    }


def _judge(step: Step, answer: Mapping[str, Any]) -> None:
    """Raise what went wrong: what papermill could not run, else what the notebook shows."""
    name, error = step.notebook.stem, answer.get("error", "")
    if error and not error.startswith("PapermillExecutionError"):
        raise NotebookError(
            f"{name} stopped: {_one_line(error.splitlines()[0])}. "
            f"The executed {step.output.name}, if it is there, shows where."
        )
    code = [cell for cell in _read(step.output)["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                _raise_from(step, number, cell, output)
        if cell["execution_count"] is None and _source(cell).strip():
            raise NotebookError(
                f"{name} did not run from code cell {number} on, without an error. "
                "Run it in JupyterLab to see why."
            )


def _raise_from(
    step: Step, number: int, cell: Mapping[str, Any], output: Mapping[str, Any]
) -> NoReturn:
    name = output["ename"]
    own = getattr(errors, name, None)
    if isinstance(own, type) and issubclass(own, FulfillError):
        raise own(" ".join(output["evalue"].split()))
    traceback = ANSI.sub("", "\n".join(output["traceback"]))
    arrow = re.search(r"^-+> *\d+ *(.+)$", traceback, re.MULTILINE)
    line = arrow[1] if arrow else _source(cell).strip().splitlines()[0]
    raise NotebookError(
        f"{step.notebook.stem} stopped in code cell {number} ({line}): "
        f"{name}: {_one_line(output['evalue'])}. "
        f"The executed {step.output.name} shows where."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500].rstrip(".")
