"""The whole fetch against the demo shop over HTTP, healthy and failing."""

import gzip
import json
import time
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pydantic import SecretStr

from fulfilltools.admin import AdminClient, FetchReport, fetch
from fulfilltools.admin.check import check
from fulfilltools.admin.client import Cost
from fulfilltools.admin.faults import CostExceededError, Patience, TimedOutError
from fulfilltools.admin.paging import PageSize
from fulfilltools.admin.raw import SUBJECTS, RawFolder
from fulfilltools.demo import AS_OF, SCOPES, serve
from fulfilltools.demo.server import Response
from fulfilltools.errors import AccessError, IncompleteError, RunError
from fulfilltools.settings import Connection

QUICK = Patience(connect=2, read=20, tries=4, first_pause=0.001, longest_pause=0.01)
FULFILLMENT_ORDER_SCOPES = {scope for scope in SCOPES if scope.endswith("fulfillment_orders")}


@pytest.fixture(scope="module")
def world(whole_world):
    """The newest orders, which are the open ones and quick to fetch."""
    recent = sorted(whole_world.orders, key=lambda order: order["createdAt"])[-60:]
    return replace(whole_world, orders=recent)


def connection(shop, **more):
    token = SecretStr(shop.access_token)
    given = {"name": "demo", "domain": shop.domain, "api_url": shop.url, "access_token": token}
    return Connection(**given | more)


def fetch_from(world, folder, version="2026-10", asked=None, **options):
    """Serve the world and fetch it; return the report and what the shop was asked."""
    with serve(world, **options) as shop:
        known = connection(shop, api_version=version)
        with AdminClient(known, patience=QUICK) as client:
            report = fetch(client, folder, **{"as_of": AS_OF} | (asked or {}))
        return report, shop.requests


def answers(folder, subject):
    with gzip.open(folder / f"{subject}.jsonl.gz") as lines:
        return [json.loads(line)["data"] for line in lines]


def nodes_of(folder):
    """Every node in the orders file by its id, with its children's ids per connection."""
    found = {}

    def walk(value):
        if isinstance(value, list):
            return [walk(each) for each in value]
        if isinstance(value, dict):
            if "id" in value and "__typename" in value:
                seen = found.setdefault(value["id"], {})
                for name, part in value.items():
                    if isinstance(part, dict) and "pageInfo" in part:
                        ids = [node["id"] for node in part["nodes"]]
                        seen.setdefault(name, []).extend(ids)
            return [walk(each) for each in value.values()]
        return None

    walk(answers(folder, "orders"))
    return found


def operations(requests):
    return [request.json["query"].split("(")[0].split()[1] for request in requests]


def asked(request, operation):
    return request.json.get("query", "").startswith(f"query {operation}(")


def visible(world, since):
    """Every order since then, and older ones that are not fulfilled."""
    return [
        order
        for order in world.orders
        if order["createdAt"] >= since or order["displayFulfillmentStatus"] != "FULFILLED"
    ]


def test_every_order_arrives_with_all_that_belongs_to_it(whole_world, tmp_path):
    report, requests = fetch_from(whole_world, tmp_path)
    found = nodes_of(tmp_path)
    orders = visible(whole_world, "2026-09-24T07:00:00Z")
    for order in orders:
        for part in ("lineItems", "fulfillmentOrders"):
            wanted = [node["id"] for node in order[part]]
            assert sorted(found[order["id"]][part]) == sorted(wanted)
        for one in order["fulfillmentOrders"]:
            for part in ("lineItems", "merchantRequests"):
                wanted = [node["id"] for node in one[part]]
                assert sorted(found[one["id"]][part]) == sorted(wanted)
    assert report.complete
    assert report.orders_received == report.orders_counted == len(orders)
    assert report.requests == len(requests) < 25
    assert json.loads((tmp_path / "fetch.json").read_text("utf-8"))["complete"] is True


def test_the_report_says_who_was_asked_and_how(world, tmp_path):
    report, _ = fetch_from(world, tmp_path)
    assert (report.shop, report.shop_name) == ("nordlys-demo.myshopify.com", "Nordlys Living")
    assert (report.time_zone, report.currency) == ("Europe/Stockholm", "SEK")
    assert report.api_version == report.api_version_answered == "2026-10"
    assert report.since == "2026-09-24T07:00:00Z"
    assert report.as_of == "2026-11-23T07:00:00Z"
    assert report.scopes_granted == sorted(SCOPES)
    assert report.cost_points > 0
    assert report.notes == []


