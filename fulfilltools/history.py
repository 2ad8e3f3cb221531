"""Runs compared: what is new, cleared, changed and still there; and all runs together.

A finding is the same one when order and fulfillment order are the same. Shopify replaces a
fulfillment order that is moved or split, so such an order shows as cleared and new. Runs are
read one by one and only as far back as needed; one that cannot be read is left out of series
and named in `runs_table`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas import DataFrame, Index, MultiIndex, Series

from fulfilltools.errors import RunError
from fulfilltools.findings import CONTRACT
from fulfilltools.texts import marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FIRST_RUN = marked("This is the first run of this shop, so there is nothing to compare with.")
DIFFERENT = marked("Compare with care: {0} differs from the last run ({1} then, {2} now).")
UNREADABLE = marked("This run's summary cannot be read.")
INCOMPLETE = marked("Compare with care: {0} did not receive every order.")

RUN_ID = "%Y-%m-%dT%H-%M-%SZ"
MOST_RUNS, ALL_RUNS = 60, 1_000_000
"""How far back a report looks for series and for when something was first seen."""

_COMPARED = {
    "shop": marked("the shop"),
    "api_version_answered": marked("the API version"),
    "scopes_granted": marked("the set of granted scopes"),
}


STAY_COLUMNS = (
    *("order", "order_id", "fulfillment_order_id", "cause", "owner"),
    *("since", "until", "hours", "ended"),
)


@dataclass(frozen=True)
class Snapshot:
    """One run as it is compared: its findings and how they were fetched."""

    run_id: str
    findings: DataFrame
    fetch: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What one run differs in from the run before; rows are findings.

    `changed` holds today's rows with `cause_before` and `severity_before` beside them.
    """

    previous: str | None
    new: DataFrame
    cleared: DataFrame
    changed: DataFrame
    recurring: int
    note: str | None

    @property
    def comparable(self) -> bool:
        """Whether the two runs saw the shop through the same eyes."""
        return self.note is None


def load(folder: Path) -> Snapshot:
    """Read a finished run's snapshot from its `findings.json` and `summary.json`."""
    try:
        rows = json.loads((folder / "findings.json").read_text("utf-8"))
        facts = json.loads((folder / "summary.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"The run {folder.name} cannot be read for comparison. Run again without it, or "
            "delete that folder."
        ) from error
    return Snapshot(facts["run_id"], DataFrame(rows, columns=list(CONTRACT)), facts["fetch"])


def compare(now: Snapshot, before: Snapshot | None) -> Changes:
    """Tell what is new, cleared, changed and recurring since `before` (None: first run)."""
    if before is None:
        nothing = now.findings.iloc[:0]
        return Changes(None, nothing, nothing, nothing, 0, FIRST_RUN)
    today, earlier = _by_id(now.findings), _by_id(before.findings)
    in_both = today.index.intersection(earlier.index)
    then = earlier.loc[in_both, ["cause", "severity"]].add_suffix("_before")
    kept = today.loc[in_both].join(then)
    moved = (kept["cause"] != kept["cause_before"]) | (kept["severity"] != kept["severity_before"])
    return Changes(
        previous=before.run_id,
        new=today.loc[_order_kept(today.index, in_both)].reset_index(drop=True),
        cleared=earlier.loc[_order_kept(earlier.index, in_both)].reset_index(drop=True),
        changed=kept.loc[moved].reset_index(drop=True),
        recurring=int((~moved).sum()),
        note=difference(now.fetch, before.fetch),
    )


def _by_id(findings: DataFrame) -> DataFrame:
    keys = _keys(findings)
    return findings.set_axis(keys, axis="index").loc[lambda rows: ~rows.index.duplicated()]


def _keys(findings: DataFrame) -> MultiIndex:
    units = findings["fulfillment_order_id"].astype(object)
    return MultiIndex.from_arrays(
        [findings["order_id"].astype(object), units.where(units.notna(), "")]
    )


def _order_kept(index: Index, without: Index) -> Any:  # noqa: ANN401 (a numpy mask)
    return ~index.isin(without)


def difference(now: Mapping[str, Any], before: Mapping[str, Any]) -> str | None:
    """Say the first reason for which the two runs may not be held side by side."""
    for key, what in _COMPARED.items():
        if _plain(now.get(key)) != _plain(before.get(key)):
            return DIFFERENT.format(what, _plain(before.get(key)), _plain(now.get(key)))
    for fetch, which in ((now, marked("this run")), (before, marked("the last run"))):
        if not fetch.get("complete", True):
            return INCOMPLETE.format(which)
    return None


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple, set)):
        return ", ".join(sorted(map(str, value))) or marked("none")
    return marked("unknown") if value is None else str(value)


