"""One large backlog, cut between orders and diagnosed part by part on a cluster.

The parts go and come as Parquet files in a folder that all machines see. All rows of an order
stay together, because the root cause of an order is the lowest of its rows; whatever needs the
whole shop is a column already, computed with the tables.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fulfilltools import cluster, diagnosis
from fulfilltools.cause import Causes
from fulfilltools.causes import BY_CODE
from fulfilltools.errors import CauseError, ClusterError, SettingsError
from fulfilltools.findings import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from fulfilltools.cause import Cause
    from fulfilltools.cluster import Cluster
    from fulfilltools.diagnosis import Diagnosis

ROWS_VARIABLE = "FULFILLTOOLS_PART_ROWS"
MOST_ROWS = 25_000
"""Of a part. A backlog that has no more is not cut, because that takes a second or two."""


def diagnose(
    backlog: pd.DataFrame,
    *,
    address: str,
    as_of: datetime,
    causes: Sequence[Cause],
    zone: str,
    language: str,
    folder: Path,
) -> Diagnosis:
    """Do what `diagnosis.diagnose` does, row for row, on the cluster at an address.

    `folder` is the run's, which every worker must see. Raises ClusterError and SettingsError
    as `cluster.reached`, and CauseError also for a cause that looks at other orders' rows.
    """
    places = cut(backlog["order_id"], rows_of_a_part())
    if len(places) <= 1:
        return diagnosis.diagnose(
            backlog, as_of=as_of, causes=causes, zone=zone, language=language, folder=folder
        )
    asked = diagnosis.asked_about(backlog, causes)
    with cluster.reached(address, folder) as workers:
        _ask(workers, backlog, places, asked, (zone, language))
        answers, findings = _join(workers.folder, backlog, places)
    for made in _own(asked):
        _check_alone(made, backlog, answers)
    return diagnosis.Diagnosis(
        backlog, answers, findings, as_of, language, Causes(causes), zone, folder
    )


def rows_of_a_part() -> int:
    """Say how many rows a part has at most, as it is set. Raises SettingsError."""
    given = os.environ.get(ROWS_VARIABLE) or str(MOST_ROWS)
    if not given.isdecimal() or int(given) < 1:
        raise SettingsError(f"{ROWS_VARIABLE} is {given!r}. Give a number of rows, such as 25000.")
    return int(given)


def cut(orders: pd.Series[str], most: int) -> list[np.ndarray]:
    """Cut rows between orders: the places of each part's rows.

    A part has `most` rows at most, unless one order alone has more. Every row is in one part,
    the rows of a part keep their order, and orders stay in the order of their first rows.
    """
    numbers, _ = pd.factorize(orders, use_na_sentinel=False)
    parts, rows = [0] * (int(numbers.max(initial=-1)) + 1), 0
    part = 0
    for number, size in enumerate(np.bincount(numbers)):
        if rows and rows + size > most:
            part, rows = part + 1, 0
        parts[number], rows = part, rows + int(size)
    part_of_row = np.asarray(parts, dtype=int)[numbers]
    return [np.flatnonzero(part_of_row == one) for one in range(part + 1)]


def diagnose_part(
    folder: Path, number: int, codes: Sequence[str], own: Sequence[Cause], told: tuple[str, str]
) -> int:
    """Diagnose a part where it is read and written; say how many rows it has.

    Runs on a worker, perhaps twice: its files are moved into place whole.
    """
    causes = {made.code: made for made in own}
    asked = [causes.get(code) or BY_CODE[code] for code in codes]
    answers, findings = diagnosis.explain(_read(folder, number, "backlog"), asked, *told)
    for name, rows in (("answers", answers), ("findings", findings)):
        aside = folder / f".{uuid.uuid4()}"
        rows.to_parquet(aside)
        aside.replace(_file(folder, number, name))
    return len(findings)


def _ask(
    workers: Cluster,
    backlog: pd.DataFrame,
    places: Sequence[np.ndarray],
    asked: Sequence[Cause],
    told: tuple[str, str],
) -> None:
    """Have every part diagnosed, and see that none lost a row."""
    codes, own = [made.code for made in asked], _own(asked)
    waiting = {}
    for number, rows in enumerate(places):
        backlog.iloc[rows].to_parquet(_file(workers.folder, number, "backlog"), index=False)
        what = (workers.folder, number, codes, own, told)
        waiting[workers.submit(diagnose_part, *what, key=f"part-{number}")] = len(rows)
    while waiting:
        for task in workers.wait({*waiting}):
            sent, came = waiting.pop(task), cluster.outcome(task)
            if sent != came:
                raise ClusterError(f"{task.key} had {sent} rows, and {came} came back. Run again.")


def _join(
    folder: Path, backlog: pd.DataFrame, places: Sequence[np.ndarray]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the parts together as if they had never been cut."""
    answers = pd.concat(_each(folder, len(places), "answers"))
    answers.index = backlog.index[np.concatenate(places)]
    findings = pd.concat(_each(folder, len(places), "findings"), ignore_index=True)
    for name in ("also", "unknown"):  # Parquet gives arrays where there were lists
        findings[name] = findings[name].map(list)
    if sorted(findings["row_id"]) != sorted(backlog["row_id"]):
        raise ClusterError(
            f"{len(backlog)} rows were diagnosed, and {len(findings)} others came back. Run again."
        )
    return answers.loc[backlog.index], worst_first(findings)


def _each(folder: Path, parts: int, name: str) -> Iterator[pd.DataFrame]:
    return (_read(folder, number, name) for number in range(parts))


def _read(folder: Path, number: int, name: str) -> pd.DataFrame:
    return pd.read_parquet(_file(folder, number, name), dtype_backend="numpy_nullable")


def _file(folder: Path, number: int, name: str) -> Path:
    return folder / f"{number}.{name}.parquet"


def _own(asked: Sequence[Cause]) -> list[Cause]:
    """List the causes that only this machine has; they travel as code, ours by name."""
    return [made for made in asked if BY_CODE.get(made.code) is not made]


def _check_alone(made: Cause, backlog: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Refuse a cause of one's own that answers differently once other orders are elsewhere."""
    if not made.answer(backlog).hits.equals(answers[made.code]):
        raise CauseError(
            f"{made.code} looks at rows of other orders, so a cluster, which cuts between orders, "
            "changes its answers. Let it read one row, or leave --cluster out."
        )