def test_stock_is_asked_for_every_waiting_item_in_every_place(world, tmp_path):
    fetch_from(world, tmp_path)
    waiting = {
        line["inventoryItemId"]
        for order in world.orders
        for one in order["fulfillmentOrders"]
        for line in one["lineItems"]
        if one["status"] not in {"CLOSED", "CANCELLED"} and line["remainingQuantity"]
    } - {None}
    items = [item for data in answers(tmp_path, "inventory") for item in data["nodes"]]
    assert {item["id"] for item in items} == waiting
    for item in items:
        assert len(item["inventoryLevels"]["nodes"]) == item["locationsCount"]["count"]


def test_older_orders_come_only_when_they_are_not_fulfilled(whole_world, tmp_path):
    since = AS_OF - timedelta(days=1)
    report, _ = fetch_from(whole_world, tmp_path, asked={"since": since})
    wanted = {order["id"] for order in visible(whole_world, "2026-11-22T07:00:00Z")}
    pages = [data["orders"]["nodes"] for data in answers(tmp_path, "orders") if "orders" in data]
    assert {order["id"] for page in pages for order in page} == wanted
    assert report.orders_received == len(wanted) < len(whole_world.orders)


def with_a_long_order(world):
    """Add an order with 130 lines and 25 fulfillment orders, one of them just as long."""
    order = deepcopy(next(each for each in world.orders if each["fulfillmentOrders"]))
    first = order["fulfillmentOrders"][0]

    def many(node, count, start):
        return [{**deepcopy(node), "id": f"{node['id']}{start + n}"} for n in range(count)]

    order["id"] += "77"
    order["lineItems"] = many(order["lineItems"][0], 130, 1000)
    long = {**deepcopy(first), "id": first["id"] + "99"}
    long["lineItems"] = many(first["lineItems"][0], 130, 2000)
    request = {
        "id": "gid://shopify/FulfillmentOrderMerchantRequest/5",
        "kind": "FULFILLMENT_REQUEST",
    }
    request |= {"message": "", "sentAt": order["createdAt"]}
    long["merchantRequests"] = many(request, 30, 3000)
    short = many({**first, "lineItems": [], "merchantRequests": []}, 24, 4000)
    order["fulfillmentOrders"] = [*short, long]
    return replace(world, orders=[*world.orders, order]), order, long


def test_an_order_too_long_for_a_page_is_read_to_its_end_once(world, tmp_path):
    longer, order, long = with_a_long_order(world)
    report, requests = fetch_from(longer, tmp_path)
    found = nodes_of(tmp_path)
    for node, part in [
        (order, "lineItems"),
        (order, "fulfillmentOrders"),
        (long, "lineItems"),
        (long, "merchantRequests"),
    ]:
        assert sorted(found[node["id"]][part]) == sorted(each["id"] for each in node[part])
    assert report.complete
    assert operations(requests).count("OrderMore") == 2
    assert operations(requests).count("FulfillmentOrderMore") == 2


@pytest.mark.parametrize("version", ["2026-07", "2026-04"])
def test_older_versions_work_whole(world, tmp_path, version):
    report, _ = fetch_from(world, tmp_path, version)
    assert report.complete
    assert report.api_version_answered == version


def every_third(fault):
    """Answer every third request with the fault instead."""
    seen = []

    def intercept(request):
        seen.append(request)
        if len(seen) % 3:
            return None
        if fault == "hang up":
            raise ConnectionResetError
        return fault

    return intercept


THROTTLED = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}


@pytest.mark.parametrize(
    "fault",
    [
        Response(503, b"<html></html>"),
        Response(429, b"", {"Retry-After": "0.01"}),
        Response(200, b'{"data": {"ord'),
        Response.of(200, THROTTLED),
        "hang up",
    ],
    ids=["503", "429", "cut", "throttled", "hang up"],
)
def test_a_shop_that_keeps_stumbling_is_read_whole(world, tmp_path, fault):
    report, _ = fetch_from(world, tmp_path, intercept=every_third(fault))
    assert report.orders_received == len(world.orders)
    pages = [data["orders"]["nodes"] for data in answers(tmp_path, "orders")]
    assert len([order for page in pages for order in page]) == len(world.orders)


def test_a_small_bucket_is_never_overdrawn(world, tmp_path):
    report, requests = fetch_from(world, tmp_path, bucket=1000, restore_rate=1500)
    assert report.complete
    assert operations(requests).count("Orders") == 2
    assert len(requests) < 15


