"""Money, trust and addresses: what must be settled before goods may leave."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story


@story("dispute_open", "inquiry")
def the_bank_asks_about_the_charge(shop: Shop) -> Order:
    return shop.buy(the.LAMP, shop.ago(6), country="US").later(days=3).dispute("INQUIRY")


@story("dispute_open", "chargeback")
def the_money_was_pulled_back_before_shipping(shop: Shop) -> Order:
    order = shop.buy(the.RUG, shop.ago(9), country="FR").later(days=5)
    return order.dispute("CHARGEBACK", "UNDER_REVIEW")


@story("manual_fresh", unlike=("dispute_open",))
def the_dispute_was_won(shop: Shop) -> Order:
    return shop.buy(the.CUSHION, shop.ago(2)).later(hours=3).dispute("INQUIRY", "WON")


@story("payment_expired_or_voided", "expired", unlike=("payment_authorized",))
def nobody_captured_in_time(shop: Shop) -> Order:
    order = shop.place(
        the.BLANKET, shop.ago(shop.rng.randint(12, 20)), gateway="Klarna"
    ).authorize()
    return order.later(days=7).expire()


@story("payment_expired_or_voided", "voided", unlike=("refunded_but_open", "payment_pending"))
def the_reservation_was_let_go(shop: Shop) -> Order:
    return shop.place(the.SHELF, shop.ago(5), gateway="Klarna").authorize().later(days=1).void()


@story("payment_expired_or_voided", "failed", unlike=("payment_pending",))
def the_card_was_declined_after_checkout(shop: Shop) -> Order:
    return shop.place(the.LAMP, shop.ago(4)).later(seconds=4).fail("CARD_DECLINED")


@story("manual_fresh", unlike=("payment_expired_or_voided", "payment_pending"))
def the_second_card_worked(shop: Shop) -> Order:
    return shop.place(the.BOWL, shop.ago(2)).fail("INSUFFICIENT_FUNDS").later(minutes=3).pay()


@story("payment_pending", "manual", times=2)
def promised_a_bank_transfer(shop: Shop) -> Order:
    at = shop.ago(shop.rng.randint(3, 15))
    return shop.place(the.HALLWAY, at, gateway="Banköverföring").promise()


@story("payment_pending", "provider")
def swish_has_not_confirmed(shop: Shop) -> Order:
    return shop.place(the.MUG, shop.ago(3), gateway="Swish").promise("AWAITING_RESPONSE")


@story("payment_pending", "provider")
def the_instalment_company_is_still_thinking(shop: Shop) -> Order:
    return shop.place(the.RUG, shop.ago(4), gateway="Klarna").promise()


@story("payment_pending", "manual", unlike=("digital_waiting",))
def a_pattern_that_nobody_has_paid_for(shop: Shop) -> Order:
    return shop.place(the.PATTERN, shop.ago(3), gateway="Banköverföring").promise()


@story("payment_pending", "manual", unlike=("gift_card_waiting", "auto_fulfill_gap"))
def a_gift_card_that_nobody_has_paid_for(shop: Shop) -> Order:
    return shop.place(the.GIFT_CARD, shop.ago(2), gateway="Banköverföring").promise()


@story("manual_fresh", unlike=("payment_pending", "payment_outstanding"))
def cash_on_delivery_must_ship_first(shop: Shop) -> Order:
    at = shop.ago(2, "17:20")
    return shop.place(the.GLASSES, at, gateway="Cash on Delivery (COD)", country="FI").promise()


@story("payment_authorized", "manual_capture", times=2)
def klarna_orders_wait_for_somebody_to_capture(shop: Shop) -> Order:
    at = shop.ago(shop.rng.choice((2, 3, 3)), f"{shop.rng.randint(9, 18)}:30")
    return shop.place(
        shop.rng.choice((the.LAMP, the.BLANKET, the.BOWL)), at, gateway="Klarna"
    ).authorize()


@story("payment_authorized", "expiring")
def the_reservation_lapses_tomorrow(shop: Shop) -> Order:
    return shop.place(the.SHELF, shop.ago(6, "16:00"), gateway="Klarna").authorize()


@story("manual_fresh", unlike=("payment_authorized", "payment_pending"), times=2)
def qliro_is_captured_in_the_moment_of_shipping(shop: Shop) -> Order:
    at = shop.ago(shop.rng.choice((1, 2)), "14:10")
    return shop.place(shop.rng.choice((the.CANDLE, the.CUSHION)), at, gateway="Qliro").authorize()


@story("payment_outstanding", "partial")
def half_was_paid_with_an_old_gift_card(shop: Shop) -> Order:
    return shop.place(the.HALLWAY, shop.ago(5), gateway="gift_card").pay(500)


@story("payment_outstanding", "after_edit")
def a_rug_was_added_and_never_paid(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(4)).later(hours=2)
    order.add(the.RUG)
    return order


@story("b2b_terms", "due_on_fulfillment", unlike=("payment_pending",))
def a_hotel_pays_when_the_goods_leave(shop: Shop) -> Order:
    order = shop.place({the.GLASSES: 12}, shop.ago(4), company=True, po_number="PO-7781")
    return order.agree_terms("Due on fulfillment", "FULFILLMENT", None)


@story("b2b_terms", "net", unlike=("payment_pending", "payment_outstanding"))
def a_restaurant_buys_on_thirty_days(shop: Shop) -> Order:
    order = shop.place({the.BOWL: 20}, shop.ago(5), company=True, po_number="4500-118")
    return order.agree_terms("Net 30", "NET", shop.ago(-25))


@story("b2b_terms", "overdue", unlike=("payment_pending",))
def an_office_has_not_paid_what_was_due(shop: Shop) -> Order:
    order = shop.place({the.LAMP: 6}, shop.ago(24), company=True, po_number="INK-2209")
    return order.agree_terms("Net 15", "NET", shop.ago(9))


@story("manual_fresh", unlike=("b2b_terms", "payment_pending"))
def a_company_that_paid_by_card(shop: Shop) -> Order:
    return shop.buy({the.MUG: 8}, shop.ago(2), company=True)


@story("fraud_review", "high")
def high_risk_and_no_hold(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 3}, shop.ago(shop.rng.randint(3, 6)), country="US")
    return order.judge("CANCEL", "HIGH", "IP address far from the shipping address")


@story("fraud_review", "investigate")
def the_fraud_app_asks_for_a_second_look(shop: Shop) -> Order:
    order = shop.buy(the.BLANKET, shop.ago(4), country="FR")
    return order.judge("INVESTIGATE", "MEDIUM", "Two failed payments", app="SignalShield")


@story("fraud_review", "pending")
def the_analysis_never_finished(shop: Shop) -> Order:
    return shop.buy(the.SHELF, shop.ago(4)).judge("NONE", "PENDING")


@story("manual_fresh", unlike=("fraud_review",))
def medium_risk_that_was_accepted(shop: Shop) -> Order:
    return shop.buy(the.CUSHION, shop.ago(2), country="DE").judge("ACCEPT", "MEDIUM", "New e-mail")


@story("manual_fresh", unlike=("fraud_review",))
def the_analysis_has_just_begun(shop: Shop) -> Order:
    return shop.buy(the.BOWL, shop.minutes_ago(55)).judge("NONE", "PENDING")


@story("delivery_details_problem", "address_error")
def the_street_does_not_exist(shop: Shop) -> Order:
    return shop.buy(the.CANDLE, shop.ago(4), country="DE", address_check="ERROR")


@story("delivery_details_problem", "address_warning")
def the_postcode_looks_odd(shop: Shop) -> Order:
    return shop.buy(the.MUG, shop.ago(3), country="NO", address_check="WARNING")


@story("delivery_details_problem", "no_address")
def a_draft_order_without_an_address(shop: Shop) -> Order:
    return shop.buy(the.HALLWAY, shop.ago(5), channel="shopify_draft_order", has_address=False)


@story("delivery_details_problem", "no_shipping_method")
def a_draft_order_without_a_shipping_method(shop: Shop) -> Order:
    details = {"channel": "shopify_draft_order", "shipping_title": None, "shipping": 0}
    return shop.buy(the.RUG, shop.ago(6), **details)
