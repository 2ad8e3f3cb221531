"""The world's records by their ids, and what one token may see of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fulfilltools.demo.world import World

Record = dict[str, Any]
Value = Any
"""Whatever a field holds: JSON, whose kind only the schema knows."""

OWN_SCOPE = "read_merchant_managed_fulfillment_orders"
SERVICE_SCOPE = "read_third_party_fulfillment_orders"
WINDOW = timedelta(days=60)
"""How far back orders are seen without read_all_orders (the type Order's description)."""


class Records:
    """All records of a world, found by id and seen through the granted scopes."""

    def __init__(self, world: World, scopes: frozenset[str], now: datetime) -> None:
        self.world = world
        self.scopes = scopes
        self._oldest = now - WINDOW
        self._by_id: dict[str, Record] = {}
        self._order_of: dict[str, Record] = {}
        roots = [world.shop, world.app_installation, *world.locations, *world.inventory_items]
        for record in roots:
            self._enter(record, None)
        for order in world.orders:
            self._enter(order, order)

    def get(self, gid: str | None) -> Record | None:
        """Return the record of an id, or None where there is none to see."""
        record = self._by_id.get(gid or "")
        return record if record is not None and self.sees(record) else None

    def order_of(self, record: Record) -> Record | None:
        """Return the order that a record belongs to."""
        return self._order_of.get(record.get("id", ""))

    def orders(self) -> list[Record]:
        """Return the orders that the token may see."""
        return [order for order in self.world.orders if self.sees(order)]

    def fulfillment_orders(self) -> list[Record]:
        """Return the fulfillment orders that the token may see."""
        return [each for order in self.orders() for each in self.seen(order["fulfillmentOrders"])]

    def seen(self, records: Iterable[Record]) -> list[Record]:
        """Drop, without a word, what the token may not see; so Shopify does."""
        return [record for record in records if self.sees(record)]

    def sees(self, record: Record) -> bool:
        """Tell whether the token may see one order or fulfillment order."""
        kind = kind_of(record)
        if kind == "FulfillmentOrder":
            location = (record.get("assignedLocation") or {}).get("location") or {}
            at_service = self.full(location).get("isFulfillmentService")
            return (SERVICE_SCOPE if at_service else OWN_SCOPE) in self.scopes
        if kind == "Order" and "read_all_orders" not in self.scopes:
            return datetime.fromisoformat(record["createdAt"]) >= self._oldest
        return True

    def full(self, record: Record) -> Record:
        """Return the fullest record known of this one's id."""
        return self._by_id.get(record.get("id", ""), record)

    def _enter(self, record: Record, order: Record | None) -> None:
        gid = record.get("id")
        if isinstance(gid, str):
            if len(record) > len(self._by_id.get(gid, ())):
                self._by_id[gid] = record
            if order is not None:
                self._order_of[gid] = order
        for child in _children(record):
            self._enter(child, order)


def kind_of(record: Record) -> str:
    """Return the type of a record, told or read from its id."""
    told = record.get("__typename")
    return str(told or str(record.get("id", "")).removeprefix("gid://shopify/").partition("/")[0])


def _children(record: Record) -> Iterator[Record]:
    for name, value in record.items():
        if name == "order":  # the way back
            continue
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, dict):
                yield each
