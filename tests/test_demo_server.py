"""The demo shop answers, and refuses, as Shopify does; over real HTTP, with a world by hand."""

import json
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from fulfilltools.demo import AS_OF, SCOPES, serve
from fulfilltools.demo.server import Response
from fulfilltools.demo.world import World

QUERIES = Path(__file__).parents[2] / "shared" / "queries"
START = """mutation ($query: String!, $group: Boolean! = false) {
  bulkOperationRunQuery(query: $query, groupObjects: $group) {
    bulkOperation { id status } userErrors { code field message }
  }
}"""
POLL = """query ($id: ID!) {
  bulkOperation(id: $id) { status errorCode objectCount rootObjectCount fileSize url }
}"""
BULK = """{ orders(query: "name:1001 OR name:1002") { edges { node {
  id displayFulfillmentStatus
  lineItems { edges { node { __typename id title } } }
} } } }"""

WAREHOUSE = {
    "id": "gid://shopify/Location/1",
    "name": "Lager",
    "isActive": True,
    "isFulfillmentService": False,
    "address": {"countryCode": "SE", "provinceCode": None, "city": "Göteborg"},
}
SHOP = {
    "id": "gid://shopify/Shop/1",
    "name": "Handmade",
    "myshopifyDomain": "handmade.test",
    "currencyCode": "SEK",
    "createdAt": "2021-03-08T12:00:00Z",
    "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False},
}
SERVICE = WAREHOUSE | {"id": "gid://shopify/Location/2", "isFulfillmentService": True}
CLOSED_SHOP = WAREHOUSE | {"id": "gid://shopify/Location/3", "isActive": False}


def at(days):
    return f"{AS_OF - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def fulfillment_order(number, location, **more):
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "createdAt": at(1),
        "updatedAt": at(1),
        # Only a stub of the location stands here; the server knows the rest.
        "assignedLocation": {"name": "Lager", "location": {"id": location["id"]}},
        "fulfillmentHolds": [],
        "lineItems": [],
        "merchantRequests": [],
        **more,
    }


def order(number, days, status="UNFULFILLED", **more):
    line = {"id": f"gid://shopify/LineItem/{number}", "title": "Kopp / mugg", "quantity": 1}
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": at(days),
        "updatedAt": at(days / 2),
        "processedAt": at(days),
        "closedAt": None,
        "cancelledAt": None,
        "tags": [],
        "displayFulfillmentStatus": status,
        "displayFinancialStatus": "PAID",
        "transactions": [{"kind": "SALE", "status": "SUCCESS"}, {"kind": "REFUND"}],
        "lineItems": [line, line | {"id": f"gid://shopify/LineItem/{number}9"}],
        "fulfillmentOrders": [fulfillment_order(number, WAREHOUSE)],
        **more,
    }


def small_world():
    hold = {"id": "gid://shopify/FulfillmentHold/1", "reason": "OTHER", "heldByApp": None}
    held = fulfillment_order(10049, WAREHOUSE, status="ON_HOLD", fulfillmentHolds=[hold])
    closed = fulfillment_order(10048, WAREHOUSE, status="CLOSED")
    quantities = [{"name": name, "quantity": 5} for name in ("available", "on_hand", "incoming")]
    level = {
        "id": "gid://shopify/InventoryLevel/1",
        "location": WAREHOUSE,
        "quantities": quantities,
    }
    item = {"id": "gid://shopify/InventoryItem/1", "sku": "KOPP", "inventoryLevels": [level]}
    return World(
        as_of=AS_OF,
        shop=SHOP,
        app_installation={
            "id": "gid://shopify/AppInstallation/1",
            "app": {"id": "gid://shopify/App/1", "title": "fulfilltools"},
        },
        locations=[WAREHOUSE, SERVICE, CLOSED_SHOP],
        inventory_items=[item],
        orders=[
            order(1001, 90),
            order(1002, 9, "FULFILLED", closedAt=at(8)),
            order(1003, 6, "ON_HOLD", tags=["VIP", "late"], fulfillmentOrders=[held, closed]),
            order(1004, 4, fulfillmentOrders=[fulfillment_order(10051, SERVICE)]),
            order(1005, 2, "FULFILLMENT_NOT_REQUIRED", cancelledAt=at(1), fulfillmentOrders=[]),
        ],
        truth={},
        look_alikes={},
        supplier_rows=[],
    )


