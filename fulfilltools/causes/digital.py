"""Nothing to put into a parcel: gift cards, downloads, tips, protection."""

from fulfilltools.cause import Owner, Proof, Severity, Verdict, cause, labelled, mentions, one_of

DIGITAL = {"needs_shipping": False, "items": "Pattern, PDF", "delivery_method": "NONE"}

# Titles are in the shop's language, so these are guesses for a label, never for a cause.
TIP_WORDS = ("tip", "dricks", "trinkgeld", "pourboire")
PROTECTION_WORDS = ("protection", "warranty", "insurance", "skydd", "försäkring", "garanti")
SERVICE_WORDS = ("service", "install", "assembly", "montering", "tjänst", "montage")


def _carried_by_hand(delivery_method):
    """Pickups, local deliveries and counter sales wait for people, not for an app."""
    return one_of(delivery_method, "PICK_UP", "PICKUP_POINT", "LOCAL", "RETAIL")


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="Gift card, paid {age_hours:duration} ago and not issued",
    action="Fulfill it; in Settings > General > Order processing turn on "
    "Automatically fulfill only the gift cards of the order.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(2,),
    confused_with=["digital_waiting"],
    hits=[DIGITAL | {"all_gift_cards": True}],
    misses=[
        DIGITAL | {"all_gift_cards": True, "digital_hours_late": -0.5},
        DIGITAL | {"all_gift_cards": True, "fully_paid": False},
        DIGITAL,
    ],
)
def gift_card_waiting(all_gift_cards, fully_paid, digital_hours_late):
    """A paid gift card was not issued"""
    return all_gift_cards & fully_paid & (digital_hours_late > 0)


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.LOW,
    owner=Owner.OPERATIONS,
    evidence="All that ships has left; what remains ships nothing: {items}",
    action="Mark that line as fulfilled; a Flow can always do it.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(2,),
    confused_with=["remainder_split", "digital_waiting"],
    hits=[
        DIGITAL | {"shipments": 1, "items": "Tip"},
        DIGITAL | {"shipments": 1, "items": "Shipping protection"},
        DIGITAL | {"shipments": 2},
    ],
    misses=[DIGITAL, {"shipments": 1}, DIGITAL | {"shipments": 1, "all_gift_cards": True}],
)
def remainder_non_shippable(shipments, needs_shipping, all_gift_cards, items):
    """Everything that ships has left; a line that does not ship keeps it open"""
    return labelled(
        (shipments > 0) & ~needs_shipping & ~all_gift_cards,
        tip=mentions(items, *TIP_WORDS),
        protection=mentions(items, *PROTECTION_WORDS),
        service=mentions(items, *SERVICE_WORDS),
        digital=~needs_shipping,
    )


@cause(
    verdict=Verdict.DO_NOW,
    severity=Severity.HIGH,
    owner=Owner.OPERATIONS,
    evidence="{items}: nothing to ship, waiting for {age_hours:duration}",
    action="Check the download app, its automatic fulfillment and that a file is attached; "
    "then mark it as fulfilled.",
    needs_action="CREATE_FULFILLMENT",
    fixes=["fulfillmentCreate"],
    source=(2,),
    confused_with=["digital_flagged_physical", "remainder_non_shippable", "scheduled_future"],
    variants={
        "free": {
            "evidence": "{items}: free, so no payment set it off; waiting for {age_hours:duration}"
        },
        "in_export": {
            "verdict": Verdict.SUSPECT,
            "severity": Severity.MEDIUM,
            "proof": Proof.INFERRED,
            "evidence": "{items}: nothing to ship, waiting for {age_hours:duration}; "
            "an export may not show that it waits for its day",
            "action": "If no day is agreed for it, check the download app, "
            "then mark it as fulfilled.",
            "needs_action": None,
        },
    },
    hits=[DIGITAL, DIGITAL | {"total": 0}, DIGITAL | {"from_export": True}],
    misses=[
        DIGITAL | {"digital_hours_late": -0.5},
        DIGITAL | {"shipments": 1},
        DIGITAL | {"names_a_day": True},
        DIGITAL | {"delivery_method": "PICK_UP"},
        DIGITAL | {"fully_paid": False},
        {},
    ],
)
def digital_waiting(
    shipments,
    needs_shipping,
    all_gift_cards,
    names_a_day,
    delivery_method,
    fully_paid,
    total,
    digital_hours_late,
    from_export,
):
    """Nothing has to be shipped, and no app marked it as fulfilled"""
    free = total == 0
    digital = ~needs_shipping & ~all_gift_cards & ~names_a_day & ~_carried_by_hand(delivery_method)
    return labelled(
        digital & (shipments == 0) & (fully_paid | free) & (digital_hours_late > 0),
        in_export=from_export,
        free=free,
        paid=fully_paid,
    )


@cause(
    verdict=Verdict.SUSPECT,
    severity=Severity.MEDIUM,
    owner=Owner.OPERATIONS,
    proof=Proof.INFERRED,
    evidence="{items} says {digital_words} but is set to ship"
    "[; {instant_shipments} of {instant_sample} earlier ones were fulfilled at once, untracked]",
    action="Untick This is a physical product at the product; fulfill this one.",
    fixes=["inventoryItemUpdate", "fulfillmentCreate"],
    source=(2,),
    confused_with=["manual_late", "digital_waiting"],
    hits=[
        {"digital_words": "pdf", "is_weightless": True},
        {"digital_words": "pdf", "instant_shipments": 9, "instant_sample": 9},
    ],
    misses=[
        {"digital_words": "pdf", "instant_shipments": 1, "instant_sample": 9},
        {"is_weightless": True},
        {"digital_words": ""},
        DIGITAL | {"digital_words": "pdf", "instant_shipments": 9, "instant_sample": 9},
    ],
)
def digital_flagged_physical(
    needs_shipping, digital_words, is_weightless, instant_shipments, instant_sample
):
    """A digital product is still marked as physical, so digital apps skip it

    It is called digital, and weighs nothing or used to be fulfilled at once without tracking.
    """
    called_digital = ~one_of(digital_words, "")
    enough, most = 3, 0.8
    behaves_digital = (instant_sample >= enough) & (instant_shipments >= most * instant_sample)
    return needs_shipping & called_digital & (is_weightless | behaves_digital)
