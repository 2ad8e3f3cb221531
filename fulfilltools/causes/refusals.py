"""A fulfillment service said no, gave up, or was asked to stop."""

from fulfilltools.cause import Owner, Severity, Verdict, cause, labelled, mentions, one_of

AT_SERVICE = {"at_service": True, "service_installed": True}


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.CRITICAL,
    owner=Owner.OPERATIONS,
    evidence="{location} declined the request[: {warnings}]",
    action="Mend the stated reason and request fulfillment again, or change its location.",
    needs_action="REQUEST_FULFILLMENT",
    fixes=["fulfillmentOrderSubmitFulfillmentRequest", "fulfillmentOrderMove"],
    source=(3, 4),
    confused_with=["service_closed_incomplete", "service_not_requested"],
    hits=[AT_SERVICE | {"request_status": "REJECTED", "warnings": "Invalid address"}],
    misses=[AT_SERVICE | {"request_status": "CANCELLATION_REJECTED"}, AT_SERVICE],
)
def service_rejected(
    request_status, warnings, address_validation, units_short, stocked_elsewhere, lines_without_sku
):
    """The service declined the request"""
    short = units_short > 0
    return labelled(
        one_of(request_status, "REJECTED"),
        address=mentions(warnings, "address"),
        stock=mentions(warnings, "stock", "inventory"),
        item=mentions(warnings, "sku", "item", "product"),
    ).because(
        delivery_details_problem=one_of(address_validation, "ERROR", "WARNING"),
        stock_elsewhere=short & stocked_elsewhere,
        stock_backorder=short,
        item_unmapped=lines_without_sku > 0,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.CRITICAL,
    owner=Owner.OPERATIONS,
    evidence="{location} closed the request with {units_left:count:unit|units} unshipped",
    action="Change the location of the rest, refund it, or request fulfillment again.",
    fixes=["fulfillmentOrderMove", "refundCreate", "fulfillmentOrderSubmitFulfillmentRequest"],
    source=(3, 4),
    confused_with=["service_rejected", "remainder_split"],
    hits=[
        AT_SERVICE | {"status": "INCOMPLETE", "request_status": "CLOSED"},
        AT_SERVICE | {"status": "INCOMPLETE", "request_status": "ACCEPTED"},
    ],
    misses=[AT_SERVICE | {"status": "IN_PROGRESS", "request_status": "ACCEPTED"}],
)
def service_closed_incomplete(status, request_status):
    """The service accepted it, then closed it without shipping everything"""
    return one_of(status, "INCOMPLETE") | one_of(request_status, "CLOSED")


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.SERVICE,
    evidence="{location} was asked to stop {cancellation_hours:duration} ago, without an answer",
    action="Call the service; revert to unfulfilled after it agrees.",
    fixes=["fulfillmentOrderCancel"],
    source=(3,),
    confused_with=["refunded_but_open", "service_working"],
    variants={"rejected": {"evidence": "{location} refused to stop: the goods will ship anyway"}},
    hits=[
        {
            "request_status": "CANCELLATION_REQUESTED",
            "cancellation_hours": 27,
            "cancellation_hours_late": 3,
        },
        {"request_status": "CANCELLATION_REJECTED"},
    ],
    misses=[{"request_status": "CANCELLATION_REQUESTED", "cancellation_hours_late": -3}],
)
def service_cancel_open(request_status, cancellation_hours_late):
    """The service was asked to cancel, and has not agreed"""
    asked = one_of(request_status, "CANCELLATION_REQUESTED")
    refused = one_of(request_status, "CANCELLATION_REJECTED")
    return labelled(
        (asked & (cancellation_hours_late > 0)) | refused, requested=asked, rejected=refused
    )
