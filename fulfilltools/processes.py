"""Processes of ours: they see our terminal, and end together with us."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import NoReturn

import psutil

GRACE_SECONDS = 10
"""Between asking a process to end and ending it."""

TICK = 0.02


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
    try:
        _wait_for(family)
    finally:  # whoever presses Ctrl-C again does not want to wait
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _wait_for(family: list[psutil.Process]) -> None:
    until = time.monotonic() + GRACE_SECONDS
    while any(map(_is_at_work, family)) and time.monotonic() < until:
        time.sleep(TICK)


def _is_at_work(process: psutil.Process) -> bool:
    """Tell whether it has not ended; in a container, one that has may stay in the list for ever."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def our_terminal() -> dict[str, str]:
    """Name the terminal we stand in, for a process that has none; nothing in a log."""
    if asked := os.environ.get("FULFILLTOOLS_PROGRESS"):
        return {"FULFILLTOOLS_PROGRESS": asked}
    is_shown = os.name == "posix" and sys.stderr.isatty()
    return {"FULFILLTOOLS_PROGRESS": os.ttyname(sys.stderr.fileno())} if is_shown else {}


def lines_from_the_parent(folder: str) -> SimpleQueue[str]:
    """Hand over the lines of our stdin; when it is closed, end our processes, and ourselves.

    The folder is the parent's, which removes it unless it was killed.
    """
    lines: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        shutil.rmtree(folder, ignore_errors=True)
        _end_at_once()

    threading.Thread(target=listen, daemon=True).start()
    return lines


def end_with_the_parent() -> None:
    """Wait until our stdin is closed; then end our processes, and ourselves."""
    sys.stdin.read()
    _end_at_once()


def _end_at_once() -> NoReturn:
    for process in psutil.Process().children(recursive=True):
        process.kill()
    os._exit(1)
