"""The demo merchant's state written down in the Admin API's own shape (2026-10)."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from fulfilltools.demo.badges import fulfillment_badge, payment_badge
from fulfilltools.demo.card_shape import CardWriter, iso
from fulfilltools.demo.catalog import APPS, CHANNELS, Node, gid

if TYPE_CHECKING:
    from datetime import datetime

    from fulfilltools.demo.cards import Line
    from fulfilltools.demo.merchant import Order, Payment
    from fulfilltools.demo.stock import Stock

RATES = {"SEK": 1.0, "EUR": 0.088, "NOK": 1.02, "USD": 0.096, "JPY": 14.4}
MANUAL_GATEWAYS = {"Banköverföring", "Cash on Delivery (COD)", "cash", "Faktura"}
RETURN_BADGES = {"REQUESTED": "RETURN_REQUESTED", "OPEN": "IN_PROGRESS", "CLOSED": "RETURNED"}
PROVINCES = {"US": "CA", "JP": "JP-13"}


def money(amount: float, currency: str = "SEK") -> Node:
    """Write kronor as a MoneyBag, with the buyer's currency beside it."""
    presented = round(amount * RATES[currency], 0 if currency == "JPY" else 2)
    return {
        "shopMoney": {"amount": str(float(amount)), "currencyCode": "SEK"},
        "presentmentMoney": {"amount": str(float(presented)), "currencyCode": currency},
    }


