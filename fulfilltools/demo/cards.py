"""A fulfillment order's life: the card of one location, step by step as Shopify records it.

Transitions follow recorded Admin API traffic of 2026-04 (requests, holds, moves, splits, undoing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fulfilltools.demo.catalog import PLACES, Node, Product

if TYPE_CHECKING:
    from datetime import datetime

    from fulfilltools.demo.merchant import Order

CLOSED_STATES = ("CLOSED", "CANCELLED")


@dataclass(eq=False)
class Line:
    """One order line: how many units, and what became of them."""

    product: Product
    quantity: int
    plan: str | None = None
    attributes: tuple[str, ...] = ()
    refunded: int = 0
    removed: int = 0
    unqueued: int = 0
    fulfilled: int = 0
    unknown_variant: bool = False

    @property
    def current(self) -> int:
        """Units ordered, less the refunded and the removed ones."""
        return self.quantity - self.refunded - self.removed

    @property
    def waiting(self) -> int:
        """Units that still have to be fulfilled."""
        if not self.product.fulfillable:
            return 0
        return max(self.quantity - self.removed - self.unqueued - self.fulfilled, 0)


@dataclass
class CardLine:
    """Units of one order line on one fulfillment order."""

    line: Line
    total: int
    remaining: int
    warnings: list[Node] = field(default_factory=list)


@dataclass
class Shipment:
    """One fulfillment: units that left together."""

    card: Card
    units: list[tuple[Line, int]]
    at: datetime
    status: str = "SUCCESS"
    shown: str = "FULFILLED"
    carrier: str | None = None
    tracking: str | None = None
    updated: datetime | None = None


@dataclass(eq=False)
class Card:
    """A fulfillment order: the card of one location on the order's page."""

    order: Order
    place: str
    lines: list[CardLine]
    method: Node
    created: datetime
    fulfill_at: datetime | None
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    holds: list[Node] = field(default_factory=list)
    requests: list[Node] = field(default_factory=list)
    siblings: bool = False
    fulfill_by: datetime | None = None
    external_url: str | None = None
    gone_place: str | None = None
    buttons_gone: bool = False
    data: Node = field(default_factory=dict)
    updated: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.updated = self.created

    @property
    def is_open(self) -> bool:
        """Whether units still wait on this card."""
        return self.status not in CLOSED_STATES and self.remaining > 0

    @property
    def remaining(self) -> int:
        """Units not yet fulfilled."""
        return sum(item.remaining for item in self.lines)

    @property
    def at_service(self) -> bool:
        """Whether somebody else packs it."""
        return PLACES[self.place].service is not None

    def _now(self, action: str, message: str, app: str | None = None) -> Card:
        self.updated = self.order.clock
        self.order.note(action, message, app)
        return self

    # What the merchant asks of a service, and what it answers.

    def request(self, app: str | None = "Shopify") -> Card:
        """Press "Request fulfillment" (by default Shopify presses it itself)."""
        self.request_status = "SUBMITTED"
        self.status = "OPEN"
        self._ask("FULFILLMENT_REQUEST", None, {"notify_customer": False})
        who = PLACES[self.place].name
        return self._now("fulfillment_request_sent", f"requested fulfillment from {who}.", app)

    def _ask(self, kind: str, message: str | None, options: Node) -> None:
        asked = {
            "kind": kind,
            "message": message,
            "sentAt": self.order.clock,
            "requestOptions": options,
            "responseData": None,
        }
        self.requests.append(asked)

    def _answer(self, action: str, message: str, data: Node | None = None) -> Card:
        self.requests[-1]["responseData"] = data
        return self._now(action, message, PLACES[self.place].name)

    def accept(self) -> Card:
        """Let the service take the request."""
        self.status, self.request_status = "IN_PROGRESS", "ACCEPTED"
        return self._answer("fulfillment_request_accepted", "accepted the fulfillment request.")

    def reject(self, title: str, description: str) -> Card:
        """Let the service decline, and say why in the lines' warnings."""
        self.status, self.request_status = "OPEN", "REJECTED"
        for item in self.lines:
            item.warnings = [{"title": title, "description": description}]
        reason = title.upper().replace(" ", "_")
        return self._answer(
            "fulfillment_request_rejected",
            f"declined the fulfillment request: {title}.",
            {"reason": reason},
        )

    def close_incomplete(self) -> Card:
        """Let the service give up part-way."""
        self.status, self.request_status = "INCOMPLETE", "CLOSED"
        return self._answer("fulfillment_order_closed", "closed the fulfillment order unfinished.")

    def ask_cancellation(self, message: str) -> Card:
        """Ask the service to stop."""
        self.request_status = "CANCELLATION_REQUESTED"
        self._ask("CANCELLATION_REQUEST", message, {})
        return self._now("cancellation_request_sent", "requested cancellation of the fulfillment.")

    def refuse_cancellation(self) -> Card:
        """Let the service say that it will ship anyway."""
        self.request_status = "CANCELLATION_REJECTED"
        return self._answer("cancellation_request_rejected", "declined the cancellation request.")

    def accept_cancellation(self) -> Card:
        """Let the service stop: the card closes and a new one takes its units."""
        self.status, self.request_status = "CLOSED", "CANCELLATION_ACCEPTED"
        self._answer("cancellation_request_accepted", "accepted the cancellation request.")
        return self._replace(self.place, empty=True)

    # What happens to the card itself.

    def hold(self, reason: str, notes: str | None = None, app: str | None = None) -> Card:
        """Put on hold, by an app or by a person."""
        self.status = "ON_HOLD"
        self.holds.append({"reason": reason, "reasonNotes": notes, "app": app})
        return self._now("fulfillment_held", "put the fulfillment on hold.", app)

    def release(self, app: str | None = None) -> Card:
        """Release every hold."""
        self.status, self.holds = "OPEN", []
        return self._now("fulfillment_hold_released", "released the hold.", app)

    def report_progress(self, app: str | None = None) -> Card:
        """Mark as in progress, by hand or by an app."""
        self.status = "IN_PROGRESS"
        return self._now("fulfillment_in_progress", "marked the items as in progress.", app)

    def open(self) -> Card:
        """Open: the schedule's day has come, or somebody marks it so."""
        self.status = "OPEN"
        return self._now("fulfillment_opened", "opened the fulfillment.", "Shopify")

    def move(self, place: str) -> Card:
        """Change location; shipped units stay behind on the closed card."""
        before = PLACES[self.place].name
        message = f"moved items from {before} to {PLACES[place].name}."
        self._now("fulfillment_moved", message)
        if any(item.remaining < item.total for item in self.lines):
            self.status = "CLOSED"
            return self._replace(place, empty=True)
        self.place = place
        return self

    def schedule(self, moment: datetime | None) -> Card:
        """Wait until a day (None: a day nobody has set)."""
        self.status, self.fulfill_at = "SCHEDULED", moment
        return self

    def reissue(self, place: str | None = None) -> Card:
        """`fulfillmentOrderCancel`: closed with its remainder, replaced by a new card."""
        self.status = "CLOSED"
        self._now("fulfillment_order_cancelled", "reverted the fulfillment to unfulfilled.")
        return self._replace(place or self.place)

    def _replace(self, place: str, *, empty: bool = False) -> Card:
        rest = [CardLine(i.line, i.remaining, i.remaining) for i in self.lines if i.remaining]
        for item in self.lines if empty else ():
            item.total -= item.remaining
            item.remaining = 0
        self.updated = self.order.clock
        return self.order.new_card(place, rest, self.method)

    def split(self, line: Line, units: int) -> Card:
        """Take units of a line onto a card of their own, at the same place."""
        item = self._item(line)
        item.total -= units
        item.remaining -= units
        self.lines = [i for i in self.lines if i.total]
        self.siblings = True
        part = self.order.new_card(self.place, [CardLine(line, units, units)], self.method)
        part.siblings = True
        self._now("fulfillment_split", "split the fulfillment.")
        return part

    def _item(self, line: Line) -> CardLine:
        return next(item for item in self.lines if item.line is line)

    def fulfill(
        self,
        units: dict[Line, int] | None = None,
        carrier: str | None = None,
        app: str | None = None,
        shown: str | None = None,
    ) -> Shipment:
        """Ship units (all that wait, unless told); a carrier means a tracking number."""
        gone = units or {i.line: i.remaining for i in self.lines if i.remaining}
        for line, count in gone.items():
            self._item(line).remaining -= count
            line.fulfilled += count
        if self.remaining == 0:
            self.status = "CLOSED"
        tracking = self.order.tracking_number() if carrier else None
        shipment = Shipment(self, list(gone.items()), self.order.clock)
        shipment.carrier, shipment.tracking = carrier, tracking
        shipment.shown = shown or ("FULFILLED" if carrier else "MARKED_AS_FULFILLED")
        self.order.shipments.append(shipment)
        self._now("fulfillment_success", f"fulfilled {sum(gone.values())} item(s).", app)
        return shipment

    def undo(self, shipment: Shipment, status: str, shown: str) -> Card:
        """Undo a fulfillment: it stays as cancelled or failed, a new card opens."""
        shipment.status, shipment.shown = status, shown
        shipment.updated = self.order.clock
        for line, count in shipment.units:
            self._item(line).remaining += count
            line.fulfilled -= count
        self.status = "CLOSED"
        self._now("fulfillment_cancelled", "cancelled a fulfillment.")
        return self._replace(self.place)

    def ready_for_pickup(self) -> Card:
        """Tell the customer that the parcel may be collected."""
        self.status = "IN_PROGRESS"
        units = [(i.line, i.remaining) for i in self.lines]
        ready = Shipment(self, units, self.order.clock, "OPEN", "READY_FOR_PICKUP")
        self.order.shipments.append(ready)
        return self._now("ready_for_pickup", "marked the items as ready for pickup.")

    def hand_over(self) -> Shipment:
        """Give the customer what was ready."""
        self.order.shipments.pop()
        return self.fulfill(shown="PICKED_UP")
