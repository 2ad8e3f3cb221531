"""What happened to one order, in order: placed, paid, routed, requested, held, shipped, and now.

Moments come from the run's tidy tables; who did it comes from the order's timeline, where one was
fetched. Shopify keeps no history of a fulfillment order, so what neither says is not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fulfilltools.errors import RunError
from fulfilltools.texts import marked
from fulfilltools.wording import ENGLISH, UNKNOWN_PLACE, Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pandas import DataFrame

COLUMNS = ("at", "what", "detail", "by", "hours_since")

EVENTS = {
    "placed": "placed",
    "sale_success": "paid",
    "capture_success": "paid",
    "authorization_success": "authorized",
    "sale_failure": "payment_failed",
    "sale_pending": "payment_pending",
    "sale_awaiting_response": "payment_pending",
    "refund_success": "refunded",
    "void_success": "voided",
    "cancelled": "cancelled",
    "closed": "archived",
    "fulfillment_request_sent": "requested",
    "cancellation_request_sent": "cancellation_requested",
    "fulfillment_request_accepted": "accepted",
    "fulfillment_request_rejected": "declined",
    "fulfillment_success": "shipped",
    "fulfillment_cancelled": "shipment_undone",
    "fulfillment_held": "held",
    "fulfillment_hold_released": "hold_released",
    "fulfillment_in_progress": "begun",
    "ready_for_pickup": "ready_for_pickup",
}
"""Actions of the timeline (Event.action), as they are told here; others as Shopify names them."""

AS_NAMED = (
    *("edited", "return_created", "dispute_opened", "authorization_expired"),
    *("fulfillment_order_cancelled", "fulfillment_order_closed", "fulfillment_split"),
    *("fulfillment_opened", "fulfillment_moved"),
    *("cancellation_request_accepted", "cancellation_request_rejected"),
)
"""Those of the others that have words in other languages, too."""

PAYMENTS = {
    ("SALE", "SUCCESS"): "paid",
    ("CAPTURE", "SUCCESS"): "paid",
    ("AUTHORIZATION", "SUCCESS"): "authorized",
    ("REFUND", "SUCCESS"): "refunded",
    ("VOID", "SUCCESS"): "voided",
}
UNFINISHED = {"PENDING": "payment_pending", "AWAITING_RESPONSE": "payment_pending"}

SAME_MINUTES = 5
"""How far a timeline's entry may be from the thing it tells of."""

AHEAD = ("opens", "promised", "deadline")


def moments(folder: Path, order_id: str, as_of: datetime, voice: Voice = ENGLISH) -> DataFrame:
    """Tell an order's moments from a run's tables, oldest first, what lies ahead last.

    Columns: `at` (UTC), `what` (a code), `detail`, `by` (an app, "staff" or "Shopify"; missing
    where no timeline says), `hours_since` the row before (missing for the first).
    """
    happened = list(_moments(folder, order_id, voice))
    told = pd.DataFrame(happened, columns=list(COLUMNS[:3])).dropna(subset="at")
    told["at"] = pd.to_datetime(told["at"], utc=True)
    told = _with_events(told.assign(by=None), rows(folder, "events", order_id=order_id))
    now = pd.DataFrame([{"at": pd.Timestamp(as_of), "what": "now", "detail": "", "by": None}])
    told = pd.concat([told.astype(object), now.astype(object)], ignore_index=True)
    # What is promised or opens later is only told while it lies ahead.
    told = told[~(told["what"].isin(AHEAD) & (told["at"] < as_of))]
    told["at"] = pd.to_datetime(told["at"], utc=True)
    told = told.drop_duplicates(["at", "what", "detail"]).sort_values("at", kind="stable")
    hours = told["at"].diff().dt.total_seconds() / 3600
    return told.assign(hours_since=hours)[list(COLUMNS)].reset_index(drop=True)


def rows(folder: Path, table: str, **equal: Any) -> DataFrame:  # noqa: ANN401 - any value of a column
    """Read those rows of a run's table whose columns equal the values, or are among them.

    Raises RunError where the run has no such table.
    """
    wanted = [
        (name, "in" if isinstance(value, (list, tuple)) else "==", value)
        for name, value in equal.items()
    ]
    try:
        return pd.read_parquet(
            folder / f"{table}.parquet", filters=wanted or None, dtype_backend="numpy_nullable"
        )
    except FileNotFoundError as error:
        raise RunError(f"{folder} has no {table}.parquet. Fetch the orders again.") from error


