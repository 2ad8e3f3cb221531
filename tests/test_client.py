"""The client against a real server on loopback that misbehaves as told."""

import json
import threading
import time
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from fulfilltools.admin.client import AdminClient
from fulfilltools.admin.faults import CostExceededError, Patience, TimedOutError
from fulfilltools.errors import AccessError, QueryError, SettingsError, UnreachableError
from fulfilltools.settings import Connection

TOKEN = "shpat_" + "0f" * 16
QUERY = "{ shop { name } }"
GOOD = {"data": {"shop": {"name": "Nordlys"}}}
QUICK = Patience(connect=2, read=0.5, tries=4, first_pause=0.001, longest_pause=0.01)
BUCKET = {"maximumAvailable": 2000, "currentlyAvailable": 1900, "restoreRate": 100}


def error(code, message="It went wrong", **more):
    return {"errors": [{"message": message, "extensions": {"code": code, **more}}]}


def costing(answer, requested, available, actual=None):
    status = BUCKET | {"currentlyAvailable": available}
    cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
    return answer | {"extensions": {"cost": cost}}


class Scripted(BaseHTTPRequestHandler):
    """Gives the next line of the server's script; the last one stands for ever."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, dict(self.headers), body))
        self.server.callers.add(self.client_address)
        script = self.server.script
        step = script.pop(0) if len(script) > 1 else script[0]
        if step == "drop":
            self.close_connection = True
            return
        if step == "hang":
            self.server.stopping.wait(2)
            return
        status, content, headers = step if isinstance(step, tuple) else (200, step, {})
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = "Content-Length" in headers

    def log_message(self, *_):
        pass


@contextmanager
def shop(*script):
    """A server that answers as scripted; knows what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    server.script, server.asked, server.callers = list(script), [], set()
    server.stopping = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def connection(server=None, **more):
    url = f"http://127.0.0.1:{server.server_port}" if server else None
    given = {"name": "demo", "domain": "demo.myshopify.com", "api_url": url}
    return Connection(**given | {"access_token": SecretStr(TOKEN)} | more)


@contextmanager
def client_of(server, waits=None, **more):
    sleep = time.sleep if waits is None else waits.append
    with AdminClient(connection(server, **more), patience=QUICK, sleep=sleep) as client:
        yield client


def ask(*script, waits=None, **more):
    """Ask once; return the answer, the client and what the server saw."""
    with shop(*script) as server, client_of(server, waits, **more) as client:
        return client.execute(QUERY, {"first": 3}), client, server.asked


def fails_with(kind, *script, **more):
    with pytest.raises(kind) as caught:
        ask(*script, **more)
    return str(caught.value)


def test_a_question_goes_to_the_versions_address_with_token_and_name():
    answer, client, asked = ask(GOOD)
    path, headers, body = asked[0]
    assert answer.data == GOOD["data"]
    assert json.loads(answer.body) == GOOD
    assert path == "/admin/api/2026-10/graphql.json"
    assert headers["X-Shopify-Access-Token"] == TOKEN
    assert headers["User-Agent"].startswith("fulfilltools/")
    assert json.loads(body) == {"query": QUERY, "variables": {"first": 3}}
    assert (client.statistics.requests, client.statistics.retries) == (1, 0)


@pytest.mark.parametrize("version", ["2026-10", "2026-07", "2026-04"])
def test_every_supported_version_works_without_asking_shopify_which_exist(version):
    *_, asked = ask(GOOD, api_version=version)
    assert asked[0][0] == f"/admin/api/{version}/graphql.json"


def test_a_proxy_is_not_asked_for_a_shop_on_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert ask(GOOD)[0].data == GOOD["data"]


def test_connections_are_kept_alive():
    with shop(GOOD) as server, client_of(server) as client:
        for _ in range(3):
            client.execute(QUERY)
        assert len(server.asked) == 3
        assert len(server.callers) == 1


@pytest.mark.parametrize(
    "fault",
    [
        (503, b"<!DOCTYPE html><html>Something went wrong</html>", {"Content-Type": "text/html"}),
        (502, b"", {}),
        (429, b"", {"Retry-After": "0.1"}),
        "drop",
        "hang",
        (200, b"<html>maintenance</html>", {}),
        (200, b'{"data": {"shop": ', {"Content-Length": "400"}),
        (200, b'{"data": {"shop": ', {}),
        (200, b"[]", {}),
        {"data": None},
        error("INTERNAL_SERVER_ERROR") | {"data": None},
        costing(error("THROTTLED"), 400, 1900),
        error("THROTTLED"),
    ],
    ids=str,
)
def test_a_fault_that_passes_is_survived(fault):
    answer, client, asked = ask(fault, GOOD)
    assert answer.data == GOOD["data"]
    assert client.statistics.retries == 1
    assert len(asked) == 2


