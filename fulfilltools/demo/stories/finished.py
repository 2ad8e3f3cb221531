"""Orders that only look unfulfilled, and those where goods or money go the wrong way."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story

QUEUE = ("manual_fresh", "manual_late")


@story("cancelled", unlike=("refunded_but_open", *QUEUE), times=2)
def customer_changed_their_mind_within_hours(shop: Shop) -> Order:
    at = shop.ago(shop.rng.randint(3, 30), "11:20")
    return (
        shop.buy(shop.rng.choice((the.LAMP, the.SHELF, the.MUG)), at)
        .later(hours=4)
        .cancel("CUSTOMER")
    )


@story("cancelled", unlike=("payment_expired_or_voided", "fraud_review"))
def cancelled_as_fraud_before_the_money_was_taken(shop: Shop) -> Order:
    order = shop.place({the.LAMP: 4}, shop.ago(8), gateway="Klarna", country="US").authorize()
    order.judge("CANCEL", "HIGH", "Card issued in another country", app="SignalShield")
    return order.later(hours=2).void().cancel("FRAUD")


@story("cancelled", unlike=("nothing_left", *QUEUE))
def cancelled_for_want_of_stock_and_not_yet_refunded(shop: Shop) -> Order:
    return shop.buy(the.GLASSES, shop.ago(6)).later(days=1).cancel("INVENTORY", refund=False)


@story("cancelled", unlike=("service_cancel_open", "service_not_requested"))
def cancelled_after_the_service_agreed_to_stop(shop: Shop) -> Order:
    order = shop.buy(the.KETTLE, shop.ago(9)).later(seconds=40)
    order.card.request().accept().ask_cancellation("Customer regrets")
    order.later(hours=5).card.accept_cancellation()
    return order.later(minutes=9).cancel("CUSTOMER")


@story("test_order")
def bogus_gateway_left_over_from_a_checkout_test(shop: Shop) -> Order:
    return shop.place(the.CANDLE, shop.ago(12), gateway="bogus", test=True).pay()


@story("test_order", unlike=("hold_other",))
def test_order_put_on_hold_by_the_developer(shop: Shop) -> Order:
    order = shop.place(the.MUG, shop.ago(5), gateway="bogus", test=True).pay()
    order.card.hold("OTHER", "test av flöde")
    return order


@story("no_fulfillment_order", "routing_pending")
def placed_minutes_ago_and_not_routed_yet(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.minutes_ago(6))
    order.cards_hidden = True
    return order


@story("no_fulfillment_order", "routing_failed")
def routing_never_made_a_card(shop: Shop) -> Order:
    order = shop.buy({the.BLANKET: 2}, shop.ago(4))
    order.cards_hidden = True
    return order


@story("no_fulfillment_order", "scope_missing")
def lies_at_a_marketplace_that_the_token_may_not_see(shop: Shop) -> Order:
    order = shop.buy(the.BOWL, shop.ago(5), channel="marketplace-connect", gateway="Marketplace")
    order.cards_hidden = True
    return order


@story("nothing_left", "removed", unlike=("refunded_but_open", *QUEUE))
def the_only_line_was_edited_out(shop: Shop) -> Order:
    order = shop.buy(the.SHELF, shop.ago(6)).later(hours=20)
    return order.remove(order.lines[0]).refund(amount=the.SHELF.price, restock="NO_RESTOCK")


@story("nothing_left", "refunded_lines", unlike=("refunded_but_open", "cancelled"))
def refunded_and_restocked_instead_of_cancelled(shop: Shop) -> Order:
    order = shop.buy({the.CUSHION: 2}, shop.ago(7)).later(hours=30)
    return order.refund({order.lines[0]: 2}, amount=order.total)


@story("nothing_left", "not_required")
def a_tip_and_nothing_else(shop: Shop) -> Order:
    return shop.buy(the.TIP, shop.ago(3), shipping=0, shipping_title=None)


@story(None, unlike=("nothing_left", "refunded_but_open"))
def one_line_removed_and_the_other_shipped(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.MUG: 1}, shop.ago(11)).later(hours=3)
    order.remove(order.lines[1]).refund(amount=the.MUG.price, restock="NO_RESTOCK")
    order.later(hours=20).card.fulfill(carrier="PostNord")
    return order


@story("refunded_but_open", "full")
def refunded_in_full_without_taking_the_goods_off_the_order(shop: Shop) -> Order:
    order = shop.buy(the.LAMP, shop.ago(4)).later(hours=26)
    return order.refund({order.lines[0]: 1}, restock="NO_RESTOCK", amount=order.total)


@story("refunded_but_open", "full", unlike=("service_accepted_late",))
def refunded_while_the_service_is_packing(shop: Shop) -> Order:
    order = shop.buy({the.TOWELS: 2}, shop.ago(5)).later(seconds=40)
    order.card.request().accept()
    order.later(days=1)
    return order.refund({order.lines[0]: 2}, restock="NO_RESTOCK", amount=order.total)


@story("refunded_but_open", "voided")
def reservation_let_go_while_the_service_is_packing(shop: Shop) -> Order:
    order = shop.place(the.KETTLE, shop.ago(4), gateway="Klarna").authorize().later(hours=2)
    order.card.request(app=None).accept()
    return order.later(hours=20).void()


@story("manual_fresh", unlike=("refunded_but_open", "nothing_left"))
def a_few_kronor_back_for_the_long_wait(shop: Shop) -> Order:
    order = shop.buy(the.BLANKET, shop.ago(2)).later(hours=5)
    return order.refund(restock="NO_RESTOCK", amount=150)


@story("manual_fresh", unlike=("refunded_but_open", "nothing_left"))
def one_of_two_lines_refunded_and_restocked(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.GLASSES: 1}, shop.ago(2)).later(hours=3)
    return order.refund({order.lines[1]: 1})


@story("archived_unfulfilled", unlike=("manual_late",))
def archived_half_a_year_ago_with_a_lamp_unsent(shop: Shop) -> Order:
    return shop.buy(the.LAMP, shop.ago(201)).later(days=3).archive()


@story("archived_unfulfilled", unlike=("remainder_split",))
def archived_after_the_first_parcel(shop: Shop) -> Order:
    order = shop.buy({the.CANDLE: 4}, shop.ago(33)).later(hours=26)
    order.card.fulfill({order.lines[0]: 3}, carrier="PostNord")
    return order.later(days=6).archive()


@story(None, unlike=("archived_unfulfilled", "fulfillment_undone"))
def archived_when_all_was_sent_after_a_first_label_was_cancelled(shop: Shop) -> Order:
    order = shop.buy(the.BOWL, shop.ago(19)).later(hours=20)
    card = order.card
    again = card.undo(card.fulfill(carrier="PostNord"), "CANCELLED", "CANCELED")
    order.later(hours=4)
    again.fulfill(carrier="DHL Freight")
    return order.later(days=4).archive()
