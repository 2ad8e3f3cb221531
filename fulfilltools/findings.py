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
    from collections.abc import Mapping

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
_WEIGHED = ("business_age_hours", "sla_hours", "hours_to_deadline", "total")
"""What makes a case more or less severe."""

_TOLD = ("title", "verdict", "severity", "owner", "proof", "evidence", "action")
_FIELD = re.compile(r"\{(\w+)")

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
    told = [
        _tell_alike(causes[str(code)].as_variant(str(label)), backlog, alike.index, zone, language)
        for (code, label), alike in roots.groupby(["cause", roots["variant"].fillna("")])
    ]
    empty = pd.DataFrame(columns=list(_TOLD))
    facts = backlog[list(_FROM_BACKLOG.values())].set_axis(list(_FROM_BACKLOG), axis="columns")
    told_all = pd.concat([empty, *told]).astype("string")
    return worst_first(facts.join(roots).join(told_all))


def worst_first(findings: pd.DataFrame) -> pd.DataFrame:
    """Sort findings: the most severe first, then the most valuable, then the oldest."""
    rank = findings["severity"].map({str(one): place for place, one in enumerate(SEVERITIES)})
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


def _tell_alike(
    cause: Cause, backlog: pd.DataFrame, alike: pd.Index[Any], zone: str, language: str
) -> pd.DataFrame:
    """Tell the rows that have the same cause and variant."""
    named = [*dict.fromkeys([*_FIELD.findall(cause.evidence), "currency", "business_day_hours"])]
    # Columns first: taking rows of all 150 columns for each cause would be most of the work.
    rows = backlog[[*dict.fromkeys([*named, *_WEIGHED, "supported_actions"])]].loc[alike]
    return pd.DataFrame(
        {
            "title": texts(language).gettext(cause.title),
            "verdict": str(cause.verdict),
            "severity": _severity(cause, rows),
            "owner": str(cause.owner),
            "proof": str(cause.proof),
            "evidence": [
                sentence(cause.evidence, dict(zip(named, row, strict=True)), zone, language)
                for row in rows[named].itertuples(index=False, name=None)
            ],
            "action": [_action(cause, offered, language) for offered in rows["supported_actions"]],
        },
        index=alike,
    )


def _severity(made: Cause, rows: pd.DataFrame) -> pd.Series[str]:
    """One step up for what waits far too long or is due, one down for what costs nothing."""
    if made.verdict in IN_ORDER:
        return pd.Series(str(made.severity), index=rows.index)
    too_long = rows["business_age_hours"] > FAR_TOO_LONG * rows["sla_hours"]
    due = rows["hours_to_deadline"] < DEADLINE_NEAR_HOURS
    up = (too_long.fillna(value=False) | due.fillna(value=False)).astype(int)
    down = (rows["total"] == 0).fillna(value=False).astype(int)
    step = (SEVERITIES.index(made.severity) + up - down).clip(0, len(SEVERITIES) - 1)
    return step.map(dict(enumerate(map(str, SEVERITIES))))


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