def test_no_wait_is_longer_than_the_bucket_needs(whole_world, tmp_path, monkeypatch):
    """A wait brings the points that its question lacks, at the rate the shop restores them."""
    told, slept, clock = [], [], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + sum(slept))

    def wait(seconds):
        told.append(seconds)
        slept.append(seconds)

    with (
        serve(whole_world, bucket=1000, restore_rate=50) as shop,
        AdminClient(connection(shop), sleep=wait) as client,
    ):
        learn = client._bucket.learn
        client._bucket.learn = lambda asked, cost: (told.append(cost), learn(asked, cost))
        fetch(client, tmp_path, as_of=AS_OF, way="paged")
    waits = [each for each in zip(told, told[1:], told[2:], strict=False) if is_wait(each[1])]
    assert len(waits) > 2
    for before, seconds, after in waits:
        lacking = min(after.requested, after.maximum) - before.available
        assert seconds <= lacking / before.restore_rate, (before, seconds, after)


def is_wait(told):
    return not isinstance(told, Cost)


def test_a_page_too_dear_is_halved(world, tmp_path):
    message = "Query cost is 1723, which exceeds the single query max cost limit (1000)."
    dear = {"errors": [{"message": message, "extensions": {"code": "MAX_COST_EXCEEDED"}}]}

    def intercept(request):
        too_many = asked(request, "Orders") and request.json["variables"]["first"] > 40
        return Response.of(200, dear) if too_many else None

    report, requests = fetch_from(world, tmp_path, intercept=intercept)
    assert report.complete
    sizes = [one.json["variables"]["first"] for one in requests if asked(one, "Orders")]
    assert sizes == [244, 122, 61, 30, 30, 30]


def test_pages_follow_the_measured_cost():
    size = PageSize(25)
    size.measured(Cost(requested=300, actual=1, maximum=2000, available=2000, restore_rate=100))
    assert size.now == 79
    size.shrink(CostExceededError("", 9500))
    assert size.now == 7
    size.measured(Cost(requested=10, actual=1, maximum=2000, available=2000, restore_rate=100))
    assert size.now == 7
    with pytest.raises(TimedOutError):
        size.shrink(TimedOutError(""))


def counting_too_many(request):
    """Answer Context as the shop does, but count more orders than there are."""
    if "ordersCount" not in request.json.get("query", "") or "x-real" in request.headers:
        return None
    url = f"http://{request.headers['host']}{request.path}"
    real = requests.post(
        url, data=request.body, headers=request.headers | {"x-real": "1"}, timeout=9
    )
    answer = real.json()
    answer["data"]["recent"]["count"] = 9999
    return Response.of(200, answer)


def test_fewer_orders_than_counted_is_an_error_and_leaves_what_came(world, tmp_path):
    with pytest.raises(IncompleteError, match=r"of 9,999 orders came from nordlys-demo"):
        fetch_from(world, tmp_path, asked={"way": "paged"}, intercept=counting_too_many)
    report = json.loads((tmp_path / "fetch.json").read_text("utf-8"))
    assert report["complete"] is False
    assert report["orders_received"] > 0
    assert answers(tmp_path, "orders")


def test_a_shop_without_orders_is_empty_not_wrong(world, tmp_path):
    report, _ = fetch_from(replace(world, orders=[]), tmp_path)
    assert report.complete
    assert report.orders_received == 0
    assert {subject: (tmp_path / f"{subject}.jsonl.gz").is_file() for subject in SUBJECTS} == (
        dict.fromkeys(SUBJECTS, True)
    )


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - {"read_orders"}))
def test_a_missing_scope_costs_its_fields_and_not_the_run(world, tmp_path, scope):
    report, _ = fetch_from(world, tmp_path, scopes=set(SCOPES) - {scope})
    assert report.complete
    assert list(report.scopes_missing) == [scope]
    assert len(report.notes) == 1
    assert scope in report.notes[0]


def test_without_any_scope_for_them_no_fulfillment_order_is_asked(world, tmp_path):
    report, requests = fetch_from(world, tmp_path, scopes=set(SCOPES) - FULFILLMENT_ORDER_SCOPES)
    assert report.complete
    assert all("fulfillmentOrders" not in request.json["query"] for request in requests)
    assert "No fulfillment order can be seen at all." in report.notes


def test_without_read_orders_there_is_nothing_to_fetch(world, tmp_path):
    with pytest.raises(AccessError, match="read_orders"):
        fetch_from(world, tmp_path, scopes=set(SCOPES) - {"read_orders"})


