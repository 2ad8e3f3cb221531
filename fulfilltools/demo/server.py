"""The demo shop over HTTP: Shopify's addresses, headers, token and statuses."""

from __future__ import annotations

import json
import re
import secrets
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from fulfilltools.demo.bulk import Operations
from fulfilltools.demo.execution import Executor
from fulfilltools.demo.refusals import BAD_TOKEN
from fulfilltools.demo.roots import Roots
from fulfilltools.demo.schema import VERSIONS, open_schema, served_version

if TYPE_CHECKING:
    from datetime import datetime

    from fulfilltools.demo.cost import Bucket
    from fulfilltools.demo.records import Records

GRAPHQL_PATH = re.compile(r"/admin/api/(\d{4}-\d{2}|unstable)/graphql\.json")
BULK_PATH = re.compile(r"/bulk/(\d+)\.jsonl")
TOKEN_LIFE = 86_399
"""Seconds, as the client credentials grant answers."""


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON body; empty where there is none."""
        try:
            read = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True)
class Response:
    """One answer as it goes out."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: object, **headers: str) -> Response:
        """Make a JSON answer."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(
            status, text.encode(), {"Content-Type": "application/json; charset=utf-8"} | named
        )


Intercept = Callable[[Request], Response | None]
"""May answer instead of the shop; raising ConnectionError hangs up without an answer."""


@dataclass(frozen=True)
class Credentials:
    """What opens the shop."""

    access_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


class DemoShop:
    """A running demo shop: where it is, what opens it, what it was asked."""

    def __init__(
        self,
        domain: str,
        records: Callable[[], Records],
        bucket: Bucket,
        credentials: Credentials,
        clock: Callable[[], datetime],
        intercept: Intercept | None,
    ) -> None:
        self.access_token = credentials.access_token
        self.client_id = credentials.client_id
        self.client_secret = credentials.client_secret
        self.domain = domain
        self.requests: list[Request] = []
        self.url = ""
        self._tokens = {self.access_token}
        self._open, self._bucket, self._intercept = records, bucket, intercept
        operations = Operations(lambda: f"{clock():%Y-%m-%dT%H:%M:%SZ}", lambda: self.url)
        self._operations = operations
        self._executors: dict[str, Executor] = {}
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        self.requests.append(request)
        if self._intercept and (answer := self._intercept(request)):
            return answer
        path = urlsplit(request.path).path
        if request.method == "GET" and (bulk := BULK_PATH.fullmatch(path)):
            return self._file(bulk[1], request.headers.get("range", ""))
        if request.method == "POST" and path == "/admin/oauth/access_token":
            return self._grant(dict(parse_qsl(request.body.decode())))
        if request.method == "POST" and (graphql := GRAPHQL_PATH.fullmatch(path)):
            return self._answer(request, served_version(graphql[1]))
        return Response.of(404, {"errors": "Not Found"})

    def prepare(self) -> None:
        """Open what is mostly asked for before anybody asks: it takes a while."""
        self._executor(VERSIONS[-1])

    @cached_property
    def _records(self) -> Records:
        return self._open()

    def _answer(self, request: Request, version: str) -> Response:
        token = request.headers.get("x-shopify-access-token", "")
        if not any(
            secrets.compare_digest(token.encode(), known.encode()) for known in self._tokens
        ):
            return Response.of(401, {"errors": BAD_TOKEN})
        if not isinstance(request.json.get("query"), str):
            return Response.of(400, {"errors": {"query": "Required parameter missing or invalid"}})
        answer = self._executor(version).answer(request.json)
        return Response.of(200, answer, X_Shopify_API_Version=version)

    def _executor(self, version: str) -> Executor:
        with self._lock:
            if version not in self._executors:
                executor = Executor(open_schema(version, self._records), self._bucket)
                Roots(self._records, self._operations).wire(executor)
                self._executors[version] = executor
            return self._executors[version]

    def _grant(self, form: dict[str, str]) -> Response:
        """Answer the client credentials grant: another token for a day."""
        asked = (form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") != "client_credentials":
            return Response.of(400, {"error": "unsupported_grant_type"})
        if asked != (self.client_id, self.client_secret):
            return Response.of(400, {"error": "invalid_client"})
        token = secrets.token_hex(20)
        self._tokens.add(token)
        scope = ",".join(sorted(self._records.scopes))
        return Response.of(200, {"access_token": token, "scope": scope, "expires_in": TOKEN_LIFE})

    def _file(self, number: str, wanted: str) -> Response:
        """Serve a bulk operation's file, or the part asked for."""
        content = self._operations.file(number)
        if content is None:
            return Response.of(404, {"errors": "Not Found"})
        headers = {"Content-Type": "application/jsonl", "Accept-Ranges": "bytes"}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if span is None:
            return Response(200, content, headers)
        start, stop = int(span[1]), min(int(span[2] or len(content)), len(content) - 1)
        if start > stop:
            return Response(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {start}-{stop}/{len(content)}"
        return Response(206, content[start : stop + 1], headers)


class _Handler(BaseHTTPRequestHandler):
    """The HTTP side of a shop; the subclass made in `serve` knows which."""

    protocol_version = "HTTP/1.1"
    # Two small packets for one answer would wait for each other (Nagle).
    wbufsize = -1
    disable_nagle_algorithm = True
    shop: DemoShop

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.shop.handle(Request(self.command, self.path, headers, body))
        except ConnectionError:
            self.close_connection = True
            return
        self.send_response(answer.status)
        sent = {"X-Request-Id": str(uuid.uuid4()), "Content-Length": str(len(answer.body))}
        for name, value in (sent | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing: the shop keeps its own list of requests."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - theirs
        """Say nothing of those who hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running(shop: DemoShop, port: int) -> Iterator[DemoShop]:
    """Serve a shop on loopback until the block ends."""
    handler = type("Handler", (_Handler,), {"shop": shop})
    server = _Server(("127.0.0.1", port), handler)
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    threading.Thread(target=shop.prepare, daemon=True).start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
