"""Files, gift cards, tips and services: nothing to put in a parcel."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.catalog import Product
from fulfilltools.demo.stories.telling import Order, Shop, story


@story("digital_waiting", "paid", unlike=("gift_card_waiting", "delivery_details_problem"), times=4)
def the_download_app_left_it_alone(shop: Shop) -> Order:
    product = shop.rng.choice((the.EBOOK, the.PATTERN, the.COURSE))
    return shop.buy(product, shop.ago(shop.rng.randint(2, 12)), has_address=False)


@story("digital_waiting", "free", unlike=("payment_pending", "manual_late"), times=2)
def free_so_no_payment_ever_started_the_delivery(shop: Shop) -> Order:
    return shop.place(the.FREE_GUIDE, shop.ago(shop.rng.randint(2, 9)), has_address=False)


@story("digital_waiting", "paid")
def book_and_lamp_in_one_basket_and_neither_delivered(shop: Shop) -> Order:
    order = shop.buy({the.LAMP: 1, the.EBOOK: 1}, shop.ago(2, "18:30"))
    shop.knows(order.cards[0], "manual_fresh", story="the lamp of an order with a book")
    return order


@story("gift_card_waiting", unlike=("digital_waiting",), times=2)
def a_present_that_never_came(shop: Shop) -> Order:
    return shop.buy(the.GIFT_CARD, shop.ago(shop.rng.randint(2, 7), "19:10"))


@story("gift_card_waiting", unlike=("manual_fresh", "auto_fulfill_gap"))
def two_cards_paid_by_transfer_and_not_issued_after(shop: Shop) -> Order:
    order = shop.place({the.GIFT_CARD: 2}, shop.ago(5), gateway="Banköverföring").promise()
    return order.later(days=1).pay()


@story("auto_fulfill_gap", "skipped", unlike=("gift_card_waiting",))
def a_gift_card_that_was_not_issued_at_once_as_all_others(shop: Shop) -> Order:
    return shop.buy(the.GIFT_CARD, shop.minutes_ago(shop.rng.randint(20, 50)))


@story("auto_fulfill_gap", "off", unlike=("digital_waiting",))
def a_file_bought_half_an_hour_ago(shop: Shop) -> Order:
    return shop.buy(the.COURSE, shop.minutes_ago(shop.rng.randint(25, 50)))


@story("digital_flagged_physical", unlike=("digital_waiting",), times=2)
def a_pattern_still_marked_as_a_physical_product(shop: Shop) -> Order:
    return shop.buy(the.FLAGGED, shop.ago(shop.rng.randint(2, 10)))


@story("digital_flagged_physical", unlike=("manual_late", "delivery_details_problem"))
def patterns_bought_from_germany_with_a_postage_fee(shop: Shop) -> Order:
    return shop.buy({the.FLAGGED: 2}, shop.ago(13), country="DE")


def _all_shipped_but(shop: Shop, extra: Product) -> Order:
    order = shop.buy({the.HALLWAY: 1, extra: 1}, shop.ago(shop.rng.randint(6, 18))).later(hours=23)
    order.cards[0].fulfill(carrier="PostNord")
    return order


@story("remainder_non_shippable", "tip", unlike=("remainder_split",))
def only_the_tip_is_left(shop: Shop) -> Order:
    return _all_shipped_but(shop, the.TIP_PRODUCT)


@story("remainder_non_shippable", "protection", unlike=("remainder_split",))
def only_the_shipping_protection_is_left(shop: Shop) -> Order:
    return _all_shipped_but(shop, the.PROTECTION)


@story("remainder_non_shippable", "service", unlike=("digital_waiting",))
def only_the_assembly_is_left(shop: Shop) -> Order:
    return _all_shipped_but(shop, the.ASSEMBLY)


@story("remainder_non_shippable", "digital", unlike=("digital_waiting",))
def only_the_book_is_left(shop: Shop) -> Order:
    return _all_shipped_but(shop, the.EBOOK)


@story(None, unlike=("remainder_non_shippable", "nothing_left"))
def a_real_tip_never_keeps_an_order_open(shop: Shop) -> Order:
    order = shop.buy({the.MUG: 1, the.TIP: 1}, shop.ago(9)).later(hours=22)
    order.card.fulfill(carrier="PostNord")
    return order


@story("scheduled_future", "dated", unlike=("digital_waiting", "manual_late"))
def an_assembly_booked_for_december(shop: Shop) -> Order:
    order = shop.buy(the.ASSEMBLY, shop.ago(2))
    order.lines[0].attributes = ("Datum", "Tid")
    return order


@story("scheduled_future", "dated", unlike=("digital_waiting", "auto_fulfill_gap"))
def an_hour_of_advice_on_the_third_of_december(shop: Shop) -> Order:
    return shop.buy(the.CONSULTATION, shop.ago(1), tags=("booking-2026-12-03",))


@story("pickup_open", "not_ready", unlike=("digital_waiting", "delivery_details_problem"))
def a_tent_for_rent_to_be_fetched_on_the_twelfth(shop: Shop) -> Order:
    order = shop.buy(
        the.RENTAL,
        shop.ago(4),
        method="PICK_UP",
        routes={the.RENTAL: the.SODERMALM},
        tags=("pickup-2026-12-12",),
        has_address=False,
    )
    order.lines[0].attributes = ("Pickup date",)
    return order


@story("manual_fresh", unlike=("digital_flagged_physical", "remainder_non_shippable"))
def a_blanket_with_protection_not_yet_packed(shop: Shop) -> Order:
    order = shop.buy({the.BLANKET: 1, the.PROTECTION: 1}, shop.ago(1))
    blanket, cover = order.cards
    blanket.lines += cover.lines  # one card: the app sells it as shipped goods
    order.cards.remove(cover)
    return order