@dataclass(frozen=True)
class Past:
    """The shop's runs before one, newest first; `home` is the shop's folder of runs."""

    home: Path | None = None
    before: str | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders of the earlier runs that have a report."""
        found = sorted(self.home.glob("[0-9]*Z/summary.json"), reverse=True) if self.home else []
        return [
            file.parent for file in found if self.before is None or file.parent.name < self.before
        ]

    def summaries(self, most: int = MOST_RUNS) -> list[dict[str, Any]]:
        """Read the earlier summaries that can be read."""
        read = (_summary(folder) for folder in islice(self.folders, most))
        return [one for one in read if one is not None]

    def snapshots(self, most: int = MOST_RUNS) -> Iterator[Snapshot]:
        """Read the earlier runs one by one, as far back as they are asked for."""
        for folder in islice(self.folders, most):
            try:
                yield load(folder)
            except (RunError, KeyError):
                continue


def run_moment(run_id: str) -> datetime:
    """Tell the moment of a run by its name."""
    return datetime.strptime(run_id, RUN_ID).replace(tzinfo=UTC)


def first_seen(now: Snapshot, earlier: Iterable[Snapshot]) -> Series[Any]:
    """Name, for each finding, the earliest run since which it has had its cause without a break.

    `earlier` is newest first and is read only while some finding goes back further. The index
    is that of `now.findings`. Runs of another API version or other scopes end the search.
    """
    today = _by_id(now.findings)
    since = Series(now.run_id, index=today.index, dtype=object)
    going = today["cause"]
    for one in earlier:
        then = _by_id(one.findings)["cause"]
        both = going.index.intersection(then.index)
        going = going.loc[both][(going.loc[both] == then.loc[both]).to_numpy(dtype=bool)]
        if going.empty or difference(now.fetch, one.fetch):
            break
        since.loc[going.index] = one.run_id
    keys = _keys(now.findings)
    return Series(since.reindex(keys).to_numpy(), index=now.findings.index, dtype=object)


def runs_table(runs_folder: Path, shop: str) -> DataFrame:
    """Give one row per run of a shop, oldest first, indexed by its moment (UTC).

    Columns: `run_id`, `seen`, `unfulfilled`, `actionable`, `rows`, `late`, `unexplained`, `new`,
    `cleared`, `changed`, `median_hours`, `oldest_hours`, `value_SEK` ... per currency,
    `severity_high` ... and `cause_manual_late` ... in fulfillment orders, `api_version`,
    `comparable` with the run before, and `note`, which says why not. A run that cannot be read
    has nothing but its name and a note.
    """
    rows, before = [], None
    for folder in reversed(Past(runs_folder / shop).folders):
        numbers = _summary(folder)
        if numbers is None:
            rows.append({"run_id": folder.name, "note": UNREADABLE, "comparable": False})
            continue
        note = difference(numbers["fetch"], before) if before is not None else FIRST_RUN
        rows.append(_counted(numbers) | {"comparable": note is None, "note": note})
        before = numbers["fetch"]
    table = DataFrame(rows, columns=None if rows else ["run_id", "comparable", "note"])
    for name in [str(one) for one in table if str(one).startswith(("severity_", "cause_"))]:
        # A cause that is not named had no rows; of a run that cannot be read, nothing is known.
        table[name] = table[name].where(table["rows"].isna(), table[name].fillna(0)).astype("Int64")
    moments = pd.DatetimeIndex([run_moment(name) for name in table["run_id"]], name="as_of")
    return table.set_index(moments)


def stays(runs_folder: Path, shop: str) -> DataFrame:
    """Give one row per finding and stretch of runs in which it had one cause, oldest first.

    Columns: `order`, `order_id`, `fulfillment_order_id`, `cause`, `owner`, `since` and `until`
    (moments of runs; `until` is the first run without it), `hours`, `ended`: cleared, changed,
    open (it is in the newest run), or unknown (the next run saw the shop differently).
    """
    going: dict[Any, dict[Any, Any]] = {}
    done: list[dict[Any, Any]] = []
    before: Mapping[str, Any] | None = None
    for one in reversed(list(Past(runs_folder / shop).snapshots(most=ALL_RUNS))):
        moment = run_moment(one.run_id)
        is_alike = before is not None and difference(one.fetch, before) is None
        rows = _by_id(one.findings)[list(STAY_COLUMNS[:5])]
        today = dict(zip(rows.index, rows.to_dict("records"), strict=True))
        for key, stay in list(going.items()):
            there = today.get(key)
            if there is None or there["cause"] != stay["cause"]:
                ended = "cleared" if there is None else "changed"
                done.append(going.pop(key) | {"until": moment, "ended": ended})
                if not is_alike:
                    done[-1]["ended"] = "unknown"
        for key, row in today.items():
            going.setdefault(key, {**row, "since": moment, "until": None, "ended": "open"})
        before = one.fetch
    table = DataFrame([*done, *going.values()], columns=list(STAY_COLUMNS))
    for name in ("since", "until"):
        table[name] = pd.to_datetime(table[name], utc=True)
    table["hours"] = (table["until"] - table["since"]).dt.total_seconds() / 3600
    return table.sort_values(["since", "order_id", "fulfillment_order_id"], ignore_index=True)


def time_to_clear(runs_folder: Path, shop: str) -> DataFrame:
    """Tell by cause how many findings cleared and how long that took, in hours between runs.

    Columns: `cleared`, `median_hours`, `slow_hours` (nine of ten were faster), `changed` (to
    another cause), `still_open`. A finding counts as cleared by the first run without it, so
    the hours are as fine as the runs are frequent.
    """
    table = stays(runs_folder, shop)
    hours = table.loc[table["ended"] == "cleared"].groupby("cause")["hours"]
    ends = pd.crosstab(table["cause"], table["ended"]).reindex(
        columns=["cleared", "changed", "open"], fill_value=0
    )
    ends = ends.rename(columns={"open": "still_open"}).rename_axis(columns=None)
    ends.insert(1, "median_hours", hours.median())
    ends.insert(2, "slow_hours", hours.quantile(0.9))
    return ends.sort_values(["cleared", "still_open"], ascending=False, kind="stable")


def _summary(folder: Path) -> dict[str, Any] | None:
    try:
        numbers = json.loads((folder / "summary.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return numbers if isinstance(numbers, dict) and numbers.get("schema") == 1 else None


def _counted(numbers: Mapping[str, Any]) -> dict[str, Any]:
    since, ages = numbers["since_last_run"], numbers.get("age_hours") or {}
    return {
        "run_id": numbers["run_id"],
        **numbers["orders"],
        "rows": numbers["rows"],
        "late": (numbers.get("late") or {}).get("rows"),
        "unexplained": numbers["unexplained"],
        **{what: len(since[what]) for what in ("new", "cleared", "changed")},
        "median_hours": ages.get("median"),
        "oldest_hours": ages.get("oldest"),
        "api_version": numbers["api_version"],
        **{f"value_{code}": float(sum_of) for code, sum_of in numbers["value_at_risk"].items()},
        **{f"severity_{name}": rows for name, rows in numbers["by_severity"].items()},
        **{f"cause_{one['cause']}": one["rows"] for one in numbers["by_cause"]},
    }