def test_retry_after_is_obeyed_to_the_fraction():
    waits = []
    ask((429, b"", {"Retry-After": "2.5"}), GOOD, waits=waits)
    assert waits == [2.5]


def test_a_throttled_question_waits_just_as_long_as_the_bucket_needs():
    waits = []
    _, client, _ = ask(costing(error("THROTTLED"), 752, 602), GOOD, waits=waits)
    assert waits[0] == pytest.approx(1.5, abs=0.05)
    assert client.statistics.waited_seconds == pytest.approx(sum(waits))


def test_the_second_question_waits_for_the_bucket_before_it_is_sent():
    waits = []
    with shop(costing(GOOD, 900, 100, actual=300)) as server, client_of(server, waits) as client:
        client.execute(QUERY)
        assert waits == []
        client.execute(QUERY)
        assert waits == [pytest.approx(8, abs=0.1)]
        assert client.statistics.points == 600


def test_a_question_about_fewer_does_not_wait_for_what_more_would_cost():
    waits = []
    with shop(costing(GOOD, 900, 100, actual=300)) as server, client_of(server, waits) as client:
        client.execute(QUERY, {"ids": ["one", "other"]})
        client.execute(QUERY, {"ids": ["one"]})
    assert waits == []


@pytest.mark.parametrize("fault", ["drop", (500, b"", {}), (200, b"<html>", {})], ids=str)
def test_a_fault_that_stays_ends_after_some_tries(fault):
    message = fails_with(UnreachableError, fault)
    assert message.startswith("demo.myshopify.com gave no usable answer in 3 tries; last: ")


def test_a_shop_that_never_answers_in_time_is_told_from_others():
    assert "no answer in time" in fails_with(TimedOutError, "hang")


def test_an_address_where_nothing_listens_is_said_plainly():
    with shop(GOOD) as server:
        pass
    with client_of(server) as client, pytest.raises(UnreachableError, match="nothing listens"):
        client.execute(QUERY)


@pytest.mark.parametrize(
    ("status", "word"),
    [(401, "token"), (402, "bill"), (403, "installed"), (404, "not there"), (423, "locked")],
)
def test_a_refusal_stops_at_once_and_says_what_to_do(status, word):
    with shop((status, b'{"errors": "no"}', {})) as server, client_of(server) as client:
        with pytest.raises(AccessError, match=word) as caught:
            client.execute(QUERY)
        assert f"HTTP {status}" in str(caught.value)
        assert len(server.asked) == 1


def test_a_redirect_is_not_followed_with_the_token():
    with shop(GOOD) as other:
        there = f"http://localhost:{other.server_port}/"
        message = fails_with(AccessError, (301, b"", {"Location": there}))
        assert "has moved to localhost" in message
        assert other.asked == []


def test_a_question_too_dear_says_its_cost():
    message = "Query cost is 1723, which exceeds the single query max cost limit (1000)."
    with shop(error("MAX_COST_EXCEEDED", message)) as server, client_of(server) as client:
        with pytest.raises(CostExceededError) as caught:
            client.execute(QUERY)
        assert caught.value.cost == 1723


def test_another_error_in_the_answer_is_passed_on():
    wrong = {"errors": [{"message": "Field 'x' doesn't exist on type 'Shop'"}]}
    assert "Field 'x' doesn't exist" in fails_with(QueryError, wrong)
    assert "no key" in fails_with(QueryError, {"errors": "no key"})
    assert "inactive" in fails_with(AccessError, error("SHOP_INACTIVE"))


def test_a_denied_field_keeps_the_data_and_names_the_scope():
    denied = error("ACCESS_DENIED", requiredAccess="`read_apps` access scope.") | GOOD
    denied["errors"][0]["path"] = ["order", "fulfillmentHolds", 0, "heldByApp"]
    answer, client, _ = ask(denied)
    assert answer.data == GOOD["data"]
    assert len(answer.errors) == 1
    assert client.denied_scopes == {"read_apps": "Shopify denied order.fulfillmentHolds.heldByApp."}


def test_a_denied_question_stops():
    message = "Access denied for orders field. Required access: `read_orders` access scope."
    assert "read_orders" in fails_with(AccessError, error("ACCESS_DENIED", message))


def test_the_version_that_answers_is_kept():
    answer, client, _ = ask((200, GOOD, {"X-Shopify-API-Version": "2026-07"}))
    assert answer.api_version == client.answered_version == "2026-07"


CREDENTIALS = {
    "access_token": None,
    "client_id": "abc",
    "client_secret": SecretStr("shh" + "9" * 9),
}