def _moments(folder: Path, order_id: str, voice: Voice) -> Iterator[tuple[Any, str, str]]:
    """Tell each moment that a table has; what happens at one moment is told in this order."""
    for order in each(rows(folder, "orders", order_id=order_id)):
        source = order.source_name
        told = "" if pd.isna(source) else voice.say("from {place}", place=source)
        yield order.processed_at, "placed", told
        yield order.cancelled_at, "cancelled", _lower(order.cancel_reason, voice)
        yield order.closed_at, "archived", ""
    payments = rows(folder, "transactions", order_id=order_id)
    for paid in each(payments[payments["status"].notna()]):  # an export may not say what came of it
        what = PAYMENTS.get((paid.kind, paid.status)) or UNFINISHED.get(paid.status)
        error = "" if pd.isna(paid.error_code) else f" ({_lower(paid.error_code, voice)})"
        yield paid.processed_at, what or "payment_failed", f"{_lower(paid.gateway, voice)}{error}"
    cards = rows(folder, "fulfillment_orders", order_id=order_id)
    cards = cards.sort_values("fulfillment_order_id")
    for card in each(cards):
        yield card.created_at, "routed", voice.say("to {place}", place=card.location)
        yield card.fulfill_at, "opens", voice.say("at {place}", place=card.location)
        yield card.promised_by, "promised", voice.say("from {place}", place=card.location)
        yield card.fulfill_by, "deadline", voice.say("of {place}", place=card.location)
    places = dict(zip(cards["fulfillment_order_id"], cards["location"], strict=True))
    requests = rows(folder, "merchant_requests", fulfillment_order_id=list(places) or [""])
    for asked in each(requests.sort_values("request_id")):
        is_stop = asked.kind == "CANCELLATION_REQUEST"
        what = "cancellation_requested" if is_stop else "requested"
        yield asked.sent_at, what, voice.say("of {place}", place=places[asked.fulfillment_order_id])
    parcels = rows(folder, "fulfillments", order_id=order_id)
    for parcel in each(parcels.sort_values("fulfillment_id")):
        yield from _of_parcel(parcel, voice)


def _of_parcel(parcel: Any, voice: Voice) -> Iterator[tuple[Any, str, str]]:  # noqa: ANN401 - a named tuple
    detail = _parcel(parcel, voice)
    if parcel.status == "OPEN":
        yield parcel.created_at, "ready_for_pickup", detail
        return
    yield parcel.created_at, "shipped", detail
    if parcel.status != "SUCCESS":
        yield (
            parcel.updated_at,
            "shipment_undone",
            f"{parcel.fulfillment}: {_lower(parcel.status, voice)}",
        )
    yield parcel.in_transit_at, "in_transit", str(parcel.fulfillment)
    yield parcel.delivered_at, "delivered", str(parcel.fulfillment)


def _parcel(parcel: Any, voice: Voice) -> str:  # noqa: ANN401 - as above
    """Say which parcel it was, from where and by whom; an export tells only when one left."""
    if pd.isna(parcel.fulfillment):
        return ""
    place = voice.say(UNKNOWN_PLACE) if pd.isna(parcel.location) else parcel.location
    said = {"parcel": parcel.fulfillment, "units": voice.number(parcel.units), "place": place}
    detail = voice.say("{parcel}: {units} from {place}", **said)
    if pd.isna(parcel.carrier):
        return detail
    return voice.say("{detail} by {carrier}", detail=detail, carrier=parcel.carrier)


def _with_events(told: DataFrame, events: DataFrame) -> DataFrame:
    """Add who did it to what is told already, and what only the timeline tells."""
    more = []
    for event in each(events.sort_values(["created_at", "event_id"])):
        what = EVENTS.get(event.action, event.action)
        by = (
            event.app if not pd.isna(event.app) else marked("staff") if event.by_user else "Shopify"
        )
        # Shopify attributes a buyer's payment to a user, too.
        by = None if what in PAYMENTS.values() and by == "staff" else by
        near = (told["at"] - event.created_at).abs() <= pd.Timedelta(minutes=SAME_MINUTES)
        same = told.index[near & (told["what"] == what) & told["by"].isna()]
        if len(same):
            told.loc[same[0], "by"] = by
        else:
            more.append({"at": event.created_at, "what": what, "detail": "", "by": by})
    return (
        pd.concat([told, pd.DataFrame(more, columns=list(told))], ignore_index=True)
        if more
        else told
    )


def each(frame: DataFrame) -> Iterable[Any]:
    """Give the rows one by one, their columns as attributes."""
    return frame.itertuples(index=False)


def _lower(status: object, voice: Voice) -> str:
    return "" if pd.isna(status) else voice.words(status)  # type: ignore[call-overload]
