"""Orders by bulk operations, from the demo shop over HTTP: whole, resumed, never twice."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from graphql import TypeInfo, TypeInfoVisitor, Visitor, build_schema, parse, visit
from pydantic import SecretStr

from fulfilltools.admin import AdminClient, fetch, orders
from fulfilltools.admin.bulk_query import bulk_query
from fulfilltools.admin.faults import Patience
from fulfilltools.admin.windows import Window
from fulfilltools.demo import AS_OF, SCOPES, serve
from fulfilltools.demo.bulk import faults
from fulfilltools.demo.server import Response
from fulfilltools.errors import QueryError
from fulfilltools.settings import Connection

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "../shared/queries/bulk_orders.graphql"
QUICK = Patience(connect=2, read=20, tries=4, first_pause=0.001, longest_pause=0.02)
SINCE = "2026-09-24T07:00:00Z"


@pytest.fixture(scope="module")
def world(whole_world):
    """The newest orders and the older ones that wait."""
    ordered = sorted(whole_world.orders, key=lambda order: order["createdAt"])
    old = [one for one in ordered if one["createdAt"] < SINCE and is_waiting(one)]
    return replace(whole_world, orders=[*old, *ordered[-40:]])


def is_waiting(order):
    return order["displayFulfillmentStatus"] != "FULFILLED" and not order["cancelledAt"]


def connection(shop):
    token = SecretStr(shop.access_token)
    return Connection(name="demo", domain=shop.domain, api_url=shop.url, access_token=token)


def fetch_from(shop, folder, way="bulk", **asked):
    with AdminClient(connection(shop), patience=QUICK) as client:
        return fetch(client, folder, as_of=AS_OF, way=way, **asked)


def questions(shop):
    """What was asked: the operation's name, or the path of a file."""
    return [
        request.json["query"].split("(")[0].split("{")[0].split()[1]
        if request.method == "POST"
        else request.path
        for request in shop.requests
    ]


def relayed(request, change):
    """Answer as the shop does, but with a change; the shop is asked with a mark."""
    url = f"http://{request.headers['host']}{request.path}"
    headers = request.headers | {"x-real": "1"}
    real = requests.post(url, data=request.body, headers=headers, timeout=20).json()
    change(real)
    return Response.of(200, real)


def is_asked(request, operation):
    return (
        f" {operation}(" in request.json.get("query", "")[:60] and "x-real" not in request.headers
    )


def test_bulk_results_and_pages_give_the_same_tables(whole_world, built_tables, tmp_path):
    with serve(whole_world) as shop:
        reports = {way: fetch_from(shop, tmp_path / way, way) for way in ("bulk", "paged")}
    assert reports["bulk"].fetched_by == "bulk operations"
    assert reports["paged"].fetched_by == "pages"
    assert reports["bulk"].orders_received == reports["paged"].orders_received == 610
    bulk, paged = (built_tables(tmp_path / way, tmp_path / f"{way} built") for way in reports)
    assert len(bulk["backlog"]) > 200
    assert len(bulk["holds"]) > 20
    for name, rows in paged.items():
        assert bulk[name] == rows, name


def test_a_small_shop_is_paged_and_a_large_one_is_not(world, tmp_path, monkeypatch):
    with serve(world) as shop:
        assert fetch_from(shop, tmp_path / "small", "auto").fetched_by == "pages"
        monkeypatch.setattr(orders, "FEW_PAGES", 0)
        assert fetch_from(shop, tmp_path / "large", "auto").fetched_by == "bulk operations"


def asked_fields(schema, query):
    found, info = set(), TypeInfo(schema)

    class Fields(Visitor):
        def enter_field(self, node, *_):
            found.add((info.get_parent_type().name, node.name.value))

    visit(parse(query), TypeInfoVisitor(info, Fields()))
    paging = {"nodes", "edges", "node", "pageInfo", "hasNextPage", "endCursor"}
    return {field for field in found if field[1] not in paging}