def test_client_credentials_ask_a_token_once():
    new = {"access_token": "t-1", "scope": "read_orders", "expires_in": 86399}
    with shop(new, GOOD) as server, client_of(server, **CREDENTIALS) as client:
        client.execute(QUERY)
        client.execute(QUERY)
        paths = [path for path, *_ in server.asked]
        assert paths == ["/admin/oauth/access_token", *2 * ["/admin/api/2026-10/graphql.json"]]
        assert "grant_type=client_credentials&client_id=abc&client_secret=shh" in server.asked[0][2]
        assert server.asked[1][1]["X-Shopify-Access-Token"] == "t-1"


def test_a_token_that_is_refused_is_renewed_once():
    first, second = {"access_token": "t-1", "expires_in": 9}, {"access_token": "t-2"}
    with shop(first, (401, b"", {}), second, GOOD) as server:
        with client_of(server, **CREDENTIALS) as client:
            client.execute(QUERY)
        assert server.asked[-1][1]["X-Shopify-Access-Token"] == "t-2"
    assert "refuses the token" in fails_with(
        AccessError, first, (401, b"", {}), second, (401, b"", {}), **CREDENTIALS
    )


def test_a_token_is_renewed_before_it_expires():
    short, long = {"access_token": "t-1", "expires_in": 0.05}, {"access_token": "t-2"}
    with shop(short, GOOD, long, GOOD) as server, client_of(server, **CREDENTIALS) as client:
        client.execute(QUERY)
        time.sleep(0.06)
        client.execute(QUERY)
        assert server.asked[-1][1]["X-Shopify-Access-Token"] == "t-2"


def test_client_credentials_that_are_wrong_are_said_so():
    assert "SHOPIFY_CLIENT_ID" in fails_with(AccessError, (400, b"{}", {}), **CREDENTIALS)
    assert "without a token" in fails_with(AccessError, {"scope": ""}, **CREDENTIALS)


@pytest.mark.parametrize(
    "domain",
    [
        "demo",
        "demo.myshopify.com",
        " Demo.myshopify.com\n",
        "https://demo.myshopify.com/",
        "https://demo.myshopify.com/admin/orders",
        "https://admin.shopify.com/store/demo",
        "admin.shopify.com/store/demo/orders?status=open",
    ],
)
def test_a_shop_is_known_by_any_of_its_addresses(domain):
    with AdminClient(connection(domain=domain)) as client:
        address = "https://demo.myshopify.com/admin/api/2026-10/graphql.json"
        assert client.session.graphql_url == address


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"domain": "www.nordlys.se"}, "'www.nordlys.se' is not the name of a shop"),
        ({"domain": "my shop"}, "'my shop' is not"),
        ({"domain": "shop\nname"}, "is not the name"),
        ({"domain": ""}, "'' is not"),
        ({"domain": "demo.myshopify.com.evil.com"}, "is not the name"),
        ({"access_token": SecretStr(TOKEN + "\n")}, "SHOPIFY_ACCESS_TOKEN is empty or holds"),
        ({"access_token": SecretStr("a b")}, "SHOPIFY_ACCESS_TOKEN"),
        ({"access_token": SecretStr("")}, "SHOPIFY_ACCESS_TOKEN"),
        ({"access_token": SecretStr("tökn")}, "SHOPIFY_ACCESS_TOKEN"),
        ({"access_token": None}, "neither an access token nor client credentials"),
        ({"access_token": None, "client_id": "abc"}, "SHOPIFY_CLIENT_SECRET is not set"),
        (CREDENTIALS | {"client_id": "a\tb"}, "SHOPIFY_CLIENT_ID"),
        ({"api_url": "127.0.0.1:8099"}, "SHOPIFY_API_URL"),
        ({"api_url": "ftp://127.0.0.1"}, "SHOPIFY_API_URL"),
        ({"api_url": "http://u:p@127.0.0.1"}, "SHOPIFY_API_URL"),
        ({"api_url": "http://[::1"}, "SHOPIFY_API_URL"),
    ],
    ids=str,
)
def test_what_cannot_be_right_is_said_before_anything_is_sent(wrong, word):
    with pytest.raises(SettingsError) as caught:
        AdminClient(connection(**wrong))
    assert word in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("fault", ["drop", "hang", (401, b"", {}), (200, b"<", {})], ids=str)
def test_no_error_holds_the_token(fault):
    with pytest.raises(Exception, match="demo") as caught:
        ask(fault)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    chain = [caught.value]
    while chain[-1].__context__ or chain[-1].__cause__:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    assert all(getattr(one, "request", None) is None for one in chain)


def test_two_shops_never_share_a_token():
    with shop(GOOD) as one, shop(GOOD) as two:
        other = SecretStr("another-token")
        with client_of(one) as first, client_of(two, access_token=other) as second:
            for _ in range(2):
                first.execute(QUERY)
                second.execute(QUERY)
        sent = [
            {headers["X-Shopify-Access-Token"] for _, headers, _ in s.asked} for s in (one, two)
        ]
        assert sent == [{TOKEN}, {"another-token"}]
