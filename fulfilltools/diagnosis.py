"""Every cause asked of every row: one root cause each, and all the rest kept.

The root cause of a row is the first true cause in the order of asking. What else is true is
`also`; what was asked before the root and could not be judged, for want of data, is
`unknown`: it might have been the root. Nothing is lost: rows in equal rows out, and what no
cause explains is `unexplained`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools.cause import IN_ORDER, SEVERITIES, Answer, Cause, Severity
from fulfilltools.causes import BY_CODE, CAUSES
from fulfilltools.errors import CauseError, RunError
from fulfilltools.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

LAST_RESORT = "unexplained"

FINDINGS = (
    "order",
    "order_id",
    "fulfillment_order_id",
    "cause",
    "variant",
    "also",
    "verdict",
    "severity",
    "owner",
    "proof",
    "evidence",
    "action",
    "age_hours",
    "value",
    "currency",
    "location",
    "admin_url",
)
"""The keys of findings.json, which other programs rely on (design: the command's contract)."""

_TWICE = 2
_DAY = 24


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    `backlog` has one row per open fulfillment order (columns: schema.csv). `findings` has the
    same rows, worst first, with FINDINGS' columns and `title`, `unknown`, `created_at`,
    `row_id`. `answers` has a row per backlog row and a nullable boolean column per cause.
    """

    backlog: pd.DataFrame
    answers: pd.DataFrame
    findings: pd.DataFrame
    as_of: datetime

    @property
    def unknown(self) -> pd.Series[int]:
        """Per cause, of how many rows it might have been the root, had there been data."""
        codes = self.findings["unknown"].explode().dropna()
        return codes.value_counts()

    @property
    def unexplained(self) -> int:
        """How many rows no cause explains."""
        return int((self.findings["cause"] == LAST_RESORT).sum())

    def order(self, name: str) -> pd.DataFrame:
        """Give the findings of one order by its name, with or without the number sign."""
        wanted = name if name.startswith("#") else f"#{name}"
        return self.findings[self.findings["order"].isin([name, wanted])]

    def save(self, folder: Path) -> None:
        """Write findings.parquet and answers.parquet beside the backlog."""
        self.findings.to_parquet(folder / "findings.parquet", index=False)
        self.answers.to_parquet(folder / "answers.parquet", index=False)

    def _repr_html_(self) -> str:
        shown = self.findings[["order", "severity", "cause", "evidence", "action"]].head(20)
        return f"<p>{self}</p>{shown.to_html(index=False)}"

    def __str__(self) -> str:
        acting = (~self.findings["verdict"].isin([str(one) for one in IN_ORDER])).sum()
        return f"{len(self.findings)} rows, {acting} need action, {self.unexplained} unexplained"

    __repr__ = __str__


def load(folder: Path, as_of: datetime) -> Diagnosis:
    """Read the diagnosis that was saved in a run's folder. Raises RunError without one."""
    try:
        frames = {
            name: pd.read_parquet(folder / f"{name}.parquet", dtype_backend="numpy_nullable")
            for name in ("backlog", "answers", "findings")
        }
    except FileNotFoundError as error:
        raise RunError(
            f"{folder} has no {Path(error.filename or '').name}. Run 2_diagnose_causes on it first."
        ) from error
    return Diagnosis(**frames, as_of=as_of)


def diagnose(
    backlog: pd.DataFrame,
    *,
    as_of: datetime,
    causes: Sequence[Cause] = CAUSES,
    zone: str = "UTC",
) -> Diagnosis:
    """Ask every cause about every row of the backlog.

    `as_of` is the moment the backlog's ages are measured to, `zone` the IANA time zone that
    evidence is told in. Causes are asked in the order given. Raises CauseError when a cause
    fails or answers what is no answer.
    """
    given = {made.code: _ask(made, backlog) for made in causes}
    answers = pd.DataFrame(
        {code: answer.hits for code, answer in given.items()}, index=backlog.index
    )
    variants = {code: answer.variant for code, answer in given.items()}
    root = _first_true(answers)
    findings = _findings(
        backlog, answers, variants, root, {made.code: made for made in causes}, zone
    )
    return Diagnosis(backlog, answers, findings, as_of)


def _ask(made: Cause, backlog: pd.DataFrame) -> Answer:
    try:
        return made.answer(backlog)
    except CauseError:
        raise
    except Exception as error:
        raise CauseError(f"The cause {made.code} failed: {error}. Mend its function.") from error


def _first_true(answers: pd.DataFrame) -> pd.Series[str]:
    """Name the first true column of each row, LAST_RESORT where there is none."""
    true = answers.fillna(value=False).astype(bool)
    first = true.idxmax(axis="columns") if len(true) else pd.Series([], dtype="string")
    return first.where(true.any(axis="columns"), LAST_RESORT).astype("string")


def _findings(
    backlog: pd.DataFrame,
    answers: pd.DataFrame,
    variants: dict[str, pd.Series[Any] | None],
    root: pd.Series[str],
    causes: dict[str, Cause],
    zone: str,
) -> pd.DataFrame:
    variant = _of_root(variants, root)
    told = pd.DataFrame.from_records(
        [
            _told(causes.get(code, BY_CODE[LAST_RESORT]), label, row, zone)
            for code, label, row in zip(root, variant, backlog.to_dict("records"), strict=True)
        ],
        columns=list(_TOLD),
        index=backlog.index,
    ).astype("string")
    findings = pd.DataFrame(
        {
            "order": backlog["order_name"],
            "order_id": backlog["order_id"],
            "fulfillment_order_id": backlog["fulfillment_order_id"],
            "cause": root,
            "variant": variant,
            "also": _names(answers.fillna(value=False), root, before=False),
            "unknown": _names(answers.isna(), root, before=True),
            **told,
            **backlog[
                ["age_hours", "value", "currency", "location", "admin_url", "created_at", "row_id"]
            ],
        },
        index=backlog.index,
    )
    return _worst_first(findings)


def _of_root(variants: dict[str, pd.Series[Any] | None], root: pd.Series[str]) -> pd.Series[Any]:
    chosen = pd.Series(pd.NA, index=root.index, dtype="string")
    for code, variant in variants.items():
        if variant is not None:
            chosen = chosen.mask(root == code, variant)
    return chosen


def _names(flags: pd.DataFrame, root: pd.Series[str], *, before: bool) -> pd.Series[Any]:
    """List, row by row, the columns that are true: those before the root, or all but it."""
    codes = list(flags.columns)
    rank = {code: place for place, code in enumerate([*codes, LAST_RESORT])}
    matrix = flags.to_numpy(dtype=bool)
    rows = [
        [
            codes[place]
            for place in line.nonzero()[0]
            if codes[place] not in (own, LAST_RESORT) and (not before or place < rank[own])
        ]
        for line, own in zip(matrix, root, strict=True)
    ]
    return pd.Series(rows, index=flags.index, dtype=object)


_TOLD = ("title", "verdict", "severity", "owner", "proof", "evidence", "action")


def _told(made: Cause, label: str | None, row: Mapping[Any, Any], zone: str) -> tuple[str, ...]:
    cause = made.as_variant(label) if isinstance(label, str) else made
    evidence = sentence(cause.evidence, row, zone)
    severity = _severity(cause, row)
    return (
        cause.title,
        cause.verdict,
        severity,
        cause.owner,
        cause.proof,
        evidence,
        cause.action,
    )


def _severity(made: Cause, row: Mapping[Any, Any]) -> Severity:
    """Raise the severity of what waits far too long, lower that of what costs nothing."""
    if made.verdict in IN_ORDER:
        return made.severity
    step = 0
    age, sla, deadline = row["business_age_hours"], row["sla_hours"], row["hours_to_deadline"]
    if (pd.notna(age) and pd.notna(sla) and age > _TWICE * sla) or (
        pd.notna(deadline) and deadline < _DAY
    ):
        step += 1
    if pd.notna(row["total"]) and row["total"] == 0:
        step -= 1
    place = SEVERITIES.index(made.severity) + step
    return SEVERITIES[min(max(place, 0), len(SEVERITIES) - 1)]


def _worst_first(findings: pd.DataFrame) -> pd.DataFrame:
    rank = findings["severity"].map({str(one): place for place, one in enumerate(SEVERITIES)})
    by = findings.assign(_rank=rank).sort_values(
        ["_rank", "value", "age_hours", "row_id"], ascending=[False, False, False, True]
    )
    return by.drop(columns="_rank").reset_index(drop=True)
