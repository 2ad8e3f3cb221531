"""The demo shop's orders as the admin's "Export orders" writes them, people and all."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fulfilltools.demo.catalog import Node
    from fulfilltools.demo.world import World

_COLUMNS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,"
    "Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
    "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,"
    "Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,"
    "Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,"
    "Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
HEADINGS = _COLUMNS.split(",")
"""The 79 columns of today's export; older ones have fewer."""

PERSON = {
    "Name": "Åsa “Ace” Öberg-Nyström",
    "Street": "Hemliga gatan 7, lgh 99-17",
    "Address1": "Hemliga gatan 7",
    "Address2": "lgh 99-17",
    "Company": "Öbergs Snickeri; AB",
    "City": "Kvikkjokk",
    "Zip": "'98139",
    "Phone": "+46 70-174 06 05",
}
"""Whoever buys at the demo shop; nothing of this may ever come out of a run."""
EMAIL = "asa.oberg@kund.example"
NOTE = 'Ring "inte" på\ndörren, tack'

_STATUS = {
    "FULFILLED": "fulfilled",
    "PARTIALLY_FULFILLED": "partial",
    "RESTOCKED": "restocked",
}
_LEVELS = {"LOW": "Low", "MEDIUM": "Medium", "HIGH": "High", "PENDING": "", "NONE": ""}


def export_rows(world: World) -> list[dict[str, str]]:
    """Write every line of every order as a row, newest order first."""
    zone = ZoneInfo(world.shop["ianaTimezone"])
    orders = sorted(world.orders, key=lambda order: order["createdAt"], reverse=True)
    return [row for order in orders for row in _rows(order, zone)]


def write_export(rows: Iterable[dict[str, str]], file: Path) -> None:
    """Write rows as the admin does: UTF-8 without a mark, commas, quotes where needed."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, HEADINGS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _rows(order: Node, zone: ZoneInfo) -> list[dict[str, str]]:
    lines = [_line(line, order, zone) for line in order["lineItems"]]
    lines[0] |= _order(order, zone)
    return lines


def _line(line: Node, order: Node, zone: ZoneInfo) -> dict[str, str]:
    price = float(line["unfulfilledDiscountedTotalSet"]["shopMoney"]["amount"])
    each = price / line["unfulfilledQuantity"] if line["unfulfilledQuantity"] else 100.0
    variant = line["variantTitle"]
    return {
        "Name": order["name"],
        "Email": EMAIL,
        "Created at": _moment(order["createdAt"], zone),
        "Lineitem quantity": str(line["quantity"]),
        "Lineitem name": f"{line['title']} - {variant}" if variant else line["title"],
        "Lineitem price": f"{each:.2f}",
        "Lineitem sku": line["sku"] or "",
        "Lineitem requires shipping": str(line["requiresShipping"]).lower(),
        "Lineitem taxable": str(not line["isGiftCard"]).lower(),
        "Lineitem fulfillment status": _line_status(line),
        "Lineitem discount": "0.00",
        "Vendor": line["vendor"] or "",
    }


def _line_status(line: Node) -> str:
    if line["unfulfilledQuantity"]:
        gone = line["quantity"] - line["unfulfilledQuantity"] - line["nonFulfillableQuantity"]
        return "partial" if gone > 0 else "pending"
    if line["nonFulfillableQuantity"] == line["quantity"]:
        return "not_eligible" if line["currentQuantity"] else "restocked"
    return "fulfilled"


def _order(order: Node, zone: ZoneInfo) -> dict[str, str]:
    paid = [
        one["processedAt"]
        for one in order["transactions"]
        if one["status"] == "SUCCESS" and one["kind"] in ("SALE", "CAPTURE")
    ]
    shipped = [one["createdAt"] for one in order["fulfillments"] if one["status"] == "SUCCESS"]
    terms = order["paymentTerms"] or {}
    schedules = terms.get("paymentSchedules") or [{}]
    address = order["shippingAddress"]
    person = {f"Billing {part}": text for part, text in PERSON.items()}
    if address:
        person |= {f"Shipping {part}": text for part, text in PERSON.items()}
        person["Shipping Country"] = address["countryCodeV2"]
    days = [a["key"] for line in order["lineItems"] for a in line["customAttributes"]]
    return person | {
        "Financial Status": order["displayFinancialStatus"].lower(),
        "Paid at": _moment(max(paid, default=None), zone),
        "Fulfillment Status": _STATUS.get(order["displayFulfillmentStatus"], "unfulfilled"),
        "Fulfilled at": _moment(max(shipped, default=None), zone),
        "Accepts Marketing": "no",
        "Currency": order["currencyCode"],
        "Total": _amount(order["totalPriceSet"]),
        "Shipping Method": _method(order),
        "Notes": NOTE,
        "Note Attributes": "\n".join(f"{key}: 2026-12-12" for key in days),
        "Cancelled at": _moment(order["cancelledAt"], zone),
        "Payment Method": " + ".join(order["paymentGatewayNames"]),
        "Refunded Amount": _amount(order["totalRefundedSet"]),
        "Outstanding Balance": _amount(order["totalOutstandingSet"]),
        "Location": (order["retailLocation"] or {}).get("name", ""),
        "Id": order["legacyResourceId"],
        "Tags": ", ".join(order["tags"]),
        "Risk Level": _LEVELS[order["risk"]["assessments"][0]["riskLevel"]],
        "Source": order["sourceName"],
        "Phone": PERSON["Phone"],
        "Payment Terms Name": terms.get("paymentTermsName", ""),
        "Next Payment Due At": _moment(schedules[0].get("dueAt"), zone),
    }


def _method(order: Node) -> str:
    """Name the shipping method; pickups and local deliveries have one in an export, too."""
    if order["shippingLine"]:
        return str(order["shippingLine"]["title"])
    kinds = [card["deliveryMethod"] for card in order["fulfillmentOrders"]]
    by_hand = [k for k in kinds if k["methodType"] in ("PICK_UP", "PICKUP_POINT", "LOCAL")]
    return str(by_hand[0]["presentedName"]) if by_hand else ""


def _moment(iso: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(zone):%Y-%m-%d %H:%M:%S %z}" if iso else ""


def _amount(money: Node) -> str:
    return f"{float(money['shopMoney']['amount']):.2f}"
