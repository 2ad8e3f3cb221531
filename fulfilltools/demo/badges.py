"""The two badges Shopify shows on an order, derived from its state by Shopify's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fulfilltools.demo.merchant import Order


def payment_badge(order: Order) -> str:
    """`displayFinancialStatus`, from the order's transactions."""
    received = order.paid("SALE", "CAPTURE")
    refunded = order.paid("REFUND")
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if received >= order.total:
        return "PAID" if received or not order.payments else _unpaid_badge(order)
    return "PARTIALLY_PAID" if received else _unpaid_badge(order)


def _unpaid_badge(order: Order) -> str:
    if order.paid("VOID"):
        return "VOIDED"
    if order.expired:
        return "EXPIRED"
    return "AUTHORIZED" if order.paid("AUTHORIZATION") else "PENDING"


def fulfillment_badge(order: Order) -> str:
    """`displayFulfillmentStatus` of 2026-10.

    ON_HOLD, SCHEDULED and IN_PROGRESS show only when all waiting items are in that state.
    """
    shipped = any(line.fulfilled for line in order.lines)
    waiting = [card for card in order.cards if card.is_open]
    states = {card.status for card in waiting}
    if order.cards_hidden:
        return "UNFULFILLED"
    if not waiting:
        return "FULFILLED" if shipped else "FULFILLMENT_NOT_REQUIRED"
    if states in ({"ON_HOLD"}, {"SCHEDULED"}):
        return states.pop()
    if any(card.request_status == "REJECTED" for card in waiting):
        return "REQUEST_DECLINED"
    if shipped:
        return "PARTIALLY_FULFILLED"
    underway = all(c.status == "IN_PROGRESS" or c.request_status == "SUBMITTED" for c in waiting)
    return "IN_PROGRESS" if underway else "UNFULFILLED"


BY_STATUS = {
    "CLOSED": (),
    "CANCELLED": (),
    "ON_HOLD": ("RELEASE_HOLD", "HOLD", "MOVE"),
    "SCHEDULED": ("MARK_AS_OPEN", "MOVE"),
}
BY_REQUEST = {
    "SUBMITTED": ("CREATE_FULFILLMENT", "CANCEL_FULFILLMENT_ORDER"),
    "ACCEPTED": ("CREATE_FULFILLMENT", "REQUEST_CANCELLATION"),
    "CANCELLATION_REJECTED": ("CREATE_FULFILLMENT", "REQUEST_CANCELLATION"),
    "CANCELLATION_REQUESTED": ("CREATE_FULFILLMENT",),
}


def buttons(status: str, request_status: str, *, service: bool, many: bool) -> list[str]:
    """`supportedActions` of a fulfillment order, in the order Shopify lists them."""
    settled = BY_STATUS.get(status, BY_REQUEST.get(request_status))
    if settled is not None:
        return list(settled)
    if status == "IN_PROGRESS":
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"]
    split = ["SPLIT"] if many else []
    if service:
        return ["REQUEST_FULFILLMENT", "CREATE_FULFILLMENT", "HOLD", *split, "MOVE"]
    return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", *split]
