"""A run built on an earlier one: only what changed is read, and nothing is missing."""

import json
import shutil
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from pydantic import SecretStr

from fulfilltools import tables
from fulfilltools.admin import AdminClient, fetch, increments
from fulfilltools.admin.faults import Patience
from fulfilltools.demo import AS_OF, SCOPES, serve
from fulfilltools.settings import Connection, Policy

QUICK = Patience(connect=2, read=20, tries=4, first_pause=0.001, longest_pause=0.02)
TOMORROW = AS_OF + timedelta(days=1)
LATER = f"{AS_OF + timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def world(whole_world):
    ordered = sorted(whole_world.orders, key=lambda order: order["createdAt"])
    return replace(whole_world, orders=[*ordered[:30], *ordered[-50:]])


@pytest.fixture(scope="module")
def next_day(world):
    """A day later: one order was fulfilled, one moved to another place, one is new."""
    orders = deepcopy(world.orders)
    waiting = [order for order in orders if open_ones(order)]
    shipped, moved, twin = waiting[-1], waiting[-2], deepcopy(waiting[-3])
    shipped |= {"displayFulfillmentStatus": "FULFILLED", "updatedAt": LATER}
    for one in shipped["fulfillmentOrders"]:
        one |= {"status": "CLOSED", "updatedAt": LATER, "supportedActions": []}
    moved["updatedAt"] = LATER
    gone = moved["fulfillmentOrders"].pop()
    moved["fulfillmentOrders"].append(gone | {"id": gone["id"] + "7", "updatedAt": LATER})
    for node in (twin, *twin["lineItems"], *twin["fulfillmentOrders"]):
        node["id"] += "8"
    for one in twin["fulfillmentOrders"]:
        for node in (*one["lineItems"], *one["merchantRequests"], *one["fulfillmentHolds"]):
            node["id"] += "8"
    twin |= {"createdAt": LATER, "updatedAt": LATER, "name": "#9999"}
    return replace(world, orders=[*orders, twin]), shipped, moved, gone


def open_ones(order):
    return [one for one in order["fulfillmentOrders"] if one["status"] == "OPEN"]


def fetch_from(world, folder, as_of, version="2026-10", scopes=SCOPES, **asked):
    with serve(world, scopes=scopes, clock=lambda: as_of) as shop:
        token = SecretStr(shop.access_token)
        known = Connection(
            name="demo",
            domain=shop.domain,
            api_url=shop.url,
            access_token=token,
            api_version=version,
        )
        with AdminClient(known, patience=QUICK) as client:
            report = fetch(client, folder, as_of=as_of, **asked)
        return report, shop.requests


@pytest.fixture(scope="module", params=["paged", "bulk"])
def first(request, world, tmp_path_factory):
    """A first run, for all who only read it."""
    folder = tmp_path_factory.mktemp("first")
    fetch_from(world, folder, AS_OF, way=request.param)
    return folder


@pytest.fixture(scope="module")
def paged(world, tmp_path_factory):
    """A first run by pages, for all who only read it."""
    folder = tmp_path_factory.mktemp("paged")
    fetch_from(world, folder, AS_OF)
    return folder


def test_a_day_later_only_what_changed_is_read_and_the_tables_are_the_same(
    first, next_day, built_tables, tmp_path
):
    world, shipped, *_ = next_day
    report, requests = fetch_from(world, tmp_path / "second", TOMORROW, base=first)
    whole, _ = fetch_from(world, tmp_path / "whole", TOMORROW)
    searches = [request.json["variables"].get("search", "") for request in requests]
    [window] = {search for search in searches if "updated_at" in search}
    assert window.startswith("updated_at:>='2026-11-23T06:")
    assert report.base == "2026-11-23T07:00:00Z"
    assert report.complete
    assert report.notes == []
    assert report.left_open == [shipped["name"]]
    assert report.orders_received == whole.orders_received
    built, wanted = (
        built_tables(tmp_path / name, tmp_path / f"{name} built", TOMORROW)
        for name in ("second", "whole")
    )
    for name, rows in wanted.items():
        if not name.startswith("inventory"):
            assert built[name] == rows, name


