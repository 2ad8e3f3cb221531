"""Asks one shop's Admin API: kept connections, time-outs, retries, never over the bucket.

Facts about limits: https://shopify.dev/docs/api/usage/rate-limits; about refusals:
https://shopify.dev/docs/api/usage/response-codes.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from email.utils import mktime_tz, parsedate_tz
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from fulfilltools.admin.session import ShopSession
from fulfilltools.errors import AccessError, QueryError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from fulfilltools.settings import Connection

_REFUSALS = {
    401: "refuses the token (HTTP 401). Check SHOPIFY_ACCESS_TOKEN, or make a new one",
    402: "is frozen until its bill is paid (HTTP 402). Ask the shop's owner",
    403: "forbids this app its API (HTTP 403). Check that the app is installed and may read orders",
    404: "is not there (HTTP 404). Check the shop's name, the address and the API version",
    423: "is locked by Shopify (HTTP 423). Ask the shop's owner",
}
SINGLE_QUERY_LIMIT = 1000
"""Points one query may request, whatever the plan."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_LONGEST_OBEYED_WAIT = 300.0
_FEW_TRIES = 3
_REQUIRED_SCOPE = re.compile(r"`(\w+)`")
_QUERY_COST = re.compile(r"cost is (\d+)")


class CostExceededError(QueryError):
    """One query costs more than the API allows; `cost` is what it said, if it did."""

    def __init__(self, message: str, cost: int | None) -> None:
        super().__init__(message)
        self.cost = cost


class TimedOutError(UnreachableError):
    """The shop took too long every time, so a smaller question may help."""


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try again; all in seconds but `tries`."""

    connect: float = 10.0
    read: float = 60.0
    tries: int = 6
    first_pause: float = 1.0
    longest_pause: float = 30.0


@dataclass(frozen=True)
class Cost:
    """What an answer cost in points, and the bucket it came from."""

    requested: float
    actual: float
    maximum: float
    available: float
    restore_rate: float


@dataclass(frozen=True)
class Answer:
    """One answer: its data, its errors that cost no data, and its body as it came."""

    data: dict[str, Any]
    errors: tuple[dict[str, Any], ...]
    cost: Cost | None
    body: bytes
    api_version: str


@dataclass
class Statistics:
    """What asking took."""

    requests: int = 0
    points: float = 0.0
    waited_seconds: float = 0.0
    retries: int = 0


class _TryAgainError(Exception):
    """A fault that may pass; `wait` is how long the shop wants us to, if it says so."""

    def __init__(self, reason: str, wait: float | None = None, *, slow: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.slow = slow


@dataclass
class _Bucket:
    """The shop's bucket of points as the last answer left it."""

    cost: Cost | None = None
    seen_at: float = 0.0
    learned: dict[str, float] = field(default_factory=dict)

    def learn(self, query: str, cost: Cost) -> None:
        self.cost, self.seen_at = cost, time.monotonic()
        if cost.requested <= SINGLE_QUERY_LIMIT:
            self.learned[query] = cost.requested

    def seconds_until(self, points: float) -> float:
        """Return how long until the bucket holds that many points."""
        if self.cost is None or self.cost.restore_rate <= 0:
            return 0.0
        restored = (time.monotonic() - self.seen_at) * self.cost.restore_rate
        lacking = min(points, self.cost.maximum) - self.cost.available - restored
        return max(0.0, lacking / self.cost.restore_rate)


