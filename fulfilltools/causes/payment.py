"""Money: it matters only while no service has taken the order on."""

from fulfilltools.cause import Owner, Severity, Verdict, cause, known, labelled, one_of

UNPAID = {"financial_status": "PENDING", "fully_paid": False, "unpaid": True, "outstanding": 499}
TERMS = UNPAID | {"on_payment_terms": True}
AUTHORIZED = {
    "financial_status": "AUTHORIZED",
    "fully_paid": False,
    "capturable": True,
    "capture_mode": "by_hand",
    "authorization_hours_left": 100,
    "authorization_ends_soon": False,
    "authorized_at": "2026-11-20T09:00Z",
}


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.FINANCE,
    evidence="Dispute: {dispute_kind:words}, {dispute_status:words}",
    action="Respond to the dispute, and hold fulfillment until it is decided.",
    fixes=["fulfillmentOrderHold"],
    confused_with=["fraud_review"],
    hits=[
        {
            "has_open_dispute": True,
            "dispute_kind": "CHARGEBACK",
            "dispute_status": "NEEDS_RESPONSE",
        }
    ],
    misses=[
        {"dispute_kind": "CHARGEBACK", "dispute_status": "WON"},
        {"has_open_dispute": True, "status": "IN_PROGRESS", "request_status": "ACCEPTED"},
    ],
)
def dispute_open(has_open_dispute, request_status, dispute_kind, fulfillment_order_id):
    """The buyer disputes the payment"""
    accepted = one_of(request_status, "ACCEPTED", "CANCELLATION_REQUESTED", "CANCELLATION_REJECTED")
    return labelled(
        has_open_dispute & known(fulfillment_order_id) & ~accepted,
        inquiry=one_of(dispute_kind, "INQUIRY"),
        chargeback=one_of(dispute_kind, "CHARGEBACK"),
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.FINANCE,
    evidence="Payment {financial_status:words}[ at {gateway}]"
    "[; last {last_transaction:words}: {last_transaction_status:words}][, {last_error:words}]",
    action="Send an invoice for a new payment, or cancel the order.",
    fixes=["orderInvoiceSend", "orderCancel"],
    confused_with=["payment_pending", "payment_authorized"],
    hits=[
        {"financial_status": "EXPIRED", "fully_paid": False},
        {"financial_status": "VOIDED", "fully_paid": False},
        UNPAID | {"last_transaction_status": "FAILURE"},
    ],
    misses=[
        UNPAID,
        {"last_transaction_status": "FAILURE"},
        {"financial_status": "EXPIRED", "request_open": False},
    ],
)
def payment_expired_or_voided(financial_status, unpaid, last_transaction_status, request_open):
    """The payment failed, was voided, or its authorization lapsed"""
    failed = unpaid & one_of(last_transaction_status, "FAILURE", "ERROR")
    return labelled(
        (one_of(financial_status, "EXPIRED", "VOIDED") | failed) & request_open,
        expired=one_of(financial_status, "EXPIRED"),
        voided=one_of(financial_status, "VOIDED"),
        failed=failed,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.MEDIUM,
    owner=Owner.FINANCE,
    evidence="Payment pending[ at {gateway}] for {age_hours:duration}"
    "[; {outstanding:money} outstanding]",
    action="Wait for the provider; chase or cancel after some days.",
    fixes=["orderMarkAsPaid", "orderInvoiceSend"],
    source=(1,),
    confused_with=["b2b_terms", "hold_payment", "manual_late"],
    variants={
        "manual": {"action": "Mark as paid when the money is in; chase or cancel after some days."}
    },
    hits=[UNPAID | {"is_manual_gateway": True, "gateway": "Bank Deposit"}, UNPAID],
    misses=[TERMS, UNPAID | {"is_cash_on_delivery": True}, UNPAID | {"request_open": False}],
)
def payment_pending(
    financial_status, on_payment_terms, is_cash_on_delivery, is_manual_gateway, request_open
):
    """The money has not arrived

    Orders on payment terms ship before they are paid, and so does cash on delivery.
    """
    pending = one_of(financial_status, "PENDING") & ~on_payment_terms & ~is_cash_on_delivery
    return labelled(pending & request_open, manual=is_manual_gateway, provider=~is_manual_gateway)


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.FINANCE,
    evidence="Authorized[ at {gateway}] on {authorized_at:date}, not captured"
    "[; {capture_sample:count:other capture was|other captures were} made {capture_mode:words}]",
    action="Capture the payment (filter the orders by Payment status: Authorized).",
    fixes=["orderCapture"],
    confused_with=["payment_pending", "manual_late"],
    variants={
        "expiring": {
            "severity": Severity.CRITICAL,
            "evidence": "The authorization[ at {gateway}] ends in "
            "{authorization_hours_left:duration}",
        },
        "lapsed": {
            "severity": Severity.CRITICAL,
            "evidence": "The authorization[ at {gateway}] of {authorized_at:date} "
            "should have ended",
        },
    },
    hits=[
        AUTHORIZED,
        AUTHORIZED
        | {
            "capture_mode": "on_fulfillment",
            "authorization_ends_soon": True,
            "authorization_hours_left": 20,
        },
        AUTHORIZED | {"authorization_ends_soon": True, "authorization_hours_left": -3},
    ],
    misses=[
        AUTHORIZED | {"capture_mode": "on_fulfillment"},
        AUTHORIZED | {"request_open": False},
        AUTHORIZED | {"capturable": False},
    ],
)
def payment_authorized(
    financial_status,
    capturable,
    capture_mode,
    authorization_ends_soon,
    authorization_hours_left,
    request_open,
):
    """The payment is authorized, not captured

    Where the shop captures when it ships, that is normal until the authorization ends.
    """
    captured_otherwise = one_of(capture_mode, "by_hand", "at_checkout")
    hits = (
        one_of(financial_status, "AUTHORIZED")
        & capturable
        & request_open
        & (captured_otherwise | authorization_ends_soon)
    )
    return labelled(
        hits,
        lapsed=authorization_hours_left < 0,
        expiring=authorization_ends_soon,
        manual_capture=captured_otherwise,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.MEDIUM,
    owner=Owner.FINANCE,
    evidence="{outstanding:money} of {total:money} outstanding",
    action="Send an invoice, or mark as paid.",
    fixes=["orderInvoiceSend", "orderMarkAsPaid"],
    confused_with=["payment_pending", "b2b_terms"],
    hits=[
        {"financial_status": "PARTIALLY_PAID", "fully_paid": False, "outstanding": 100},
        {"is_edited": True, "fully_paid": False, "outstanding": 100},
    ],
    misses=[
        {"is_edited": True},
        {"is_edited": True, "outstanding": 100, "on_payment_terms": True},
        {"financial_status": "PARTIALLY_PAID", "outstanding": 100, "request_open": False},
    ],
)
def payment_outstanding(
    financial_status, is_edited, outstanding, on_payment_terms, is_cash_on_delivery, request_open
):
    """Part of the money is missing: paid in part, or an edit raised the total"""
    partial = one_of(financial_status, "PARTIALLY_PAID")
    after_edit = is_edited & (outstanding > 0) & ~one_of(financial_status, "AUTHORIZED")
    return labelled(
        (partial | after_edit) & ~on_payment_terms & ~is_cash_on_delivery & request_open,
        after_edit=is_edited,
        partial=partial,
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="Order on {terms_name}: payment pending by design",
    action="Fulfill it: it ships before it is paid.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate", "paymentReminderSend"],
    confused_with=["payment_pending", "payment_outstanding"],
    variants={
        "overdue": {
            "owner": Owner.FINANCE,
            "verdict": Verdict.BLOCKED,
            "evidence": "Order on {terms_name}, overdue",
            "action": "Send a payment reminder, and decide whether to ship.",
        },
        "due_on_fulfillment": {
            "evidence": "Order on {terms_name}: it is paid by being shipped",
        },
    },
    hits=[
        TERMS | {"terms_type": "NET", "terms_name": "Net 30"},
        TERMS | {"terms_type": "FULFILLMENT", "terms_name": "Due on fulfillment"},
        TERMS | {"terms_type": "NET", "terms_name": "Net 30", "terms_overdue": True},
    ],
    misses=[UNPAID, {"on_payment_terms": True}, TERMS | {"request_open": False}],
)
def b2b_terms(on_payment_terms, financial_status, terms_type, terms_overdue, request_open):
    """It is on payment terms, so it ships before it is paid"""
    return labelled(
        on_payment_terms & one_of(financial_status, "PENDING") & request_open,
        overdue=terms_overdue,
        due_on_fulfillment=one_of(terms_type, "FULFILLMENT"),
        net=known(terms_type),
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.FINANCE,
    evidence="Risk analysis: {risk_recommendation:words}[, by {risk_providers}]",
    variants={"pending": {"evidence": "Its risk analysis has not ended for {age_hours:duration}"}},
    action="Verify with the buyer and fulfill, or cancel the order (reason: fraud).",
    fixes=["orderCancel", "fulfillmentOrderHold"],
    source=(1,),
    confused_with=["hold_fraud", "dispute_open"],
    hits=[
        {"risk_recommendation": "CANCEL", "has_high_risk": True},
        {"risk_recommendation": "INVESTIGATE"},
        {"is_risk_pending": True, "risk_hours_late": 2},
    ],
    misses=[
        {"is_risk_pending": True, "risk_hours_late": -2},
        {"risk_recommendation": "NONE"},
        {"risk_recommendation": "CANCEL", "request_open": False},
    ],
)
def fraud_review(
    risk_recommendation, has_high_risk, is_risk_pending, risk_hours_late, request_open
):
    """Its risk analysis calls it risky

    Automatic fulfillment and dropshipping apps skip such orders without a hold.
    """
    high = one_of(risk_recommendation, "CANCEL") | has_high_risk
    investigate = one_of(risk_recommendation, "INVESTIGATE")
    pending = is_risk_pending & (risk_hours_late > 0)
    return labelled(
        (high | investigate | pending) & request_open,
        high=high,
        investigate=investigate,
        pending=pending,
    )
