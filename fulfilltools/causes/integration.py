"""A whole integration at fault, an item it cannot map, or a shipment it took back."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, known, labelled, one_of

ASKED = {
    "at_service": True,
    "service_installed": True,
    "request_status": "SUBMITTED",
    "request_open": False,
    "can_fulfill": False,
}
STUCK = ASKED | {"answer_hours_late": 6, "shipped_before_here": False}
BY_APP = {
    "has_habitual_app": True,
    "habitual_app": "StudioLink",
    "app_sample": 30,
    "app_usual_hours": 20,
    "app_hours_late": 12,
    "younger_shipped": 2,
}


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.CRITICAL,
    owner=Owner.SERVICE,
    proof=Proof.INFERRED,
    evidence="{location} has shipped nothing for {silent_hours:business}; "
    "its pauses are shorter than {silent_limit_hours:business}, from {pause_sample} pauses; "
    "{queue:count:order waits|orders wait} for it",
    variants={
        "app": {
            "evidence": "{habitual_app} has shipped nothing for {app_silent_hours:business}; its "
            "pauses are shorter than {app_silent_limit_hours:business}, from {app_sample} parcels; "
            "{app_queue:count:order waits|orders wait} for it at {location}",
        }
    },
    action="Check the app's log, connection and billing; contact its support.",
    source=(3, 4),
    confused_with=["service_no_response", "service_accepted_late"],
    hits=[
        ASKED | {"silent_hours": 90, "silent_limit_hours": 30, "queue": 8, "pause_sample": 50},
        BY_APP | {"app_silent_hours": 90, "app_silent_limit_hours": 30, "app_queue": 4},
    ],
    misses=[
        BY_APP | {"app_silent_hours": 20, "app_silent_limit_hours": 30, "app_queue": 4},
        BY_APP | {"app_silent_hours": 90, "app_silent_limit_hours": 30, "app_queue": 2},
        ASKED | {"silent_hours": 20, "silent_limit_hours": 30, "queue": 8},
        ASKED | {"silent_hours": 90, "silent_limit_hours": 30, "queue": 2},
        {"silent_hours": 90, "silent_limit_hours": 30, "queue": 8},
    ],
)
def integration_outage(
    at_service,
    request_status,
    silent_hours,
    silent_limit_hours,
    queue,
    has_habitual_app,
    app_silent_hours,
    app_silent_limit_hours,
    app_queue,
    request_open,
):
    """Its service has fallen silent while orders pile up there

    Longer than three times the longest of its usual pauses, with three or more waiting.
    """
    many = 3
    asked = at_service & one_of(request_status, "SUBMITTED", "ACCEPTED")
    of_service = asked & (silent_hours > silent_limit_hours) & (queue >= many)
    app_is_silent = app_silent_hours > app_silent_limit_hours
    of_app = ~at_service & has_habitual_app & request_open & app_is_silent & (app_queue >= many)
    return labelled(of_service | of_app, service=of_service, app=of_app)


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="{items} at {location}: {lines_without_sku:count:line|lines} without a SKU, "
    "{lines_with_shared_sku} with a SKU that another item has",
    action="Give the variant a unique SKU and map it in the app; fulfill this order by hand.",
    fixes=["productVariantsBulkUpdate"],
    source=(3, 4),
    confused_with=["service_not_requested", "service_no_response"],
    variants={"no_variant": {"evidence": "{items} at {location}: its product is gone"}},
    hits=[
        STUCK | {"lines_without_sku": 1},
        STUCK | {"lines_without_variant": 1},
        STUCK | {"lines_with_shared_sku": 1},
        STUCK | {"lines_without_sku": 1, "request_status": "UNSUBMITTED", "request_open": True},
    ],
    misses=[
        {"lines_without_sku": 1},
        STUCK | {"lines_without_sku": 1, "request_status": "ACCEPTED"},
        STUCK | {"lines_without_sku": 1, "needs_shipping": False},
        STUCK | {"lines_without_sku": 1, "answer_hours_late": -3},
        STUCK | {"lines_with_shared_sku": 1, "shipped_before_here": True},
    ],
)
def item_unmapped(
    at_service,
    needs_shipping,
    request_status,
    answer_hours_late,
    unrequested_hours_late,
    shipped_before_here,
    lines_without_sku,
    lines_without_variant,
    lines_with_shared_sku,
):
    """The service cannot tell which item it is: no SKU, or one that two items share

    Only what is past its time and never left from there before: many services cope.
    """
    no_sku, no_variant = lines_without_sku > 0, lines_without_variant > 0
    shared = lines_with_shared_sku > 0
    unanswered = one_of(request_status, "SUBMITTED") & (answer_hours_late > 0)
    unrequested = one_of(request_status, "UNSUBMITTED") & (unrequested_hours_late > 0)
    stuck = at_service & needs_shipping & (unanswered | unrequested) & ~shipped_before_here
    return labelled(
        stuck & (no_sku | no_variant | shared),
        no_variant=no_variant,
        no_sku=no_sku,
        duplicate_sku=shared,
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Shipment {undone_fulfillment} of {undone_at:date} ended as {undone_status:words}",
    action="Fulfill it again; check first for a second label or parcel.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(3,),
    confused_with=["manual_late", "remainder_split"],
    hits=[
        {
            "is_undone": True,
            "undone_status": "CANCELLED",
            "undone_fulfillment": "#1001-F1",
            "undone_at": "2026-11-20T10:00Z",
        },
        {
            "is_undone": True,
            "undone_status": "FAILURE",
            "undone_fulfillment": "#1001-F1",
            "undone_at": "2026-11-20T10:00Z",
        },
        {
            "is_undone": True,
            "undone_status": "LABEL_VOIDED",
            "undone_fulfillment": "#1001-F1",
            "undone_at": "2026-11-20T10:00Z",
        },
    ],
    misses=[
        {"undone_status": "CANCELLED"},
        {"is_undone": True, "request_open": False, "request_status": "ACCEPTED"},
    ],
)
def fulfillment_undone(is_undone, undone_status, fulfillment_order_id, request_open):
    """A shipment was made, then failed or was cancelled"""
    return labelled(
        is_undone & known(fulfillment_order_id) & request_open,
        label_voided=one_of(undone_status, "LABEL_VOIDED"),
        cancelled=one_of(undone_status, "CANCELLED"),
        failed=one_of(undone_status, "ERROR", "FAILURE"),
    )
