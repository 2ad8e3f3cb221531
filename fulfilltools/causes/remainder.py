"""Part of the order has left, or a return is under way; the rest was left behind."""

from fulfilltools.cause import Owner, Severity, Verdict, cause, labelled, one_of

PARTLY = {"shipments": 1, "shipped_from_here": True, "last_shipped_at": "2026-11-20T10:00Z"}


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Added by an edit after the rest had left or was requested: {items}",
    action="Fulfill it, or request fulfillment of the new card.",
    fixes=["fulfillmentCreate", "fulfillmentOrderSubmitFulfillmentRequest"],
    source=(3,),
    confused_with=["remainder_split"],
    hits=[{"is_edited": True, "routed_after_shipment": True}],
    misses=[
        {"is_edited": True},
        {"routed_after_shipment": True},
        {"is_edited": True, "routed_after_shipment": True, "request_open": False},
    ],
)
def remainder_added_by_edit(is_edited, routed_after_shipment, request_open):
    """An item was added after the rest had shipped, and nobody was told"""
    return is_edited & routed_after_shipment & request_open


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.LOW,
    owner=Owner.CUSTOMER,
    evidence="Return {return_status:words}, with {units_left:count:unit|units} still to ship",
    action="Finish the return, then fulfill or refund the rest.",
    fixes=["returnProcess", "returnClose"],
    confused_with=["hold_return"],
    hits=[{"return_status": "RETURN_REQUESTED"}, {"return_status": "IN_PROGRESS"}],
    misses=[
        {"return_status": "RETURNED"},
        {"return_status": "IN_PROGRESS", "request_open": False, "status": "ON_HOLD"},
    ],
)
def return_open(return_status, request_open):
    """A return or an exchange is under way"""
    requested = one_of(return_status, "RETURN_REQUESTED")
    in_progress = one_of(return_status, "IN_PROGRESS")
    return labelled(
        (requested | in_progress) & request_open, requested=requested, in_progress=in_progress
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="{shipments:count:parcel|parcels} left, the last on {last_shipped_at:date}; "
    "{units_left:count:unit waits|units wait} at {location}",
    action="Fulfill the second card.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate", "fulfillmentOrderMove"],
    confused_with=["remainder_non_shippable", "remainder_added_by_edit"],
    variants={
        "in_export": {
            "evidence": "Part of it has left[, the last on {last_shipped_at:date}]; "
            "{items} still to ship",
            "action": "Fulfill the rest, or see in the admin why it waits.",
            "needs_action": None,
        }
    },
    hits=[
        PARTLY,
        PARTLY | {"shipped_from_here": False, "hours_late": 9},
        PARTLY | {"from_export": True},
    ],
    misses=[
        {"shipments": 0},
        PARTLY | {"needs_shipping": False},
        PARTLY | {"request_open": False},
        PARTLY | {"shipped_from_here": False, "hours_late": -2},
    ],
)
def remainder_split(
    shipments, needs_shipping, shipped_from_here, hours_late, request_open, from_export
):
    """Part of it has left; the rest waits elsewhere or was left behind

    A second parcel from elsewhere that is still within its time is the ordinary queue.
    """
    left_behind = from_export | shipped_from_here | (hours_late > 0)
    return labelled(
        (shipments > 0) & needs_shipping & left_behind & request_open,
        in_export=from_export,
        other_location=~shipped_from_here,
        forgotten=shipped_from_here,
    )
