"""Places: shut ones, empty shelves, the store beside the online shop."""

from fulfilltools.demo import catalog as the
from fulfilltools.demo.stories.telling import Order, Shop, story


@story("location_unusable", "inactive", unlike=("manual_late",))
def the_uppsala_store_closed_with_the_order_in_it(shop: Shop) -> Order:
    return shop.buy(the.LAMP, shop.ago(25), routes={the.LAMP: the.UPPSALA})


@story("location_unusable", "deleted")
def the_pop_up_store_no_longer_exists(shop: Shop) -> Order:
    order = shop.buy(the.SHELF, shop.ago(31), routes={the.SHELF: the.UPPSALA})
    order.card.gone_place = "Lund pop-up"
    return order


@story("location_unusable", "service_removed", unlike=("service_not_requested",))
def waits_at_a_service_that_was_uninstalled(shop: Shop) -> Order:
    return shop.buy(the.KETTLE, shop.ago(15), routes={the.KETTLE: the.VASTBERGA})


@story("location_unusable", "service_removed", unlike=("service_no_response",))
def asked_a_service_days_before_it_was_uninstalled(shop: Shop) -> Order:
    order = shop.buy(the.KETTLE, shop.ago(17), routes={the.KETTLE: the.VASTBERGA}).later(seconds=30)
    order.card.request()
    return order


@story("location_unusable", "not_online", unlike=("store_took_online_order",))
def the_showroom_does_not_ship_online_orders(shop: Shop) -> Order:
    return shop.buy(the.VASE, shop.ago(4), routes={the.VASE: the.SHOWROOM})


@story("pos_open", "left_open", unlike=("location_unusable",))
def the_showroom_may_well_sell_over_the_counter(shop: Shop) -> Order:
    return _over_the_counter(shop, the.SHOWROOM, 5)


@story("manual_late", "sla", unlike=("stock_elsewhere", "stock_backorder"))
def first_in_line_for_the_last_two_stools(shop: Shop) -> Order:
    return shop.buy({the.SHORT: 2}, shop.ago(10))


@story("stock_elsewhere", "short_here")
def stools_are_out_here_but_plenty_in_malmo(shop: Shop) -> Order:
    return shop.buy(the.SHORT, shop.ago(shop.rng.choice((4, 5))))


@story("stock_elsewhere", "not_stocked_here")
def routed_to_a_warehouse_that_never_kept_the_lamp(shop: Shop) -> Order:
    return shop.buy(the.UNSTOCKED, shop.ago(shop.rng.choice((4, 6))))


@story("stock_backorder", "incoming")
def oversold_and_more_mirrors_on_the_way(shop: Shop) -> Order:
    return shop.buy(the.INCOMING, shop.ago(shop.rng.randint(4, 11)))


@story("manual_late", "sla", unlike=("stock_backorder",))
def first_in_line_for_the_last_rug(shop: Shop) -> Order:
    return shop.buy(the.GONE, shop.ago(14))


@story("stock_backorder", "none")
def sold_a_rug_that_is_never_coming_back(shop: Shop) -> Order:
    return shop.buy(the.GONE, shop.ago(shop.rng.randint(5, 9)))


@story("manual_fresh", unlike=("stock_backorder", "stock_elsewhere"), times=3)
def none_available_because_all_are_promised_to_these_orders(shop: Shop) -> Order:
    return shop.buy({the.QUEUED: 2}, shop.ago(shop.rng.choice((1, 2))))


def _over_the_counter(shop: Shop, place: str, days: int) -> Order:
    sale = {"channel": "pos", "method": "RETAIL", "store": place}
    return shop.buy(the.VASE, shop.ago(days, "15:20"), routes={the.VASE: place}, **sale)


@story("pos_open", "left_open", unlike=("delivery_details_problem", "manual_late"), times=2)
def sold_in_the_store_and_never_ticked_off(shop: Shop) -> Order:
    return _over_the_counter(shop, the.SODERMALM, shop.rng.randint(2, 9))


@story("pos_open", "ship_to_customer", unlike=("store_took_online_order",))
def sold_in_the_store_to_be_sent_home(shop: Shop) -> Order:
    sale = {"channel": "pos", "store": the.SODERMALM, "has_address": True}
    return shop.buy(the.VASE, shop.ago(4, "14:00"), shipping_title="PostNord Spårbart", **sale)


@story("pickup_open", "not_ready", unlike=("delivery_details_problem",), times=2)
def to_be_fetched_and_not_laid_ready(shop: Shop) -> Order:
    at = shop.ago(shop.rng.randint(2, 7))
    return shop.buy(
        the.MUG, at, method="PICK_UP", routes={the.MUG: the.SODERMALM}, has_address=False
    )


@story("pickup_open", "waiting_customer", unlike=("in_progress_stalled",), times=2)
def ready_since_last_week_and_nobody_came(shop: Shop) -> Order:
    order = shop.buy(the.CANDLE, shop.ago(9), method="PICK_UP", routes={the.CANDLE: the.SODERMALM})
    order.later(hours=6).card.ready_for_pickup()
    return order


@story("pickup_open", "not_ready", unlike=("digital_waiting",))
def to_be_sent_to_a_parcel_shop(shop: Shop) -> Order:
    return shop.buy(the.CUSHION, shop.ago(4), method="PICKUP_POINT")


@story("local_delivery_open")
def the_courier_was_never_called(shop: Shop) -> Order:
    at = shop.ago(shop.rng.randint(2, 5))
    return shop.buy(the.VASE, at, method="LOCAL", routes={the.VASE: the.SODERMALM})


@story("local_delivery_open", unlike=("store_took_online_order", "delivery_details_problem"))
def cushions_for_the_cargo_bike_on_friday(shop: Shop) -> Order:
    at = shop.ago(4, "13:00")
    return shop.buy({the.CUSHION: 2}, at, method="LOCAL", routes={the.CUSHION: the.SODERMALM})


@story("store_took_online_order", unlike=("manual_late",))
def an_online_order_that_the_store_has_to_send(shop: Shop) -> Order:
    return shop.buy(the.VASE, shop.ago(shop.rng.randint(4, 8)))


@story("store_took_online_order", unlike=("pos_open", "stock_elsewhere"))
def the_only_mug_near_the_buyer_stood_in_the_store(shop: Shop) -> Order:
    return shop.buy({the.MUG: 2}, shop.ago(5), routes={the.MUG: the.SODERMALM})


@story("manual_fresh", unlike=("store_took_online_order", "remainder_split"))
def the_small_warehouse_sends_online_orders_every_day(shop: Shop) -> Order:
    return shop.buy(the.TRAY, shop.ago(2, "11:30"))
