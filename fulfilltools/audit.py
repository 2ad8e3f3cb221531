"""What the shop's own history says of its settings: samples, both sides, what would change.

Shopify's Admin API tells none of these settings: whether orders are fulfilled automatically,
whether services are asked automatically, when money is captured, what the point of sale does. The
run's tables of norms (sql/6_norms.sql) show them by what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools import display
from fulfilltools.tables import NORM_SAMPLE
from fulfilltools.timeline import each
from fulfilltools.wording import counted, duration, number, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from fulfilltools.steps import Run

COLUMNS = ("setting", "where", "found", "sample", "speaks_for", "speaks_against", "would_change")
MOST = 0.8
"""A habit is what most do: four of five."""

KINDS = {"gift_card": "gift cards", "digital": "digital goods", "physical": "things to ship"}
LATE_ANSWER_HOURS = 24
THIN, UNDECIDED = "Too few to tell", "Look again with more history."

_FULFILLING = """
    SELECT
        k.kind,
        count(*) AS orders,
        count(*) FILTER (o.fulfillment_status IN ('UNFULFILLED', 'PARTIALLY_FULFILLED')) AS open,
        count(*) FILTER (s.shipped_at IS NOT NULL) AS shipped,
        count(*) FILTER (s.app IS NOT NULL) AS by_app,
        mode(s.app ORDER BY s.app) AS app,
        quantile_cont(epoch(s.shipped_at - o.processed_at) / 3600.0, 0.5) AS usual_hours,
        count(*) FILTER (o.has_high_risk OR o.risk_recommendation <> 'ACCEPT') AS risky,
        count(*) FILTER (NOT o.fully_paid) AS unpaid,
        count(*) FILTER (c.by_hand) AS by_hand
    FROM orders o
    JOIN order_kinds k USING (order_id)
    LEFT JOIN (
        SELECT f.order_id, min(f.created_at) AS shipped_at, max(e.app) AS app
        FROM fulfillments f
        LEFT JOIN events e ON e.order_id = f.order_id AND e.action = 'fulfillment_success'
        WHERE f.status = 'SUCCESS'
        GROUP BY f.order_id
    ) s USING (order_id)
    LEFT JOIN (
        SELECT order_id, bool_or(delivery_method IN ('PICK_UP', 'LOCAL', 'PICKUP_POINT')) AS by_hand
        FROM fulfillment_orders GROUP BY order_id
    ) c USING (order_id)
    WHERE o.source_name <> 'pos' AND o.cancelled_at IS NULL AND NOT o.is_test
    GROUP BY k.kind
    ORDER BY k.kind