@pytest.mark.parametrize("most", [25_000, 10])
@pytest.mark.parametrize("way", ["paged", "bulk"])
def test_orders_shipped_since_are_open_no_more_however_old_they_are(
    first, world, tmp_path, way, most
):
    orders = deepcopy(world.orders)
    shipped = [order for order in orders if open_ones(order)]
    for minute, order in enumerate(shipped[:2] + shipped[-20:]):  # two are older than the window
        at = f"{AS_OF + timedelta(hours=5, minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
        order |= {"displayFulfillmentStatus": "FULFILLED", "updatedAt": at}
        for one in order["fulfillmentOrders"]:
            one |= {"status": "CLOSED", "updatedAt": at, "supportedActions": []}
    raw = tmp_path / "raw"
    fetch_from(replace(world, orders=orders), raw, TOMORROW, base=first, way=way)
    policy = Policy(history_orders=most)
    backlog = tables.build(raw, tmp_path, as_of=TOMORROW, policy=policy).backlog
    left = {order["id"] for order in shipped[2:-20]}
    assert left <= set(backlog["order_id"])
    assert not {order["id"] for order in shipped} - left & set(backlog["order_id"])


def test_a_fulfillment_order_that_is_gone_does_not_stay(first, next_day, tmp_path):
    world, _, moved, gone = next_day
    fetch_from(world, tmp_path / "second", TOMORROW, base=first)
    tables.build(tmp_path / "second", tmp_path, as_of=TOMORROW, policy=Policy())
    found = pd.read_parquet(tmp_path / "fulfillment_orders.parquet")
    ids = set(found.loc[found["order_id"] == moved["id"], "fulfillment_order_id"])
    assert ids == {one["id"] for one in moved["fulfillmentOrders"]}
    assert gone["id"] not in ids


def test_the_third_run_builds_on_the_second_and_holds_all_it_needs(first, next_day, tmp_path):
    world, *_ = next_day
    fetch_from(world, tmp_path / "second", TOMORROW, base=first)
    third = TOMORROW + timedelta(hours=1)
    report, _ = fetch_from(world, tmp_path / "third", third, base=tmp_path / "second")
    assert report.base == "2026-11-24T07:00:00Z"
    assert sorted(folder.name for folder in (tmp_path / "third/before").iterdir()) == [
        "2026-11-23T07-00-00Z",
        "2026-11-24T07-00-00Z",
    ]
    tables.build(tmp_path / "third", tmp_path, as_of=third, policy=Policy())
    assert len(pd.read_parquet(tmp_path / "orders.parquet")) == report.orders_received


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"version": "2026-07"}, "version, scopes or queries have changed"),
        ({"scopes": set(SCOPES) - {"read_apps"}}, "version, scopes or queries have changed"),
        ({"since": AS_OF - timedelta(days=90)}, "has orders since 2026-09-24 only"),
    ],
    ids=["version", "scopes", "since"],
)
def test_all_is_read_when_an_earlier_run_does_not_fit(world, paged, tmp_path, asked, reason):
    report, _ = fetch_from(world, tmp_path / "second", AS_OF, base=paged, **asked)
    assert report.base is None
    assert any(reason in note for note in report.notes)
    assert report.orders_received >= report.orders_counted > 0
    assert not (tmp_path / "second/before").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"complete": False}, "did not all come"),
        ({"fingerprint": "another"}, "have changed"),
        ({"all_read_at": "2026-11-01T00:00:00Z"}, "for the last time"),
    ],
)
def test_an_earlier_run_that_is_not_good_enough_says_why(world, paged, tmp_path, changes, reason):
    file = shutil.copytree(paged, tmp_path / "first") / "fetch.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), encoding="utf-8")
    report, _ = fetch_from(world, tmp_path / "second", AS_OF, base=tmp_path / "first")
    assert report.base is None
    assert reason in report.notes[0]


def test_an_order_that_was_deleted_is_noticed(world, paged, tmp_path):
    less = replace(world, orders=world.orders[:-1])
    report, _ = fetch_from(less, tmp_path / "second", AS_OF, base=paged)
    assert report.base is None
    assert "where Shopify has" in report.notes[0]
    tables.build(tmp_path / "second", tmp_path, as_of=AS_OF, policy=Policy())
    assert len(pd.read_parquet(tmp_path / "orders.parquet")) == report.orders_received


def test_a_folder_that_is_no_run_is_no_base(world, tmp_path):
    assert increments.read_base(tmp_path / "nowhere") == {}
    report, _ = fetch_from(world, tmp_path / "one", AS_OF, base=tmp_path / "nowhere")
    assert "did not all come" in report.notes[0]


def test_a_change_while_orders_were_read_is_read_again_next_time():
    class Received:
        def newest_change(self):
            return "2026-11-23T07:30:00Z"

    assert increments.read_until("2026-11-23T07:00:00Z", Received()) == "2026-11-23T07:00:00Z"
    window = increments.changed_window({"read_until": "2026-11-23T07:00:00Z"})
    assert window.search == "updated_at:>='2026-11-23T06:50:00Z'"
