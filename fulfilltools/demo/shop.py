"""The demo shop at work: it takes orders and routes them to places.

Stories speak in the shop's own time: `shop.ago(3, "10:15")` is 10:15 in Stockholm, three days
before the demo's Monday.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from fulfilltools.demo.cards import Card, CardLine, Line
from fulfilltools.demo.catalog import Node, Product
from fulfilltools.demo.merchant import Order
from fulfilltools.demo.sign import AS_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

STOCKHOLM = ZoneInfo("Europe/Stockholm")
CURRENCIES = {"SE": "SEK", "NO": "NOK", "US": "USD", "JP": "JPY"}
PRESENTED = {
    "SHIPPING": "PostNord Spårbart",
    "PICK_UP": "Hämta i butik",
    "PICKUP_POINT": "Ombud",
    "LOCAL": "Bud inom Stockholm",
}


class Truth(NamedTuple):
    """Why a fulfillment order (or an order without one) is stuck: what its story was."""

    code: str
    variant: str | None = None
    story: str = ""
    without_list: str | None = None  # the code while no supplier's list has been read


@dataclass
class Shop:
    """Takes orders; remembers what its storytellers know."""

    seed: int
    as_of: datetime = AS_OF
    orders: list[Order] = field(default_factory=list)
    truth: dict[Card | Order, Truth] = field(default_factory=dict)
    look_alikes: dict[Card | Order, tuple[str, ...]] = field(default_factory=dict)
    shipped_by_supplier: list[tuple[Card, Node]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - a story, not a secret

    def knows(self, card: Card, code: str, variant: str | None = None, **more: str) -> None:
        """Note why one card is stuck, where an order's cards have different reasons."""
        self.truth[card] = Truth(code, variant, **more)

    def ago(self, days: int, clock: str = "10:00") -> datetime:
        """Say a moment by days before today and the clock on the wall."""
        hour, minute = map(int, clock.split(":"))
        day = self.as_of.astimezone(STOCKHOLM) - timedelta(days=days)
        return day.replace(hour=hour, minute=minute, second=0).astimezone(UTC)

    def minutes_ago(self, minutes: int) -> datetime:
        """Say a moment of this morning."""
        return self.as_of - timedelta(minutes=minutes)

    def place(
        self,
        cart: Product | Mapping[Product, int],
        at: datetime,
        method: str = "SHIPPING",
        routes: Mapping[Product, str] | None = None,
        **details: Any,  # noqa: ANN401
    ) -> Order:
        """Take an order and route its lines; nothing is paid yet."""
        wanted = {cart: 1} if isinstance(cart, Product) else cart
        lines = [Line(product, count) for product, count in wanted.items()]
        at += timedelta(seconds=self.rng.randrange(60))
        terms = self._terms(lines, method, details)
        order = Order(placed=at, lines=lines, clock=at, serial=len(self.orders) + 1, **terms)
        self.orders.append(order)
        order.note("placed", f"placed this order on {order.channel}.", "Shopify")
        for (place, kind), items in self._route(lines, method, routes or {}).items():
            cards_lines = [CardLine(line, line.quantity, line.quantity) for line in items]
            order.new_card(place, cards_lines, self._delivery(kind, order))
        return order

    def buy(self, cart: Product | Mapping[Product, int], at: datetime, **details: Any) -> Order:  # noqa: ANN401
        """Take an order that is paid at checkout, as most are."""
        return self.place(cart, at, **details).later(seconds=2).pay()

    @staticmethod
    def _terms(lines: list[Line], method: str, details: Node) -> Node:
        country = details.get("country", "SE")
        ships = method == "SHIPPING" and any(line.product.ships for line in lines)
        pos = details.get("channel") == "pos"
        found = {
            "channel": "web",
            "country": country,
            "currency": CURRENCIES.get(country, "EUR"),
            "gateway": "cash" if pos else "shopify_payments",
            "shipping": 49 if ships else 0,
            "has_address": not pos,
            "shipping_title": None if pos or not ships else PRESENTED["SHIPPING"],
        }
        return found | details

    @staticmethod
    def _route(
        lines: list[Line], method: str, routes: Mapping[Product, str]
    ) -> dict[tuple[str, str], list[Line]]:
        """Group lines as Shopify does: one card per place and kind of delivery."""
        cards: dict[tuple[str, str], list[Line]] = {}
        for line in lines:
            if line.product.fulfillable:
                by_hand = method in ("RETAIL", "PICK_UP")
                kind = method if line.product.ships or by_hand else "NONE"
                place = routes.get(line.product, line.product.home)
                cards.setdefault((place, kind), []).append(line)
        return cards

    @staticmethod
    def _delivery(kind: str, order: Order) -> Node:
        latest = order.placed + timedelta(days=5) if kind in ("SHIPPING", "LOCAL") else None
        return {
            "methodType": kind,
            "presentedName": PRESENTED.get(kind),
            "serviceCode": "pn-tracked" if kind == "SHIPPING" else None,
            "maxDeliveryDateTime": latest,
        }
