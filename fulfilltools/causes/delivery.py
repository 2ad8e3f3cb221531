"""Where it goes and when: address, shipping method, dates."""

from fulfilltools.cause import (
    Owner,
    Proof,
    Severity,
    Verdict,
    cause,
    known,
    labelled,
    mentions,
    one_of,
)

SCHEDULED = {"status": "SCHEDULED", "request_open": False, "can_fulfill": False}

# Plans are named in the shop's language, so these are guesses for a label, never for a cause.
PREORDER_WORDS = ("pre-order", "preorder", "förbeställ", "forudbestil", "vorbestell")
PREPAID_WORDS = ("prepaid", "subscription", "subscribe", "prenumeration", "förbetal", "abonnemang")


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.SUPPORT,
    evidence="Address check: {address_validation:words}[, {country}]",
    action="Edit the shipping address on the order.",
    fixes=["orderUpdate", "orderEditBegin", "orderEditAddShippingLine", "orderEditCommit"],
    source=(3,),
    confused_with=["hold_address", "service_rejected"],
    variants={
        "address_warning": {"severity": Severity.MEDIUM},
        "no_address": {"evidence": "It needs shipping and has no shipping address"},
        "no_shipping_method": {
            "evidence": "It needs shipping and has no shipping method",
            "action": "Add a shipping method by editing the order.",
        },
    },
    hits=[
        {"address_validation": "ERROR"},
        {"address_validation": "WARNING"},
        {"has_address": False, "address_validation": "NOT_VALIDATED"},
        {"has_shipping_method": False},
    ],
    misses=[
        {"address_validation": "NOT_VALIDATED"},
        {"needs_shipping": False, "has_address": False},
        {"delivery_method": "PICK_UP", "has_shipping_method": False},
        {"address_validation": "ERROR", "request_open": False},
    ],
)
def delivery_details_problem(
    needs_shipping,
    delivery_method,
    address_validation,
    has_address,
    has_shipping_method,
    request_open,
):
    """Its address or shipping method is missing or wrong, so labels and services fail"""
    error = one_of(address_validation, "ERROR")
    warning = one_of(address_validation, "WARNING")
    ships = needs_shipping & one_of(delivery_method, "SHIPPING") & request_open
    return labelled(
        ships & (error | warning | ~has_address | ~has_shipping_method),
        no_address=~has_address,
        address_error=error,
        no_shipping_method=~has_shipping_method,
        address_warning=warning,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Scheduled for {fulfill_at:date}, and still not open[; {selling_plan}]",
    action="Set the date in the selling-plan app, or open it.",
    fixes=["fulfillmentOrderReschedule", "fulfillmentOrderOpen"],
    confused_with=["scheduled_future"],
    variants={"no_date": {"evidence": "Scheduled without a date[; {selling_plan}]"}},
    hits=[
        SCHEDULED | {"schedule_hours_late": 30, "hours_to_schedule": -31},
        SCHEDULED | {"fulfill_at": None, "schedule_hours_late": None, "hours_to_schedule": None},
    ],
    misses=[
        SCHEDULED | {"fulfill_at": "2026-12-24T09:00Z", "schedule_hours_late": -800},
        {"schedule_hours_late": 30},
    ],
)
def schedule_stuck(status, fulfill_at, schedule_hours_late):
    """Its date has passed, or was never set, and it has not opened"""
    no_date = ~known(fulfill_at)
    return labelled(
        one_of(status, "SCHEDULED") & (no_date | (schedule_hours_late > 0)),
        no_date=no_date,
        overdue=schedule_hours_late > 0,
    )


@cause(
    verdict=Verdict.WAITS,
    severity=Severity.INFO,
    owner=Owner.NOBODY,
    evidence="Opens on {fulfill_at:date}[; {selling_plan}]",
    action="Nothing; it opens by itself.",
    fixes=["fulfillmentOrderOpen", "fulfillmentOrderReschedule"],
    confused_with=["schedule_stuck", "hold_date_unknown", "digital_waiting"],
    variants={
        "dated": {
            "evidence": "Nothing to ship; it names a day[: {named_day:day}]",
            "action": "Nothing until its day; mark it as fulfilled then.",
        },
        "tagged": {
            "proof": Proof.INFERRED,
            "evidence": "Tagged {tags}[; its day is {named_day:day}]",
            "action": "Nothing until its day, if the tag is right.",
        },
    },
    hits=[
        SCHEDULED
        | {
            "fulfill_at": "2026-12-24T09:00Z",
            "hours_to_schedule": 800,
            "schedule_hours_late": -801,
            "selling_plan": "Prepaid, six months",
        },
        {"needs_shipping": False, "names_a_day": True, "named_day_hours": 300},
        {"needs_shipping": False, "names_a_day": True, "named_day_hours": None},
        {"from_export": True, "status": None, "tags": "preorder-2026-12-24"},
    ],
    misses=[
        {"tags": "preorder-2026-12-24"},
        {"from_export": True, "status": None, "tags": "preorder", "named_day_hours": -30},
        {"fulfill_at": "2026-11-20T09:00Z"},
        {"names_a_day": True, "named_day_hours": 300},
        {"needs_shipping": False, "names_a_day": True, "named_day_hours": -30},
        SCHEDULED | {"schedule_hours_late": 30},
    ],
)
def scheduled_future(
    status,
    schedule_hours_late,
    selling_plan,
    needs_shipping,
    names_a_day,
    named_day_hours,
    delivery_method,
    request_open,
    from_export,
    tags,
):
    """Its day has not come: a pre-order, a subscription, or a dated service

    An export does not show schedules; there a pre-order is known by its tag.
    """
    scheduled = one_of(status, "SCHEDULED") & (schedule_hours_late <= 0)
    to_come = ~known(named_day_hours) | (named_day_hours > 0)
    carried = one_of(delivery_method, "PICK_UP", "PICKUP_POINT", "LOCAL", "RETAIL")
    dated = request_open & ~needs_shipping & names_a_day & to_come & ~carried
    tagged = from_export & mentions(tags, *PREORDER_WORDS).fillna(value=False) & to_come
    return labelled(
        scheduled | dated | tagged,
        dated=dated,
        tagged=tagged,
        preorder=mentions(selling_plan, *PREORDER_WORDS),
        prepaid=mentions(selling_plan, *PREPAID_WORDS),
        other=scheduled,
    )
