"""A physical store beside the online one: counter sales, pickups, deliveries nearby."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, known, labelled, one_of


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="Point-of-sale order[ of {retail_location}], open for {age_hours:duration}",
    action="Fulfill it in the admin (the POS app cannot), and turn on Mark as fulfilled in POS.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(5,),
    confused_with=["manual_late", "pickup_open"],
    variants={
        "ship_to_customer": {
            "evidence": "Sold at the counter[ of {retail_location}] to be shipped; "
            "open for {age_hours:duration}",
            "action": "Ship it: orders from POS are never fulfilled automatically.",
        }
    },
    hits=[
        {"is_pos": True, "delivery_method": "RETAIL"},
        {"is_pos": True, "delivery_method": "SHIPPING"},
    ],
    misses=[
        {"retail_location": "Stockholm"},
        {"is_pos": True, "delivery_method": "PICK_UP"},
        {"is_pos": True, "fulfillment_order_id": None},
    ],
)
def pos_open(is_pos, delivery_method, fulfillment_order_id, request_open):
    """A point-of-sale order was never marked as fulfilled"""
    counter = one_of(delivery_method, "RETAIL", "NONE")
    pickup = one_of(delivery_method, "PICK_UP", "PICKUP_POINT")
    return labelled(
        is_pos & known(fulfillment_order_id) & ~pickup & request_open,
        left_open=counter,
        ship_to_customer=~counter,
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="Pickup at {location}, not made ready for {age_hours:duration}",
    action="Prepare it and mark it as Ready for pickup.",
    fixes=["fulfillmentOrderLineItemsPreparedForPickup", "fulfillmentCreate"],
    source=(5,),
    confused_with=["pos_open", "digital_waiting"],
    variants={
        "waiting_customer": {
            "owner": Owner.CUSTOMER,
            "severity": Severity.LOW,
            "evidence": "Ready at {location} since {ready_for_pickup_at:date}, not collected",
            "action": "Remind the customer; refund after some days; or mark it as picked up.",
        },
        "in_export": {
            "verdict": Verdict.SUSPECT,
            "proof": Proof.INFERRED,
            "evidence": "A pickup by its shipping method ({shipping_method}), open for "
            "{age_hours:duration}; an export does not show whether it is ready",
            "action": "See in the admin whether it is ready: prepare it, or remind the customer.",
        },
    },
    hits=[
        {"delivery_method": "PICK_UP"},
        {"delivery_method": "PICK_UP", "ready_for_pickup_at": "2026-11-20T10:00Z"},
        {"delivery_method": "PICK_UP", "from_export": True, "status": None},
    ],
    misses=[
        {"delivery_method": "SHIPPING"},
        {"delivery_method": "PICK_UP", "status": "ON_HOLD", "request_open": False},
        {"delivery_method": "LOCAL"},
    ],
)
def pickup_open(delivery_method, status, request_open, ready_for_pickup_at, from_export):
    """It waits in the store: not made ready, or not collected"""
    ready = known(ready_for_pickup_at)
    waiting = one_of(delivery_method, "PICK_UP", "PICKUP_POINT")
    return labelled(
        waiting & (one_of(status, "OPEN", "IN_PROGRESS") | request_open),
        in_export=from_export,
        waiting_customer=ready,
        not_ready=~ready,
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    evidence="Local delivery[ from {location}], open for {age_hours:duration}"
    "[; promised by {promised_by:date}]",
    action="Prepare and deliver it, then mark it as delivered.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(5,),
    confused_with=["pickup_open", "manual_late"],
    hits=[{"delivery_method": "LOCAL"}],
    misses=[
        {"delivery_method": "SHIPPING"},
        {"delivery_method": "LOCAL", "status": "ON_HOLD", "request_open": False},
        {"delivery_method": "PICK_UP"},
    ],
)
def local_delivery_open(delivery_method, status, request_open):
    """A local delivery was not prepared or not delivered"""
    open_still = one_of(status, "OPEN", "IN_PROGRESS") | request_open
    return one_of(delivery_method, "LOCAL") & open_still


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    proof=Proof.INFERRED,
    evidence="Routed to {location}, a store that shipped {online_share_percent} % "
    "of {online_sample} online parcels",
    action="Change its location; see Settings > Shipping and delivery > Order routing, or untick "
    "Fulfill online orders from this location.",
    needs_action="MOVE",
    fixes=["fulfillmentOrderMove", "fulfillmentOrdersReroute"],
    source=(5,),
    confused_with=["stock_elsewhere", "pos_open"],
    hits=[{"at_store": True, "online_share_percent": 1, "online_sample": 200}],
    misses=[
        {"at_store": True, "online_share_percent": 30, "online_sample": 200},
        {"at_store": True, "online_share_percent": 1, "online_sample": 200, "is_pos": True},
        {"online_share_percent": 1, "online_sample": 200},
    ],
)
def store_took_online_order(is_pos, delivery_method, at_store, online_share_percent, request_open):
    """An online order was routed to a store that hardly ever ships"""
    limit = 5
    rarely = online_share_percent < limit
    return ~is_pos & one_of(delivery_method, "SHIPPING") & at_store & rarely & request_open
