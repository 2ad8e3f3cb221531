"""The manual queue: paid, in stock, free to ship, and nobody has shipped it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fulfilltools.demo.catalog import (
    BLANKET,
    BOWL,
    CANDLE,
    CHAIR,
    CUSHION,
    HALLWAY,
    LAMP,
    MUG,
    RUG,
    SHELF,
    TABLE_LAMP_AR,
    TRAY,
)
from fulfilltools.demo.stories.telling import story

if TYPE_CHECKING:
    from fulfilltools.demo.merchant import Order
    from fulfilltools.demo.shop import Shop

GOODS = (LAMP, BLANKET, CANDLE, MUG, SHELF, BOWL, TABLE_LAMP_AR, CUSHION, HALLWAY, RUG, TRAY, CHAIR)
COUNTRIES = ("SE",) * 6 + ("NO", "DE", "FI", "US", "JP")


@story("manual_fresh", times=24)
def ordered_over_the_weekend(shop: Shop) -> Order:
    days = shop.rng.choice((1, 1, 2, 2, 2))
    clock = f"{shop.rng.randint(8, 21)}:{shop.rng.randint(10, 59)}"
    cart = dict.fromkeys(shop.rng.sample(GOODS[:9], 2), shop.rng.choice((1, 1, 2)))
    return shop.buy(cart, shop.ago(days, clock), country=shop.rng.choice(COUNTRIES))


@story("manual_late", "sla", times=18)
def overlooked_by_the_warehouse_for_more_than_a_week(shop: Shop) -> Order:
    days = shop.rng.randint(10, 24)
    clock = f"{shop.rng.randint(8, 19)}:{shop.rng.randint(10, 59)}"
    product = shop.rng.choice(GOODS)
    return shop.buy(product, shop.ago(days, clock), country=shop.rng.choice(COUNTRIES))
