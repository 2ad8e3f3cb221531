"""Every cause asked of every row: one root cause each, and all the rest kept.

The root cause of a row is the first true cause in the order of asking. What else is true is
`also`; what was asked before the root and could not be judged, for want of data, is
`unknown`: it might have been the root. Nothing is lost: rows in equal rows out, and what no
cause explains is `unexplained`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools import display, story
from fulfilltools.cause import IN_ORDER, Answer, Cause, Causes
from fulfilltools.causes import CAUSES, LAST_RESORT
from fulfilltools.errors import CauseError, RunError
from fulfilltools.findings import frequencies, tell
from fulfilltools.texts import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fulfilltools.story import Story

MOST_SHOWN = 10


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    `backlog` has one row per open fulfillment order (columns: schema.csv). `findings` has the
    same rows, worst first: the keys of findings.json (findings.CONTRACT) and `title`,
    `order_cause` (the root of its whole order), `because` (the code of the cause behind it),
    `unknown`, `created_at`, `row_id`. `answers` has a row per backlog row and a nullable
    boolean column per cause that was asked.
    """

    backlog: pd.DataFrame
    answers: pd.DataFrame
    findings: pd.DataFrame
    as_of: datetime
    language: str = LANGUAGE
    """What titles, evidence and actions are told in; codes are the same in all languages."""
    causes: Causes = field(default_factory=lambda: Causes(CAUSES), repr=False)
    """The causes that were asked, by code: `diagnosis.causes.payment_pending`."""
    zone: str = "UTC"
    """The shop's time zone, in which moments are told."""
    folder: Path | None = None
    """The run it belongs to; without one, stories have no timeline."""
    pictures: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was drawn of it so far, by plot (plots.draw)."""

    @property
    def unknown(self) -> pd.Series[int]:
        """Per cause, of how many rows it might have been the root, had there been data."""
        return frequencies(self.findings["unknown"].explode())

    @property
    def unexplained(self) -> int:
        """How many rows no cause explains."""
        return int((self.findings["cause"] == LAST_RESORT.code).sum())

    @property
    def needing_action(self) -> pd.DataFrame:
        """The findings that somebody has to act on, worst first."""
        return self.findings[~self.findings["verdict"].isin([str(one) for one in IN_ORDER])]

    def order(self, name: str | int | None = None) -> Story:
        """Tell the whole story of an order by its name; without one, of the worst that is open.

        Raises RunError, with the nearest names, when the run has no such order.
        """
        worst = self.findings["order"].head(1)
        if name is None and worst.empty:
            return story.NOTHING
        return story.tell(self, worst.iloc[0] if name is None else name)

    def __getitem__(self, name: str | int) -> Story | pd.DataFrame:
        """Give the findings of a cause by its code, or the story of an order by its name."""
        if name in self.answers or name == LAST_RESORT.code:
            return self.findings[self.findings["cause"] == name]
        return self.order(name)

    def _ipython_key_completions_(self) -> list[str]:
        return [*self.findings["order"].drop_duplicates(), *self.answers]

    def save(self, folder: Path) -> None:
        """Write findings.parquet and answers.parquet beside the backlog."""
        self.findings.to_parquet(folder / "findings.parquet", index=False)
        self.answers.to_parquet(folder / "answers.parquet", index=False)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        kinds = self.findings["cause"] + ", " + self.findings["severity"]
        columns = ["order", "severity", "cause", "evidence", "action"]
        worst = display.grid(self.findings[columns].head(MOST_SHOWN), "The worst first")
        severity = "info" if self.findings.empty else str(self.findings["severity"].iloc[0])
        numbers = {"rows": len(self.findings), "unexplained": self.unexplained}
        numbers |= {str(kind): int(rows) for kind, rows in kinds.value_counts(sort=False).items()}
        shown = display.framed([f"<p><b>{display.escaped(self)}</b></p>", worst], severity)
        return display.bundle("diagnosis", str(self), shown, numbers)

    def __str__(self) -> str:
        acting = len(self.needing_action)
        return f"{len(self.findings)} rows, {acting} need action, {self.unexplained} unexplained"

    __repr__ = __str__


def load(
    folder: Path,
    as_of: datetime,
    language: str = LANGUAGE,
    *,
    causes: Sequence[Cause] = CAUSES,
    zone: str = "UTC",
) -> Diagnosis:
    """Read the diagnosis that was saved in a run's folder. Raises RunError without one.

    `causes` are those that were asked, `zone` is the shop's time zone.
    """
    try:
        frames = {
            name: pd.read_parquet(folder / f"{name}.parquet", dtype_backend="numpy_nullable")
            for name in ("backlog", "answers", "findings")
        }
    except FileNotFoundError as error:
        raise RunError(
            f"{folder} has no {Path(error.filename or '').name}. Run 2_diagnose_causes on it first."
        ) from error
    asked = Causes(causes)
    return Diagnosis(
        **frames, as_of=as_of, language=language, causes=asked, zone=zone, folder=folder
    )


def diagnose(
    backlog: pd.DataFrame,
    *,
    as_of: datetime,
    causes: Sequence[Cause] = CAUSES,
    zone: str = "UTC",
    language: str = LANGUAGE,
    folder: Path | None = None,
) -> Diagnosis:
    """Ask every cause about every row of the backlog.

    `as_of` is the moment the backlog's ages are measured to, `zone` the IANA time zone and
    `language` the language ("en", "sv") that evidence is told in; `folder` is the run that the
    backlog is of. Causes are asked in the order given. Raises CauseError when a cause fails or
    answers what is no answer.
    """
    answers, findings = explain(backlog, asked_about(backlog, causes), zone, language)
    return Diagnosis(backlog, answers, findings, as_of, language, Causes(causes), zone, folder)


def asked_about(backlog: pd.DataFrame, causes: Sequence[Cause]) -> list[Cause]:
    """List the causes there is anything to ask about: what nobody gave is not unknown."""
    return [made for made in causes if made is not LAST_RESORT and _is_given(made, backlog)]


def explain(
    backlog: pd.DataFrame, asked: Sequence[Cause], zone: str, language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the answers and the findings of whole orders; what other orders say changes neither.

    So a backlog may be cut between orders, and each part be explained on another machine.
    """
    by_code = {made.code: made for made in (*asked, LAST_RESORT)}
    given = answered(backlog, asked)
    answers = pd.DataFrame(
        {code: answer.hits for code, answer in given.items()}, index=backlog.index
    )
    root = _first_true(answers)
    roots = pd.DataFrame(
        {
            "cause": root,
            "variant": _of_root(root, {code: one.variant for code, one in given.items()}),
            "order_cause": _of_order(root, backlog["order_id"], [*answers, LAST_RESORT.code]),
            "because": _of_root(root, {code: one.reason for code, one in given.items()}),
            "also": _others(answers.fillna(value=False), root),
            "unknown": _unjudged(answers, root),
        }
    )
    return answers, tell(backlog, roots, by_code, zone, language)