def test_orders_that_are_denied_stop_the_fetch(world, tmp_path):
    message = "Access denied for orders field. Required access: `read_orders` access scope."
    extensions = {"code": "ACCESS_DENIED", "requiredAccess": "`read_orders` access scope."}
    denied = {"errors": [{"message": message, "extensions": extensions, "path": ["orders"]}]}
    answer = Response.of(200, denied | {"data": {"orders": None}})
    with pytest.raises(AccessError, match=r"Access denied for orders field.*read_orders"):
        fetch_from(world, tmp_path, intercept=lambda one: answer if asked(one, "Orders") else None)


def test_another_version_than_asked_is_noted(world, tmp_path):
    with serve(world) as shop, AdminClient(connection(shop)) as client:
        report = FetchReport(shop="x", api_version="2026-10", since="", as_of="")
        client.answered_version = "2026-07"
        client.denied_scopes = {"read_a or read_b": "Shopify denied order.a."}
        report.close(client)
    assert report.notes == [
        "API version 2026-10 was asked and 2026-07 answered.",
        "Shopify denied order.a. Scope read_a or read_b is not granted.",
    ]


def test_orders_placed_after_the_moment_reported_are_counted(world, tmp_path):
    moment = AS_OF - timedelta(days=3)
    report, _ = fetch_from(world, tmp_path, asked={"as_of": moment})
    later = sum(order["createdAt"] > f"{moment:%Y-%m-%dT%H:%M:%SZ}" for order in world.orders)
    assert later
    (note,) = report.notes
    assert note.startswith(f"Orders placed after the moment reported: {later};")
    assert "Shopify tells states only as they are when they are fetched" in note
    assert report.orders_received == len(world.orders)


@pytest.mark.parametrize(("hours_ago", "notes"), [(0.5, 0), (1.5, 1)])
def test_orders_that_come_in_while_a_run_fetches_are_not_noted(world, tmp_path, hours_ago, notes):
    now = datetime.now(UTC)
    late = deepcopy(world.orders[0]) | {"createdAt": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    asked = {"as_of": now - timedelta(hours=hours_ago)}
    report, _ = fetch_from(replace(world, orders=[late]), tmp_path, asked=asked)
    assert report.orders_received == 1
    assert len(report.notes) == notes


def test_progress_is_told_up_to_the_end(world, tmp_path):
    told = []
    fetch_from(world, tmp_path, asked={"progress": lambda *step: told.append(step)})
    assert ("orders", len(world.orders), len(world.orders)) in told


def test_equal_answers_give_equal_files_one_line_each(tmp_path):
    for name in ("one", "two"):
        with RawFolder(tmp_path / name) as raw:
            raw.write("orders", '{\n "name": "Åsa \u2028 \\n \\/"\r\n}\n'.encode())
            raw.write("orders", b"{}")
    one, two = ((tmp_path / name / "orders.jsonl.gz").read_bytes() for name in ("one", "two"))
    assert one == two
    lines = gzip.decompress(one).split(b"\n")
    assert len(lines) == 3
    assert json.loads(lines[0])["name"] == "Åsa \u2028 \n /"


def test_a_folder_that_cannot_be_written_is_said_so(world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        fetch_from(world, tmp_path / "file" / "raw")


def test_a_healthy_connection_checks_out(world):
    with serve(world) as shop:
        items = check(connection(shop))
    assert {item.state for item in items} == {"works"}
    assert [item.name for item in items if not item.name.startswith("scope")] == [
        *("address", "token", "version", "limits", "orders", "bulk operations", "clock")
    ]


def test_a_check_says_what_a_missing_scope_means_and_how_to_mend_it(world):
    with serve(world, scopes=set(SCOPES) - {"read_all_orders"}) as shop:
        items = [item for item in check(connection(shop)) if item.state != "works"]
    assert [item.name for item in items] == ["scope read_all_orders"]
    assert "60 days" in items[0].meaning
    assert "read_all_orders" in items[0].mend


def test_a_check_stops_where_nothing_more_can_be_tried(world):
    with serve(world) as shop:
        wrong = connection(shop, access_token=SecretStr("wrong"))
        [item] = check(wrong)
        assert (item.name, item.state) == ("access", "failed")
        assert "token" in item.meaning
    [item] = check(wrong, QUICK)
    assert (item.name, item.state) == ("address", "failed")
    assert item.mend.startswith("Check the address")
    [item] = check(connection(shop, access_token=None))
    assert (item.name, item.state) == ("settings", "failed")
    assert item.mend.startswith("Set SHOPIFY_ACCESS_TOKEN")
