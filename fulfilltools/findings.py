"""What was found, as people read it: one row per backlog row, worst first.

A finding tells its root cause in the words of the cause (or of its variant) and the figures
of its row. Only the columns that a cause's evidence names are looked at, cause by cause.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools.cause import IN_ORDER, SEVERITIES, Cause
from fulfilltools.texts import LANGUAGE, marked, texts
from fulfilltools.wording import sentence, words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    import numpy as np

CONTRACT = (
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

_FROM_BACKLOG = {
    "order": "order_name",
    "order_id": "order_id",
    "fulfillment_order_id": "fulfillment_order_id",
    "age_hours": "age_hours",
    "value": "value",
    "currency": "currency",
    "location": "location",
    "admin_url": "admin_url",
    "created_at": "created_at",
    "row_id": "row_id",
}
_TOLD = ("title", "verdict", "severity", "owner", "proof", "evidence", "action")
_ALWAYS = ("currency", "business_day_hours", "supported_actions")
"""What telling a value or an action needs, whatever the evidence names."""

_STEPS = "severity_steps"
"""Beside the backlog's columns: how much more severe a row is than its cause."""

_FIELD = re.compile(r"\{(\w+)")

_SEVERITY_RANK = {str(one): place for place, one in enumerate(SEVERITIES)}

FAR_TOO_LONG = 2
"""Times the SLA, after which a case is one step more severe."""

DEADLINE_NEAR_HOURS = 24

NOT_OFFERED = marked("Shopify does not let you {wanted} now (only: {offered}). {action}")
NONE_OFFERED = marked("Shopify does not let you {wanted} now. {action}")


def tell(
    backlog: pd.DataFrame,
    roots: pd.DataFrame,
    causes: Mapping[str, Cause],
    zone: str,
    language: str = LANGUAGE,
) -> pd.DataFrame:
    """Tell every row of the backlog by its root, in the language of the reader.

    `roots` has the backlog's index and the columns cause, variant, because, also, unknown.
    Returns those, CONTRACT's columns, `title`, `created_at` and `row_id`; worst first, then
    the most valuable, then the oldest.
    """
    # Grouped as a whole, not looked up for each cause: rows of 150 columns are slow to take.
    rows = backlog[_named(causes.values())].assign(**{_STEPS: _steps(backlog)})
    told: dict[Hashable, tuple[str, ...]] = {}
    for (code, label), alike in rows.groupby([roots["cause"], roots["variant"].fillna("")]):
        cause = causes[str(code)].as_variant(str(label))
        told |= zip(alike.index, _tell_alike(cause, alike, zone, language), strict=True)
    findings = pd.DataFrame([*told.values()], [*told], list(_TOLD), dtype="string")
    facts = backlog[list(_FROM_BACKLOG.values())].set_axis(list(_FROM_BACKLOG), axis="columns")
    return worst_first(facts.join(roots).join(findings))


def worst_first(findings: pd.DataFrame) -> pd.DataFrame:
    """Sort findings: the most severe first, then the most valuable, then the oldest."""
    rank = findings["severity"].map(_SEVERITY_RANK)
    return (
        findings.assign(rank=rank)
        .sort_values(
            ["rank", "value", "age_hours", "row_id"], ascending=[False, False, False, True]
        )
        .drop(columns="rank")
        .reset_index(drop=True)
    )


def frequencies(names: pd.Series[Any]) -> pd.Series[int]:
    """Count each name that is not missing: the most frequent first, ties by name."""
    counts = names.value_counts(sort=False).sort_index()
    return counts.sort_values(ascending=False, kind="stable")


def by_frequency(acting: pd.DataFrame, asked: Iterable[str]) -> pd.Series[int]:
    """Count findings by cause: the most frequent first; of equals the worst, then the first asked.

    `asked` has the codes in the order of asking.
    """
    counts = acting["cause"].value_counts(sort=False)
    worst = acting["severity"].map(_SEVERITY_RANK).groupby(acting["cause"]).max()
    places = {code: place for place, code in enumerate(asked)}

    def rank(code: str) -> tuple[int, int, int, str]:
        return -counts[code], -worst[code], places.get(code, len(places)), code

    return counts.reindex(sorted(map(str, counts.index), key=rank))


def _named(causes: Iterable[Cause]) -> list[str]:
    """List the columns that telling a finding may need."""
    variants = [made.as_variant(label) for made in causes for label in ("", *made.variants)]
    named = [*_ALWAYS, *(name for made in variants for name in _FIELD.findall(made.evidence))]
    return [*dict.fromkeys(named)]


def _tell_alike(
    cause: Cause, alike: pd.DataFrame, zone: str, language: str
) -> list[tuple[str, ...]]:
    """Tell the rows that have the same cause and variant, each as _TOLD names it."""
    named = [*dict.fromkeys([*_FIELD.findall(cause.evidence), *_ALWAYS, _STEPS])]
    title = texts(language).gettext(cause.title)
    cells = (alike[name].to_numpy(object) for name in named)
    rows = (dict(zip(named, values, strict=True)) for values in zip(*cells, strict=True))
    return [
        (
            title,
            str(cause.verdict),
            _severity(cause, row[_STEPS]),
            str(cause.owner),
            str(cause.proof),
            sentence(cause.evidence, row, zone, language),
            _action(cause, row["supported_actions"], language),
        )
        for row in rows
    ]


def _steps(backlog: pd.DataFrame) -> np.ndarray:
    """One step up for what waits far too long or is due, one down for what costs nothing."""
    too_long = backlog["business_age_hours"] > FAR_TOO_LONG * backlog["sla_hours"]
    due = backlog["hours_to_deadline"] < DEADLINE_NEAR_HOURS
    free = backlog["total"] == 0
    up, down = (one.fillna(value=False).astype(int) for one in (too_long | due, free))
    return (up - down).to_numpy()


def _severity(made: Cause, steps: int) -> str:
    if made.verdict in IN_ORDER:
        return str(made.severity)
    place = SEVERITIES.index(made.severity) + steps
    return str(SEVERITIES[min(max(place, 0), len(SEVERITIES) - 1)])


def _action(made: Cause, offered: str | None, language: str) -> str:
    """Offer only what Shopify says is possible with this fulfillment order now."""
    say = texts(language).gettext
    action = say(made.action)
    if made.needs_action is None or pd.isna(offered) or made.needs_action in offered.split(", "):
        return action
    told = say(NOT_OFFERED if offered else NONE_OFFERED)
    return told.format(
        wanted=words(made.needs_action, language), offered=words(offered, language), action=action
    )