class AdminClient:
    """Asks one shop; keep one client per shop and thread, and close it."""

    def __init__(
        self,
        connection: Connection,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.session = ShopSession(connection)
        self.statistics = Statistics()
        self.answered_version = ""
        self.clock_skew_seconds = 0.0
        """How far this machine's clock was ahead of the shop's at the last answer."""
        self.denied_scopes: dict[str, str] = {}
        """Scopes of which the shop wanted one while answering, with what it denied."""
        self._patience = patience or Patience()
        self._sleep = sleep
        self._bucket = _Bucket()
        self._http = requests.Session()
        # No proxy stands between this machine and a simulated shop on it.
        self._http.trust_env = urlsplit(self.session.base_url).hostname not in _LOOPBACK
        self._http.headers["User-Agent"] = _our_name()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the kept connections go."""
        self._http.close()

    def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """Ask one query, trying again while that can help.

        Raises UnreachableError (TimedOutError) when no try helped, AccessError when the
        shop refuses us, QueryError (CostExceededError) when it refuses the question.
        """
        payload = {"query": query, "variables": dict(variables or {})}
        return self._retried(lambda: self._ask(payload))

    def _ask(self, payload: dict[str, Any]) -> Answer:
        if self.session.needs_token:
            self._renew_token()
        self._pause(self._bucket.seconds_until(self._bucket.learned.get(payload["query"], 0)))
        response = self._post(self.session.graphql_url, self.session.headers, json=payload)
        if response.status_code == requests.codes.unauthorized and self.session.drop_token():
            self._renew_token()
            response = self._post(self.session.graphql_url, self.session.headers, json=payload)
        self._refuse_status(response)
        return self._answer(payload["query"], response)

    def _renew_token(self) -> None:
        response = self._post(self.session.token_url, {}, data=self.session.grant)
        if response.status_code in {400, 401}:
            raise AccessError(
                f"{self.session.shop} refuses the client id and secret "
                f"(HTTP {response.status_code}). Check SHOPIFY_CLIENT_ID and "
                "SHOPIFY_CLIENT_SECRET, and that the app is installed in this shop."
            )
        self._refuse_status(response)
        self.session.keep_token(_json_object(response))

    def _post(self, url: str, headers: dict[str, str], **body: Any) -> requests.Response:  # noqa: ANN401
        self.statistics.requests += 1
        try:
            # A redirect is refused, because it would carry the token to another host.
            return self._http.post(
                url,
                headers=headers | {"Accept": "application/json"},
                timeout=(self._patience.connect, self._patience.read),
                allow_redirects=False,
                **body,
            )
        except requests.Timeout as error:
            error.request = None  # it holds the token
            raise _TryAgainError("no answer in time", slow=True) from error
        except requests.RequestException as error:
            error.request = None  # it holds the token
            raise _TryAgainError(_plain_reason(error)) from error

    def _refuse_status(self, response: requests.Response) -> None:
        status, shop = response.status_code, self.session.shop
        if status == requests.codes.ok:
            return
        if status in {408, 429} or status >= requests.codes.internal_server_error:
            raise _TryAgainError(f"HTTP {status}", _retry_after(response))
        if status in _REFUSALS:
            raise AccessError(f"{shop} {_REFUSALS[status]}.")
        if response.is_redirect:
            host = urlsplit(response.headers["location"]).hostname
            raise AccessError(f"{shop} has moved to {host}. Set SHOPIFY_SHOP to its present name.")
        raise QueryError(f"{shop} answered HTTP {status}. Run `fulfilltools check`.")

    def _answer(self, query: str, response: requests.Response) -> Answer:
        content = _json_object(response)
        self.answered_version = response.headers.get("X-Shopify-API-Version", self.session.version)
        if sent_at := parsedate_tz(response.headers.get("Date", "")):
            self.clock_skew_seconds = time.time() - mktime_tz(sent_at)
        cost = _cost(content)
        if cost:
            self._bucket.learn(query, cost)
            self.statistics.points += cost.actual
        errors, data = content.get("errors") or [], content.get("data")
        if not isinstance(errors, list):
            raise QueryError(f"{self.session.shop} refused the query: {str(errors)[:300]}.")
        self._refuse_errors(errors, data, cost)
        if not isinstance(data, dict):
            raise _TryAgainError("an answer without data")
        return Answer(data, tuple(errors), cost, response.content, self.answered_version)

    def _refuse_errors(
        self, errors: list[dict[str, Any]], data: dict[str, Any] | None, cost: Cost | None
    ) -> None:
        """Keep data beside denied fields; raise for everything else."""
        for error in errors:
            message = " ".join(str(error.get("message")).split())[:300]
            match (error.get("extensions") or {}).get("code"):
                case "THROTTLED":
                    wait = self._bucket.seconds_until(cost.requested) if cost else None
                    raise _TryAgainError("too many requests (THROTTLED)", wait)
                case "INTERNAL_SERVER_ERROR":
                    raise _TryAgainError("an internal error of Shopify")
                case "MAX_COST_EXCEEDED":
                    found = _QUERY_COST.search(message)
                    raise CostExceededError(message, int(found[1]) if found else None)
                case "SHOP_INACTIVE":
                    raise AccessError(f"{self.session.shop} is inactive. Ask the shop's owner.")
                case "ACCESS_DENIED":
                    self._note_denied(error, message, data)
                case _:
                    raise QueryError(f"{self.session.shop} refused the query: {message}")

    def _note_denied(
        self, error: dict[str, Any], message: str, data: dict[str, Any] | None
    ) -> None:
        if data is None:
            raise AccessError(f"{message} Grant the app this scope and install it again.")
        required = str(error["extensions"].get("requiredAccess") or message)
        names = [name for name in error.get("path") or () if isinstance(name, str)]
        scopes = " or ".join(_REQUIRED_SCOPE.findall(required))
        self.denied_scopes.setdefault(scopes, f"Shopify denied {'.'.join(names)}.")

    def _most_tries(self, fault: BaseException | None) -> int:
        """Be quick to say so when the shop was never reached, or a smaller question may help."""
        is_slow = isinstance(fault, _TryAgainError) and fault.slow
        few = is_slow or not self.answered_version
        return min(_FEW_TRIES, self._patience.tries) if few else self._patience.tries

    def _retried(self, ask: Callable[[], Answer]) -> Answer:
        patience = self._patience
        backoff = wait_exponential(patience.first_pause, patience.longest_pause) + wait_random(
            0, patience.first_pause
        )
        retrying = Retrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=lambda state: state.attempt_number >= self._most_tries(_fault(state)),
            wait=lambda state: _wanted_wait(state) or backoff(state),
            sleep=self._pause,
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            return retrying(ask)
        except _TryAgainError as error:
            self._give_up(error)

    def _give_up(self, error: _TryAgainError) -> NoReturn:
        kind = TimedOutError if error.slow else UnreachableError
        raise kind(
            f"{self.session.shop} gave no usable answer in {self._most_tries(error)} tries; "
            f"last: {error}. Check the address and the network, and see www.shopifystatus.com."
        ) from error.__cause__

    def _count_retry(self, _state: RetryCallState) -> None:
        self.statistics.retries += 1

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self.statistics.waited_seconds += seconds
            self._sleep(seconds)


def _our_name() -> str:
    try:
        return f"fulfilltools/{metadata.version('fulfilltools')}"
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "fulfilltools/0"


def _fault(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wanted_wait(state: RetryCallState) -> float | None:
    error = _fault(state)
    wait = error.wait if isinstance(error, _TryAgainError) else None
    return min(wait, _LONGEST_OBEYED_WAIT) if wait is not None else None


def _retry_after(response: requests.Response) -> float | None:
    """Read Retry-After, which Shopify writes as seconds with a fraction."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _plain_reason(error: requests.RequestException) -> str:
    """Say what broke without repeating an address or a header."""
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection (certificate)"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not connect"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "an answer cut short"
    if "NameResolutionError" in str(error):
        return "no such host"
    if "Connection refused" in str(error):
        return "nothing listens there"
    return "no connection, or a dropped one"


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        content = json.loads(response.content)
    except ValueError as error:
        raise _TryAgainError("an answer that is not JSON") from error
    if not isinstance(content, dict):
        raise _TryAgainError("an answer that is not an object")
    return content


def _cost(content: dict[str, Any]) -> Cost | None:
    cost = (content.get("extensions") or {}).get("cost")
    if not cost or not cost.get("throttleStatus"):
        return None
    status = cost["throttleStatus"]
    return Cost(
        requested=float(cost.get("requestedQueryCost") or 0),
        actual=float(cost.get("actualQueryCost") or 0),
        maximum=float(status["maximumAvailable"]),
        available=float(status["currentlyAvailable"]),
        restore_rate=float(status["restoreRate"]),
    )