class Client:
    """Asks one shop, keeping the connection."""

    def __init__(self, shop):
        self.shop = shop
        self.session = requests.Session()
        self.session.headers["X-Shopify-Access-Token"] = shop.access_token

    def post(self, text, version="2026-10", **variables):
        url = f"{self.shop.url}/admin/api/{version}/graphql.json"
        return self.session.post(url, json={"query": text, "variables": variables}, timeout=10)

    def ask(self, text, version="2026-10", **variables):
        return self.post(text, version, **variables).json()

    def data(self, text, version="2026-10", **variables):
        answer = self.ask(text, version, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def error(self, text, **variables):
        return self.ask(text, **variables)["errors"][0]

    def names(self, search, **args):
        given = "".join(f", {name}: {value}" for name, value in args.items())
        query = (
            f"query ($q: String) {{ orders(first: 50, query: $q{given}) {{ nodes {{ name }} }} }}"
        )
        return [each["name"] for each in self.data(query, q=search)["orders"]["nodes"]]

    def finished(self, query, **more):
        started = self.data(START, query=query, **more)["bulkOperationRunQuery"]
        assert started["userErrors"] == []
        for _ in range(5):
            polled = self.data(POLL, id=started["bulkOperation"]["id"])["bulkOperation"]
            if polled["status"] not in {"CREATED", "RUNNING"}:
                return polled
        raise AssertionError(polled)


@contextmanager
def client_of(**options):
    with serve(small_world(), **options) as shop:
        client = Client(shop)
        with client.session:
            yield client


@pytest.fixture(scope="module")
def lasting():
    with client_of() as client:
        yield client


@pytest.fixture
def client(request, lasting):
    """Ask a shop that lasts for all tests, or one with the options that a test names."""
    if not hasattr(request, "param"):
        yield lasting
        return
    with client_of(**request.param) as client:
        yield client


@pytest.fixture
def fresh():
    """Ask a shop that was asked nothing before."""
    with client_of() as client:
        yield client


def without(*scopes):
    return {"scopes": [scope for scope in SCOPES if scope not in scopes]}


def test_an_answer_says_version_request_and_cost(fresh):
    response = fresh.post("{ shop { name } }")
    assert response.headers["X-Shopify-API-Version"] == "2026-10"
    assert len(response.headers["X-Request-Id"]) == 36
    assert response.json() == {
        "data": {"shop": {"name": "Handmade"}},
        "extensions": {
            "cost": {
                "requestedQueryCost": 1,
                "actualQueryCost": 1,
                "throttleStatus": {
                    "maximumAvailable": 20000,
                    "currentlyAvailable": 19999,
                    "restoreRate": 1000,
                },
            }
        },
    }


def test_a_wrong_token_and_a_wrong_path_are_refused_in_shopifys_words(client):
    url = f"{client.shop.url}/admin/api/2026-10/graphql.json"
    refused = requests.post(url, headers={"X-Shopify-Access-Token": "other"}, timeout=10)
    assert refused.status_code == 401
    said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    assert refused.json() == {"errors": said}
    missing = client.session.get(f"{client.shop.url}/admin/orders.json", timeout=10)
    assert (missing.status_code, missing.json()) == (404, {"errors": "Not Found"})


def test_a_body_without_a_query_is_a_bad_request(client):
    url = f"{client.shop.url}/admin/api/2026-10/graphql.json"
    refused = client.session.post(url, data=b"{nothing", timeout=10)
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("2026-04", "2026-04"),
        ("2025-01", "2026-04"),
        ("2026-08", "2026-07"),
        ("2030-01", "2026-10"),
    ],
)
def test_the_nearest_version_answers_and_the_header_tells(client, asked, answered):
    response = client.post("{ shop { id } }", version=asked)
    assert response.headers["X-Shopify-API-Version"] == answered


