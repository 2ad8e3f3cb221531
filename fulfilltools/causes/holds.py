"""Shopify holds it: the reasons of the holds, and holds whose reason has gone."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, labelled, mentions, one_of

HELD = {"status": "ON_HOLD", "request_open": False, "can_fulfill": False}
HOLD_EVIDENCE = "Held: {hold_text:words}[, by {held_by_app}]"
RELEASE = ["fulfillmentOrderReleaseHold"]


def _held_for(status, hold_reasons, reason):
    return one_of(status, "ON_HOLD") & mentions(hold_reasons, reason)


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    proof=Proof.INFERRED,
    evidence=HOLD_EVIDENCE + ", though its reason has gone",
    action="Release the hold (with several, choose which, then Release).",
    needs_action="RELEASE_HOLD",
    fixes=RELEASE,
    source=(4,),
    confused_with=["hold_payment", "hold_stock", "hold_other"],
    variants={
        "payment": {"evidence": "Held for payment[ by {held_by_app}], but it is fully paid"},
        "stock": {"evidence": "Held for stock[ by {held_by_app}], but stock covers it"},
        "address": {"evidence": "Held for its address[ by {held_by_app}], which has no issues now"},
        "fraud": {"evidence": "Held for fraud[ by {held_by_app}], but the risk is accepted"},
        "return": {"evidence": "Held for a return[ by {held_by_app}] that has arrived"},
        "upsell": {"evidence": "Held for the upsell offer, {age_hours:duration} after checkout"},
    },
    hits=[
        HELD | {"hold_reasons": "AWAITING_PAYMENT"},
        HELD | {"hold_reasons": "INVENTORY_OUT_OF_STOCK"},
        HELD | {"hold_reasons": "INCORRECT_ADDRESS"},
        HELD | {"hold_reasons": "HIGH_RISK_OF_FRAUD"},
        HELD | {"hold_reasons": "AWAITING_RETURN_ITEMS", "return_status": "RETURNED"},
        HELD | {"hold_reasons": "ONLINE_STORE_POST_PURCHASE_CROSS_SELL"},
    ],
    misses=[
        HELD | {"hold_reasons": "AWAITING_PAYMENT", "fully_paid": False},
        HELD | {"hold_reasons": "AWAITING_PAYMENT, OTHER"},
        HELD | {"hold_reasons": "ONLINE_STORE_POST_PURCHASE_CROSS_SELL", "upsell_hours_late": -0.5},
        HELD | {"hold_reasons": "UNKNOWN_DELIVERY_DATE"},
        HELD | {"hold_reasons": "SOMETHING_NEW"},
    ],
)
def hold_stale(
    status,
    hold_reasons,
    fully_paid,
    units_short,
    address_validation,
    risk_recommendation,
    return_status,
    upsell_hours_late,
):
    """It is still held, though the reason of the hold has gone"""
    gone = {
        "payment": ("AWAITING_PAYMENT", fully_paid),
        "stock": ("INVENTORY_OUT_OF_STOCK", units_short == 0),
        "address": ("INCORRECT_ADDRESS", one_of(address_validation, "NO_ISSUES")),
        "fraud": ("HIGH_RISK_OF_FRAUD", one_of(risk_recommendation, "ACCEPT")),
        "return": (
            "AWAITING_RETURN_ITEMS",
            one_of(return_status, "RETURNED", "INSPECTION_COMPLETE"),
        ),
        "upsell": ("ONLINE_STORE_POST_PURCHASE_CROSS_SELL", upsell_hours_late > 0),
    }
    lasting = mentions(hold_reasons, "OTHER", "UNKNOWN_DELIVERY_DATE")
    # A reason that is not known here, however it is called, has not gone.
    known_reason = mentions(hold_reasons, *(reason for reason, _ in gone.values()))
    stale = one_of(status, "ON_HOLD") & ~lasting & known_reason
    named = {label: mentions(hold_reasons, reason) for label, (reason, _) in gone.items()}
    for label, (_, has_gone) in gone.items():
        stale &= ~named[label] | has_gone
    return labelled(stale, **named)


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.FINANCE,
    evidence=HOLD_EVIDENCE + "[; {outstanding:money} outstanding]",
    action="Collect or capture the payment, then release the hold.",
    needs_action="RELEASE_HOLD",
    fixes=["orderCapture", "orderMarkAsPaid", *RELEASE],
    confused_with=["payment_pending", "hold_stale"],
    hits=[
        HELD
        | {"hold_reasons": "AWAITING_PAYMENT", "hold_text": "Awaiting payment", "fully_paid": False}
    ],
    misses=[{"hold_reasons": "AWAITING_PAYMENT"}, HELD | {"hold_reasons": "OTHER"}],
)
def hold_payment(status, hold_reasons, financial_status, fully_paid):
    """It is held until the money arrives"""
    return labelled(_held_for(status, hold_reasons, "AWAITING_PAYMENT")).because(
        payment_expired_or_voided=one_of(financial_status, "EXPIRED", "VOIDED"),
        payment_authorized=one_of(financial_status, "AUTHORIZED"),
        payment_outstanding=one_of(financial_status, "PARTIALLY_PAID"),
        payment_pending=~fully_paid,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.FINANCE,
    evidence=HOLD_EVIDENCE + "[; the risk analysis says {risk_recommendation:words}]",
    action="Review the fraud analysis, then release the hold or cancel the order.",
    needs_action="RELEASE_HOLD",
    fixes=[*RELEASE, "orderCancel"],
    confused_with=["fraud_review", "hold_stale"],
    hits=[
        HELD
        | {
            "hold_reasons": "HIGH_RISK_OF_FRAUD",
            "hold_text": "High risk of fraud",
            "risk_recommendation": "CANCEL",
        }
    ],
    misses=[{"risk_recommendation": "CANCEL"}, HELD | {"hold_reasons": "OTHER"}],
)
def hold_fraud(status, hold_reasons, risk_recommendation, has_high_risk):
    """It is held for a fraud review"""
    risky = one_of(risk_recommendation, "CANCEL", "INVESTIGATE") | has_high_risk
    return labelled(_held_for(status, hold_reasons, "HIGH_RISK_OF_FRAUD")).because(
        fraud_review=risky
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.SUPPORT,
    evidence=HOLD_EVIDENCE + "[; address check: {address_validation:words}]",
    action="Edit the shipping address, then release the hold.",
    needs_action="RELEASE_HOLD",
    fixes=["orderUpdate", *RELEASE],
    confused_with=["delivery_details_problem", "hold_stale"],
    hits=[
        HELD
        | {
            "hold_reasons": "INCORRECT_ADDRESS",
            "hold_text": "Incorrect address",
            "address_validation": "ERROR",
        }
    ],
    misses=[{"address_validation": "ERROR"}, HELD | {"hold_reasons": "OTHER"}],
)
def hold_address(status, hold_reasons, address_validation):
    """It is held for a wrong address"""
    return labelled(_held_for(status, hold_reasons, "INCORRECT_ADDRESS")).because(
        delivery_details_problem=one_of(address_validation, "ERROR", "WARNING")
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence=HOLD_EVIDENCE + "[; {units_short:count:unit|units} short at {location}]",
    action="Restock, change its location or refund; then release the hold.",
    needs_action="RELEASE_HOLD",
    fixes=["fulfillmentOrderMove", "inventorySetQuantities", *RELEASE],
    source=(4,),
    confused_with=["stock_backorder", "hold_stale"],
    hits=[
        HELD
        | {
            "hold_reasons": "INVENTORY_OUT_OF_STOCK",
            "hold_text": "Inventory out of stock",
            "units_short": 1,
        }
    ],
    misses=[{"units_short": 1}, HELD | {"hold_reasons": "OTHER"}],
)
def hold_stock(status, hold_reasons, units_short, stocked_elsewhere):
    """It is held until stock arrives"""
    short = units_short > 0
    return labelled(_held_for(status, hold_reasons, "INVENTORY_OUT_OF_STOCK")).because(
        stock_elsewhere=short & stocked_elsewhere, stock_backorder=short
    )


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.LOW,
    owner=Owner.OPERATIONS,
    evidence=HOLD_EVIDENCE + "[; {selling_plan}]",
    action="Set the date in the pre-order app; release the hold when it ships.",
    fixes=RELEASE,
    confused_with=["scheduled_future"],
    hits=[HELD | {"hold_reasons": "UNKNOWN_DELIVERY_DATE", "hold_text": "Unknown delivery date"}],
    misses=[HELD | {"hold_reasons": "OTHER"}, {"selling_plan": "Pre-order"}],
)
def hold_date_unknown(status, hold_reasons):
    """It is a pre-order without a date to ship"""
    return _held_for(status, hold_reasons, "UNKNOWN_DELIVERY_DATE")


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.LOW,
    owner=Owner.CUSTOMER,
    evidence=HOLD_EVIDENCE + "[; return {return_status:words}]",
    action="Receive the return, or release the hold to ship first.",
    fixes=["reverseFulfillmentOrderDispose", "returnProcess", *RELEASE],
    confused_with=["return_open", "hold_stale"],
    hits=[
        HELD
        | {
            "hold_reasons": "AWAITING_RETURN_ITEMS",
            "hold_text": "Awaiting return items",
            "return_status": "IN_PROGRESS",
        }
    ],
    misses=[{"return_status": "IN_PROGRESS"}, HELD | {"hold_reasons": "OTHER"}],
)
def hold_return(status, hold_reasons, return_status):
    """Its exchange goods wait for the returned ones"""
    return labelled(_held_for(status, hold_reasons, "AWAITING_RETURN_ITEMS")).because(
        return_open=one_of(return_status, "RETURN_REQUESTED", "IN_PROGRESS")
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence=HOLD_EVIDENCE,
    action="Ask the app or the person that holds it, then release the hold.",
    needs_action="RELEASE_HOLD",
    fixes=RELEASE,
    source=(4,),
    confused_with=["hold_stale"],
    variants={
        "upsell": {
            "verdict": Verdict.WAITS,
            "severity": Severity.INFO,
            "owner": Owner.NOBODY,
            "evidence": "The upsell offer after checkout is open",
            "action": "Nothing; Shopify releases it within the hour.",
        },
    },
    hits=[
        HELD | {"hold_reasons": "OTHER", "hold_text": "Other", "held_by_app": "Flow"},
        HELD | {"hold_reasons": "OTHER", "hold_text": "Other"},
        HELD | {"hold_reasons": "ONLINE_STORE_POST_PURCHASE_CROSS_SELL", "upsell_hours_late": -0.5},
    ],
    misses=[{"hold_reasons": "OTHER"}, HELD | {"hold_reasons": "AWAITING_PAYMENT"}],
)
def hold_other(status, hold_reasons, held_by_app):
    """An app or a person holds it for a reason of their own"""
    other = _held_for(status, hold_reasons, "OTHER")
    upsell = _held_for(status, hold_reasons, "ONLINE_STORE_POST_PURCHASE_CROSS_SELL")
    return labelled(
        other | upsell, upsell=upsell & ~other, app=held_by_app.notna(), manual=held_by_app.isna()
    )
