"""Sixty ordinary days: orders that were shipped, each place in its own rhythm.

The shop's habits, which a reader of the history can find again:
warehouses and services ship on working days from 8 to 17 only, Göteborg within a day or so, Malmö
in two, Baltic Fulfilment in about one and a half, craftsmen in four; files and gift cards go in
seconds; the till hands goods over at once. Cards are charged at checkout, Klarna is captured by
hand some hours before shipping, Qliro in the moment of shipping. PrintVerk and StudioLink have
sent nothing for two weeks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fulfilltools.demo import catalog as the
from fulfilltools.demo.shop import STOCKHOLM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fulfilltools.demo.catalog import Product
    from fulfilltools.demo.merchant import Order
    from fulfilltools.demo.shop import Shop

FIRST_DAY = 60
SATURDAY = 5
OPENS, CLOSES = 8, 17
COUNTRIES = ("SE",) * 7 + ("NO", "NO", "DE", "FI", "FR", "US", "JP")


def working(start: datetime, hours: float) -> datetime:
    """Say when work that takes so many hours of business days is done, in opening hours."""
    moment = start.astimezone(STOCKHOLM)
    left = timedelta(hours=hours)
    while left or moment.weekday() >= SATURDAY:
        midnight = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0)
        if moment.weekday() < SATURDAY:
            step = min(left, midnight - moment)
            left -= step
            if not left:
                moment += step
                break
        moment = midnight
    if moment.hour >= CLOSES:
        moment = (moment + timedelta(days=1)).replace(hour=OPENS)
    elif moment.hour < OPENS:
        moment = moment.replace(hour=OPENS)
    while moment.weekday() >= SATURDAY:
        moment += timedelta(days=1)
    return moment.astimezone(start.tzinfo)


def live_sixty_days(shop: Shop) -> None:
    """Act out the orders of the last sixty days that went as they should."""
    _warehouses(shop)
    _services(shop)
    _suppliers(shop)
    _files_and_gift_cards(shop)
    _the_store(shop)


def _days(shop: Shop, count: int, last: int = 4) -> Iterator[datetime]:
    """Spread moments evenly from the first day to the last (both counted back from today)."""
    for n in range(count):
        day = FIRST_DAY - n * (FIRST_DAY - last) // max(count - 1, 1)
        yield shop.ago(day, f"{shop.rng.randint(7, 21)}:{shop.rng.randint(10, 59)}")


def _cart(shop: Shop, goods: Sequence[Product]) -> dict[Product, int]:
    kinds = shop.rng.choice((1, 1, 1, 2))
    return {
        p: shop.rng.choice((1, 1, 1, 2)) for p in shop.rng.sample(goods, min(kinds, len(goods)))
    }


def _pay_and_ship(shop: Shop, order: Order, ships: datetime, carrier: str) -> None:
    order.gateway = shop.rng.choice(("shopify_payments",) * 7 + ("Klarna", "Klarna", "Qliro"))
    order.later(seconds=2)
    if order.gateway == "shopify_payments":
        order.pay().until(ships).card.fulfill(carrier=carrier)
        return
    order.authorize()
    if order.gateway == "Klarna":
        order.until(ships - timedelta(hours=shop.rng.uniform(1, 4))).capture()
    order.until(ships).card.fulfill(carrier=carrier)
    if order.gateway == "Qliro":
        order.later(seconds=20).capture()


def _warehouses(shop: Shop) -> None:
    gothenburg = (
        the.LAMP,
        the.BLANKET,
        the.CANDLE,
        the.MUG,
        the.SHELF,
        the.BOWL,
        the.TABLE_LAMP_AR,
        the.CUSHION,
        the.HALLWAY,
        the.GLASSES,
    )
    malmo = (the.RUG, the.TRAY, the.CHAIR)
    for goods, count, usual, slow in ((gothenburg, 80, (5, 26), 40), (malmo, 40, (24, 50), 60)):
        for n, at in enumerate(_days(shop, count, last=5 if goods is malmo else 4)):
            order = shop.place(_cart(shop, goods), at, country=shop.rng.choice(COUNTRIES))
            hours = slow if n % 12 == 0 else shop.rng.uniform(*usual)
            ships = min(working(at, hours), shop.ago(3, "16:30"))
            _pay_and_ship(shop, order, ships, shop.rng.choice(("PostNord", "DHL Freight")))


def _services(shop: Shop) -> None:
    for n, at in enumerate(_days(shop, 42)):
        order = shop.buy(_cart(shop, (the.KETTLE, the.TOWELS, the.LINEN)), at).later(seconds=40)
        if n % 15 == 0:
            order.later(hours=3)  # now and then the automatic request is missed
        order.card.request()
        order.until(working(order.clock, shop.rng.uniform(0.5, 3))).card.accept()
        ships = min(working(order.clock, shop.rng.uniform(10, 34)), shop.ago(3, "15:40"))
        order.until(ships).card.fulfill(carrier="Omniva", app="Baltic Fulfilment")
    for at in _days(shop, 32, last=19):
        order = shop.buy(_cart(shop, (the.POSTER, the.CANVAS)), at).later(seconds=30)
        order.card.request()
        order.until(working(order.clock, 1)).card.accept()
        order.until(working(order.clock, shop.rng.uniform(18, 30)))
        order.card.fulfill(carrier="Latvijas Pasts", app="PrintVerk")
    for at in _days(shop, 12, last=10):
        order = shop.buy(_cart(shop, (the.DALA_HORSE, the.WOODEN_SPOON)), at)
        order.until(working(order.clock, 5)).card.request(app=None)
        order.until(working(order.clock, shop.rng.uniform(70, 110)))
        order.until(order.clock).card.fulfill(carrier="PostNord")


def _suppliers(shop: Shop) -> None:
    for at in _days(shop, 32, last=6):
        order = shop.buy(_cart(shop, (the.LED_STRIP, the.PHONE_STAND)), at)
        ships = min(working(at, shop.rng.uniform(26, 60)), shop.ago(3, "14:20"))
        order.until(ships).card.fulfill(carrier="YunExpress", app="DropLane")
    for at in _days(shop, 30, last=20):
        order = shop.buy(shop.rng.choice((the.CERAMIC, the.TEXTILE)), at)
        order.until(working(at, shop.rng.uniform(20, 34)))
        order.card.fulfill(carrier="Bring", app="StudioLink")


def _files_and_gift_cards(shop: Shop) -> None:
    for n, at in enumerate(_days(shop, 34, last=1)):
        product = (
            the.FREE_GUIDE if n % 9 == 0 else shop.rng.choice((the.EBOOK, the.PATTERN, the.COURSE))
        )
        order = shop.buy(product, at) if product.price else shop.place(product, at)
        order.later(seconds=shop.rng.randint(3, 20)).card.fulfill(app="Filhyllan Digital")
    for at in _days(shop, 20, last=1):
        shop.buy(the.GIFT_CARD, at).later(seconds=2).card.fulfill(app="Shopify")
    for at in _days(shop, 8, last=6):
        order = shop.buy({the.LAMP: 1, the.EBOOK: 1}, at)
        parcel, download = order.cards
        order.later(seconds=8)
        download.fulfill(app="Filhyllan Digital")
        order.until(working(at, shop.rng.uniform(6, 30)))
        parcel.fulfill(carrier="PostNord")


def _the_store(shop: Shop) -> None:
    till = (the.VASE, the.MUG, the.CANDLE, the.CUSHION, the.BOWL)
    here = dict.fromkeys(till, the.SODERMALM)
    for at in _days(shop, 30, last=2):
        moment = at.astimezone(STOCKHOLM).replace(hour=shop.rng.randint(10, 18))
        sale = {"channel": "pos", "method": "RETAIL", "routes": here, "store": the.SODERMALM}
        order = shop.buy(_cart(shop, till), moment, **sale)
        order.later(seconds=1).card.fulfill(app="Point of Sale")
    for at in _days(shop, 12, last=5):
        order = shop.buy(shop.rng.choice(till), at, method="PICK_UP", routes=here)
        order.until(working(at, 4)).card.ready_for_pickup()
        order.until(working(order.clock, shop.rng.uniform(5, 30))).card.hand_over()
    for at in _days(shop, 6, last=8):
        order = shop.buy(the.VASE, at, method="LOCAL", routes=here)
        order.until(working(at, 9)).card.fulfill(shown="DELIVERED")
    for at in _days(shop, 2, last=30):
        order = shop.buy(the.VASE, at, routes=here)
        order.until(working(at, 30)).card.fulfill(carrier="PostNord")