class Writer:
    """Writes orders, numbering everything in them as it goes."""

    def __init__(self, stock: Stock, as_of: datetime) -> None:
        self.stock = stock
        self.as_of = as_of
        self.numbers = count(71000001)
        self.cards = CardWriter(stock, as_of, self.numbers)

    def _new(self, kind: str) -> str:
        return gid(kind, next(self.numbers))

    def order(self, order: Order, number: int) -> Node:
        """Write one order; its dictionary stays on the order as `data`."""
        order_id = 6200000000000 + number * 32768
        lines = {id(line): self._line(line, order) for line in order.lines}
        order.data |= {"id": gid("Order", order_id), "legacyResourceId": str(order_id)}
        order.data |= {"name": f"#{number}", "number": number}
        order.data |= self._moments(order) | self._money(order) | self._status(order)
        order.data |= self._trust(order) | self._delivery(order)
        order.data["lineItems"] = list(lines.values())
        order.data["nonFulfillableLineItems"] = [
            node for node in lines.values() if node["nonFulfillableQuantity"]
        ]
        cards = [] if order.cards_hidden else order.cards
        order.data["fulfillmentOrders"] = [self.cards.card(card, lines) for card in cards]
        order.data["fulfillments"] = [
            self.cards.shipment(shipment, lines, f"#{number}-F{n}")
            for n, shipment in enumerate(order.shipments, 1)
        ]
        order.data["transactions"] = [self._payment(p, order) for p in order.payments]
        order.data["refunds"] = [self._refund(refund, lines) for refund in order.refunds]
        order.data["returns"] = [
            self._return(back, lines, order, f"#{number}-R{n}")
            for n, back in enumerate(order.returns, 1)
        ]
        order.data["paymentTerms"] = self._terms(order)
        order.data["events"] = [self._event(event) for event in order.events]
        return order.data

    @staticmethod
    def _moments(order: Order) -> Node:
        touched = [card.updated for card in order.cards]
        return {
            "createdAt": iso(order.placed),
            "processedAt": iso(order.processed or order.placed),
            "updatedAt": iso(max([order.placed, *touched, *(e["at"] for e in order.events)])),
            "closedAt": iso(order.archived),
            "cancelledAt": iso(order.cancelled),
            "cancelReason": order.cancel_reason,
            "closed": order.archived is not None,
            "confirmed": order.confirmed,
            "test": order.test,
            "edited": order.edited,
            "tags": sorted(order.tags),
            "hasTimelineComment": False,
            "sourceName": order.channel,
            "app": CHANNELS[order.channel],
            "attribution": {
                "handle": order.channel.replace("_", "-"),
                "displayName": CHANNELS[order.channel]["name"],
            },
            "poNumber": order.po_number,
        }

    @staticmethod
    def _money(order: Order) -> Node:
        received = order.paid("SALE", "CAPTURE") - order.paid("REFUND")
        captured = order.paid("CAPTURE", "VOID")
        open_sum = 0 if order.expired else max(order.paid("AUTHORIZATION") - captured, 0)
        outstanding = max(order.total - received, 0)
        sums = {
            "currentTotalPriceSet": order.total,
            "totalOutstandingSet": outstanding,
            "totalCapturableSet": open_sum,
            "totalRefundedSet": order.paid("REFUND"),
            "totalPriceSet": order.total + order.paid("REFUND"),
        }
        return {name: money(amount, order.currency) for name, amount in sums.items()} | {
            "currencyCode": "SEK",
            "presentmentCurrencyCode": order.currency,
            "displayFinancialStatus": payment_badge(order),
            "unpaid": order.total > 0 and not order.paid("SALE", "CAPTURE"),
            "fullyPaid": outstanding == 0 and not (order.cancelled and received == 0),
            "capturable": open_sum > 0,
            "canMarkAsPaid": outstanding > 0 and not order.cancelled and not open_sum,
            "paymentGatewayNames": sorted({p.gateway for p in order.payments}),
        }

    @staticmethod
    def _status(order: Order) -> Node:
        states = [back["status"] for back in order.returns]
        waiting = [c for c in order.cards if c.is_open and c.status != "ON_HOLD"]
        return {
            "displayFulfillmentStatus": fulfillment_badge(order),
            "returnStatus": RETURN_BADGES[states[-1]] if states else "NO_RETURN",
            "fulfillable": bool(waiting) and not order.cancelled,
            "requiresShipping": any(line.product.ships for line in order.lines),
            "currentSubtotalLineItemsQuantity": sum(line.current for line in order.lines),
        }

    def _trust(self, order: Order) -> Node:
        calm: Node = {"recommendation": "ACCEPT", "level": "LOW", "facts": (), "app": None}
        risk = calm | order.risk
        assessed = {
            "riskLevel": risk["level"],
            "provider": APPS[risk["app"]] if risk["app"] else None,
            "facts": [{"description": fact, "sentiment": "NEGATIVE"} for fact in risk["facts"]],
        }
        company = "PurchasingCompany" if order.company else "Customer"
        at_counter = order.channel == "pos"
        return {
            "risk": {"recommendation": risk["recommendation"], "assessments": [assessed]},
            "shopifyProtect": None,
            "disputes": [
                {"id": self._new("ShopifyPaymentsDispute"), "initiatedAs": kind, "status": status}
                for kind, status in order.disputes
            ],
            "alerts": order.alerts,
            "purchasingEntity": None if at_counter else {"__typename": company},
        }

    def _delivery(self, order: Order) -> Node:
        address = {
            "countryCodeV2": order.country,
            "provinceCode": PROVINCES.get(order.country),
            "validationResultSummary": order.address_check,
            "coordinatesValidated": order.address_check == "NO_ISSUES",
        }
        title = order.shipping_title
        line = {
            "title": title,
            "code": title,
            "source": "shopify",
            "carrierIdentifier": None,
            "deliveryCategory": None,
        }
        return {
            "shippingAddress": address if order.has_address else None,
            "shippingLine": line if title else None,
            "retailLocation": self.stock.locations[order.store] if order.store else None,
        }

    def _line(self, line: Line, order: Order) -> Node:
        product = line.product
        item = self.stock.items[product]
        catalog_id = item["id"].rpartition("/")[2]
        gone = product.custom or line.unknown_variant
        plan = {"name": line.plan, "sellingPlanId": gid("SellingPlan", 3301)}
        stuck = line.quantity if not product.fulfillable else line.removed + line.unqueued
        return {
            "id": self._new("LineItem"),
            "title": product.title,
            "variantTitle": product.variant,
            "sku": product.sku,
            "vendor": None if product.custom else product.vendor,
            "quantity": line.quantity,
            "currentQuantity": line.current,
            "unfulfilledQuantity": line.waiting,
            "nonFulfillableQuantity": stuck,
            "refundableQuantity": line.current,
            "requiresShipping": product.ships,
            "isGiftCard": product.gift,
            "restockable": product.tracked,
            "sellingPlan": plan if line.plan else None,
            "lineItemGroup": None,
            "customAttributes": [{"key": key, "value": ""} for key in line.attributes],
            "unfulfilledDiscountedTotalSet": money(product.price * line.waiting, order.currency),
            "product": None
            if gone
            else {
                "id": gid("Product", catalog_id),
                "productType": product.kind,
                "tags": sorted(product.tags),
                "status": "ACTIVE",
                "isGiftCard": product.gift,
            },
            "variant": None
            if gone
            else {
                "id": gid("ProductVariant", catalog_id),
                "inventoryPolicy": "CONTINUE" if product.oversell else "DENY",
                "inventoryItem": item,
            },
        }

    def _payment(self, payment: Payment, order: Order) -> Node:
        authorized = payment.kind == "AUTHORIZATION" and payment.status == "SUCCESS"
        return {
            "id": self._new("OrderTransaction"),
            "kind": payment.kind,
            "status": payment.status,
            "gateway": payment.gateway,
            "manualPaymentGateway": payment.gateway in MANUAL_GATEWAYS,
            "manuallyCapturable": authorized and not order.paid("CAPTURE", "VOID"),
            "errorCode": payment.error,
            "processedAt": iso(payment.at),
            "createdAt": iso(payment.at),
            "amountSet": money(payment.amount, order.currency),
        }

    def _refund(self, refund: Node, lines: dict[int, Node]) -> Node:
        restock = refund["restock"]
        rows = [
            {"quantity": units, "restockType": restock, "restocked": restock != "NO_RESTOCK"}
            | {"lineItem": lines[id(line)]}
            for line, units in refund["rows"]
        ]
        made = iso(refund["at"])
        return {"id": self._new("Refund"), "createdAt": made, "note": "", "refundLineItems": rows}

    def _return(self, back: Node, lines: dict[int, Node], order: Order, name: str) -> Node:
        new = [line for line in order.lines if line.product is back["exchange"]]
        return {
            "id": self._new("Return"),
            "name": name,
            "status": back["status"],
            "createdAt": iso(back["at"]),
            "closedAt": iso(back["at"] + timedelta(days=2)) if back["status"] == "CLOSED" else None,
            "exchangeLineItems": [
                {"id": self._new("ExchangeLineItem"), "quantity": line.quantity}
                | {"unprocessedQuantity": line.quantity, "lineItems": [lines[id(line)]]}
                for line in new
            ],
        }

    def _terms(self, order: Order) -> Node | None:
        if order.terms is None:
            return None
        due = order.terms["due"]
        overdue = due is not None and due < self.as_of
        schedule = {
            "id": self._new("PaymentSchedule"),
            "dueAt": iso(due),
            "due": overdue,
            "completedAt": None,
            "issuedAt": iso(order.terms["issued"]),
            "balanceDue": money(order.total)["shopMoney"],
        }
        return {
            "id": self._new("PaymentTerms"),
            "paymentTermsName": order.terms["name"],
            "paymentTermsType": order.terms["kind"],
            "due": overdue,
            "overdue": overdue,
            "dueInDays": (due - order.terms["issued"]).days if due else None,
            "paymentSchedules": [schedule],
        }

    def _event(self, event: Node) -> Node:
        app = event["app"]
        by_app = app is not None and app != "Shopify"
        return {
            "__typename": "BasicEvent",
            "id": self._new("BasicEvent"),
            "action": event["action"],
            "appTitle": app if by_app else None,
            "attributeToApp": by_app,
            "attributeToUser": app is None,
            "criticalAlert": False,
            "createdAt": iso(event["at"]),
            "message": f"{app or 'Staff'} {event['message']}",
            "author": app,
            "additionalData": None,
            "arguments": [],
            "secondaryMessage": None,
        }