def test_the_client_credentials_grant_gives_a_token_that_works(fresh):
    form = {"grant_type": "client_credentials", "client_id": fresh.shop.client_id}
    url = f"{fresh.shop.url}/admin/oauth/access_token"
    secret = {"client_secret": fresh.shop.client_secret}
    granted = requests.post(url, data=form | secret, timeout=10).json()
    assert granted["expires_in"] == 86399
    assert granted["scope"] == ",".join(SCOPES)
    fresh.session.headers["X-Shopify-Access-Token"] = granted["access_token"]
    assert fresh.data("{ shop { name } }")
    assert requests.post(url, data=form | {"client_secret": "?"}, timeout=10).status_code == 400


def test_a_connection_is_kept_and_requests_are_counted(fresh):
    for _ in range(3):
        fresh.data("{ shop { name } }")
    assert [request.json["query"] for request in fresh.shop.requests] == ["{ shop { name } }"] * 3


def test_an_intercept_may_answer_instead_or_hang_up():
    def faulty(request):
        if "orders" in request.json.get("query", ""):
            raise ConnectionResetError
        return Response.of(503, {"errors": "busy"}, Retry_After="2.0")

    with serve(small_world(), intercept=faulty) as shop:
        client = Client(shop)
        busy = client.post("{ shop { name } }")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2.0")
        with pytest.raises(requests.ConnectionError):
            client.post("{ orders(first: 1) { nodes { id } } }")
        client.session.close()


def test_the_shop_is_gone_when_the_block_ends():
    with serve(small_world()) as shop:
        port = int(shop.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_an_unknown_field_is_named_with_its_type_and_path(client):
    response = client.post("query Ask { shop { nothing } }")
    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "Field 'nothing' doesn't exist on type 'Shop'",
                "locations": [{"line": 1, "column": 20}],
                "path": ["query Ask", "shop", "nothing"],
                "extensions": {
                    "code": "undefinedField",
                    "typeName": "Shop",
                    "fieldName": "nothing",
                },
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{ orders { nodes { id } } }", "you must provide one of first or last", "BAD_REQUEST"),
        (
            "{ orders(first: 1, last: 1) { nodes { id } } }",
            "providing both first and last is not supported",
            "BAD_REQUEST",
        ),
        (
            "{ orders(first: 251) { nodes { id } } }",
            (
                "Argument 'first' on Field 'orders' has an invalid value (251). "
                "Expected a page size from 0 to 250."
            ),
            "BAD_REQUEST",
        ),
        (
            "{ shop(x: 1) { id } }",
            "Field 'shop' doesn't accept argument 'x'",
            "argumentNotAccepted",
        ),
        (
            "{ order { id } }",
            "Field 'order' is missing required arguments: id",
            "missingRequiredArguments",
        ),
        (
            "{ shop }",
            (
                "Field must have selections (field 'shop' returns Shop but has no selections. "
                "Did you mean 'shop { ... }'?)"
            ),
            "selectionMismatch",
        ),
        (
            "query Q { order(id: $id) { id } }",
            "Variable $id is used by Q but not declared",
            "variableNotDefined",
        ),
        (
            "query ($id: ID!) { order(id: $id) { id } }",
            "Variable $id of type ID! was provided invalid value",
            "INVALID_VARIABLE",
        ),
    ],
)
def test_a_query_that_shopify_refuses_is_refused_in_its_words(client, query, message, code):
    error = client.error(query)
    assert (error["message"], error["extensions"]["code"]) == (message, code)


def test_what_is_no_graphql_is_a_syntax_error(client):
    assert client.error("{ shop {")["message"] == "syntax error, unexpected end of file"
    assert client.error("{ shop ]")["message"] == "syntax error, unexpected ']' at [1, 8]"


def test_a_query_over_a_thousand_points_is_refused_before_it_runs(client):
    query = """{ orders(first: 250) { nodes { fulfillmentOrders(first: 250) { nodes {
      lineItems(first: 250) { nodes { lineItem { id } } } } } } } }"""
    answer = client.ask(query)
    said = "Query cost is 3060, which exceeds the single query max cost limit (1000)."
    assert answer["errors"][0]["message"].startswith(said)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert "data" not in answer


