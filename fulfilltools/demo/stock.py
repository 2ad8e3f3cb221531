"""Stock on the shelves: what lies where once every order has been placed.

Committed units are the waiting units of the orders; ordinary goods always lie in plenty,
goods whose shortage is a story say themselves what is on hand.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from fulfilltools.demo.catalog import PLACES, PRODUCTS, Node, Product, gid, location_nodes

if TYPE_CHECKING:
    from fulfilltools.demo.cards import Card
    from fulfilltools.demo.shop import Shop

NAMES = ("available", "on_hand", "committed", "incoming", "reserved")
REFUSALS = {True: None, False: "No items are stocked at this location."}


class Stock:
    """Inventory items by product, and where a fulfillment order's goods also lie."""

    def __init__(self, shop: Shop, written: str) -> None:
        self.locations = location_nodes()
        self.written = written
        self.committed: dict[tuple[Product, str], int] = defaultdict(int)
        for order in shop.orders:
            for card in order.cards:
                self._commit(card)
        spare = iter(shop.rng.choices(range(25, 160), k=2000))
        numbers = count(5200001)
        self.items = {
            p: self._item(p, next(numbers), [next(spare) for _ in range(4)]) for p in PRODUCTS
        }

    def _commit(self, card: Card) -> None:
        if card.is_open:
            self.locations[card.place]["hasUnfulfilledOrders"] = True
            for item in card.lines:
                self.committed[item.line.product, card.place] += item.remaining

    def _item(self, product: Product, number: int, spare: list[int]) -> Node:
        shelves = product.stock or dict.fromkeys((product.home, *product.also_at))
        levels = [self._level(product, place, number, spare[n]) for n, place in enumerate(shelves)]
        twins = [p for p in PRODUCTS if p.sku and p.sku == product.sku]
        return {
            "id": gid("InventoryItem", number),
            "sku": product.sku,
            "tracked": product.tracked,
            "requiresShipping": product.ships,
            "duplicateSkuCount": max(len(twins) - 1, 0),
            "locationsCount": {"count": len(levels)},
            "measurement": {
                "id": gid("InventoryItemMeasurement", number),
                "weight": {"value": product.kilos, "unit": "KILOGRAMS"},
            },
            "inventoryLevels": levels,
        }

    def _level(self, product: Product, place: str, number: int, spare: int) -> Node:
        committed = self.committed[product, place] if product.tracked else 0
        on_hand = (product.stock or {}).get(place, committed + spare)
        incoming = product.incoming if place == product.home else 0
        amounts = (on_hand - committed, on_hand, committed, incoming, 0)
        location = self.locations[place]
        number_there = location["id"].rpartition("/")[2]
        return {
            "id": f"gid://shopify/InventoryLevel/{number_there}?inventory_item_id={number}",
            "isActive": PLACES[place].active,
            "location": location,
            "quantities": [
                {"name": name, "quantity": amount, "updatedAt": self.written}
                for name, amount in zip(NAMES, amounts, strict=True)
            ],
        }

    def move_targets(self, card: Card) -> list[Node]:
        """Say for every active location whether the card could move there (`locationsForMove`)."""
        return [
            self._target(card, key, node)
            for key, node in self.locations.items()
            if node["isActive"] and key != card.place and not self._gone(key)
        ]

    @staticmethod
    def _gone(key: str) -> bool:
        service = PLACES[key].service
        return service is not None and not service.installed

    def _target(self, card: Card, key: str, node: Node) -> Node:
        there = [item for item in card.lines if self._lies(item.line.product, key)]
        return {
            "movable": bool(there),
            "message": REFUSALS[bool(there)],
            "location": node,
            "availableLineItemsCount": {"count": len(there)},
            "unavailableLineItemsCount": {"count": len(card.lines) - len(there)},
        }

    def _lies(self, product: Product, key: str) -> bool:
        levels = self.items[product]["inventoryLevels"]
        return any(
            level["location"] is self.locations[key] and level["isActive"] for level in levels
        )
