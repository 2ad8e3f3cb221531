"""The demo shop's world: Nordlys Living on a Monday morning, as plain Admin API data.

`build_world()` acts out some hundreds of orders and writes them down in the shape of Shopify's
Admin API 2026-10: connections are lists under the field's name, references are nested dicts.
`World.truth` says why each open row is stuck; it comes from the story told, never from a rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fulfilltools.demo.card_shape import iso
from fulfilltools.demo.catalog import PLACES, Node, gid, service_node
from fulfilltools.demo.history import live_sixty_days
from fulfilltools.demo.shape import Writer
from fulfilltools.demo.shop import Shop, Truth
from fulfilltools.demo.sign import AS_OF, SCOPES, SHOP_DOMAIN
from fulfilltools.demo.stock import Stock
from fulfilltools.demo.stories import tell_everything

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Truth", "World", "build_world"]

FIRST_ORDER = 1001
NOBODY_S_ORDER = {
    "order": "#88",
    "sku": "KGT-LED5",
    "quantity": "1",
    "tracking_number": "LV00000088EE",
    "carrier": "YunExpress",
    "shipped_at": "2026-11-12",
}


@dataclass(frozen=True)
class World:
    """What the demo shop serves (nodes) and what it knows (truth, look-alikes, supplier rows).

    Keys of `truth` and `look_alikes` are ids of open fulfillment orders, or of the order where
    it has no open one. `supplier_rows` is what suppliers' own shipment lists say.
    """

    as_of: datetime
    shop: Node
    app_installation: Node
    locations: list[Node]
    inventory_items: list[Node]
    orders: list[Node]
    truth: dict[str, Truth] = field(repr=False)
    look_alikes: dict[str, tuple[str, ...]] = field(repr=False)
    supplier_rows: list[dict[str, str]] = field(repr=False)


def build_world(seed: int = 2026, as_of: datetime = AS_OF) -> World:
    """Act out the shop's orders; the same seed gives the same bytes."""
    shop = Shop(seed, as_of)
    live_sixty_days(shop)
    tell_everything(shop)
    stock = Stock(shop, iso(as_of) or "")
    writer = Writer(stock, as_of)
    in_order = sorted(shop.orders, key=lambda order: order.placed)
    return World(
        as_of=as_of,
        shop=_shop_node(stock),
        app_installation=_installation_node(),
        locations=list(stock.locations.values()),
        inventory_items=list(stock.items.values()),
        orders=[writer.order(order, n) for n, order in enumerate(in_order, FIRST_ORDER)],
        truth={of.data["id"]: truth for of, truth in shop.truth.items()},
        look_alikes={of.data["id"]: codes for of, codes in shop.look_alikes.items()},
        supplier_rows=[
            *({"order": card.order.data["name"], **row} for card, row in shop.shipped_by_supplier),
            NOBODY_S_ORDER,
        ],
    )


def _shop_node(stock: Stock) -> Node:
    services = [
        service_node(key) | {"location": stock.locations[key]}
        for key, place in PLACES.items()
        if place.service and place.service.installed
    ]
    return {
        "id": gid("Shop", 59210023),
        "name": "Nordlys Living",
        "myshopifyDomain": SHOP_DOMAIN,
        "ianaTimezone": "Europe/Stockholm",
        "currencyCode": "SEK",
        "createdAt": "2021-03-08T12:00:00Z",
        "plan": {
            "publicDisplayName": "Shopify Plus",
            "partnerDevelopment": False,
            "shopifyPlus": True,
        },
        "alerts": [],
        "fulfillmentServices": services,
    }


def _installation_node() -> Node:
    return {
        "id": gid("AppInstallation", 915001),
        "accessScopes": [{"handle": scope} for scope in SCOPES],
        "app": {"id": gid("App", 915), "title": "fulfilltools"},
    }
