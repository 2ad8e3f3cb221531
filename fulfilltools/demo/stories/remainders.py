"""Partly shipped, scheduled, begun: orders whose cards tell different stories."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story


@story("schedule_stuck", "no_date")
def scheduled_for_a_day_nobody_has_set(shop: Shop) -> Order:
    order = shop.buy(the.PREORDER, shop.ago(30))
    order.lines[0].plan = "Förbeställning"
    order.card.schedule(None)
    return order


@story("schedule_stuck", "overdue")
def its_day_came_last_week_and_it_never_opened(shop: Shop) -> Order:
    order = shop.buy(the.COFFEE_BOX, shop.ago(35))
    order.lines[0].plan = "Kaffe varje månad"
    order.card.schedule(shop.ago(5))
    return order


@story("scheduled_future", "prepaid", unlike=("manual_late", "remainder_split"))
def three_months_of_coffee_paid_in_advance(shop: Shop) -> Order:
    order = shop.buy({the.COFFEE_BOX: 3}, shop.ago(20))
    line = order.lines[0]
    line.plan = "Förbetald, 3 månader"
    first = order.card
    for days in (-10, -40):
        first.split(line, 1).schedule(shop.ago(days))
    order.later(hours=24)
    first.fulfill(carrier="PostNord")
    return order


@story("scheduled_future", "preorder", unlike=("hold_date_unknown", "schedule_stuck"))
def the_ceiling_lamp_comes_in_december(shop: Shop) -> Order:
    order = shop.buy(the.PREORDER, shop.ago(shop.rng.randint(6, 18)))
    order.lines[0].plan = "Förbeställning"
    order.card.schedule(shop.ago(-18))
    return order


@story("scheduled_future", "other", unlike=("manual_late",))
def asked_to_be_sent_before_christmas(shop: Shop) -> Order:
    order = shop.buy(the.GLASSES, shop.ago(10))
    order.card.schedule(shop.ago(-21))
    return order


@story("manual_fresh", unlike=("manual_late", "schedule_stuck", "scheduled_future"))
def a_subscription_box_that_opened_on_saturday(shop: Shop) -> Order:
    order = shop.buy(the.COFFEE_BOX, shop.ago(31))
    order.lines[0].plan = "Kaffe varje månad"
    order.card.schedule(shop.ago(2, "06:00"))
    order.until(shop.ago(2, "06:00")).card.open()
    return order


@story("manual_fresh", unlike=("schedule_stuck", "scheduled_future"))
def an_ordinary_order_whose_fulfill_at_is_its_own_hour(shop: Shop) -> Order:
    return shop.buy(the.BLANKET, shop.ago(1, "17:45"))


@story("fulfillment_undone", "cancelled", unlike=("remainder_split",))
def sent_with_the_wrong_label_and_undone(shop: Shop) -> Order:
    return _undone(shop, "CANCELLED", "CANCELED")


@story("fulfillment_undone", "label_voided")
def the_label_was_voided(shop: Shop) -> Order:
    return _undone(shop, "CANCELLED", "LABEL_VOIDED")


@story("fulfillment_undone", "failed")
def the_carrier_refused_the_parcel(shop: Shop) -> Order:
    return _undone(shop, "FAILURE", "FAILURE")


def _undone(shop: Shop, status: str, shown: str) -> Order:
    order = shop.buy(the.SHELF, shop.ago(shop.rng.randint(6, 9))).later(hours=24)
    card = order.card
    shipment = card.fulfill(carrier="DHL Freight")
    order.later(hours=5)
    card.undo(shipment, status, shown)
    return order


@story("remainder_split", "forgotten", unlike=("fulfillment_undone",))
def undone_once_then_sent_but_for_one_mug(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.MUG: 2}, shop.ago(9)).later(hours=20)
    card = order.card
    again = card.undo(card.fulfill(carrier="PostNord"), "CANCELLED", "CANCELED")
    lamp, mugs = order.lines
    order.later(hours=25)
    again.fulfill({lamp: 1, mugs: 1}, carrier="PostNord")
    return order


@story("manual_fresh", unlike=("fulfillment_undone", "remainder_split", "service_cancel_open"))
def reverted_to_unfulfilled_and_made_new_on_saturday(shop: Shop) -> Order:
    order = shop.buy(the.BOWL, shop.ago(2, "08:30")).later(hours=3)
    order.card.reissue()
    return order


@story("manual_fresh", unlike=("remainder_split", "stock_elsewhere"))
def a_tray_moved_to_the_small_warehouse(shop: Shop) -> Order:
    order = shop.buy(the.TRAY, shop.ago(2, "10:30"), routes={the.TRAY: the.GOTHENBURG}).later(
        hours=1
    )
    order.card.reissue(the.MALMO)
    return order


@story("manual_fresh", unlike=("remainder_split",))
def two_warehouses_and_neither_has_begun(shop: Shop) -> Order:
    return shop.buy({the.CUSHION: 1, the.RUG: 1}, shop.ago(2, "19:00"))


@story("remainder_added_by_edit")
def a_mug_added_after_the_parcel_had_left(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(12)).later(hours=24)
    order.card.fulfill(carrier="PostNord")
    order.later(days=2).add(the.MUG)
    return order.pay(the.MUG.price)


@story("remainder_added_by_edit")
def a_candle_added_after_the_service_was_asked(shop: Shop) -> Order:
    order = shop.buy(the.KETTLE, shop.ago(3, "11:00")).later(seconds=40)
    asked = order.card.request().accept()
    shop.knows(asked, "service_working", story="the kettle of an order that was added to")
    order.later(hours=3).add(the.CANDLE)
    return order.pay(the.CANDLE.price)


def _half_sent(shop: Shop) -> Order:
    order = shop.buy({the.CANDLE: 3}, shop.ago(shop.rng.randint(10, 16))).later(hours=22)
    order.card.fulfill({order.lines[0]: 2}, carrier="PostNord")
    return order


@story("return_open", "requested", unlike=("remainder_split",))
def the_customer_wants_to_return_what_came(shop: Shop) -> Order:
    return _half_sent(shop).later(days=5).ask_return("REQUESTED")


@story("return_open", "in_progress", unlike=("hold_return",))
def what_came_is_on_its_way_back(shop: Shop) -> Order:
    return _half_sent(shop).later(days=5).ask_return("OPEN")


@story("remainder_split", "forgotten", unlike=("remainder_non_shippable",))
def one_candle_was_left_behind(shop: Shop) -> Order:
    return _half_sent(shop)


@story("remainder_split", "forgotten", unlike=("return_open",))
def an_old_return_is_closed_and_a_candle_still_missing(shop: Shop) -> Order:
    return _half_sent(shop).later(days=3).ask_return("CLOSED")


@story("remainder_split", "other_location", unlike=("manual_late",), times=2)
def the_lamp_came_and_the_rug_waits_in_malmo(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.RUG: 1}, shop.ago(shop.rng.randint(8, 14))).later(hours=25)
    order.cards[0].fulfill(carrier="PostNord")
    return order


@story("in_progress_stalled", unlike=("service_accepted_late", "manual_late"))
def picked_last_week_and_left_on_the_trolley(shop: Shop) -> Order:
    order = shop.buy(the.GLASSES, shop.ago(shop.rng.randint(8, 13))).later(hours=21)
    order.card.report_progress()
    return order


@story("in_progress_stalled", unlike=("service_working", "unexplained"))
def the_picking_app_began_and_crashed(shop: Shop) -> Order:
    order = shop.buy({the.TRAY: 2}, shop.ago(12)).later(hours=40)
    order.card.report_progress(app="Frakthubben")
    return order


@story("in_progress_fresh", unlike=("service_working", "in_progress_stalled"))
def being_packed_since_this_morning(shop: Shop) -> Order:
    order = shop.buy(the.CUSHION, shop.ago(3, "15:30")).until(shop.minutes_ago(30))
    order.card.report_progress()
    return order


@story("in_progress_fresh", unlike=("service_accepted_late", "manual_late"))
def the_picking_app_took_it_on_sunday_night(shop: Shop) -> Order:
    order = shop.buy({the.CANDLE: 2}, shop.ago(1, "18:00")).until(shop.minutes_ago(50))
    order.card.report_progress(app="Frakthubben")
    return order


@story("manual_late", "deadline", unlike=("manual_fresh",))
def promised_to_leave_before_the_weekend(shop: Shop) -> Order:
    order = shop.buy(the.BLANKET, shop.ago(3, "09:15"))
    order.card.fulfill_by = shop.ago(3, "16:00")
    return order


@story("unexplained", unlike=("manual_late", "manual_fresh"))
def shopify_shows_no_button_at_all(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(7))
    order.card.buttons_gone = True
    order.alerts = [
        {
            "severity": "WARNING",
            "title": "This order can't be fulfilled right now",
            "content": "Something is wrong with this order's fulfillment. Try again later.",
            "actions": [],
        },
    ]
    return order
