"""Ready texts that run the report every day: cron, systemd, GitHub Actions, Airflow, Jupyter.

The templates stand in `schedules/`, as text, so that no tool takes them for code of ours. Paths
are this machine's and absolute, because a scheduler knows neither the working directory nor the
PATH of whoever set it up.
"""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from fulfilltools.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["cron", "systemd", "github", "airflow", "jupyter-scheduler"]

FILES: dict[Kind, tuple[str, ...]] = {
    "cron": ("crontab",),
    "systemd": ("fulfilltools.service", "fulfilltools.timer"),
    "github": ("fulfilltools.yml",),
    "airflow": ("fulfilltools_dag.py",),
    "jupyter-scheduler": ("jupyter-scheduler.md",),
}
ENV_FILE = "fulfilltools.env"
KEEP = 60
_PLACE = re.compile(r"@([A-Z_]+)@")


@dataclass(frozen=True)
class Plan:
    """What is run where and when: a shop, from a folder, at a time of the day."""

    shop: str
    folder: Path
    runs: Path
    notebooks: Path
    hour: int = 6
    minute: int = 47
    """An odd one: everybody else's jobs start on the hour."""
    is_sent: bool = False

    @property
    def arguments(self) -> list[str]:
        """The options of `fulfilltools run`."""
        shop = ["--demo"] if self.shop == "demo" else ["--shop", self.shop]
        return [*shop, "--keep", str(KEEP), *(["--deliver"] if self.is_sent else [])]


def schedule(kind: Kind, plan: Plan) -> dict[str, str]:
    """Fill the templates of one kind of scheduler; gives texts by file name."""
    values = _values(plan)
    folder = files("fulfilltools") / "schedules"
    return {
        name: _PLACE.sub(
            lambda place: values[place[1]], (folder / f"{name}.txt").read_text("utf-8")
        )
        for name in FILES[kind]
    }


def time_of_day(text: str) -> tuple[int, int]:
    """Read a time of the day such as 06:47. Raises SettingsError."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if found is None:
        raise SettingsError(f"--at is {text!r}, which is no time of the day. Write it like 06:47.")
    return int(found[1]), int(found[2])


def _values(plan: Plan) -> dict[str, str]:
    """Write the plan's parts as each scheduler wants them quoted."""
    env_file = plan.folder / ENV_FILE
    without_shop = plan.arguments[0 if plan.shop == "demo" else 2 :]
    return {
        "ARGUMENTS": _cron(shlex.join(plan.arguments)),
        "CI_ARGUMENTS": shlex.join(without_shop),
        "ENV_FILE": _cron(shlex.quote(str(env_file))),
        "ENV_FILE_NAME": env_file.name,
        "FOLDER": _cron(shlex.quote(str(plan.folder))),
        "HOUR": f"{plan.hour:02}",
        "MINUTE": f"{plan.minute:02}",
        "NOTEBOOKS_LITERAL": repr(str(plan.notebooks)),
        "OUTPUT_LITERAL": repr(str(plan.runs / "airflow")),
        "PYTHON": _cron(shlex.quote(sys.executable)),
        "RUNS": _cron(shlex.quote(str(plan.runs))),
        "SHOP_LITERAL": repr(plan.shop),
        "SHOP_NAME": plan.shop,
        "SHOP_QUOTED": f'"{plan.shop}"',
        "UNIT_ARGUMENTS": " ".join(map(_unit, plan.arguments)),
        # These two take the rest of their line as it is; quotes would be part of the path.
        "UNIT_ENV_FILE": _specifiers(env_file),
        "UNIT_FOLDER": _specifiers(plan.folder),
        "UNIT_PYTHON": _unit(sys.executable),
    }


def _cron(text: str) -> str:
    """Keep cron from reading a percent sign as the end of the line."""
    return text.replace("%", r"\%")


def _specifiers(path: object) -> str:
    """Keep systemd from reading a percent sign as a specifier."""
    return str(path).replace("%", "%%")


def _unit(word: str) -> str:
    """Quote a word of a systemd command."""
    escaped = _specifiers(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[\s\"'\\;]", word) else escaped
