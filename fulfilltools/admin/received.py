"""What has come so far: which orders, in which state, and what they still need asked."""

from __future__ import annotations

import gzip
import json
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    Node = dict[str, Any]

FINISHED = {"CLOSED", "CANCELLED"}
"""Fulfillment orders of these statuses wait for nothing."""


@dataclass(frozen=True)
class Seen:
    """The newest copy of an order, in short."""

    name: str
    created_at: str
    updated_at: str
    status: str
    needs_extra: bool


@dataclass
class Received:
    """Orders and fulfillment orders by id, and what is still to be asked about them."""

    granted: Collection[str]
    orders: dict[str, Seen] = field(default_factory=dict)
    fulfillment_orders: set[str] = field(default_factory=set)
    waiting_items: set[str] = field(default_factory=set)
    unfinished: deque[tuple[str, Node]] = field(default_factory=deque)

    def take_order(self, order: Node) -> str:
        """Take an order with all that is nested in it, once; return its id."""
        identity = self.note_order(order)
        if identity is not None:
            self.take_connections(order)
        return str(order["id"])

    def note_order(self, order: Node) -> str | None:
        """Remember an order's own state; None when this copy was seen already."""
        identity = str(order["id"])
        known = self.orders.get(identity)
        if known and known.updated_at >= (order.get("updatedAt") or ""):
            return None
        self.orders[identity] = Seen(
            name=order.get("name") or "",
            created_at=order.get("createdAt") or "",
            updated_at=order.get("updatedAt") or "",
            status=order.get("displayFulfillmentStatus") or "",
            needs_extra=_needs_extra(order, self.granted),
        )
        return identity

    def take_connections(self, node: Node, asked: Node | None = None) -> None:
        """Remember stock items to look up and connections that have more pages."""
        if more := _continuation(node, asked or {}):
            self.unfinished.append(more)
        for fulfillment_order in _nodes(node, "fulfillmentOrders"):
            self.fulfillment_orders.add(fulfillment_order["id"])
            self.take_connections(fulfillment_order)
        if node["__typename"] == "FulfillmentOrder" and node.get("status") not in FINISHED:
            lines = _nodes(node, "lineItems")
            self.waiting_items.update(filter(None, map(_waiting_item, lines)))

    def take_bulk(self, nodes: Iterable[Node]) -> None:
        """Take the flat nodes of a bulk result, in whatever order they come."""
        finished, waiting = set(), []
        for node in nodes:
            match node["__typename"]:
                case "Order":
                    self.note_order(node)
                case "FulfillmentOrder":
                    self.fulfillment_orders.add(node["id"])
                    finished.update([node["id"]] if node["status"] in FINISHED else [])
                case "FulfillmentOrderLineItem" if item := _waiting_item(node):
                    waiting.append((node["__parentId"], item))
        self.waiting_items.update(item for parent, item in waiting if parent not in finished)

    def take_raw(self, folder: Path) -> None:
        """Take what an earlier run of the same shop kept in its raw files."""
        for file in sorted(folder.rglob("orders.jsonl.gz")):
            for answer in _lines(file):
                for order in _nodes(answer["data"], "orders"):
                    self.take_order(order)
                for node in answer["data"].values():
                    if node and "__typename" in node:
                        self.take_connections(node)
        for file in sorted(folder.rglob("orders.bulk*.jsonl.gz")):
            self.take_bulk(_lines(file))
        self.unfinished.clear()  # its continuations stand in its files, too

    def merge(self, other: Received) -> None:
        """Take what another has, the newest copy of each order."""
        for identity, seen in other.orders.items():
            known = self.orders.get(identity)
            if known is None or known.updated_at < seen.updated_at:
                self.orders[identity] = seen
        self.fulfillment_orders |= other.fulfillment_orders
        self.waiting_items |= other.waiting_items

    def forget(self) -> None:
        """Start anew."""
        for part in (self.orders, self.fulfillment_orders, self.waiting_items, self.unfinished):
            part.clear()

    def extra_orders(self) -> list[str]:
        """List the orders whose refunds, returns or terms may explain why they wait."""
        return [identity for identity, seen in self.orders.items() if seen.needs_extra]

    def newest_change(self) -> str:
        """Return when the order that changed last did so; empty without orders."""
        return max((seen.updated_at for seen in self.orders.values()), default="")


def _lines(file: Path) -> Iterator[Node]:
    with gzip.open(file) as lines:
        yield from map(json.loads, lines)


def _nodes(node: Node, connection: str) -> list[Node]:
    return (node.get(connection) or {}).get("nodes") or []


def _waiting_item(line: Node) -> str | None:
    return line["inventoryItemId"] if line["remainingQuantity"] else None


def _continuation(node: Node, asked: Node) -> tuple[str, Node] | None:
    """Return the query for the rest of an order's or fulfillment order's connections."""
    if node["__typename"] == "Order":
        name = "order_more"
        cursors = {"afterLines": "lineItems", "afterFulfillmentOrders": "fulfillmentOrders"}
    else:
        name = "fulfillment_order_more"
        cursors = {"afterLines": "lineItems", "afterRequests": "merchantRequests"}
    pages = {
        cursor: (node.get(part) or {}).get("pageInfo") or {} for cursor, part in cursors.items()
    }
    if not any(page.get("hasNextPage") for page in pages.values()):
        return None
    # A connection at its end gives no cursor; keeping the last one keeps it from starting over.
    after = {cursor: page.get("endCursor") or asked.get(cursor) for cursor, page in pages.items()}
    return name, {"id": node["id"], **after}


def _needs_extra(order: Node, granted: Collection[str]) -> bool:
    """Tell whether refunds, returns or payment terms may explain why it is not shipped."""
    if order["displayFulfillmentStatus"] == "FULFILLED" or order["cancelledAt"]:
        return False
    buyer = (order["purchasingEntity"] or {}).get("__typename")
    on_terms = order["unpaid"] or buyer == "PurchasingCompany"
    return (
        order["returnStatus"] not in {None, "NO_RETURN"}
        or Decimal(order["totalRefundedSet"]["shopMoney"]["amount"]) > 0
        or (on_terms and "read_payment_terms" in granted)
    )
