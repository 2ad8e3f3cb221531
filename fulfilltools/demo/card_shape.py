"""Fulfillment orders and fulfillments written down in the Admin API's own shape (2026-10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fulfilltools.demo.badges import buttons
from fulfilltools.demo.catalog import (
    APPS,
    GIFT_CARD_SERVICE,
    PLACES,
    Node,
    gid,
    service_node,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fulfilltools.demo.cards import Card, CardLine, Shipment
    from fulfilltools.demo.stock import Stock

HOLD_WORDS = {
    "AWAITING_PAYMENT": "Awaiting payment",
    "AWAITING_RETURN_ITEMS": "Exchange items awaiting return delivery",
    "HIGH_RISK_OF_FRAUD": "High risk of fraud",
    "INCORRECT_ADDRESS": "Incorrect address",
    "INVENTORY_OUT_OF_STOCK": "Inventory out of stock",
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL": "Post-purchase cross-sell",
    "OTHER": "Other",
    "UNKNOWN_DELIVERY_DATE": "Unknown delivery date",
}


def iso(moment: datetime | None) -> str | None:
    """Write a moment as Shopify does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class CardWriter:
    """Writes what hangs on an order's lines: cards and shipments."""

    def __init__(self, stock: Stock, as_of: datetime, numbers: Iterator[int]) -> None:
        self.stock = stock
        self.as_of = as_of
        self.numbers = numbers

    def _new(self, kind: str) -> str:
        return gid(kind, next(self.numbers))

    def card(self, card: Card, lines: dict[int, Node]) -> Node:
        """Write one fulfillment order; its dictionary stays on the card as `data`."""
        many = card.remaining > 1
        actions = buttons(card.status, card.request_status, service=card.at_service, many=many)
        actions += ["MERGE"] if card.siblings and card.status == "OPEN" else []
        if card.buttons_gone:
            actions = []
        place = PLACES[card.place]
        external = [{"action": "EXTERNAL", "externalUrl": card.external_url}]
        card.data |= {
            "id": self._new("FulfillmentOrder"),
            "status": card.status,
            "requestStatus": card.request_status,
            "createdAt": iso(card.created),
            "updatedAt": iso(card.updated),
            "fulfillAt": iso(card.fulfill_at),
            "fulfillBy": iso(card.fulfill_by),
            "deliveryMethod": self._method(card),
            "assignedLocation": {
                "name": card.gone_place or place.name,
                "countryCode": place.country,
                "location": None if card.gone_place else self.stock.locations[card.place],
            },
            "supportedActions": [{"action": a, "externalUrl": None} for a in actions]
            + (external if card.external_url else []),
            "fulfillmentHolds": [self._hold(hold, card) for hold in card.holds],
            "lineItems": [self._card_line(item, lines) for item in card.lines],
            "merchantRequests": [
                asked
                | {"id": self._new("FulfillmentOrderMerchantRequest")}
                | {"sentAt": iso(asked["sentAt"])}
                for asked in card.requests
            ],
            "locationsForMove": self.stock.move_targets(card) if card.is_open else [],
        }
        return card.data

    def _method(self, card: Card) -> Node:
        return {
            "id": self._new("DeliveryMethod"),
            "methodType": card.method["methodType"],
            "presentedName": card.method["presentedName"],
            "serviceCode": card.method["serviceCode"],
            "minDeliveryDateTime": None,
            "maxDeliveryDateTime": iso(card.method["maxDeliveryDateTime"]),
            "brandedPromise": None,
        }

    def _hold(self, hold: Node, card: Card) -> Node:
        return {
            "id": self._new("FulfillmentHold"),
            "reason": hold["reason"],
            "reasonNotes": hold["reasonNotes"],
            "displayReason": HOLD_WORDS[hold["reason"]],
            "handle": f"hold-{card.order.serial}" if hold["app"] else None,
            "heldByRequestingApp": False,
            "heldByApp": APPS[hold["app"]] if hold["app"] else None,
        }

    def _card_line(self, item: CardLine, lines: dict[int, Node]) -> Node:
        line = lines[id(item.line)]
        return {
            "id": self._new("FulfillmentOrderLineItem"),
            "totalQuantity": item.total,
            "remainingQuantity": item.remaining,
            "requiresShipping": line["requiresShipping"],
            "sku": line["sku"],
            "vendor": line["vendor"],
            "inventoryItemId": line["variant"]["inventoryItem"]["id"] if line["variant"] else None,
            "lineItem": line,
            "warnings": item.warnings,
        }

    def shipment(self, shipment: Shipment, lines: dict[int, Node], name: str) -> Node:
        """Write one fulfillment, with the scans its parcel has had by now."""
        tracked = shipment.tracking is not None
        travels = tracked and shipment.status == "SUCCESS"
        left = shipment.at + timedelta(hours=9)
        arrived = left + timedelta(hours=41)
        moving, there = travels and left < self.as_of, travels and arrived < self.as_of
        shown = shipment.shown
        if shown == "FULFILLED" and moving:
            shown = "DELIVERED" if there else "IN_TRANSIT"
        gift = all(line.product.gift for line, _ in shipment.units)
        scans = [("DELIVERED", arrived, there), ("IN_TRANSIT", left, moving)]
        return {
            "id": self._new("Fulfillment"),
            "name": name,
            "status": shipment.status,
            "displayStatus": shown,
            "createdAt": iso(shipment.at),
            "updatedAt": iso(shipment.updated or (left if moving else shipment.at)),
            "inTransitAt": iso(left) if moving else None,
            "deliveredAt": iso(arrived) if there else None,
            "estimatedDeliveryAt": iso(arrived) if travels else None,
            "requiresShipping": any(line.product.ships for line, _ in shipment.units),
            "totalQuantity": sum(units for _, units in shipment.units),
            "service": GIFT_CARD_SERVICE if gift else service_node(shipment.card.place),
            "location": self.stock.locations[shipment.card.place],
            "trackingInfo": [self._tracking(shipment)] if tracked else [],
            "events": [
                {"id": self._new("FulfillmentEvent"), "status": status, "message": None}
                | {"happenedAt": iso(at)}
                for status, at, happened in scans
                if happened
            ],
            "fulfillmentLineItems": [
                {"id": self._new("FulfillmentLineItem"), "quantity": units}
                | {"lineItem": lines[id(line)]}
                for line, units in shipment.units
            ],
        }

    @staticmethod
    def _tracking(shipment: Shipment) -> Node:
        number = shipment.tracking
        url = f"https://tracking.example/{number}"
        return {"company": shipment.carrier, "number": number, "url": url}
