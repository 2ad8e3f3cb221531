"""The manual queue: paid, in stock, free to ship, and nobody has shipped it yet."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story

GOODS = (
    the.LAMP,
    the.BLANKET,
    the.CANDLE,
    the.MUG,
    the.SHELF,
    the.BOWL,
    the.TABLE_LAMP_AR,
    the.CUSHION,
    the.HALLWAY,
    the.RUG,
    the.TRAY,
    the.CHAIR,
)
COUNTRIES = ("SE",) * 6 + ("NO", "DE", "FI", "US", "JP")


@story("manual_fresh", times=13)
def ordered_over_the_weekend(shop: Shop) -> Order:
    days = shop.rng.choice((1, 1, 2, 2, 2))
    clock = f"{shop.rng.randint(8, 21)}:{shop.rng.randint(10, 59)}"
    cart = dict.fromkeys(shop.rng.sample(GOODS[:9], 2), shop.rng.choice((1, 1, 2)))
    return shop.buy(cart, shop.ago(days, clock), country=shop.rng.choice(COUNTRIES))


@story("manual_late", "sla", times=10)
def overlooked_by_the_warehouse_for_more_than_a_week(shop: Shop) -> Order:
    days = shop.rng.randint(10, 24)
    clock = f"{shop.rng.randint(8, 19)}:{shop.rng.randint(10, 59)}"
    product = shop.rng.choice(GOODS)
    return shop.buy(product, shop.ago(days, clock), country=shop.rng.choice(COUNTRIES))


@story("manual_late", "sla")
def forgotten_since_august(shop: Shop) -> Order:
    return shop.buy(the.LAMP, shop.ago(96))


@story("manual_fresh", unlike=("manual_late",), times=2)
def seventy_hours_old_but_the_weekend_does_not_count(shop: Shop) -> Order:
    clock = f"{shop.rng.randint(13, 16)}:{shop.rng.randint(10, 59)}"
    return shop.buy(shop.rng.choice(GOODS), shop.ago(3, clock))


@story("manual_fresh", unlike=("manual_late",))
def imported_from_the_old_shop_but_processed_on_sunday(shop: Shop) -> Order:
    order = shop.buy(the.SHELF, shop.ago(19), channel="shopify_draft_order")
    order.processed = shop.ago(1)
    return order
