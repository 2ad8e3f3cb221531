"""Orders that somebody else packs: asked too late, declined, silent, or simply on their way."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.catalog import Product
from fulfilltools.demo.stories.telling import Order, Shop, story

BALTIC_GOODS = (the.KETTLE, the.TOWELS, the.LINEN)


def _requested(
    shop: Shop, product: Product, days: int, clock: str = "10:00", country: str = "SE"
) -> Order:
    order = shop.buy({product: 2}, shop.ago(days, clock), country=country).later(seconds=40)
    order.card.request()
    return order


def _accepted(shop: Shop, product: Product, days: int, clock: str = "10:00") -> Order:
    order = _requested(shop, product, days, clock).later(minutes=70)
    order.card.accept()
    return order


@story("service_rejected", "address")
def declined_for_a_missing_street_number(shop: Shop) -> Order:
    order = shop.buy(the.KETTLE, shop.ago(4), address_check="ERROR", country="DE").later(seconds=40)
    order.card.request()
    order.later(hours=2).card.reject("Invalid address", "The street number is missing.")
    return order


@story("service_rejected", "stock")
def declined_because_their_shelf_is_empty(shop: Shop) -> Order:
    order = _requested(shop, the.TOWELS, shop.rng.randint(3, 9)).later(hours=1)
    order.card.reject("Inventory out of stock", "HND-404: 0 of 2 on hand.")
    return order


@story("service_rejected")
def declined_because_they_do_not_ship_to_japan(shop: Shop) -> Order:
    order = _requested(shop, the.LINEN, 3, "11:00", country="JP").later(hours=3)
    order.card.reject("Undeliverable destination", "No carrier serves JP.")
    return order


@story("service_rejected", "item")
def declined_because_they_do_not_know_the_number(shop: Shop) -> Order:
    order = _requested(shop, the.KETTLE, 5, "09:20").later(minutes=50)
    order.card.reject("Invalid SKU", "TEK-501 is not in our catalog.")
    return order


@story("service_closed_incomplete", unlike=("remainder_split",))
def one_kettle_came_and_then_they_gave_up(shop: Shop) -> Order:
    order = _accepted(shop, the.KETTLE, 10).later(hours=30)
    card = order.card
    card.fulfill({order.lines[0]: 1}, carrier="Omniva", app="Baltic Fulfilment")
    order.later(days=2)
    card.close_incomplete()
    return order


@story("service_closed_incomplete", unlike=("service_accepted_late",))
def accepted_and_then_closed_without_a_parcel(shop: Shop) -> Order:
    order = _accepted(shop, the.LINEN, 8).later(days=3)
    order.card.close_incomplete()
    return order


@story("service_cancel_open", "requested")
def asked_to_stop_and_heard_nothing(shop: Shop) -> Order:
    order = _accepted(shop, the.TOWELS, 7).later(hours=20)
    order.card.ask_cancellation("Customer ordered twice")
    return order


@story("service_cancel_open", "rejected")
def asked_to_stop_too_late(shop: Shop) -> Order:
    order = _accepted(shop, the.KETTLE, 5).later(hours=20)
    order.card.ask_cancellation("Wrong color")
    order.later(hours=5).card.refuse_cancellation()
    return order


@story("service_not_requested", "callback", unlike=("service_cancel_open", "fulfillment_undone"))
def stopped_by_agreement_and_never_asked_again(shop: Shop) -> Order:
    order = _accepted(shop, the.LINEN, 6).later(hours=10)
    order.card.ask_cancellation("Change of address")
    order.later(hours=3).card.accept_cancellation()
    return order


@story("service_no_response", times=2)
def requested_last_week_and_never_answered(shop: Shop) -> Order:
    return _requested(shop, shop.rng.choice(BALTIC_GOODS), shop.rng.randint(7, 13))


@story("service_no_response", unlike=("service_not_requested",))
def the_mail_to_the_craftsmen_was_never_read(shop: Shop) -> Order:
    order = shop.buy(the.DALA_HORSE, shop.ago(9)).later(hours=6)
    order.card.request(app=None)
    return order


@story("service_accepted_late", times=3)
def accepted_and_then_silence(shop: Shop) -> Order:
    return _accepted(shop, shop.rng.choice(BALTIC_GOODS), shop.rng.randint(10, 18))


@story("service_accepted_late", unlike=("service_working",))
def accepted_and_past_the_promised_day(shop: Shop) -> Order:
    order = _accepted(shop, the.TOWELS, 11)
    order.card.fulfill_by = shop.ago(5)
    return order


@story("service_working", unlike=("service_no_response",), times=2)
def requested_on_sunday_evening(shop: Shop) -> Order:
    return _requested(shop, shop.rng.choice(BALTIC_GOODS), 1, f"{shop.rng.randint(17, 21)}:05")


@story("service_working", unlike=("service_accepted_late",), times=2)
def asked_on_the_weekend_and_accepted_this_morning(shop: Shop) -> Order:
    order = _requested(shop, shop.rng.choice(BALTIC_GOODS), shop.rng.choice((1, 2)), "13:30")
    order.until(shop.minutes_ago(25)).card.accept()
    return order


@story("service_working", unlike=("service_accepted_late", "integration_outage"))
def accepted_on_friday_and_packed_after_the_weekend(shop: Shop) -> Order:
    return _accepted(shop, shop.rng.choice(BALTIC_GOODS), 3, "14:40")


@story("service_working", unlike=("fraud_review", "dispute_open"))
def risky_but_already_in_the_hands_of_the_service(shop: Shop) -> Order:
    order = _accepted(shop, the.KETTLE, 3, "13:10").judge("INVESTIGATE", "MEDIUM", "New customer")
    return order.dispute("INQUIRY")


@story("service_not_requested", "callback", times=2)
def nobody_pressed_the_button(shop: Shop) -> Order:
    return shop.buy(shop.rng.choice(BALTIC_GOODS), shop.ago(shop.rng.randint(2, 6)))


@story("service_not_requested", "callback")
def waits_in_the_portal_of_the_service(shop: Shop) -> Order:
    order = shop.buy(the.TOWELS, shop.ago(4, "08:40"))
    order.card.external_url = "https://portal.baltic.example/orders/new"
    return order


@story("service_not_requested", "email_only")
def the_craftsmen_get_a_mail_only_when_somebody_sends_it(shop: Shop) -> Order:
    return shop.buy(
        shop.rng.choice((the.DALA_HORSE, the.WOODEN_SPOON)), shop.ago(shop.rng.randint(4, 6))
    )


@story("manual_fresh", unlike=("service_not_requested", "service_rejected"))
def taken_back_from_the_service_into_our_own_warehouse(shop: Shop) -> Order:
    order = shop.buy(the.KETTLE, shop.ago(2))
    order.later(hours=4).card.move(the.GOTHENBURG)
    return order


@story("item_unmapped", "no_sku", unlike=("service_rejected",))
def a_bag_the_service_cannot_name(shop: Shop) -> Order:
    return shop.buy(the.UNNUMBERED, shop.ago(shop.rng.randint(4, 9)))


@story("item_unmapped", "duplicate_sku")
def two_candlesticks_share_a_number(shop: Shop) -> Order:
    return shop.buy({the.TWIN_SKU: 1, the.TWIN_SKU_2: 1}, shop.ago(5))


@story("item_unmapped", "no_variant")
def the_variant_was_deleted_after_the_sale(shop: Shop) -> Order:
    order = shop.buy(the.LINEN, shop.ago(6))
    order.lines[0].unknown_variant = True
    return order


@story("manual_fresh", unlike=("item_unmapped",))
def no_number_but_our_own_people_know_the_thing(shop: Shop) -> Order:
    return shop.buy(the.NO_SKU, shop.ago(2, "15:15"))


@story("manual_fresh", unlike=("item_unmapped",))
def variant_deleted_yet_packed_by_hand(shop: Shop) -> Order:
    order = shop.buy(the.NO_SKU, shop.ago(1, "12:15"))
    order.lines[0].unknown_variant = True
    return order


@story("integration_outage", "service", unlike=("service_working",), times=3)
def printverk_has_sent_nothing_for_two_weeks(shop: Shop) -> Order:
    return _requested(shop, shop.rng.choice((the.POSTER, the.CANVAS)), shop.rng.randint(4, 13))


@story("integration_outage", "app", unlike=("manual_fresh",), times=3)
def studiolink_lost_its_connection(shop: Shop) -> Order:
    return shop.buy(shop.rng.choice((the.CERAMIC, the.TEXTILE)), shop.ago(shop.rng.randint(4, 14)))


@story("supplier_sync_lag")
def droplane_shipped_younger_orders_but_not_this_one(shop: Shop) -> Order:
    return shop.buy(
        shop.rng.choice((the.LED_STRIP, the.PHONE_STAND)), shop.ago(shop.rng.randint(13, 20))
    )


@story("supplier_sync_lag", unlike=("manual_late", "item_unmapped"))
def two_stands_that_never_reached_droplane(shop: Shop) -> Order:
    return shop.buy({the.PHONE_STAND: 2, the.LED_STRIP: 1}, shop.ago(17), country="FI")


@story("manual_fresh", unlike=("supplier_sync_lag", "integration_outage"))
def droplane_needs_its_usual_days(shop: Shop) -> Order:
    return shop.buy(
        shop.rng.choice((the.LED_STRIP, the.PHONE_STAND)), shop.ago(shop.rng.choice((1, 2)))
    )


@story("shipped_not_synced")
def the_service_sent_it_and_shopify_never_heard(shop: Shop) -> Order:
    order = _accepted(shop, the.KETTLE, 11)
    _on_the_list(shop, order, "Omniva", 8)
    shop.knows(order.card, "shipped_not_synced", without_list="service_accepted_late")
    return order


@story("shipped_not_synced")
def droplane_sent_it_and_shopify_never_heard(shop: Shop) -> Order:
    order = shop.buy(the.PHONE_STAND, shop.ago(shop.rng.randint(14, 18)))
    _on_the_list(shop, order, "YunExpress", 10)
    shop.knows(order.card, "shipped_not_synced", without_list="supplier_sync_lag")
    return order


@story("cancelled", unlike=("shipped_not_synced",))
def cancelled_here_and_shipped_there_all_the_same(shop: Shop) -> Order:
    order = shop.buy(the.LED_STRIP, shop.ago(12)).later(hours=20).cancel("CUSTOMER")
    _on_the_list(shop, order, "YunExpress", 9)
    return order


def _on_the_list(shop: Shop, order: Order, carrier: str, days: int) -> None:
    row = {
        "sku": order.lines[0].product.sku or "",
        "quantity": str(order.lines[0].quantity),
        "tracking_number": f"LV{order.serial:08d}EE",
        "carrier": carrier,
        "shipped_at": shop.ago(days).date().isoformat(),
    }
    shop.shipped_by_supplier.append((order.cards[0], row))


@story("unexplained", unlike=("service_working", "in_progress_stalled"))
def in_progress_at_a_service_that_was_never_asked(shop: Shop) -> Order:
    order = shop.buy(the.TOWELS, shop.ago(6)).later(hours=2)
    order.card.report_progress(app="Baltic Fulfilment")
    return order


@story("unexplained", unlike=("service_cancel_open", "service_not_requested"))
def open_although_the_service_agreed_to_cancel(shop: Shop) -> Order:
    order = shop.buy({the.KETTLE: 1}, shop.ago(5), routes={the.KETTLE: the.BALTIC})
    card = order.card.request().accept().ask_cancellation("Double order")
    card.status, card.request_status = "OPEN", "CANCELLATION_ACCEPTED"
    return order