@pytest.mark.parametrize("client", [{"bucket": 10, "restore_rate": 20}], indirect=True)
def test_an_empty_bucket_throttles_until_it_is_restored(client):
    query = "{ orders(first: 50) { nodes { id } } }"
    assert client.ask(query)["extensions"]["cost"]["requestedQueryCost"] == 9
    throttled = client.ask(query)
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in throttled
    cost = throttled["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    wait = (9 - cost["throttleStatus"]["currentlyAvailable"]) / 20
    time.sleep(wait + 0.05)
    assert "data" in client.ask(query)


@pytest.mark.parametrize("client", [without("read_apps")], indirect=True)
def test_a_field_without_its_scope_is_null_and_the_rest_stays(client):
    query = """{ order(id: "gid://shopify/Order/1003") {
      fulfillmentOrders(first: 1) { nodes { fulfillmentHolds { reason heldByApp { id } } } } } }"""
    answer = client.ask(query)
    [hold] = answer["data"]["order"]["fulfillmentOrders"]["nodes"][0]["fulfillmentHolds"]
    assert hold == {"reason": "OTHER", "heldByApp": None}
    [error] = answer["errors"]
    said = "Access denied for heldByApp field. Required access: `read_apps` access scope."
    assert error["message"] == said
    assert error["path"] == [
        *("order", "fulfillmentOrders", "nodes", 0, "fulfillmentHolds", 0, "heldByApp")
    ]
    assert error["extensions"] == {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": "`read_apps` access scope.",
    }


@pytest.mark.parametrize("client", [without("read_third_party_fulfillment_orders")], indirect=True)
def test_fulfillment_orders_at_services_are_dropped_without_a_word(client):
    query = "{ orders(first: 9) { nodes { fulfillmentOrders(first: 9) { nodes { id } } } } }"
    orders = client.data(query)["orders"]["nodes"]
    assert [len(each["fulfillmentOrders"]["nodes"]) for each in orders] == [1, 1, 2, 0, 0]
    there = 'fulfillmentOrder(id: "gid://shopify/FulfillmentOrder/10051") { id }'
    assert client.data(f"{{ {there} }}") == {"fulfillmentOrder": None}


@pytest.mark.parametrize(
    "client",
    [without("read_third_party_fulfillment_orders", "read_merchant_managed_fulfillment_orders")],
    indirect=True,
)
def test_without_any_fulfillment_order_scope_they_are_denied(client):
    error = client.error("{ fulfillmentOrders(first: 1) { nodes { id } } }")
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert "`read_marketplace_fulfillment_orders` access scope." in error["message"]


@pytest.mark.parametrize("client", [without("read_all_orders")], indirect=True)
def test_without_read_all_orders_only_sixty_days_are_seen(client):
    assert client.names("") == ["#1002", "#1003", "#1004", "#1005"]
    assert client.data("{ ordersCount { count precision } }")["ordersCount"]["count"] == 4
    assert client.data('{ order(id: "gid://shopify/Order/1001") { id } }')["order"] is None


@pytest.mark.parametrize("client", [without("read_inventory", "read_products")], indirect=True)
def test_node_is_no_way_around_a_scope(client):
    error = client.error('{ node(id: "gid://shopify/InventoryItem/1") { id } }')
    assert error["extensions"]["code"] == "ACCESS_DENIED"


def test_the_installation_tells_the_scopes_that_were_granted(client):
    query = "{ currentAppInstallation { accessScopes { handle } } }"
    scopes = client.data(query)["currentAppInstallation"]["accessScopes"]
    assert [each["handle"] for each in scopes] == sorted(SCOPES)


def test_pages_follow_each_other_by_cursor_and_meet(client):
    query = """query ($after: String) { orders(first: 2, after: $after) {
      pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { name } } } }"""
    names, after = [], None
    for _ in range(3):
        page = client.data(query, after=after)["orders"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
    assert names == ["#1001", "#1002", "#1003", "#1004", "#1005"]
    assert page["pageInfo"]["hasNextPage"] is False


def test_pages_can_be_read_from_the_end_and_reversed(client):
    query = "{ orders(last: 2) { nodes { name } pageInfo { hasPreviousPage } } }"
    assert client.data(query)["orders"] == {
        "nodes": [{"name": "#1004"}, {"name": "#1005"}],
        "pageInfo": {"hasPreviousPage": True},
    }
    assert client.names("", reverse="true", sortKey="UPDATED_AT")[0] == "#1005"


def test_a_made_up_cursor_is_refused(client):
    error = client.error('{ orders(first: 1, after: "x") { nodes { id } } }')
    assert error["message"] == "Invalid cursor for current pagination sort."


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("fulfillment_status:unfulfilled", "1001 1004"),
        ("fulfillment_status:on_hold,fulfilled", "1002 1003"),
        ("NOT fulfillment_status:fulfilled", "1001 1003 1004 1005"),
        ("-fulfillment_status:fulfilled status:open", "1001 1003 1004"),
        (f"created_at:>='{at(6)}' AND created_at:<'{at(2)}'", "1003 1004 1005"),
        (f"processed_at:>{at(5)[:10]}", "1004 1005"),
        ("status:cancelled OR (tag:vip AND financial_status:paid)", "1003 1005"),
        ("(name:#1001 OR name:1002) -status:closed", "1001"),
        ("id:>=1004", "1004 1005"),
        ("id:1002", "1002"),
        ("no_such_filter:here name:1003", "1003"),
        ("fulfillment_status:shipped tag:vip", ""),
        ("status:any )", "1001 1002 1003 1004 1005"),
    ],
)
def test_search_finds(client, search, found):
    assert client.names(search) == [f"#{number}" for number in found.split()]


