"""Run a program in processes of its own, and say what each took.

A process's peak memory starts at that of the process it was forked from. So each is started
by a bare Python (this file, run as a program), and not by the benchmarks themselves.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUNS = 3


@dataclass(frozen=True)
class Measured:
    """Several runs of one program: what each took, and what the last printed."""

    walls: list[float]
    cpus: list[float]
    """User and system seconds of the process and of all that it started."""
    peaks: list[float]
    """Most memory of a single process at once, in MB."""
    output: str

    @property
    def seconds(self) -> float:
        """The median of seconds from start to end."""
        return statistics.median(self.walls)

    @property
    def fastest(self) -> float:
        """Seconds of the run that nothing held up."""
        return min(self.walls)

    @property
    def memory(self) -> float:
        """The median of peaks, in MB."""
        return statistics.median(self.peaks)

    def times(self, baseline: Measured) -> float:
        """Compare run by run with a baseline that ran in turn: the median ratio."""
        pairs = zip(self.walls, baseline.walls, strict=True)
        return statistics.median(own / other for own, other in pairs)

    def times_cpu(self, baseline: Measured) -> float:
        """Compare processor seconds with a baseline that ran in turn."""
        pairs = zip(self.cpus, baseline.cpus, strict=True)
        return statistics.median(own / other for own, other in pairs)


def python(program: str, *arguments: str) -> list[str]:
    """Give the command that runs a program text in a Python of its own."""
    return [sys.executable, "-c", program, *arguments]


def measured(command: Sequence[str], runs: int = RUNS) -> Measured:
    """Run a command several times. Raises CalledProcessError when it fails."""
    return in_turn(command, runs=runs)[0]


def in_turn(
    *commands: Sequence[str], runs: int = RUNS, before: Callable[[], None] | None = None
) -> list[Measured]:
    """Run commands A B A B ..., so that the machine's drift meets all of them alike.

    `before` is called before each command.
    """
    done: list[list[tuple[dict[str, float], str]]] = [[] for _ in commands]
    for _ in range(runs):
        for command, runs_of_it in zip(commands, done, strict=True):
            if before:
                before()
            runs_of_it.append(_run(command))
    return [
        Measured(
            walls=[took["wall"] for took, _ in each],
            cpus=[took["cpu"] for took, _ in each],
            peaks=[took["peak"] for took, _ in each],
            output=each[-1][1],
        )
        for each in done
    ]


def _run(command: Sequence[str]) -> tuple[dict[str, float], str]:
    with tempfile.NamedTemporaryFile("r") as took, tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__, took.name, *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
        if done.returncode:
            errors.seek(0)
            print(errors.read(), file=sys.stderr)
            done.check_returncode()
        return json.load(took), done.stdout


def _time(took: str, command: list[str]) -> int:
    """Run the command as our child; write what it took into a file."""
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    with open(took, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would weigh
        json.dump(
            {
                "wall": wall,
                "cpu": used.ru_utime + used.ru_stime,
                "peak": used.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2),
            },
            file,
        )
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_time(sys.argv[1], sys.argv[2:]))
