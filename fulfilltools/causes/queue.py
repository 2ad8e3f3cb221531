"""The ordinary queue of an own location, and what no cause explains."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, known, labelled, one_of

IN_PROGRESS = {"status": "IN_PROGRESS", "request_open": False}
EXPORTED = {
    "from_export": True,
    "status": None,
    "request_status": None,
    "at_service": None,
    "can_fulfill": None,
}
# In hours, because days are rounded and would not add up with the other two.
OF_SO_MANY_HOURS = "[ ({sla_hours:count:business hour|business hours}, by {sla_source:words})]"
LATE = {
    "age_hours": 120,
    "business_age_hours": 72,
    "hours_late": 24,
    "sla_hours": 48,
    "sla_source": "default",
}


def _in_queue(at_service, request_status, can_fulfill, request_open, from_export):
    ours = ~at_service & one_of(request_status, "UNSUBMITTED") & can_fulfill
    return (ours | from_export) & request_open


def _late(hours_late, hours_to_deadline):
    past_deadline = known(hours_to_deadline) & (hours_to_deadline < 0)
    return past_deadline, (hours_late > 0) | past_deadline


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="Marked in progress at {location}; unchanged since {touched_at:date}",
    action="Finish it, or mark it as open again.",
    fixes=["fulfillmentOrderOpen", "fulfillmentCreate"],
    source=(1,),
    confused_with=["service_accepted_late", "manual_late"],
    hits=[IN_PROGRESS | {"idle_hours_late": 5}],
    misses=[
        IN_PROGRESS | {"idle_hours_late": -5},
        IN_PROGRESS | {"idle_hours_late": 5, "request_status": "ACCEPTED", "at_service": True},
        {"idle_hours_late": 5},
    ],
)
def in_progress_stalled(at_service, status, request_status, idle_hours_late):
    """It was marked in progress by hand, then nothing happened"""
    by_hand = ~at_service & one_of(status, "IN_PROGRESS") & one_of(request_status, "UNSUBMITTED")
    return by_hand & (idle_hours_late > 0)


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Free to ship at {location}; waiting {business_age_hours:business}"
    ", {hours_late:business} past the SLA" + OF_SO_MANY_HOURS,
    action="Fulfill items, or Mark as fulfilled.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate", "fulfillmentOrdersSetFulfillmentDeadline"],
    source=(1,),
    confused_with=["payment_pending", "stock_backorder", "service_not_requested"],
    variants={
        "deadline": {"evidence": "Free to ship at {location}; its deadline was {fulfill_by:date}"},
        "in_export": {
            "verdict": Verdict.SUSPECT,
            "severity": Severity.MEDIUM,
            "proof": Proof.INFERRED,
            "evidence": "Not fulfilled for {business_age_hours:business}, {hours_late:business} "
            f"past the SLA{OF_SO_MANY_HOURS}; an export shows neither holds nor services",
            "action": "Open it in the admin, and fulfill it unless it is held or with a service.",
            "needs_action": None,
        },
    },
    hits=[
        LATE,
        EXPORTED | LATE,
        {"hours_to_deadline": -2, "fulfill_by": "2026-11-20T10:00Z"},
    ],
    misses=[
        {},
        LATE | {"hours_late": -1},
        LATE | {"at_service": True},
        LATE | {"status": "ON_HOLD", "request_open": False},
    ],
)
def manual_late(
    at_service,
    request_status,
    can_fulfill,
    request_open,
    hours_late,
    hours_to_deadline,
    from_export,
):
    """It is free to ship and late: somebody has to fulfill it by hand"""
    past_deadline, late = _late(hours_late, hours_to_deadline)
    return labelled(
        _in_queue(at_service, request_status, can_fulfill, request_open, from_export) & late,
        in_export=from_export,
        deadline=past_deadline,
        sla=hours_late > 0,
    )


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.INFO,
    owner=Owner.OPERATIONS,
    evidence="In progress at {location} since {touched_at:date}",
    action="Nothing yet.",
    source=(1,),
    confused_with=["in_progress_stalled"],
    hits=[IN_PROGRESS | {"idle_hours_late": -5}],
    misses=[
        IN_PROGRESS | {"idle_hours_late": 5},
        IN_PROGRESS | {"request_status": "ACCEPTED", "at_service": True},
        {},
    ],
)
def in_progress_fresh(at_service, status, request_status, idle_hours_late):
    """Somebody is packing it"""
    by_hand = ~at_service & one_of(status, "IN_PROGRESS") & one_of(request_status, "UNSUBMITTED")
    return by_hand & (idle_hours_late <= 0)


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.INFO,
    owner=Owner.OPERATIONS,
    evidence="In the queue of {location}; {hours_late:business} left",
    action="Nothing yet.",
    fixes=["fulfillmentCreate"],
    source=(1,),
    confused_with=["manual_late"],
    variants={
        "in_export": {
            "proof": Proof.INFERRED,
            "evidence": "Not fulfilled for {business_age_hours:business}, within its time",
        }
    },
    hits=[{}, EXPORTED],
    misses=[
        LATE,
        {"status": "ON_HOLD", "request_open": False},
        {"at_service": True},
        {"hours_to_deadline": -2},
    ],
)
def manual_fresh(
    at_service,
    request_status,
    can_fulfill,
    request_open,
    hours_late,
    hours_to_deadline,
    from_export,
):
    """It is in the ordinary queue, within its time"""
    _, late = _late(hours_late, hours_to_deadline)
    queue = _in_queue(at_service, request_status, can_fulfill, request_open, from_export)
    return labelled(queue & ~late, in_export=from_export)


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    proof=Proof.INFERRED,
    evidence="Shopify itself fulfilled {auto_fulfilled} of {auto_sample} orders of its kind",
    action="See Settings > General > Order processing: Automatically fulfill the order's line "
    "items (weigh volume and logistics first).",
    source=(1, 2),
    confused_with=["digital_waiting", "gift_card_waiting"],
    hits=[
        {"needs_shipping": False, "auto_fulfill": "off", "auto_fulfilled": 0, "auto_sample": 40},
        {"needs_shipping": False, "auto_fulfill": "on", "auto_fulfilled": 39, "auto_sample": 40},
    ],
    misses=[
        {"auto_fulfill": "off"},
        {"needs_shipping": False, "auto_fulfill": "on", "request_open": False},
        {"needs_shipping": False, "auto_fulfill": "on", "names_a_day": True},
    ],
)
def auto_fulfill_gap(needs_shipping, auto_fulfill, request_open, names_a_day):
    """Shopify could fulfill it by itself, and does not

    A finding about the shop's settings: it stands beside a root cause and hardly ever is one.
    """
    skipped = one_of(auto_fulfill, "on")
    return labelled(
        ~needs_shipping & request_open & ~names_a_day & one_of(auto_fulfill, "on", "off"),
        skipped=skipped,
        off=~skipped,
    )


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Order {fulfillment_status:words}, payment {financial_status:words}"
    "[, fulfillment order {status:words}, request {request_status:words}][; {alerts}]",
    action="Look at it by hand, and report the pattern.",
    hits=[{}],
)
def unexplained(row_id):
    """No cause explains it

    Asked last of every row, and counted: what is not understood is not hidden.
    """
    return known(row_id)
