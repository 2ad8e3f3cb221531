"""Stock, handed out first come, first served, cannot cover it."""

from fulfilltools.cause import Owner, Severity, Verdict, cause, labelled, one_of

SHORT = {"units_short": 1, "units_on_hand": 0, "units_incoming": 0}


def _handed_over(is_pos, delivery_method):
    """What was sold over the counter has left the stock with its buyer."""
    return is_pos & one_of(delivery_method, "RETAIL")


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="{units_short} of {units_left:count:unit|units} short at {location}"
    "[ ({units_on_hand} on hand)]; another location has them",
    action="Change its location (… > Change location on the fulfillment card).",
    needs_action="MOVE",
    fixes=["fulfillmentOrderMove", "fulfillmentOrdersReroute", "inventoryActivate"],
    confused_with=["stock_backorder", "hold_stock"],
    hits=[
        SHORT | {"stocked_elsewhere": True},
        SHORT | {"stocked_elsewhere": True, "stocked_here": False},
    ],
    misses=[
        SHORT,
        {"stocked_elsewhere": True},
        SHORT | {"stocked_elsewhere": True, "request_open": False},
        SHORT | {"stocked_elsewhere": True, "is_pos": True, "delivery_method": "RETAIL"},
    ],
)
def stock_elsewhere(
    units_short, stocked_elsewhere, stocked_here, request_open, is_pos, delivery_method
):
    """Its location cannot cover it, though another can"""
    return labelled(
        (units_short > 0)
        & stocked_elsewhere
        & request_open
        & ~_handed_over(is_pos, delivery_method),
        not_stocked_here=~stocked_here,
        short_here=stocked_here,
    )


@cause(
    verdict=Verdict.BLOCKED,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="{units_short} of {units_left:count:unit|units} short everywhere"
    "[; {units_incoming} incoming]",
    action="Split it and ship what there is; tell the buyer, refund or substitute the rest.",
    fixes=["fulfillmentOrderSplit", "refundCreate", "orderEditBegin"],
    confused_with=["stock_elsewhere", "hold_stock"],
    hits=[SHORT | {"units_incoming": 5}, SHORT],
    misses=[
        SHORT | {"stocked_elsewhere": True},
        {"units_incoming": 5},
        SHORT | {"request_open": False},
        SHORT | {"is_pos": True, "delivery_method": "RETAIL"},
    ],
)
def stock_backorder(
    units_short, stocked_elsewhere, units_incoming, request_open, is_pos, delivery_method
):
    """It is short everywhere: oversold or on backorder"""
    return labelled(
        (units_short > 0)
        & ~stocked_elsewhere
        & request_open
        & ~_handed_over(is_pos, delivery_method),
        incoming=units_incoming > 0,
        none=units_incoming <= 0,
    )
