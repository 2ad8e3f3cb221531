"""The demo shop's world keeps Shopify's own rules and names, and always tells the same stories."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from fulfilltools.demo import AS_OF
from fulfilltools.demo.stories import CHAPTERS
from fulfilltools.demo.stories.telling import Story
from fulfilltools.demo.world import World, build_world

CHECKOUT = Path(__file__).parents[1]
SCHEMAS = Path(os.environ.get("SHOPIFY_SCHEMAS", CHECKOUT.parent / "shared" / "schema"))
SCHEMA = SCHEMAS / "admin_2026-10.json.gz"
FAMILIES = {
    "nothing to do": "cancelled test_order no_fulfillment_order nothing_left",
    "danger": "refunded_but_open archived_unfulfilled",
    "holds": "hold_stale hold_payment hold_fraud hold_address hold_stock hold_date_unknown"
    " hold_return hold_other",
    "payment": "payment_pending payment_authorized payment_expired_or_voided payment_outstanding"
    " b2b_terms",
    "trust": "fraud_review dispute_open delivery_details_problem",
    "schedule": "schedule_stuck scheduled_future",
    "services": "service_rejected service_closed_incomplete service_cancel_open service_no_response"
    " service_accepted_late service_not_requested service_working",
    "integration": "integration_outage item_unmapped supplier_sync_lag shipped_not_synced",
    "stock": "stock_elsewhere stock_backorder location_unusable",
    "digital": "digital_waiting gift_card_waiting digital_flagged_physical auto_fulfill_gap"
    " remainder_non_shippable",
    "store": "pos_open pickup_open local_delivery_open store_took_online_order",
    "remainders": "remainder_split remainder_added_by_edit fulfillment_undone return_open",
    "queue": "manual_late manual_fresh in_progress_stalled in_progress_fresh unexplained",
}
CODES = {code for codes in FAMILIES.values() for code in codes.split()}


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def cards_of(order):
    return order["fulfillmentOrders"]


def is_open(card):
    units = sum(item["remainingQuantity"] for item in card["lineItems"])
    return card["status"] not in {"CLOSED", "CANCELLED"} and units > 0


def written(world: World) -> str:
    served = [world.shop, world.app_installation, world.locations, world.inventory_items]
    known = [world.truth, world.look_alikes, world.supplier_rows]
    return json.dumps([*served, world.orders, *known], ensure_ascii=False)


def test_the_same_seed_tells_the_same_world_and_another_seed_another(world):
    assert written(build_world()) == written(world)
    assert written(build_world(seed=7)) != written(world)


def test_the_world_is_a_believable_shop_in_size(world):
    assert 500 <= len(world.orders) <= 650
    assert sum(is_open(c) for o in world.orders for c in cards_of(o)) >= 130
    assert [order["name"] for order in world.orders[:2]] == ["#1001", "#1002"]


def test_every_cause_of_the_taxonomy_is_told_by_two_different_stories():
    told = Counter(s.code for ch in CHAPTERS for s in vars(ch).values() if isinstance(s, Story))
    assert {code for code in CODES if told[code] < 2} == set()
    assert set(told) - {None} == CODES


def test_every_open_fulfillment_order_has_its_truth(world):
    truths = set(world.truth)
    known = {card["id"] for o in world.orders for card in cards_of(o) if is_open(card)}
    assert known <= truths
    assert {id_.split("/")[3] for id_ in truths - known} == {"Order"}


def test_every_family_of_causes_has_three_look_alikes(world):
    kept = Counter(code for codes in world.look_alikes.values() for code in codes)
    few = {name for name, codes in FAMILIES.items() if sum(kept[c] for c in codes.split()) < 3}
    assert few == set()
    assert all(
        world.truth[where].code not in codes
        for where, codes in world.look_alikes.items()
        if where in world.truth
    )


def test_units_add_up_as_shopify_counts_them(world):
    for order in world.orders:
        waiting = Counter()
        for card in cards_of(order):
            for item in card["lineItems"]:
                assert 0 <= item["remainingQuantity"] <= item["totalQuantity"], order["name"]
                if is_open(card):
                    waiting[item["lineItem"]["id"]] += item["remainingQuantity"]
        for line in order["lineItems"]:
            assert 0 <= line["currentQuantity"] <= line["quantity"]
            if cards_of(order) or not order["fulfillable"]:
                assert line["unfulfilledQuantity"] == waiting[line["id"]], order["name"]


def test_held_closed_and_cancelled_orders_look_as_shopify_leaves_them(world):
    for order in world.orders:
        for card in cards_of(order):
            assert (card["status"] == "ON_HOLD") == bool(card["fulfillmentHolds"])
            offers = {a["action"] for a in card["supportedActions"]}
            assert not offers or card["status"] not in {"CLOSED", "CANCELLED"}
            assert ("RELEASE_HOLD" in offers) == (card["status"] == "ON_HOLD")
        if order["cancelledAt"]:
            assert order["displayFulfillmentStatus"] == "FULFILLMENT_NOT_REQUIRED"
            assert not any(is_open(card) for card in cards_of(order))
        if order["displayFulfillmentStatus"] == "ON_HOLD":
            assert all(c["status"] == "ON_HOLD" for c in cards_of(order) if is_open(c))


def test_nothing_happens_after_the_demo_s_present_or_before_the_order(world):
    now = AS_OF.strftime("%Y-%m-%dT%H:%M:%SZ")
    for order in world.orders:
        moments = [event["createdAt"] for event in order["events"]]
        moments += [f["createdAt"] for f in order["fulfillments"]]
        moments += [m for t in order["transactions"] if (m := t["processedAt"])]
        assert order["createdAt"] <= min(moments), order["name"]
        assert max(moments) <= now, order["name"]
        assert moments[: len(order["events"])] == sorted(moments[: len(order["events"])])


def test_nothing_leaves_a_warehouse_on_a_weekend(world):
    tracked = [f for o in world.orders for f in o["fulfillments"] if f["trackingInfo"]]
    ordinary = [f for f in tracked if f["status"] == "SUCCESS"]
    days = Counter(datetime.fromisoformat(f["createdAt"]).weekday() for f in ordinary)
    assert sum(days[d] for d in (5, 6)) < len(ordinary) / 20


def test_promised_stock_is_what_the_open_orders_wait_for(world):
    promised = Counter()
    for order in world.orders:
        for card in cards_of(order):
            place = card["assignedLocation"]["location"]
            for item in card["lineItems"] if is_open(card) and place else ():
                promised[item["inventoryItemId"], place["id"]] += item["remainingQuantity"]
    unseen = 0  # units of orders whose card is not to be seen, or whose variant was deleted
    for item in world.inventory_items:
        for level in item["inventoryLevels"]:
            units = {q["name"]: q["quantity"] for q in level["quantities"]}
            assert units["available"] == units["on_hand"] - units["committed"]
            if item["tracked"]:
                unseen += units["committed"] - promised[item["id"], level["location"]["id"]]
                assert units["committed"] >= promised[item["id"], level["location"]["id"]]
    assert unseen <= 6


def test_no_customer_is_in_the_world(world):
    text = written(world)
    assert "@" not in text
    for field in ("firstName", "lastName", "address1", "phone", "zip", '"email"'):
        assert field not in text


class Schema:
    """Walks plain data beside Shopify's introspection file."""

    def __init__(self) -> None:
        data = json.loads(gzip.decompress(SCHEMA.read_bytes()))["data"]
        self.types = {t["name"]: t for t in data["__schema"]["types"]}
        self.seen: set[int] = set()

    def fields(self, type_name):
        return {f["name"]: self.named(f["type"]) for f in self.types[type_name]["fields"]}

    def named(self, kind):
        while kind["ofType"]:
            kind = kind["ofType"]
        name = kind["name"]
        return self.fields(name).get("nodes", name) if name.endswith("Connection") else name

    def check(self, node, type_name, where):
        kind = self.types[type_name]
        if isinstance(node, list):
            for child in node:
                self.check(child, type_name, where)
        elif kind["kind"] == "ENUM" and node is not None:
            assert node in {v["name"] for v in kind["enumValues"]}, f"{where}: {node}"
        elif isinstance(node, dict) and kind["kind"] != "SCALAR" and id(node) not in self.seen:
            self.seen.add(id(node))
            self.check_fields(node, node.get("__typename", type_name), where)

    def check_fields(self, node, type_name, where):
        fields = self.fields(type_name)
        for key in node.keys() - {"__typename"}:
            assert key in fields, f"{where}.{key} is no field of {type_name}"
            self.check(node[key], fields[key], f"{where}.{key}")


@pytest.mark.skipif(not SCHEMA.is_file(), reason="Shopify's schema file is not beside the checkout")
def test_every_field_and_value_stands_in_shopify_s_schema(world):
    schema = Schema()
    schema.check(world.orders, "Order", "Order")
    schema.check(world.locations, "Location", "Location")
    schema.check(world.inventory_items, "InventoryItem", "InventoryItem")
    schema.check(world.shop, "Shop", "Shop")
    schema.check(world.app_installation, "AppInstallation", "AppInstallation")
    assert len(schema.seen) > 10_000