def carried(version):
    text = (ROOT / f"fulfilltools/demo/schema/{version}.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True)


@pytest.mark.parametrize("version", ["2026-10", "2026-07", "2026-04"])
@pytest.mark.parametrize("lacking", ["", "read_locations", "read_apps", "fulfillment_orders"])
def test_a_bulk_query_keeps_shopifys_rules_whatever_scopes_are_missing(version, lacking):
    granted = {scope for scope in SCOPES if not lacking or not scope.endswith(lacking)}
    query = bulk_query("orders", granted, version, search=Window("x", start=AS_OF).search)
    assert faults(query, carried(version)) == []
    assert not re.search(r"fragment|\.\.\.|\$|nodes|pageInfo|first: 2\)", query)


def test_a_bulk_query_asks_the_fields_it_should():
    if not SHARED.is_file():
        pytest.skip("the bulk query to compare with is not here")
    ours = bulk_query("orders", SCOPES, "2026-10", search="")
    schema = carried("2026-10")
    of_our_own = {("OrderTransaction", "authorizationExpiresAt")}
    assert asked_fields(schema, ours) - of_our_own == asked_fields(
        schema, SHARED.read_text("utf-8")
    )


def test_the_file_is_kept_as_it_was_sent_with_the_operations_own_record(world, tmp_path):
    with serve(world) as shop:
        fetch_from(shop, tmp_path)
        sent = [requests.get(f"{shop.url}/bulk/{n}.jsonl", timeout=9).content for n in (1, 2)]
    names = ["orders.bulk.jsonl.gz", "orders.bulk.2.jsonl.gz"]
    assert [gzip.decompress((tmp_path / name).read_bytes()) for name in names] == sent
    records = json.loads((tmp_path / "bulk_operations.json").read_text("utf-8"))
    assert [record["file"] for record in records[:2]] == names
    assert records[0]["id"] == "gid://shopify/BulkOperation/1"
    assert int(records[0]["fileSize"]) == len(sent[0])
    assert "http" not in json.dumps(records)  # the address is signed: who has it can read the file
    assert not list(tmp_path.glob(".parts*"))


def test_an_operation_of_ours_that_still_runs_is_taken_over(world, tmp_path):
    search = f"created_at:>='{SINCE}'"
    start = "mutation ($q: String!) { bulkOperationRunQuery(query: $q) { userErrors { code } } }"
    query = bulk_query("orders", SCOPES, "2026-10", search=search)
    with serve(world) as shop:
        requests.post(
            f"{shop.url}/admin/api/2026-10/graphql.json",
            json={"query": start, "variables": {"q": query}},
            headers={"X-Shopify-Access-Token": shop.access_token},
            timeout=9,
        )
        shop.requests.clear()
        report = fetch_from(shop, tmp_path)
        assert questions(shop).count("BulkStart") == 2
    assert report.orders_received == len(world.orders)


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from pydantic import SecretStr
from fulfilltools.admin import AdminClient, fetch
from fulfilltools.settings import Connection

url, token, folder = sys.argv[1:]
with AdminClient(Connection(
    name="demo", domain="demo", api_url=url, access_token=SecretStr(token)
)) as client:
    fetch(
        client,
        Path(folder) / "raw",
        as_of=datetime.fromisoformat("2026-11-23T07:00:00Z"),
        way="bulk",
        journal=Path(folder) / "journal",
    )
"""


def test_a_killed_fetch_goes_on_with_its_operation_at_the_byte_it_had(world, tmp_path):
    sent, stalled = 50_000, threading.Event()

    def stall(request):
        """Send the first bytes of the orders, and then no more."""
        if request.path == "/bulk/1.jsonl" and not stalled.is_set():
            stalled.set()
            begun = {"Content-Length": "999999", "Content-Type": "application/jsonl"}
            return Response(200, shop._file("1", "").body[:sent], begun)
        return None

    with serve(world, intercept=stall) as shop:
        arguments = [sys.executable, "-c", KILLED, shop.url, shop.access_token, str(tmp_path)]
        process = subprocess.Popen(arguments, cwd=ROOT)
        part = tmp_path / "journal" / "1.jsonl"
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        here = part.stat().st_size
        assert 0 < here <= sent
        assert not (tmp_path / "raw/fetch.json").exists()
        shop.requests.clear()
        report = fetch_from(shop, tmp_path / "again", journal=tmp_path / "journal")
        asked = [one for one in shop.requests if one.path == "/bulk/1.jsonl"]
    assert [one.headers.get("range") for one in asked] == [f"bytes={here}-"]
    assert "BulkStart" not in questions(shop)
    assert report.complete
    assert report.orders_received == len(world.orders)
    assert "interrupted was taken up" in report.notes[0]
    assert not list((tmp_path / "journal").glob("*.jsonl"))


def test_an_interrupted_fetch_is_not_taken_up_when_another_time_is_asked(world, tmp_path):
    journal = tmp_path / "journal"
    with serve(world) as shop:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fulfilltools.admin.bulk.Bulk._deliver", failing)
            with pytest.raises(QueryError):
                fetch_from(shop, tmp_path / "one", journal=journal)
        assert (journal / "journal.json").is_file()
        report = fetch_from(shop, tmp_path / "two", journal=journal, since=AS_OF)
    assert report.since == "2026-11-23T07:00:00Z"
    assert report.notes == []


def failing(*_):
    raise QueryError("stopped here")


def test_two_fetches_at_once_wait_for_each_other_and_both_are_whole(world, tmp_path):
    reports = {}
    with serve(world) as shop:

        def run(name):
            reports[name] = fetch_from(shop, tmp_path / name, journal=tmp_path / "journal")

        threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [report.orders_received for report in reports.values()] == [len(world.orders)] * 3
    assert len(reports) == 3


def losing(one, search="recent"):
    """Leave a fulfillment order and all below it out of the orders' bulk result."""

    def keeps(line):
        node = json.loads(line)
        return one["id"] not in (node["id"], node.get("__parentId"))

    def intercept(request):
        if request.path == "/bulk/1.jsonl" and "x-real" not in request.headers:
            return Response(200, kept(request))
        if is_asked(request, "BulkPoll") and request.json["variables"]["id"].endswith("/1"):
            return relayed(request, lambda answer: recount(answer, request))
        return None

    def kept(request):
        url = f"http://{request.headers['host']}/bulk/1.jsonl"
        whole = requests.get(url, headers={"x-real": "1"}, timeout=9).content
        return b"".join(line for line in whole.splitlines(keepends=True) if keeps(line))

    def recount(answer, request):
        polled = answer["data"]["bulkOperation"]
        if polled["status"] == "COMPLETED":
            less = kept(request)
            polled |= {"fileSize": str(len(less)), "objectCount": str(less.count(b"\n"))}

    return intercept


def test_a_fulfillment_order_lost_by_bulk_is_read_again(world, built_tables, tmp_path):
    order = next(one for one in reversed(world.orders) if one["fulfillmentOrders"])
    lost = order["fulfillmentOrders"][0] | {"status": "OPEN"}
    changed = order | {"fulfillmentOrders": [lost, *order["fulfillmentOrders"][1:]]}
    world = replace(world, orders=[*(one for one in world.orders if one is not order), changed])
    with serve(world, intercept=losing(lost)) as shop:
        report = fetch_from(shop, tmp_path / "bulk")
        assert questions(shop).count("OrderMore") == 1
        fetch_from(shop, tmp_path / "paged", "paged")
    assert report.notes == [
        "Of 1 orders, bulk operations lost fulfillment orders; they were read again."
    ]
    bulk, paged = (
        built_tables(tmp_path / way, tmp_path / f"{way} built") for way in ("bulk", "paged")
    )
    assert bulk["fulfillment_orders"] == paged["fulfillment_orders"]
    assert bulk["fulfillment_order_lines"] == paged["fulfillment_order_lines"]


def copied(order, number):
    """The same order once more, under other ids."""
    kinds = "Order|LineItem|FulfillmentOrder|FulfillmentOrderLineItem|Fulfillment|FulfillmentHold"
    pattern = rf"(gid://shopify/(?:{kinds})/)(\d+)"
    text = re.sub(pattern, lambda found: f"{found[1]}{number}{found[2]}", json.dumps(order))
    return json.loads(text)


def test_three_hundred_open_orders_take_at_most_twelve_requests(whole_world, tmp_path):
    waiting = list(filter(is_waiting, whole_world.orders))
    three_hundred = [*waiting, *(copied(order, 9) for order in waiting)][:300]
    world = replace(whole_world, orders=three_hundred)
    with serve(world) as shop:
        report = fetch_from(shop, tmp_path, "auto")
        assert report.orders_received == 300
        assert report.requests == len(shop.requests) <= 12
    assert report.cost_points < 2500
