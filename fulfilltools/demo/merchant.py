"""The demo merchant: an order's life, acted out step by step as Shopify would record it.

A story calls the steps (`pay`, `hold`, `request`, `fulfill`, ...); each changes the state the way
Shopify does and writes the timeline. Nothing here knows why an order is stuck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fulfilltools.demo.cards import CLOSED_STATES, Card, CardLine, Line, Shipment

if TYPE_CHECKING:
    from fulfilltools.demo.catalog import Node, Product


@dataclass
class Payment:
    """One transaction of an order."""

    kind: str
    status: str
    gateway: str
    amount: int
    at: datetime
    error: str | None = None


@dataclass(eq=False)
class Order:
    """An order and its clock: steps happen at `clock`, which only moves on."""

    placed: datetime
    channel: str
    country: str
    lines: list[Line]
    clock: datetime
    shipping: int
    gateway: str
    serial: int
    currency: str = "SEK"
    address_check: str | None = "NO_ISSUES"
    has_address: bool = True
    shipping_title: str | None = "PostNord Spårbart"
    store: str | None = None
    tags: tuple[str, ...] = ()
    test: bool = False
    company: bool = False
    po_number: str | None = None
    confirmed: bool = True
    cards: list[Card] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    events: list[Node] = field(default_factory=list)
    refunds: list[Node] = field(default_factory=list)
    returns: list[Node] = field(default_factory=list)
    disputes: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[Node] = field(default_factory=list)
    terms: Node | None = None
    risk: Node = field(default_factory=dict)
    cancelled: datetime | None = None
    cancel_reason: str | None = None
    archived: datetime | None = None
    processed: datetime | None = None
    edited: bool = False
    expired: bool = False
    cards_hidden: bool = False
    data: Node = field(default_factory=dict)

    def note(self, action: str, message: str, app: str | None = None) -> None:
        """Write a line into the timeline."""
        self.events.append(
            {"action": action, "message": message, "app": app, "at": self.clock},
        )

    def later(self, **span: float) -> Order:
        """Let time pass."""
        self.clock += timedelta(**span)
        return self

    def until(self, moment: datetime) -> Order:
        """Let time pass until a moment."""
        self.clock = max(self.clock, moment)
        return self

    def tracking_number(self) -> str:
        """Make a parcel number that is this order's own."""
        return f"UX{self.serial:07d}{len(self.shipments):02d}SE"

    @property
    def card(self) -> Card:
        """The newest card with units left, else the newest one."""
        waiting = [card for card in self.cards if card.is_open]
        return (waiting or self.cards)[-1]

    @property
    def total(self) -> int:
        """What the customer owes in all, in kronor, after removals and refunds."""
        if self.cancelled:
            return 0
        goods = sum(line.product.price * line.quantity for line in self.lines)
        removed = sum(line.product.price * line.removed for line in self.lines)
        return goods + self.shipping - max(removed, self.paid("REFUND"))

    def paid(self, *kinds: str) -> int:
        """Sum of the successful transactions of these kinds."""
        return sum(p.amount for p in self.payments if p.kind in kinds and p.status == "SUCCESS")

    def new_card(self, place: str, lines: list[CardLine], method: Node) -> Card:
        """Open a fulfillment order, to be fulfilled from the hour on."""
        hour = self.clock.replace(minute=0, second=0)
        card = Card(self, place, lines, method, self.clock, hour)
        self.cards.append(card)
        return card

    # Money.

    def _transact(self, kind: str, amount: int, status: str = "SUCCESS", **more: Any) -> Order:  # noqa: ANN401
        self.payments.append(Payment(kind, status, self.gateway, amount, self.clock, **more))
        done = "success" if status == "SUCCESS" else status.lower()
        self.note(f"{kind.lower()}_{done}", f"{kind.lower()} of {amount} SEK on {self.gateway}.")
        return self

    def pay(self, amount: int | None = None) -> Order:
        """Pay at once: captured at checkout, or marked as paid."""
        return self._transact("SALE", self.total if amount is None else amount)

    def authorize(self) -> Order:
        """Reserve the money without taking it."""
        return self._transact("AUTHORIZATION", self.total)

    def capture(self) -> Order:
        """Take the reserved money."""
        return self._transact("CAPTURE", self.paid("AUTHORIZATION"))

    def void(self) -> Order:
        """Let the reserved money go."""
        return self._transact("VOID", self.paid("AUTHORIZATION"))

    def expire(self) -> Order:
        """Let the reservation lapse."""
        self.expired = True
        self.note("authorization_expired", "The authorization expired.", "Shopify")
        return self

    def promise(self, status: str = "PENDING") -> Order:
        """Let the buyer pay later: nothing has arrived yet."""
        return self._transact("SALE", self.total, status)

    def fail(self, error: str) -> Order:
        """Try a charge that fails."""
        return self._transact("SALE", self.total, "FAILURE", error=error)

    def refund(
        self,
        units: dict[Line, int] | None = None,
        *,
        restock: str = "CANCEL",
        amount: int | None = None,
    ) -> Order:
        """Give money back; CANCEL takes unfulfilled units off the cards, NO_RESTOCK does not."""
        rows = list((units or {}).items())
        for line, count in rows:
            line.refunded += count
            if restock == "CANCEL":
                self._take_off_the_cards(line, count)
        worth = sum(line.product.price * count for line, count in rows)
        self.refunds.append({"at": self.clock, "rows": rows, "restock": restock})
        return self._transact("REFUND", worth if amount is None else amount)

    def _take_off_the_cards(self, line: Line, count: int) -> None:
        line.unqueued += count
        for card in self.cards:
            for item in card.lines if card.is_open else ():
                gone = min(count, item.remaining) if item.line is line else 0
                item.total -= gone
                item.remaining -= gone
                count -= gone
            if card.remaining == 0 and card.status not in CLOSED_STATES:
                card.status, card.holds, card.updated = "CLOSED", [], self.clock

    # The order as a whole.

    def cancel(self, reason: str, *, refund: bool = True) -> Order:
        """Cancel: cards close with their remainder, goods go back to stock."""
        self.cancelled, self.cancel_reason = self.clock, reason
        for card in self.cards:
            if card.is_open:
                card.status, card.holds, card.updated = "CLOSED", [], self.clock
        if refund and self.paid("SALE", "CAPTURE"):
            rows = [(line, line.waiting) for line in self.lines if line.waiting]
            self.refunds.append({"at": self.clock, "rows": rows, "restock": "CANCEL"})
            self._transact("REFUND", self.paid("SALE", "CAPTURE"))
        for line in self.lines:
            line.refunded = line.quantity - line.fulfilled - line.removed
            line.unqueued += line.waiting
        self.note("cancelled", "cancelled this order.")
        return self

    def archive(self) -> Order:
        """Take the order out of the default list."""
        self.archived = self.clock
        self.note("closed", "archived this order.")
        return self

    def add(self, product: Product, quantity: int = 1, *, exchange: bool = False) -> Card:
        """Edit the order (or exchange goods): one more line, on a card of its own."""
        line = Line(product, quantity)
        self.lines.append(line)
        self.edited = self.edited or not exchange
        self.note("edited", "edited this order.")
        method = self.cards[0].method
        return self.new_card(product.home, [CardLine(line, quantity, quantity)], method)

    def remove(self, line: Line) -> Order:
        """Edit the order: take the waiting units of a line out."""
        count = line.waiting
        self._take_off_the_cards(line, count)
        line.unqueued -= count
        line.removed += count
        self.edited = True
        self.note("edited", "edited this order.")
        return self

    def ask_return(self, status: str, exchange: Product | None = None) -> Order:
        """Begin a return (REQUESTED, OPEN or CLOSED), perhaps in exchange for other goods."""
        self.returns.append({"at": self.clock, "status": status, "exchange": exchange})
        self.note("return_created", "created a return.")
        return self

    def judge(self, recommendation: str, level: str, *facts: str, app: str | None = None) -> Order:
        """Let a fraud analysis say what it thinks of the order."""
        self.risk = {"recommendation": recommendation, "level": level, "facts": facts, "app": app}
        return self

    def dispute(self, kind: str, status: str = "NEEDS_RESPONSE") -> Order:
        """Let the buyer's bank ask, or take the money back."""
        self.disputes.append((kind, status))
        self.note("dispute_opened", f"A customer opened an {kind.lower()}.", "Shopify")
        return self

    def agree_terms(self, name: str, kind: str, due: datetime | None) -> Order:
        """Let a company buy on account."""
        self.terms = {"name": name, "kind": kind, "due": due, "issued": self.clock}
        return self
