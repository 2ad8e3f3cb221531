"""Held orders: by whom, for what, and whether the reason still stands."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story


@story("hold_payment", unlike=("hold_stale",))
def held_until_the_bank_transfer_arrives(shop: Shop) -> Order:
    order = shop.place(the.HALLWAY, shop.ago(6), gateway="Banköverföring").promise()
    order.card.hold("AWAITING_PAYMENT", "Väntar på inbetalning")
    return order


@story("hold_payment", unlike=("hold_stale",))
def paid_for_by_nobody_though_the_goods_have_come_in(shop: Shop) -> Order:
    order = shop.place(the.ARRIVED, shop.ago(5), gateway="Banköverföring").promise()
    order.card.hold("INVENTORY_OUT_OF_STOCK", app="Lagerkoll").hold("AWAITING_PAYMENT")
    return order


@story("hold_fraud")
def held_by_the_fraud_app_for_review(shop: Shop) -> Order:
    order = shop.buy({the.BLANKET: 3}, shop.ago(4), country="US")
    order.judge("INVESTIGATE", "MEDIUM", "Several cards tried", app="SignalShield")
    order.card.hold("HIGH_RISK_OF_FRAUD", "Score 71", app="SignalShield")
    return order


@story("hold_fraud")
def held_by_hand_after_a_high_risk_warning(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 5}, shop.ago(3, "12:10"), country="FR")
    order.judge("CANCEL", "HIGH", "Billing and shipping countries differ")
    order.later(hours=2).card.hold("HIGH_RISK_OF_FRAUD")
    return order


@story("hold_address")
def house_number_missing_says_the_address_app(shop: Shop) -> Order:
    order = shop.buy(the.SHELF, shop.ago(5), country="DE", address_check="ERROR")
    order.card.hold("INCORRECT_ADDRESS", "House number missing", app="AddressGuard")
    return order


@story("hold_address", unlike=("delivery_details_problem",))
def postcode_and_town_disagree(shop: Shop) -> Order:
    order = shop.buy(the.MUG, shop.ago(2), address_check="WARNING")
    order.card.hold("INCORRECT_ADDRESS", app="AddressGuard")
    return order


@story("hold_stock", unlike=("hold_stale", "stock_backorder"))
def held_until_the_lamps_arrive(shop: Shop) -> Order:
    order = shop.buy(the.HELD_SHORT, shop.ago(shop.rng.randint(5, 16)))
    order.card.hold("INVENTORY_OUT_OF_STOCK", app="Lagerkoll")
    return order


@story("hold_stock", unlike=("manual_late",))
def somebody_found_the_shelf_empty(shop: Shop) -> Order:
    order = shop.buy({the.HELD_SHORT: 2}, shop.ago(6))
    order.later(hours=22).card.hold("INVENTORY_OUT_OF_STOCK", "Tomt på hyllan")
    return order


@story("hold_date_unknown", unlike=("hold_stale", "manual_late"))
def pre_ordered_without_a_date(shop: Shop) -> Order:
    order = shop.buy(the.PREORDER, shop.ago(shop.rng.choice((12, 26, 84))))
    order.lines[0].plan = "Förbeställning"
    order.card.hold("UNKNOWN_DELIVERY_DATE", app="ForBestall")
    return order


@story("hold_date_unknown", unlike=("scheduled_future", "schedule_stuck"))
def the_maker_has_named_no_week(shop: Shop) -> Order:
    order = shop.buy({the.PREORDER: 2}, shop.ago(13), country="NO")
    order.card.hold("UNKNOWN_DELIVERY_DATE", "Leverantören återkommer")
    return order


@story("hold_return", unlike=("return_open", "remainder_added_by_edit"))
def exchange_waits_for_the_first_mug_to_come_back(shop: Shop) -> Order:
    return _exchange(shop, "OPEN")


def _exchange(shop: Shop, status: str) -> Order:
    order = shop.buy(the.MUG, shop.ago(16)).later(hours=25)
    order.card.fulfill(carrier="PostNord")
    order.later(days=7).ask_return(status, exchange=the.BOWL)
    order.add(the.BOWL, exchange=True).hold("AWAITING_RETURN_ITEMS", app=None)
    return order.pay(the.BOWL.price)


@story("hold_return", unlike=("hold_stale", "return_open"))
def a_new_lamp_is_kept_until_the_broken_one_is_here(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.CANDLE: 1}, shop.ago(24)).later(hours=19)
    order.card.fulfill(carrier="PostNord")
    order.later(days=9).ask_return("OPEN", exchange=the.LAMP)
    order.add(the.LAMP, exchange=True).hold("AWAITING_RETURN_ITEMS", "Reklamation")
    return order.pay(the.LAMP.price)


@story("hold_other", "app")
def held_by_the_shipping_app_without_a_word(shop: Shop) -> Order:
    order = shop.buy(the.GLASSES, shop.ago(shop.rng.randint(4, 9)))
    order.card.hold("OTHER", "Consolidate with next order", app="Frakthubben")
    return order


@story("hold_other", "manual")
def held_by_somebody_who_has_forgotten_it(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(shop.rng.choice((21, 72))))
    order.later(days=1).card.hold("OTHER", "Kund vill ändra färg, återkommer")
    return order


@story("hold_other", "upsell", unlike=("hold_stale",))
def checked_out_minutes_ago_and_looking_at_an_offer(shop: Shop) -> Order:
    order = shop.buy(the.CANDLE, shop.minutes_ago(shop.rng.randint(12, 40)))
    order.card.hold("ONLINE_STORE_POST_PURCHASE_CROSS_SELL", app="OneMore Upsell")
    return order


@story("hold_stale", "payment")
def paid_long_ago_and_still_held_for_payment(shop: Shop) -> Order:
    order = shop.place(the.SHELF, shop.ago(9), gateway="Banköverföring").promise()
    order.card.hold("AWAITING_PAYMENT")
    return order.later(days=2).pay()


@story("hold_stale", "stock")
def the_clocks_came_in_and_nobody_released_the_hold(shop: Shop) -> Order:
    order = shop.buy(the.ARRIVED, shop.ago(14))
    order.card.hold("INVENTORY_OUT_OF_STOCK", app="Lagerkoll")
    return order


@story("hold_stale", "address")
def address_was_mended_but_the_hold_stayed(shop: Shop) -> Order:
    order = shop.buy(the.BOWL, shop.ago(7), country="NO")
    order.card.hold("INCORRECT_ADDRESS", app="AddressGuard")
    return order


@story("hold_stale", "fraud")
def the_fraud_app_has_since_accepted_the_order(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(6), country="US")
    order.card.hold("HIGH_RISK_OF_FRAUD", app="SignalShield")
    return order.judge("ACCEPT", "LOW", app="SignalShield")


@story("hold_stale", "return")
def the_mug_is_back_and_the_exchange_still_held(shop: Shop) -> Order:
    return _exchange(shop, "CLOSED")


@story("hold_stale", "upsell")
def the_offer_ended_yesterday(shop: Shop) -> Order:
    order = shop.buy(the.CANDLE, shop.ago(1, "16:20"))
    order.card.hold("ONLINE_STORE_POST_PURCHASE_CROSS_SELL", app="OneMore Upsell")
    return order


@story("manual_fresh", unlike=("hold_payment", "hold_stale", "payment_pending"))
def paid_and_released_on_saturday(shop: Shop) -> Order:
    order = shop.place(the.GLASSES, shop.ago(2, "09:00"), gateway="Banköverföring").promise()
    order.card.hold("AWAITING_PAYMENT")
    order.later(hours=8).pay().card.release()
    return order


@story("hold_other", "app", unlike=("hold_stale",))
def one_card_held_while_the_other_waits_its_turn(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.RUG: 1}, shop.ago(2))
    lamp, rug = order.cards
    lamp.hold("OTHER", "Gravyr beställd", app="Frakthubben")
    shop.knows(rug, "manual_fresh", story="the other card of an order that is partly held")
    return order
