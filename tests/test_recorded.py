"""Real answers of the Admin API, replayed by a second server through the same client and tables.

The recordings lie outside the project (SHOPIFY_RECORDINGS, or `shared/recorded` beside the
checkout); they were asked with other queries than ours, so much of what we ask is missing.
"""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from fulfilltools import admin, tables
from fulfilltools.diagnosis import diagnose
from fulfilltools.settings import Connection, Policy

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = Path(os.environ.get("SHOPIFY_RECORDINGS", ROOT.parent / "shared" / "recorded"))
AS_OF = pd.Timestamp("2026-07-11T08:00Z").to_pydatetime()

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}; set SHOPIFY_RECORDINGS"
)


def recorded(file: str) -> dict:
    return json.loads((RECORDINGS / "admin_2026-04" / file).read_text(encoding="utf-8"))


def order_nodes(answer: object) -> Iterator[dict]:
    """Every order with fulfillment orders anywhere in a recording, in the order recorded."""
    if isinstance(answer, dict):
        if str(answer.get("id")).startswith("gid://shopify/Order/") and "nodes" in (
            answer.get("fulfillmentOrders") or {}
        ):
            yield answer
        for part in answer.values():
            yield from order_nodes(part)
    elif isinstance(answer, list):
        for part in answer:
            yield from order_nodes(part)


def last_state_of_each_order() -> list[dict]:
    newest: dict[str, dict] = {}
    for file in sorted((RECORDINGS / "admin_2026-04").glob("*.json")):
        for node in order_nodes(json.loads(file.read_text(encoding="utf-8"))):
            newest[node["id"]] = node
    return list(newest.values())


SHOP = {
    "id": "gid://shopify/Shop/1",
    "name": "Recorded",
    "myshopifyDomain": "recorded.myshopify.com",
    "ianaTimezone": "America/New_York",
    "currencyCode": "CAD",
    "fulfillmentServices": [],
}
SCOPES = [
    "read_orders",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
]
LAST_PAGE = {"hasNextPage": False, "endCursor": None}


ASKED_BY_US = {
    "cancelledAt": None,
    "displayFulfillmentStatus": None,
    "purchasingEntity": None,
    "unpaid": None,
    "returnStatus": None,
    "totalRefundedSet": {"shopMoney": {"amount": "0.0", "currencyCode": "CAD"}},
}
"""What the fetch looks at and the recordings were not asked for."""

SOME_LOCATION = {"id": "gid://shopify/Location/112833036594"}
"""Where a recording asked only for the location's name; it did exist."""


def completed(order: dict) -> dict:
    cards = [
        {"__typename": "FulfillmentOrder"}
        | card
        | {"assignedLocation": {"location": SOME_LOCATION} | (card.get("assignedLocation") or {})}
        | {"lineItems": {"nodes": [{"inventoryItemId": None} | line for line in nodes(card)]}}
        for card in order["fulfillmentOrders"]["nodes"]
    ]
    return {"__typename": "Order"} | ASKED_BY_US | order | {"fulfillmentOrders": {"nodes": cards}}


def nodes(card: dict) -> list[dict]:
    return (card.get("lineItems") or {}).get("nodes") or []


def replayed(query: str, orders: list[dict], locations: list[dict]) -> dict:
    if "currentAppInstallation" in query:
        scopes = [{"handle": scope} for scope in SCOPES]
        versions = [{"handle": "2026-04", "supported": True}]
        installation = {"accessScopes": scopes}
        return {"currentAppInstallation": installation, "publicApiVersions": versions, "shop": SHOP}
    if "ordersCount" in query:
        exact = {"count": len(orders), "precision": "EXACT"}
        return {"recent": exact, "older": exact}
    if "locations(" in query:
        return {"locations": {"nodes": locations, "pageInfo": LAST_PAGE}}
    if "timelines" in query:
        return {"timelines": {"nodes": [], "pageInfo": LAST_PAGE}}
    if "orders(" in query:
        return {"orders": {"nodes": [completed(order) for order in orders], "pageInfo": LAST_PAGE}}
    return {"nodes": []}


@pytest.fixture(scope="module")
def recording_server() -> Iterator[str]:
    orders = last_state_of_each_order()
    lifecycle = recorded("fulfillment-order-lifecycle.json")
    locations = lifecycle["locations"]["response"]["payload"]["data"]["locations"]["nodes"]

    class Replay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"data": replayed(asked["query"], orders, locations)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Shopify-API-Version", "2026-04")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Replay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def diagnosis(recording_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    connection = Connection(
        name="recorded",
        domain="recorded.myshopify.com",
        api_url=recording_server,
        api_version="2026-04",
        access_token=SecretStr("shpat_" + "0" * 32),
    )
    with admin.AdminClient(connection) as client:
        admin.fetch(client, folder, as_of=AS_OF)
    built = tables.build(folder, folder, as_of=AS_OF, policy=Policy())
    return diagnose(built.backlog, as_of=AS_OF, zone="America/New_York")


def test_every_open_fulfillment_order_recorded_has_its_row(diagnosis):
    recorded_open = {
        card["id"]
        for order in last_state_of_each_order()
        for card in order["fulfillmentOrders"]["nodes"]
        if card["status"] not in ("CLOSED", "CANCELLED")
    }
    found = set(diagnosis.backlog["fulfillment_order_id"].dropna())
    assert len(recorded_open) > 15
    assert found == recorded_open


def test_a_recorded_hold_is_told_as_it_was(diagnosis):
    held = diagnosis.backlog[diagnosis.backlog["status"] == "ON_HOLD"]
    with_hold = held[held["hold_reasons"].notna()]
    assert with_hold["hold_reasons"].tolist() == ["OTHER"]
    (finding,) = diagnosis.findings[
        diagnosis.findings["row_id"].isin(with_hold["row_id"])
    ].itertuples()
    assert finding.cause == "hold_other"
    assert finding.evidence.lower().startswith("held: other")


def test_recorded_splits_and_moves_keep_their_lines(diagnosis):
    """A split order has two open fulfillment orders, each with units of its own."""
    per_order = diagnosis.backlog.groupby("order_id")["units_left"].agg(["count", "min"])
    split = per_order[per_order["count"] == 2]
    assert len(split) >= 2
    assert (split["min"] >= 1).all()


def test_what_was_not_asked_then_is_unknown_and_not_healthy(diagnosis):
    """The recordings have no dates of orders, so nothing of them is called late or fresh."""
    assert not diagnosis.findings["cause"].isin(["manual_fresh", "manual_late"]).any()
    assert diagnosis.unknown["manual_late"] > 0
