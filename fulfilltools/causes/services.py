"""Waiting for a fulfillment service, or for somebody to ask it."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, known, labelled, one_of
from fulfilltools.causes.integration import BY_APP

AT_SERVICE = {
    "at_service": True,
    "service_installed": True,
    "service_has_callback": True,
    "location": "Baltic 3PL",
    "can_fulfill": False,
}
SUBMITTED = AT_SERVICE | {
    "request_status": "SUBMITTED",
    "request_open": False,
    "requested_at": "2026-11-20T09:00Z",
    "request_hours": 30,
    "answer_hours_late": 6,
}
ACCEPTED = SUBMITTED | {
    "status": "IN_PROGRESS",
    "request_status": "ACCEPTED",
    "service_hours_late": 10,
    "request_business_hours": 58,
}

ON_THE_LIST = {
    "supplier_shipped_units": 1,
    "supplier_tracking": "LV00001042EE",
    "supplier_carrier": "YunExpress",
    "supplier_shipped_at": "2026-11-13",
    "supplier_days_since": 10,
}


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.CRITICAL,
    owner=Owner.OPERATIONS,
    asked_with="supplier_shipped_units",
    evidence="The supplier shipped {supplier_shipped_units} of {units_left:count:unit|units}"
    "[ on {supplier_shipped_at:day}, {supplier_days_since:count:day|days} ago]"
    "[ by {supplier_carrier}][, tracking {supplier_tracking}]",
    action="Fulfill it with that tracking number, then repair the sync of the app or service.",
    fixes=["fulfillmentCreate"],
    source=(3,),
    confused_with=["service_accepted_late", "supplier_sync_lag", "manual_late"],
    hits=[ACCEPTED | ON_THE_LIST, ON_THE_LIST],
    misses=[ACCEPTED | {"supplier_shipped_units": 0}, {"supplier_shipped_units": 0}],
)
def shipped_not_synced(supplier_shipped_units, fulfillment_order_id):
    """The supplier has shipped it, and Shopify was never told

    Asked of a shipment list (`--supplier`); without one it is unknown. Cancelled and refunded
    orders that were shipped all the same are named by those causes.
    """
    return (supplier_shipped_units > 0) & known(fulfillment_order_id)


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.SERVICE,
    evidence="{location} was asked {request_hours:duration} ago and has not answered",
    action="Cancel the request and request fulfillment again; contact the app.",
    fixes=["fulfillmentOrderCancel", "fulfillmentOrderSubmitFulfillmentRequest"],
    source=(3, 4),
    confused_with=["service_accepted_late", "integration_outage"],
    hits=[SUBMITTED],
    misses=[SUBMITTED | {"answer_hours_late": -2}, ACCEPTED, AT_SERVICE],
)
def service_no_response(request_status, answer_hours_late):
    """The service was asked and never answered"""
    return one_of(request_status, "SUBMITTED") & (answer_hours_late > 0)


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.HIGH,
    owner=Owner.SERVICE,
    evidence="{location} accepted it; asked {request_hours:duration} ago"
    "[, half of its orders leave within {usual_hours:business}]",
    action="Check the service's own order status and tracking; "
    "request cancellation if it is wrong.",
    fixes=["fulfillmentOrderSubmitCancellationRequest", "fulfillmentCreate"],
    source=(3,),
    confused_with=["service_no_response", "service_working"],
    hits=[ACCEPTED, ACCEPTED | {"service_hours_late": -3, "hours_to_deadline": -1}],
    misses=[ACCEPTED | {"service_hours_late": -3}, SUBMITTED],
)
def service_accepted_late(status, request_status, service_hours_late, hours_to_deadline):
    """The service accepted it, and has not shipped it in its usual time"""
    past_deadline = known(hours_to_deadline) & (hours_to_deadline < 0)
    accepted = one_of(status, "IN_PROGRESS") & one_of(request_status, "ACCEPTED")
    return accepted & ((service_hours_late > 0) | past_deadline)


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Assigned to {location} for {age_hours:duration}, never requested",
    action="Request fulfillment; turn on automatic requests in the app or in "
    "Settings > General > Order processing.",
    needs_action="REQUEST_FULFILLMENT",
    fixes=["fulfillmentOrderSubmitFulfillmentRequest"],
    source=(1, 4),
    confused_with=["manual_late", "service_rejected"],
    variants={
        "email_only": {
            "evidence": "Assigned to {location}, which is told by e-mail once it is marked as "
            "fulfilled; waiting for {age_hours:duration}",
        }
    },
    hits=[AT_SERVICE, AT_SERVICE | {"service_has_callback": False}],
    misses=[
        AT_SERVICE | {"unrequested_hours_late": -0.5},
        {"unrequested_hours_late": 40},
        SUBMITTED,
    ],
)
def service_not_requested(
    at_service, status, request_status, unrequested_hours_late, service_has_callback
):
    """Nobody has asked the service to ship it"""
    unrequested = at_service & one_of(status, "OPEN") & one_of(request_status, "UNSUBMITTED")
    return labelled(
        unrequested & (unrequested_hours_late > 0),
        email_only=~service_has_callback,
        callback=service_has_callback,
    )


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.INFO,
    owner=Owner.SERVICE,
    evidence="{location} has it[ since {requested_at:date}]"
    "[; half of its orders leave within {usual_hours:business}]",
    action="Nothing yet.",
    source=(3,),
    confused_with=["service_accepted_late", "service_no_response"],
    hits=[
        SUBMITTED | {"answer_hours_late": -2},
        ACCEPTED | {"service_hours_late": -3},
        {"request_status": "CANCELLATION_REQUESTED", "cancellation_hours_late": -3},
        AT_SERVICE | {"unrequested_hours_late": -0.5},
    ],
    misses=[SUBMITTED, ACCEPTED, AT_SERVICE, {"unrequested_hours_late": -0.5}],
)
def service_working(
    at_service,
    request_status,
    answer_hours_late,
    service_hours_late,
    cancellation_hours_late,
    unrequested_hours_late,
):
    """A service has it, and is within its usual time"""
    answering = one_of(request_status, "SUBMITTED") & (answer_hours_late <= 0)
    packing = one_of(request_status, "ACCEPTED") & (service_hours_late <= 0)
    stopping = one_of(request_status, "CANCELLATION_REQUESTED") & (cancellation_hours_late <= 0)
    routed = at_service & one_of(request_status, "UNSUBMITTED") & (unrequested_hours_late <= 0)
    return answering | packing | stopping | routed


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.HIGH,
    owner=Owner.SUPPLIER,
    proof=Proof.INFERRED,
    evidence="{habitual_app} wrote most of {app_sample} parcels of {vendors} from {location}, half "
    "of them within {app_usual_hours:business}; "
    "it has shipped {younger_shipped:count:younger order|younger orders}",
    action="Open the order in the app, confirm the supplier's order and tracking; "
    "else add the tracking by hand.",
    fixes=["fulfillmentCreate", "fulfillmentTrackingInfoUpdate"],
    source=(3,),
    confused_with=["manual_late", "integration_outage"],
    hits=[BY_APP],
    misses=[
        BY_APP | {"app_hours_late": -3},
        BY_APP | {"younger_shipped": 1},
        {"younger_shipped": 2, "app_hours_late": 12},
        BY_APP | {"request_open": False},
        BY_APP | {"needs_shipping": False},
    ],
)
def supplier_sync_lag(
    at_service, needs_shipping, has_habitual_app, app_hours_late, younger_shipped, request_open
):
    """The app that ships such orders passed this one over"""
    passed_over = 2
    waiting = ~at_service & needs_shipping & has_habitual_app & request_open
    return waiting & (app_hours_late > 0) & (younger_shipped >= passed_over)