def answered(backlog: pd.DataFrame, asked: Sequence[Cause]) -> dict[str, Answer]:
    """Ask the causes, as many at once as there are processors; the answers by code.

    A cause only reads, and lets others run while it looks through a column. Raises CauseError
    when a cause fails or answers what is no answer.
    """
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        answers = threads.map(lambda made: _ask(made, backlog), asked)
        return {made.code: answer for made, answer in zip(asked, answers, strict=True)}


def _of_order(root: pd.Series[str], order: pd.Series[str], asked: list[str]) -> pd.Series[str]:
    """Give each row the cause of its whole order: the one of its rows that is asked first."""
    rank = root.map({code: place for place, code in enumerate(asked)})
    first = rank.groupby(order).transform("min")
    return first.map(dict(enumerate(asked))).astype("string")


def _is_given(made: Cause, backlog: pd.DataFrame) -> bool:
    return made.asked_with is None or bool(backlog[made.asked_with].notna().any())


def _ask(made: Cause, backlog: pd.DataFrame) -> Answer:
    try:
        return made.answer(backlog)
    except CauseError:
        raise
    except Exception as error:
        raise CauseError(f"The cause {made.code} failed: {error}. Mend its function.") from error


def _first_true(answers: pd.DataFrame) -> pd.Series[str]:
    """Name the first true cause of each row, the last resort where there is none."""
    true = answers.fillna(value=False).astype(bool).assign(**{LAST_RESORT.code: True})
    places = true.to_numpy().argmax(axis=1)
    return pd.Series(true.columns[places], index=answers.index, dtype="string")


def _of_root(root: pd.Series[str], labels: dict[str, pd.Series[Any] | None]) -> pd.Series[Any]:
    """Give each row the label that its root has for it; missing where it has none."""
    chosen = pd.Series(pd.NA, index=root.index, dtype="string")
    for code, rows in root.groupby(root):
        if (label := labels.get(str(code))) is not None:
            chosen[rows.index] = label[rows.index].astype("string")
    return chosen


def _others(true: pd.DataFrame, root: pd.Series[str]) -> pd.Series[Any]:
    """List, row by row, the true causes that are not the root."""
    return _listed(true.astype(bool).mul(true.columns.to_numpy() != root.to_numpy()[:, None]))


def _unjudged(answers: pd.DataFrame, root: pd.Series[str]) -> pd.Series[Any]:
    """List, row by row, the causes asked before the root whose answer is unknown."""
    places = {code: place for place, code in enumerate(answers.columns)}
    last = root.map(places).fillna(len(places)).to_numpy(dtype=int)
    earlier = pd.RangeIndex(len(places)).to_numpy() < last[:, None]
    return _listed(answers.isna() & earlier)


def _listed(flags: pd.DataFrame) -> pd.Series[Any]:
    codes = flags.columns.to_numpy()
    rows = [codes[line].tolist() for line in flags.to_numpy(dtype=bool)]
    return pd.Series(rows, index=flags.index, dtype=object)
