"""Every fault that connectors are known to fall over, once each, against the demo shop.

The shop answers over HTTP on loopback; an intercept stands before it and fails as told.
"""

import gzip
import json
import re
import time
from dataclasses import replace

import pytest
import requests
from pydantic import SecretStr

from fulfilltools.admin import AdminClient, fetch
from fulfilltools.admin.faults import Patience
from fulfilltools.demo import AS_OF, SCOPES, serve
from fulfilltools.demo.server import Response
from fulfilltools.errors import AccessError, IncompleteError, QueryError, UnreachableError
from fulfilltools.settings import Connection

QUICK = Patience(connect=2, read=2, tries=4, first_pause=0.001, longest_pause=0.02)
HTML = b"<!DOCTYPE html>\n<html><head><title>Something went wrong</title></head></html>"
THROTTLED = Response.of(
    200, {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
)
FULL = "A bulk query operation for this app and shop is already in progress: gid://x/1."
POLLED = {"id": "gid://shopify/BulkOperation/1", "createdAt": "2026-11-23T07:00:00Z"}
POLLED |= dict.fromkeys(("completedAt", "fileSize", "url", "partialDataUrl", "errorCode"))
POLLED |= {"objectCount": "0", "rootObjectCount": "0"}


@pytest.fixture(scope="module")
def world(whole_world):
    """A dozen of the newest orders, holds among them."""
    ordered = sorted(whole_world.orders, key=lambda order: order["createdAt"])
    held = [one for one in ordered[-90:] if one["displayFulfillmentStatus"] == "ON_HOLD"][:3]
    return replace(whole_world, orders=[*held, *(one for one in ordered[-10:] if one not in held)])


def connection(shop, **more):
    token = SecretStr(shop.access_token)
    given = {"name": "demo", "domain": shop.domain, "api_url": shop.url, "access_token": token}
    return Connection(**given | more)


def fetch_through(world, folder, intercept, way="bulk", **options):
    """Fetch with the intercept before the shop; return the report and the shop."""
    with serve(world, intercept=intercept, **options) as shop:
        with AdminClient(connection(shop), patience=QUICK) as client:
            report = fetch(client, folder, as_of=AS_OF, way=way)
        return report, shop


def real(request):
    """What the shop itself answers; the mark lets the question pass the intercept."""
    url = f"http://{request.headers['host']}{request.path}"
    headers = request.headers | {"x-real": "1"}
    return requests.request(request.method, url, data=request.body, headers=headers, timeout=20)


def matches(request, step):
    """Tell whether a request is the step meant: an operation's name, or the file's path."""
    if "x-real" in request.headers:
        return False
    return request.path.startswith(step) or f" {step}(" in request.json.get("query", "")[:60]


def times(count, step, fault):
    """Let the first `count` requests of a step end in a fault, which may be a function."""
    seen = []

    def intercept(request):
        if not matches(request, step) or len(seen) >= count:
            return None
        seen.append(request)
        return fault(request) if callable(fault) else fault

    return intercept


def started_with(code):
    errors = [{"field": None, "message": FULL, "code": code}]
    payload = {"bulkOperation": None, "userErrors": errors}
    return Response.of(200, {"data": {"bulkOperationRunQuery": payload}})


def polled(status, **more):
    return Response.of(200, {"data": {"bulkOperation": POLLED | {"status": status} | more}})


def ended_as(status, **more):
    """Let the operation end in the shop, and say that it ended so."""

    def answer(request):
        for _ in range(3):
            real(request)
        return polled(status, **more)

    return answer


def hang_up(request):
    raise ConnectionResetError


def hang_up_afterwards(request):
    """Obey, and lose the answer."""
    real(request)
    raise ConnectionResetError


def never_answer(request):
    time.sleep(2.5)
    raise ConnectionResetError


def cut(request):
    """Say how long the file is and stop in the middle of a line."""
    whole = real(request).content
    return Response(200, whole[: len(whole) // 2 - 7], {"Content-Length": str(len(whole))})


def ended_early(request):
    """End properly at the end of a line, as if that were all."""
    lines = real(request).content.splitlines(keepends=True)
    return Response(200, b"".join(lines[: len(lines) // 2]))


def only_half(request):
    """Never give more than the first half, whatever is asked."""
    lines = real(replace(request, headers=request.headers | {"range": ""})).content
    return Response(200, lines[: len(lines) // 2])


def too_long(request):
    whole = real(request).content
    return Response(200, whole + whole[: whole.index(b"\n") + 1])


def nodes_in(folder):
    """Every node of the orders' bulk files, by its id."""
    lines = (
        line
        for file in sorted(folder.glob("orders.bulk*.jsonl.gz"))
        for line in gzip.decompress(file.read_bytes()).split(b"\n")
        if line
    )
    return {node["id"]: node for node in map(json.loads, lines)}


def expected_ids(world):
    for order in world.orders:
        yield order["id"]
        yield from (line["id"] for line in order["lineItems"])
        for one in order["fulfillmentOrders"]:
            yield one["id"]
            for part in ("lineItems", "merchantRequests"):
                yield from (node["id"] for node in one[part])


PASSING = {
    "create: throttled": ("BulkStart", THROTTLED),
    "create: limit reached": ("BulkStart", started_with("LIMIT_REACHED")),
    "create: operation in progress": ("BulkStart", started_with("OPERATION_IN_PROGRESS")),
    "create: 429": ("BulkStart", Response(429, b"", {"Retry-After": "0.02"})),
    "create: 503": ("BulkStart", Response(503, HTML)),
    "create: 502": ("BulkStart", Response(502, HTML)),
    "create: answer lost": ("BulkStart", hang_up_afterwards),
    "create: lost before it came": ("BulkStart", hang_up),
    "poll: dropped": ("BulkPoll", hang_up),
    "poll: no JSON": ("BulkPoll", Response(200, HTML)),
    "poll: throttled": ("BulkPoll", THROTTLED),
    "poll: never answers": ("BulkPoll", never_answer),
    "failed, nothing there": ("BulkPoll", polled("FAILED", errorCode="TIMEOUT")),
    "failed, a part there": (
        "BulkPoll",
        polled(
            "FAILED",
            errorCode="INTERNAL_SERVER_ERROR",
            objectCount="5",
            partialDataUrl="http://127.0.0.1:9/part",
        ),
    ),
    "canceled by someone": ("BulkPoll", polled("CANCELED")),
    "expired": ("BulkPoll", polled("EXPIRED")),
    "gone": ("BulkPoll", Response.of(200, {"data": {"bulkOperation": None}})),
    "done without a file": ("BulkPoll", polled("COMPLETED", objectCount="9")),
    "file: 403": ("/bulk/", Response(403, b"<Error><Code>ExpiredToken</Code></Error>")),
    "file: 500": ("/bulk/", Response(500, HTML)),
    "file: 503": ("/bulk/", Response(503, HTML)),
    "file: cut": ("/bulk/", cut),
    "file: hang up": ("/bulk/", hang_up),
    "file: never answers": ("/bulk/", never_answer),
    "file: ends early at a line end": ("/bulk/", ended_early),
    "file: too long": ("/bulk/", too_long),
    "file: no such range": ("/bulk/", Response(416, b"")),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_no_row(world, tmp_path, fault):
    report, _ = fetch_through(world, tmp_path, times(1, *PASSING[fault]))
    assert report.fetched_by == "bulk operations"
    assert report.complete
    assert report.orders_received == len(world.orders)
    assert nodes_in(tmp_path).keys() == set(expected_ids(world))


def test_an_answer_lost_on_the_way_starts_no_second_operation(world, tmp_path):
    _, shop = fetch_through(world, tmp_path, times(1, "BulkStart", hang_up_afterwards))
    assert len(shop._operations.records()) == 3


def test_a_cut_file_is_read_on_from_where_it_broke_off(world, tmp_path):
    _, shop = fetch_through(world, tmp_path, times(1, "/bulk/1.jsonl", ended_early))
    asked = [
        request.headers.get("range")
        for request in shop.requests
        if request.path == "/bulk/1.jsonl" and "x-real" not in request.headers
    ]
    assert asked[0] is None
    assert re.fullmatch(r"bytes=\d{4,}-", asked[1])
    assert len(asked) == 2


def test_a_failed_operation_is_asked_again_in_narrower_windows(world, tmp_path):
    failed = polled("FAILED", errorCode="TIMEOUT", partialDataUrl="http://127.0.0.1:9/part")
    _, shop = fetch_through(world, tmp_path, times(1, "BulkPoll", failed))
    queries = [record["query"] for record in shop._operations.records()]
    windows = [re.findall(r"created_at:([<>]=?'[^']+')", query) for query in queries]
    first, *_, left, right = windows
    assert left[0] == first[0]
    assert right == [left[1].replace("<", ">")]


STAYING = {
    "create: 503": (UnreachableError, "BulkStart", Response(503, HTML)),
    "canceled": (QueryError, "BulkPoll", ended_as("CANCELED")),
    "expired": (QueryError, "BulkPoll", ended_as("EXPIRED")),
    "failed": (QueryError, "BulkPoll", ended_as("FAILED", errorCode="TIMEOUT")),
    "file: 403": (UnreachableError, "/bulk/", Response(403, b"<Error/>")),
    "file: 500": (UnreachableError, "/bulk/", Response(500, HTML)),
    "file: ends early": (IncompleteError, "/bulk/", only_half),
}


@pytest.mark.parametrize("fault", STAYING)
def test_a_fault_that_stays_is_said_and_leaves_nothing_that_looks_whole(world, tmp_path, fault):
    kind, step, answer = STAYING[fault]
    with pytest.raises(kind, match=r"nordlys-demo\.myshopify\.com") as caught:
        fetch_through(world, tmp_path, times(999, step, answer))
    assert "http" not in str(caught.value)
    assert json.loads((tmp_path / "fetch.json").read_text("utf-8"))["complete"] is False


def without_a_parent(request):
    """Give a parent another id, in as many bytes."""
    return Response(
        200,
        re.sub(
            rb'("id":"gid:\\/\\/shopify\\/Order\\/)\d', rb"\g<1>0", real(request).content, count=1
        ),
    )


def test_an_orphan_is_an_error(world, tmp_path):
    with pytest.raises(IncompleteError, match="1 parents are missing"):
        fetch_through(world, tmp_path, times(999, "/bulk/", without_a_parent))


def one_line_less(request):
    lines = real(request).content.splitlines(keepends=True)
    return Response(200, b"".join(lines[:-1])[:-1] + b" " * len(lines[-1]) + b"\n")


def test_a_file_of_the_right_length_with_too_few_lines_is_refused(world, tmp_path):
    with pytest.raises(IncompleteError, match=r"lines, and Shopify counted"):
        fetch_through(world, tmp_path, times(999, "/bulk/1", one_line_less))


def test_a_file_that_was_wrong_once_is_read_again(world, tmp_path):
    report, _ = fetch_through(world, tmp_path, times(1, "/bulk/1", without_a_parent))
    assert report.orders_received == len(world.orders)
    assert nodes_in(tmp_path).keys() == set(expected_ids(world))


def test_an_empty_result_is_an_empty_shop(world, tmp_path):
    report, _ = fetch_through(replace(world, orders=[]), tmp_path, None)
    assert report.complete
    assert report.orders_received == 0


def test_holds_are_kept(world, tmp_path):
    fetch_through(world, tmp_path, None)
    holds = {
        one["id"]: [hold["id"] for hold in one["fulfillmentHolds"]]
        for order in world.orders
        for one in order["fulfillmentOrders"]
        if one["fulfillmentHolds"]
    }
    nodes = nodes_in(tmp_path)
    assert len(holds) >= 3
    assert holds == {key: [hold["id"] for hold in nodes[key]["fulfillmentHolds"]] for key in holds}


@pytest.mark.parametrize("way", ["bulk", "paged"])
def test_texts_with_odd_separators_and_letters_stay_whole(world, tmp_path, way):
    text = 'Pall \u2028 \u0085 \u000b 😀 שָׁלוֹם 東京 a/b \\n \\/ " \t'
    order = world.orders[-1]
    line = order["lineItems"][0] | {"title": text}
    changed = order | {"lineItems": [line, *order["lineItems"][1:]]}
    odd = replace(world, orders=[*world.orders[:-1], changed])
    report, _ = fetch_through(odd, tmp_path, None, way)
    assert report.orders_received == len(world.orders)
    files = [tmp_path / "orders.jsonl.gz", *tmp_path.glob("orders.bulk*.jsonl.gz")]
    content = b"".join(gzip.decompress(file.read_bytes()) for file in files)
    found = [json.loads(one) for one in content.split(b"\n") if one]
    assert json.dumps(text) in json.dumps(found)


def granting(scope):
    """Let the shop say that it grants a scope, which it then denies."""

    def answer(request):
        content = real(request).json()
        content["data"]["currentAppInstallation"]["accessScopes"].append({"handle": scope})
        return Response.of(200, content)

    return answer


@pytest.mark.parametrize("way", ["bulk", "paged"])
def test_a_denied_field_keeps_the_rest_and_names_the_scope(world, tmp_path, way):
    scopes = set(SCOPES) - {"read_apps"}
    intercept = times(999, "Context", granting("read_apps"))
    report, _ = fetch_through(world, tmp_path, intercept, way, scopes=scopes)
    assert report.orders_received == len(world.orders)
    assert report.fetched_by == "pages"
    assert "heldByApp" in report.scopes_missing["read_apps"]


@pytest.mark.parametrize("way", ["bulk", "paged"])
def test_a_missing_fulfillment_order_scope_is_said_though_shopify_says_nothing(
    world, tmp_path, way
):
    scopes = set(SCOPES) - {"read_third_party_fulfillment_orders"}
    report, _ = fetch_through(world, tmp_path, None, way, scopes=scopes)
    assert report.orders_received == len(world.orders)
    [note] = report.notes
    assert "third parties" in note
    assert "read_third_party_fulfillment_orders" in report.scopes_missing


@pytest.mark.parametrize("step", ["Orders", "BulkPoll"])
@pytest.mark.parametrize("status", [401, 402, 403, 404, 423])
def test_a_refusal_in_the_middle_stops_at_once(world, tmp_path, status, step):
    intercept = times(1, step, Response(status, b'{"errors": "no"}'))
    way = "paged" if step == "Orders" else "bulk"
    with pytest.raises(AccessError, match=rf"HTTP {status}"):
        fetch_through(world, tmp_path, intercept, way)


@pytest.mark.parametrize("way", ["bulk", "paged"])
def test_a_token_that_expires_in_the_middle_is_renewed_once(world, tmp_path, way):
    step = "Orders" if way == "paged" else "BulkPoll"
    with serve(world, intercept=times(1, step, Response(401, b"{}"))) as shop:
        secret = SecretStr(shop.client_secret)
        given = {"access_token": None, "client_id": shop.client_id, "client_secret": secret}
        with AdminClient(connection(shop, **given), patience=QUICK) as client:
            report = fetch(client, tmp_path, as_of=AS_OF, way=way)
        paths = [request.path for request in shop.requests]
    assert report.orders_received == len(world.orders)
    assert paths.count("/admin/oauth/access_token") == 2


def test_another_version_than_asked_is_said(world, tmp_path):
    def older(request):
        headers = {"X-Shopify-API-Version": "2026-07"}
        return Response(200, real(request).content, headers)

    report, _ = fetch_through(world, tmp_path, times(999, "", older), "paged")
    assert report.api_version_answered == "2026-07"
    assert "API version 2026-10 was asked and 2026-07 answered." in report.notes


REFUSED = {
    "no such right": {
        "errors": [
            {
                "message": "Access denied for bulkOperationRunQuery field.",
                "extensions": {"code": "ACCESS_DENIED"},
                "path": ["bulkOperationRunQuery"],
            }
        ],
        "data": {"bulkOperationRunQuery": None},
    },
    "no such query": {
        "data": {
            "bulkOperationRunQuery": {
                "bulkOperation": None,
                "userErrors": [{"field": ["query"], "message": "Too deep.", "code": "INVALID"}],
            }
        }
    },
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_where_bulk_operations_are_refused_pages_are_read(world, tmp_path, refusal):
    intercept = times(1, "BulkStart", Response.of(200, REFUSED[refusal]))
    report, _ = fetch_through(world, tmp_path, intercept)
    assert report.fetched_by == "pages"
    assert report.orders_received == len(world.orders)
    [note] = report.notes
    assert note.startswith("The orders were read page by page. ")
