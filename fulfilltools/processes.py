"""Processes of ours: they see our terminal, and end together with us."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import psutil

GRACE_SECONDS = 10
"""Between asking a process to end and ending it."""


def end_family(process_id: int) -> None:
    """End a process and all that it started, also what lives in sessions of its own."""
    try:
        oldest = psutil.Process(process_id)
        family = [oldest, *oldest.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(family, timeout=GRACE_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def our_terminal() -> dict[str, str]:
    """Name the terminal we stand in, for a process that has none; nothing in a log."""
    if asked := os.environ.get("FULFILLTOOLS_PROGRESS"):
        return {"FULFILLTOOLS_PROGRESS": asked}
    is_shown = os.name == "posix" and sys.stderr.isatty()
    return {"FULFILLTOOLS_PROGRESS": os.ttyname(sys.stderr.fileno())} if is_shown else {}


def end_with_the_parent() -> None:
    """Wait until our stdin is closed; then end our processes, and ourselves."""
    sys.stdin.read()
    for process in psutil.Process().children(recursive=True):
        process.kill()
    os._exit(1)