"""


@dataclass(frozen=True, repr=False)
class Audit:
    """One row per setting and where it holds (columns: COLUMNS); words, and `sample` counted."""

    found: DataFrame

    def about(self, setting: str) -> DataFrame:
        """Give the rows of one setting, such as "capture"."""
        rows = self.found[self.found["setting"] == setting]
        return rows.drop(columns="setting").reset_index(drop=True)

    def __str__(self) -> str:
        told = self.found.to_dict("records")
        return "\n".join(
            f"{one['setting']}, {one['where']}: {one['found']} {one['would_change']}"
            for one in told
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        named = self.found.rename(columns=lambda name: words(str(name)))
        pairs = zip(self.found["setting"], self.found["where"], strict=True)
        samples = [int(count) for count in self.found["sample"]]
        numbers = dict(zip((", ".join(pair) for pair in pairs), samples, strict=True))
        return display.bundle("audit", str(self), display.grid(named), numbers)


def audit_settings(run: Run) -> Audit:
    """Tell what a run's history says about the shop's settings; too small a sample is said."""
    told = [*_fulfilling(run), *_requests(run), *_capture(run), *_counter(run), *_answers(run)]
    found = pd.DataFrame(told, columns=list(COLUMNS))
    is_thin = found["found"].astype(str).str.startswith(THIN)
    return Audit(found.assign(would_change=found["would_change"].mask(is_thin, UNDECIDED)))


def _fulfilling(run: Run) -> Iterator[tuple[Any, ...]]:
    """Tell by what was sold whether Shopify fulfills it by itself, and whether it should."""
    norms = run.table("automation_norms").set_index("kind")
    for row in each(run.sql(_FULFILLING)):
        norm = norms.loc[row.kind] if row.kind in norms.index else None
        sample = 0 if norm is None else int(norm["sample"])
        state = None if norm is None or pd.isna(norm["auto_fulfill"]) else norm["auto_fulfill"]
        automatic = 0 if norm is None else int(norm["automatic"])
        found = f"{state or 'Not known'}: {number(automatic)} of {number(sample)} left at once."
        yield (
            *("automatic fulfillment", KINDS[row.kind], _few(sample) or _upper(found), sample),
            *(_for_automatic(row), _against_automatic(row)),
            _automatic_change(row, state),
        )


def _for_automatic(row: Any) -> str:  # noqa: ANN401 - a named tuple of _FULFILLING
    waits = "" if pd.isna(row.usual_hours) else f"; half left within {duration(row.usual_hours)}"
    return f"{counted(row.orders, 'order', 'orders')}{waits}; {number(row.open)} are open now."


def _against_automatic(row: Any) -> str:  # noqa: ANN401 - as above
    """Name what automatic fulfillment would get wrong."""
    reasons = []
    if row.by_app >= MOST * max(row.shipped, 1):
        reasons.append(f"{row.app} fulfills {row.by_app} of {row.shipped} already")
    if row.kind == "physical":
        reasons.append("parcels would be marked as sent before they leave")
    counts = ((row.risky, "risky"), (row.unpaid, "not paid in full"), (row.by_hand, "handed over"))
    reasons += [
        f"{counted(count, 'order is', 'orders are')} {what}" for count, what in counts if count
    ]
    return f"{_upper('; '.join(reasons)) or 'Nothing found'}."


def _automatic_change(row: Any, state: str | None) -> str:  # noqa: ANN401 - as above
    if state == "on":
        return "Leave it on."
    if row.kind == "physical":
        return "Leave it off: the badge would no longer say what has left."
    if row.by_app >= MOST * max(row.shipped, 1) and row.shipped:
        return f"Nothing while {row.app} works; {number(row.open)} open ones need a look at it."
    return f"Settings > General > Order processing: {number(row.open)} open ones would be done."


def _requests(run: Run) -> Iterator[tuple[Any, ...]]:
    for row in each(run.table("request_norms").sort_values("location")):
        is_automatic = row.automatic >= MOST * row.sample
        found = (
            f"{number(row.automatic)} of {number(row.sample)} requests within 2 minutes of payment."
        )
        yield (
            *("automatic requests", row.location),
            _few(row.sample) or f"{'On' if is_automatic else 'Off'}: {found}",
            row.sample,
            f"By hand, half were asked after {duration(row.usual_hours)}."
            if not is_automatic
            else "Nobody has to press a button.",
            "What is edited or cancelled soon after checkout would have gone out already.",
            "Leave it on."
            if is_automatic
            else f"Asked at once, half would leave {duration(row.usual_hours)} earlier.",
        )


def _capture(run: Run) -> Iterator[tuple[Any, ...]]:
    """Tell for each gateway when the money is taken."""
    effects = {
        "at_checkout": (
            "The money is there before work begins.",
            "Money is taken for what may not ship.",
            "",
        ),
        "on_fulfillment": (
            "Nobody pays for what is not sent.",
            "With automatic fulfillment each waits for the other.",
            "",
        ),
        "by_hand": (
            "Risky orders can be looked at first.",
            "Someone has to capture before the authorization ends.",
            "Captured at checkout or at fulfillment, none would wait for a hand.",
        ),
    }
    habits = run.table("capture_habits").sort_values(
        ["sample", "gateway", "orders", "capture_mode"], ascending=[False, True, False, True]
    )
    for row in each(habits.drop_duplicates("gateway")):
        pro, con, change = effects[row.capture_mode]
        found = (
            f"{words(row.capture_mode).capitalize()}: {number(row.orders)} of {number(row.sample)}."
        )
        is_habit = row.orders >= MOST * row.sample
        told = found if is_habit else f"Mixed; most often {words(row.capture_mode)}."
        yield (
            *("capture", row.gateway, _few(row.sample) or told, row.sample),
            *(pro, con, change or "Nothing."),
        )


def _counter(run: Run) -> Iterator[tuple[Any, ...]]:
    for row in each(run.table("pos_norms").sort_values("store")):
        is_on = row.at_once >= MOST * row.sample
        still_open = counted(row.still_open, "counter sale", "counter sales")
        found = f"{number(row.at_once)} of {number(row.sample)} counter sales were done at once."
        yield (
            *("mark as fulfilled at the counter", row.store),
            _few(row.sample) or f"{'On' if is_on else 'Off'}: {found}",
            row.sample,
            f"{still_open} open, though the goods may have gone home.",
            "Goods that are sent or collected later must not be marked.",
            _counter_change(still_open, is_on=is_on) if row.still_open else "Nothing.",
        )


def _counter_change(still_open: str, *, is_on: bool) -> str:
    if is_on:
        return f"Leave it on; find out why {still_open} stayed open."
    return f"Turned on, {still_open} would not be open."


def _answers(run: Run) -> Iterator[tuple[Any, ...]]:
    """Tell how soon services answer a request, and how soon apps write their parcels."""
    for row in each(run.table("answer_norms").sort_values("location")):
        if not row.sample:
            found = f"No answer in the timeline to {counted(row.requests, 'request', 'requests')}."
            change = "Ask it to confirm requests, or count its parcels only."
        else:
            usual, slow = duration(row.usual_hours), duration(row.slow_hours)
            found = f"Half within {usual}, 19 of 20 within {slow}."
            late = row.slow_hours > LATE_ANSWER_HOURS
            change = f"Ask about answers that take {slow}." if late else "Nothing."
        silent = row.requests - row.sample
        yield (
            *("answers of services", row.location, found, int(row.sample)),
            f"{number(row.sample)} of {number(row.requests)} requests were answered.",
            f"{number(silent)} were not.",
            change,
        )
    norms = run.table("app_norms").sort_values(["app", "vendor", "location_id"])
    for row in each(norms):
        usual, slow = duration(row.usual_hours), duration(row.slow_hours)
        found = f"Half of its parcels within {usual} of work days, 19 of 20 within {slow}."
        yield ("parcels of apps", row.app, found, row.sample, f"For {row.vendor}.", "", "Nothing.")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _few(sample: int) -> str:
    if sample >= NORM_SAMPLE:
        return ""
    return f"{THIN}: {counted(sample, 'example', 'examples')}."
