"""Processes of ours end together: a child with its parent, and what it started with it."""

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


def end_with_the_parent() -> None:
    """Wait until our stdin is closed; then end our processes, and ourselves."""
    sys.stdin.read()
    for process in psutil.Process().children(recursive=True):
        process.kill()
    os._exit(1)
