"""Facts about the whole order: nothing to do, nothing to see, or danger."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, known, labelled, one_of

NO_FULFILLMENT_ORDER = {
    "fulfillment_order_id": None,
    "status": None,
    "request_status": None,
    "request_open": None,
}

SHIPPED = {
    "supplier_shipped_units": 1,
    "supplier_tracking": "LV00001042EE",
    "supplier_carrier": "YunExpress",
    "supplier_shipped_at": "2026-11-13",
    "supplier_days_since": 10,
}
SHIPPED_ALL_THE_SAME = {
    "verdict": Verdict.DANGER,
    "severity": Severity.CRITICAL,
    "owner": Owner.OPERATIONS,
    "action": "Stop or recall the parcel, and tell the supplier that the order is off.",
}
SUPPLIER_SHIPPED = (
    "; the supplier shipped {supplier_shipped_units:count:unit|units} all the same"
    "[ on {supplier_shipped_at:day}][ by {supplier_carrier}][, tracking {supplier_tracking}]"
)


@cause(
    verdict=Verdict.NOTHING,
    severity=Severity.INFO,
    owner=Owner.NOBODY,
    evidence="Cancelled {cancelled_at:date}[, reason: {cancel_reason:words}]",
    action="Archive it to clear it from the open orders.",
    fixes=["orderClose"],
    confused_with=["refunded_but_open"],
    variants={
        "shipped": SHIPPED_ALL_THE_SAME
        | {"evidence": "Cancelled {cancelled_at:date}" + SUPPLIER_SHIPPED}
    },
    hits=[
        {"is_cancelled": True, "cancelled_at": "2026-11-20T10:00Z", "cancel_reason": "CUSTOMER"},
        {"is_cancelled": True, "cancelled_at": "2026-11-20T10:00Z"} | SHIPPED,
    ],
    misses=[{"financial_status": "REFUNDED"}],
)
def cancelled(is_cancelled, supplier_shipped_units):
    """The order was cancelled

    Before API version 2026-10 Shopify keeps calling cancelled orders unfulfilled.
    """
    return labelled(is_cancelled, shipped=supplier_shipped_units > 0)


@cause(
    verdict=Verdict.NOTHING,
    severity=Severity.INFO,
    owner=Owner.NOBODY,
    evidence="Test order[ at {gateway}]",
    action="Cancel or archive it, and leave it out of every figure.",
    fixes=["orderCancel", "orderClose"],
    hits=[{"is_test": True}],
    misses=[{"gateway": "bogus"}],
)
def test_order(is_test):
    """It is a test order"""
    return is_test


@cause(
    verdict=Verdict.DATA,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Shopify says it can be fulfilled, but shows this token no fulfillment order",
    action="Grant the app read_merchant_managed_fulfillment_orders, "
    "read_third_party_fulfillment_orders and, for marketplaces, "
    "read_marketplace_fulfillment_orders.",
    confused_with=["nothing_left"],
    variants={
        "routing_pending": {
            "verdict": Verdict.WAITS,
            "severity": Severity.INFO,
            "owner": Owner.NOBODY,
            "evidence": "Placed {created_at:date}; Shopify is still routing it",
            "action": "Wait some minutes.",
        },
        "routing_failed": {
            "evidence": "Placed {created_at:date}, and still without a fulfillment order",
            "action": "Contact Shopify Support with the order's number.",
        },
    },
    hits=[
        NO_FULFILLMENT_ORDER | {"sees_service_fulfillment_orders": False},
        NO_FULFILLMENT_ORDER | {"routing_hours_late": -0.1},
        NO_FULFILLMENT_ORDER | {"routing_hours_late": 5},
    ],
    misses=[{"fulfillable": True}, NO_FULFILLMENT_ORDER | {"fulfillable": False}],
)
def no_fulfillment_order(
    fulfillable,
    fulfillment_order_id,
    sees_own_fulfillment_orders,
    sees_service_fulfillment_orders,
    sees_marketplace_fulfillment_orders,
    source_name,
    routing_hours_late,
):
    """Its fulfillment order cannot be seen

    Shopify leaves out what a token may not see, without an error.
    """
    own_channel = one_of(source_name, "web", "pos", "shopify_draft_order", "subscription_contract")
    sees_all = (
        sees_own_fulfillment_orders
        & sees_service_fulfillment_orders
        & (sees_marketplace_fulfillment_orders | own_channel)
    )
    return labelled(
        fulfillable & ~known(fulfillment_order_id),
        routing_pending=routing_hours_late <= 0,
        scope_missing=~sees_all,
        routing_failed=sees_all,
    )


@cause(
    verdict=Verdict.NOTHING,
    severity=Severity.INFO,
    owner=Owner.NOBODY,
    evidence="No unit is left to fulfill[; {refunded:money} refunded]",
    action="Archive it to clear it from the open orders.",
    fixes=["orderClose"],
    confused_with=["no_fulfillment_order", "refunded_but_open"],
    variants={
        "shipped": SHIPPED_ALL_THE_SAME
        | {"evidence": "No unit is left to fulfill[, {refunded:money} refunded]" + SUPPLIER_SHIPPED}
    },
    hits=[
        NO_FULFILLMENT_ORDER | {"fulfillable": False},
        NO_FULFILLMENT_ORDER
        | {"fulfillable": False, "from_export": True, "sees_own_fulfillment_orders": None},
        NO_FULFILLMENT_ORDER | {"fulfillable": False, "refunded": 499} | SHIPPED,
        {"fulfillment_status": "FULFILLMENT_NOT_REQUIRED", "fulfillment_order_id": None},
    ],
    misses=[
        NO_FULFILLMENT_ORDER,
        NO_FULFILLMENT_ORDER | {"fulfillable": False, "is_cancelled": True},
        {"fulfillable": False},
    ],
)
def nothing_left(
    is_cancelled,
    fulfillment_status,
    fulfillment_order_id,
    fulfillable,
    sees_own_fulfillment_orders,
    sees_service_fulfillment_orders,
    is_edited,
    refunded,
    from_export,
    supplier_shipped_units,
):
    """Nothing is left to ship: removed, or refunded and restocked"""
    sees_all = sees_own_fulfillment_orders & sees_service_fulfillment_orders
    not_required = one_of(fulfillment_status, "FULFILLMENT_NOT_REQUIRED")
    # an export shows by its lines that none of them is to be fulfilled
    nothing_to_see = ~known(fulfillment_order_id) & ~fulfillable & (sees_all | from_export)
    return labelled(
        ~is_cancelled & ~known(fulfillment_order_id) & (not_required | nothing_to_see),
        shipped=supplier_shipped_units > 0,
        removed=is_edited,
        refunded_lines=refunded > 0,
        not_required=not_required,
    )


@cause(
    verdict=Verdict.DANGER,
    severity=Severity.CRITICAL,
    owner=Owner.FINANCE,
    evidence="{refunded:money} refunded[ on {refunded_at:date}], "
    "{units_left:count:unit|units} still queued[ at {location}]",
    action="Cancel the order without a second refund (More actions > Cancel order); "
    "at a service, cancel the request first.",
    fixes=["orderCancel", "refundCreate", "fulfillmentOrderSubmitCancellationRequest"],
    confused_with=["nothing_left", "cancelled"],
    variants={
        "voided": {
            "evidence": "Payment voided, but {location} has taken it on: "
            "{units_left:count:unit|units}",
        },
        "shipped": SHIPPED_ALL_THE_SAME
        | {"evidence": "{refunded:money} refunded" + SUPPLIER_SHIPPED},
        "in_export": {
            "verdict": Verdict.SUSPECT,
            "severity": Severity.MEDIUM,
            "proof": Proof.INFERRED,
            "evidence": "{refunded:money} refunded; an export does not show "
            "whether its units are still queued",
            "action": "Archive it; if units are still queued, cancel it without a second refund.",
        },
    },
    hits=[
        {"financial_status": "REFUNDED", "refunded": 499},
        {"financial_status": "REFUNDED", "refunded": 499, "from_export": True},
        {"financial_status": "REFUNDED", "refunded": 499} | SHIPPED,
        {"financial_status": "VOIDED", "request_status": "ACCEPTED", "status": "IN_PROGRESS"},
    ],
    misses=[
        {"financial_status": "PARTIALLY_REFUNDED", "refunded": 50},
        {"financial_status": "REFUNDED", "is_cancelled": True},
        {"financial_status": "REFUNDED"} | NO_FULFILLMENT_ORDER,
    ],
)
def refunded_but_open(
    financial_status,
    is_cancelled,
    fulfillment_order_id,
    request_status,
    from_export,
    supplier_shipped_units,
):
    """The money is back with the customer, but the goods are still queued

    A warehouse may ship them for free.
    """
    taken_on = one_of(request_status, "SUBMITTED", "ACCEPTED", "CANCELLATION_REJECTED")
    voided = one_of(financial_status, "VOIDED") & taken_on
    refunded = one_of(financial_status, "REFUNDED")
    return labelled(
        (refunded | voided) & ~is_cancelled & known(fulfillment_order_id),
        shipped=supplier_shipped_units > 0,
        in_export=from_export,
        full=refunded,
        voided=voided,
    )


@cause(
    verdict=Verdict.DANGER,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Archived {closed_at:date} with {units_left:count:unit|units} "
    "worth {value:money} left",
    action="Unarchive it, then fulfill, cancel or refund the rest.",
    fixes=["orderOpen"],
    confused_with=["nothing_left"],
    hits=[{"is_archived": True, "closed_at": "2026-11-20T10:00Z"}],
    misses=[
        {"is_archived": True, "is_cancelled": True},
        {"is_archived": True} | NO_FULFILLMENT_ORDER,
    ],
)
def archived_unfulfilled(is_archived, is_cancelled, fulfillment_order_id):
    """It was archived with units left, out of sight of the open orders"""
    return is_archived & ~is_cancelled & known(fulfillment_order_id)


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.CRITICAL,
    owner=Owner.OPERATIONS,
    evidence="Assigned to {location}, which cannot ship it",
    action="Change its location (… > Change location on the fulfillment card), "
    "or reactivate the location in Settings > Locations.",
    fixes=["fulfillmentOrderMove", "fulfillmentOrdersReroute", "locationActivate"],
    source=(3, 4),
    confused_with=["stock_elsewhere", "service_not_requested"],
    variants={
        "deleted": {"evidence": "{location} no longer exists"},
        "inactive": {"evidence": "{location} is deactivated"},
        "service_removed": {"evidence": "The service of {location} is no longer installed"},
        "not_online": {"evidence": "{location} is not set to fulfill online orders"},
    },
    hits=[
        {"location_is_active": False},
        {"location_exists": False, "location_is_active": None, "location_sells_online": None},
        {"at_service": True, "service_installed": False},
        {"location_sells_online": False},
    ],
    misses=[
        {"is_pos": True, "location_sells_online": False},
        {"at_service": True, "service_installed": True},
        {"delivery_method": "PICK_UP", "location_sells_online": False},
    ],
)
def location_unusable(
    location_exists,
    location_is_active,
    at_service,
    service_installed,
    is_pos,
    location_sells_online,
    delivery_method,
):
    """Its location is deactivated or deleted, or the service is gone"""
    not_online = ~is_pos & ~location_sells_online & one_of(delivery_method, "SHIPPING")
    service_removed = at_service & ~service_installed
    return labelled(
        ~location_exists | ~location_is_active | service_removed | not_online,
        deleted=~location_exists,
        service_removed=service_removed,
        inactive=~location_is_active,
        not_online=not_online,
    )