def test_a_time_that_is_none_is_refused(client):
    error = client.error('{ orders(first: 1, query: "created_at:>yesterday") { nodes { id } } }')
    assert error["message"] == "Invalid timestamp for query filter `created_at`."


def test_counts_stop_at_their_limit(client):
    query = """{ all: ordersCount(limit: null) { count precision }
      some: ordersCount(limit: 2) { count precision } }"""
    assert client.data(query) == {
        "all": {"count": 5, "precision": "EXACT"},
        "some": {"count": 2, "precision": "AT_LEAST"},
    }


def test_fulfillment_orders_are_found_open_or_closed_and_know_their_order(client):
    query = """{ open: fulfillmentOrders(first: 9) { nodes { orderName order { name } } }
      all: fulfillmentOrders(first: 9, includeClosed: true, query: "status:closed") {
        nodes { id assignedLocation { location { isActive name } } } } }"""
    data = client.data(query)
    assert [each["order"]["name"] for each in data["open"]["nodes"]] == [
        *("#1001", "#1002", "#1003", "#1004")
    ]
    assert data["open"]["nodes"][0]["orderName"] == "#1001"
    [closed] = data["all"]["nodes"]
    assert closed["assignedLocation"]["location"] == {"isActive": True, "name": "Lager"}


def test_records_are_found_by_id_and_lists_are_cut_to_first(client):
    query = """{ nodes(ids: ["gid://shopify/InventoryItem/1", "gid://shopify/Order/7"]) {
      __typename ... on InventoryItem { sku inventoryLevels(first: 1) { nodes {
        quantities(names: ["on_hand", "available"]) { name quantity } } } } }
      order(id: "gid://shopify/Order/1001") {
        legacyResourceId transactions(first: 1) { kind } } }"""
    data = client.data(query)
    [item, nothing] = data["nodes"]
    assert nothing is None
    assert item["__typename"] == "InventoryItem"
    assert item["inventoryLevels"]["nodes"][0]["quantities"] == [
        {"name": "on_hand", "quantity": 5},
        {"name": "available", "quantity": 5},
    ]
    assert data["order"] == {"legacyResourceId": "1001", "transactions": [{"kind": "SALE"}]}


def test_locations_hide_the_inactive_and_the_legacy_ones(client):
    query = "{ locations(first: 9%s) { nodes { id } } }"
    assert len(client.data(query % "")["locations"]["nodes"]) == 1
    everything = ", includeInactive: true, includeLegacy: true"
    assert len(client.data(query % everything)["locations"]["nodes"]) == 3


