"""What would be otherwise: with another policy, or with a cause of one's own.

A cause is written in a notebook's cell, tried on its own examples and on a run, and saved to a
file that the scheduled run reads (`[policy] own_causes` in fulfilltools.toml).
"""

from __future__ import annotations

import inspect
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools import display, tables
from fulfilltools.causes import ORDINARY_QUEUE, chosen, load
from fulfilltools.diagnosis import diagnose
from fulfilltools.errors import CauseError
from fulfilltools.schema import backlog_of
from fulfilltools.settings import changed_policy, load_settings

if TYPE_CHECKING:
    from pandas import DataFrame

    from fulfilltools.cause import Cause
    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.runs import Run

IMPORTS = '''"""Our own causes; `own_causes` under [policy] in fulfilltools.toml names this file."""

from fulfilltools.cause import cause, known, labelled, mentions, one_of
'''


def what_if(run: Run, **changes: object) -> Diagnosis:
    """Diagnose a run anew with another policy: `ft.what_if(run, sla_business_hours=24)`.

    The keywords are those of `[policy]` in fulfilltools.toml; the run itself stays as it is.
    Raises SettingsError for a limit that does not exist or does not fit.
    """
    asked = changed_policy(load_settings().policy, changes)
    with tempfile.TemporaryDirectory() as aside:
        built = tables.build(run.raw, Path(aside), as_of=run.as_of, policy=asked)
    return diagnose(
        built.backlog,
        as_of=run.as_of,
        causes=chosen(asked.causes_off, asked.own_causes),
        zone=run.fetched.get("time_zone") or "UTC",
        folder=run.folder,
    )


@dataclass(frozen=True, repr=False)
class Trial:
    """A cause tried: whether its examples hold, and which rows of a run it is true of."""

    cause: Cause
    examples: DataFrame
    """One row per example: `kind` (hit or miss), `changed`, `answer`, `holds`."""
    rows: DataFrame
    """Findings of the rows that it is true of, with today's `cause`; worst first."""
    takes: int
    """Of how many it would be the root: those that no earlier cause explains."""
    unknown: int

    @property
    def holds(self) -> bool:
        """Whether every example is answered as it says."""
        return bool(self.examples["holds"].all())

    def __str__(self) -> str:
        failed = int((~self.examples["holds"]).sum())
        examples = (
            f"{len(self.examples)} examples hold" if self.holds else f"{failed} examples FAIL"
        )
        return (
            f"{self.cause.code}: {examples}; true of {len(self.rows)} rows, root of {self.takes}, "
            f"unknown of {self.unknown}"
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown = self.rows[["order", "cause", "location", "age_hours", "evidence"]].head(10)
        parts = [
            f"<p><b>{display.escaped(self)}</b></p>",
            display.grid(self.examples, "Its examples"),
            display.grid(shown.round({"age_hours": 1}), "Rows it is true of, by today's cause"),
        ]
        severity = "info" if self.holds else "critical"
        numbers = {"holds": self.holds, "orders": self.rows["order"].tolist(), "takes": self.takes}
        return display.bundle("trial", str(self), display.framed(parts, severity), numbers)


def try_cause(cause: Cause, diagnosis: Diagnosis) -> Trial:
    """Try a cause on its own examples, then on every row of a diagnosis.

    Raises CauseError when its answer is no answer.
    """
    hits = cause.answer(diagnosis.backlog).hits
    true = diagnosis.backlog.loc[hits.fillna(value=False), "row_id"]
    found = diagnosis.findings[diagnosis.findings["row_id"].isin(true)]
    # It is asked before the ordinary queue, as causes of one's own are.
    queue = [made.code for made in ORDINARY_QUEUE]
    return Trial(
        cause,
        _examples(cause),
        found.reset_index(drop=True),
        takes=int(found["cause"].isin(queue).sum()),
        unknown=int(hits.isna().sum()),
    )


def save_cause(cause: Cause, file: str | Path) -> Path:
    """Save a cause of a cell to a Python file, replacing an older one of the same name.

    Name the file in fulfilltools.toml (`[policy] own_causes = ["causes.py"]`) and every run asks
    it. What else the file holds stays. Raises CauseError where the source is not known, an example
    fails, or the file has no causes.
    """
    failing = _examples(cause).query("not holds")
    if len(failing):
        changed = failing["changed"].iloc[0]
        raise CauseError(f"{cause.code} answers its example wrongly: {changed}. Mend one of them.")
    target, source = Path(file), _source(cause)
    text = target.read_text("utf-8") if target.exists() else IMPORTS
    before = [one for one in load(target) if one.code == cause.code] if target.exists() else []
    older = _source(before[0]) if before else ""
    text = text.replace(older, source) if older else f"{text.rstrip()}\n\n\n{source}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _source(cause: Cause) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(cause.ask))
    except OSError as error:
        raise CauseError(
            f"The source of {cause.code} is not known. Write it in a notebook's cell or a file."
        ) from error
    return source


def _examples(cause: Cause) -> DataFrame:
    """Ask the cause about healthy rows, changed as its examples say."""
    examples = [("hit", one) for one in cause.hits] + [("miss", one) for one in cause.misses]
    answers = cause.answer(backlog_of([changes for _, changes in examples])).hits
    told = []
    for (kind, changes), given in zip(examples, answers, strict=True):
        answer = "unknown" if pd.isna(given) else "yes" if given else "no"
        changed = ", ".join(f"{name} = {value}" for name, value in changes.items())
        told.append([kind, changed, answer, (answer == "yes") == (kind == "hit")])
    return pd.DataFrame(told, columns=["kind", "changed", "answer", "holds"])
