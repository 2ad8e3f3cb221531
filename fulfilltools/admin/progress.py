"""Shows how a fetch goes on: a bar in a terminal, a line in JupyterLab, nothing in a log.

FULFILLTOOLS_PROGRESS=0 keeps it silent; the path of a terminal shows the bar there, which is
how `fulfilltools run` shows what happens in its notebooks.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTEBOOK_SECONDS = 0.5
"""Each update travels to the browser; twice a second is as fast as people read."""


class Progress(Protocol):
    """Told what is being fetched, how much came, how much is expected (None: unknown)."""

    def __call__(self, step: str, done: int, total: int | None, unit: str = "") -> None:
        """Tell it; amounts are counts, or `unit`s."""


def silent(step: str, done: int, total: int | None, unit: str = "") -> None:
    """Show nothing."""


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show progress to whoever watches, and clear it at the end."""
    asked = os.environ.get("FULFILLTOOLS_PROGRESS", "")
    with ExitStack() as open_until:
        if asked == "0":
            yield silent
        elif asked.startswith(os.sep) and os.path.exists(asked):  # noqa: PTH110 - a device
            terminal = open_until.enter_context(open(asked, "w", encoding="utf-8"))  # noqa: PTH123
            yield open_until.enter_context(_bar(Console(file=terminal, force_terminal=True)))
        elif _in_a_notebook():
            yield open_until.enter_context(_line()) if _is_watched() else silent
        elif sys.stderr.isatty():
            yield open_until.enter_context(_bar(Console(stderr=True)))
        else:
            yield silent


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = ("{task.description}", BarColumn(), TextColumn("{task.fields[amount]}"))
    with Bars(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int | None, unit: str = "") -> None:
            if step not in tasks:
                for old in tasks.values():
                    bars.update(old, visible=False)
                tasks[step] = bars.add_task(step, total=total, amount="")
            amount = _amount(done, total, unit)
            bars.update(tasks[step], completed=done, total=total, amount=amount)

        yield tell


@contextmanager
def _line() -> Iterator[Progress]:
    """Rewrite one line of a notebook, at most twice a second, and empty it at the end."""
    from IPython.display import display  # noqa: PLC0415 - only where a notebook runs

    shown: Any = display({"text/plain": ""}, raw=True, display_id=True)
    due = time.monotonic()

    def tell(step: str, done: int, total: int | None, unit: str = "") -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _NOTEBOOK_SECONDS
            shown.update({"text/plain": f"{step}: {_amount(done, total, unit)}"}, raw=True)

    try:
        yield tell
    finally:
        shown.update({"text/plain": ""}, raw=True)


def _amount(done: int, total: int | None, unit: str) -> str:
    """Say how much came: "1.2 MB of 3.4 MB", "244 of 610", "12 objects"."""
    amounts = [done] if total is None else [done, total]
    if unit == "bytes":
        return " of ".join(map(decimal, amounts))
    return f"{' of '.join(f'{amount:,}' for amount in amounts)} {unit}".rstrip()


def _in_a_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython() if ipython else None, "kernel")


def _is_watched() -> bool:
    """Tell a notebook that somebody has open from one that papermill or nbval runs."""
    return "JPY_SESSION_NAME" in os.environ or "VSCODE_PID" in os.environ
