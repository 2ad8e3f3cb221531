"""Runs compared: what is new, cleared, changed and still there since the last run.

A finding is the same one when order and fulfillment order are the same. Shopify replaces a
fulfillment order that is moved or split, so such an order shows as cleared and new.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pandas import DataFrame, Index, MultiIndex

from fulfilltools.errors import RunError
from fulfilltools.findings import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST_RUN = "This is the first run of this shop, so there is nothing to compare with."
DIFFERENT = "Compare with care: {what} differs from the last run ({before} then, {now} now)."
INCOMPLETE = "Compare with care: {which} did not receive every order."

_COMPARED = {
    "shop": "the shop",
    "api_version_answered": "the API version",
    "scopes_granted": "the set of granted scopes",
}


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
        note=_difference(now.fetch, before.fetch),
    )


def _by_id(findings: DataFrame) -> DataFrame:
    units = findings["fulfillment_order_id"].astype(object)
    units = units.where(units.notna(), "")
    keys = MultiIndex.from_arrays([findings["order_id"].astype(object), units])
    return findings.set_axis(keys, axis="index").loc[lambda rows: ~rows.index.duplicated()]


def _order_kept(index: Index, without: Index) -> Any:  # noqa: ANN401 (a numpy mask)
    return ~index.isin(without)


def _difference(now: Mapping[str, Any], before: Mapping[str, Any]) -> str | None:
    """Say the first reason for which the two runs may not be held side by side."""
    for key, what in _COMPARED.items():
        if _plain(now.get(key)) != _plain(before.get(key)):
            return DIFFERENT.format(
                what=what, before=_plain(before.get(key)), now=_plain(now.get(key))
            )
    for fetch, which in ((now, "this run"), (before, "the last run")):
        if not fetch.get("complete", True):
            return INCOMPLETE.format(which=which)
    return None


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple, set)):
        return ", ".join(sorted(map(str, value))) or "none"
    return "unknown" if value is None else str(value)