def test_older_versions_do_not_know_that_fulfillment_may_not_be_required(client):
    query = '{ order(id: "gid://shopify/Order/1005") { displayFulfillmentStatus } }'
    for version, status in (
        ("2026-10", "FULFILLMENT_NOT_REQUIRED"),
        ("2026-07", "UNFULFILLED"),
        ("2026-04", "UNFULFILLED"),
    ):
        assert client.data(query, version)["order"]["displayFulfillmentStatus"] == status
    [error] = client.ask("{ orders(first: 1) { nodes { attribution { handle } } } }", "2026-04")[
        "errors"
    ]
    assert error["message"] == "Field 'attribution' doesn't exist on type 'Order'"


def test_a_bulk_operation_goes_from_created_to_a_file(client):
    started = client.data(START, query=BULK)["bulkOperationRunQuery"]
    assert started["bulkOperation"]["status"] == "CREATED"
    gid = started["bulkOperation"]["id"]
    seen = [client.data(POLL, id=gid)["bulkOperation"] for _ in range(3)]
    assert [each["status"] for each in seen] == ["CREATED", "RUNNING", "COMPLETED"]
    assert (seen[2]["objectCount"], seen[2]["rootObjectCount"]) == ("6", "2")
    text = requests.get(seen[2]["url"], timeout=10).content
    assert seen[2]["fileSize"] == str(len(text))
    assert b"Kopp \\/ mugg" in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line.get("__parentId") for line in lines] == [
        *(None, None),
        *("gid://shopify/Order/1001", "gid://shopify/Order/1001"),
        *("gid://shopify/Order/1002", "gid://shopify/Order/1002"),
    ]
    assert set(lines[0]) == {"id", "displayFulfillmentStatus"}


def test_a_grouped_file_holds_the_children_below_their_parents(client):
    done = client.finished(BULK, group=True)
    lines = requests.get(done["url"], timeout=10).text.splitlines()
    assert ["__parentId" in line for line in lines] == [False, True, True] * 2


def test_a_part_of_a_file_can_be_asked_for(client):
    url = client.finished(BULK)["url"]
    whole = requests.get(url, timeout=10).content
    part = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    rest = requests.get(url, headers={"Range": "bytes=100-"}, timeout=10)
    assert rest.content == whole[100:]
    beyond = requests.get(url, headers={"Range": f"bytes={len(whole)}-"}, timeout=10)
    assert beyond.status_code == 416


def test_nothing_found_is_no_file_and_no_error(client):
    done = client.finished('{ orders(query: "name:nobody") { edges { node { id } } } }')
    assert done == {
        "status": "COMPLETED",
        "errorCode": None,
        "objectCount": "0",
        "rootObjectCount": "0",
        "fileSize": "0",
        "url": None,
    }


@pytest.mark.parametrize("client", [without("read_products")], indirect=True)
def test_one_denied_field_fails_the_whole_operation(client):
    query = (
        "{ orders { edges { node { id lineItems { edges { node { id product { id } } } } } } } }"
    )
    done = client.finished(query)
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", "ACCESS_DENIED", None)


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("", ["Invalid bulk query: syntax error, unexpected end of file"]),
        (
            "{ orders { edges { node { x } } } }",
            ["Invalid bulk query: Field 'x' doesn't exist on type 'Order'"],
        ),
        ("{ shop { id } }", ["Bulk queries must contain at least one connection."]),
        (
            '{ node(id: "gid://shopify/Order/0") { id } }',
            [
                "Bulk queries cannot contain a top level `node` field.",
                "Bulk queries must contain at least one connection.",
            ],
        ),
        (
            "{ orders { nodes { id } } }",
            [
                (
                    "All connection fields in a bulk query must select their contents using "
                    "'edges' > 'node', e.g: 'orders { edges { node {'. Selecting via 'nodes' is "
                    "not supported. Invalid connection fields: 'orders'."
                )
            ],
        ),
        (
            (
                "{ orders { edges { node { id "
                "fulfillments { events { edges { node { id } } } } } } } }"
            ),
            [
                (
                    "Queries that contain a connection field within a list field are not currently "
                    "supported."
                )
            ],
        ),
        (
            "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }",
            [
                (
                    "The parent 'node' field for a nested connection must select the 'id' field "
                    "without an alias and must be of 'ID' return type. Connection fields without "
                    "'id': orders."
                )
            ],
        ),
        (
            (
                "{ orders { edges { node { id fulfillmentOrders { edges { node { id fulfillments { "
                "edges { node { id events { edges { node { id } } } } } } } } } } } } }"
            ),
            ["Bulk queries cannot contain connections with a nesting depth greater than 2."],
        ),
        (
            "{ orders { edges { node { id "
            + " ".join(f"{key}: lineItems {{ edges {{ node {{ id }} }} }}" for key in "abcde")
            + " } } } }",
            ["Bulk queries cannot contain more than 5 connections."],
        ),
        (
            'mutation { bulkOperationCancel(id: "1") { userErrors { message } } }',
            ["Invalid operation type. Only `query` operations are supported."],
        ),
    ],
)
def test_a_query_that_is_no_bulk_query_is_refused_in_shopifys_words(client, query, messages):
    started = client.data(START, query=query)["bulkOperationRunQuery"]
    assert started["bulkOperation"] is None
    assert [each["message"] for each in started["userErrors"]] == messages
    assert {each["code"] for each in started["userErrors"]} == {"INVALID"}


def test_a_sixth_operation_is_refused_until_one_is_canceled(fresh):
    started = [fresh.data(START, query=BULK)["bulkOperationRunQuery"] for _ in range(6)]
    gids = [each["bulkOperation"]["id"] for each in started[:5]]
    [error] = started[5]["userErrors"]
    said = "A bulk query operation for this app and shop is already in progress: "
    assert error == {
        "code": "OPERATION_IN_PROGRESS",
        "field": None,
        "message": f"{said}{', '.join(gids)}.",
    }
    cancel = "mutation ($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } } }"
    canceled = fresh.data(cancel, id=gids[0])["bulkOperationCancel"]["bulkOperation"]
    assert canceled == {"status": "CANCELING"}
    polled = [fresh.data(POLL, id=gids[0])["bulkOperation"]["status"] for _ in range(2)]
    assert polled == ["CANCELING", "CANCELED"]
    listed = '{ bulkOperations(first: 9, query: "status:created") { nodes { id } } }'
    assert [each["id"] for each in fresh.data(listed)["bulkOperations"]["nodes"]] == gids[1:]
    again = fresh.data(START, query=BULK)["bulkOperationRunQuery"]
    assert again["bulkOperation"]["status"] == "CREATED"


def test_fifty_full_orders_come_in_well_under_a_second(client):
    many = small_world()
    many.orders.extend(order(number, 1) for number in range(2000, 2200))
    fields = (
        "id name createdAt displayFinancialStatus tags lineItems(first: 20) { nodes { id title } }"
    )
    query = f"""{{ orders(first: 50, reverse: true) {{ nodes {{
      {fields}
      fulfillmentOrders(first: 5) {{ nodes {{ id status assignedLocation {{ name }} }} }}
    }} }} }}"""
    with serve(many) as shop:
        busy = Client(shop)
        busy.data(query)
        started = datetime.now(UTC)
        busy.data(query)
        assert datetime.now(UTC) - started < timedelta(seconds=0.5)
        busy.session.close()


@pytest.mark.skipif(not QUERIES.exists(), reason=f"the shared queries are not at {QUERIES}")
@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("q_context", {}),
        ("q_counts", {"all": "", "open": "status:open"}),
        ("q_inventory", {"ids": ["gid://shopify/InventoryItem/1"]}),
        ("q_locations", {}),
        ("q_move_targets", {"id": "gid://shopify/FulfillmentOrder/1001"}),
        ("q_order_extra", {"id": "gid://shopify/Order/1003"}),
    ],
)
def test_the_shared_queries_are_answered(client, version, name, variables):
    assert client.data((QUERIES / f"{name}.graphql").read_text("utf-8"), version, **variables)
