"""Asks one shop's Admin API: kept connections, time-outs, retries, never over the bucket.

Facts about limits: https://shopify.dev/docs/api/usage/rate-limits.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from email.utils import mktime_tz, parsedate_tz
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn, Self

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential,
    wait_random,
)

from fulfilltools.admin.faults import (
    CostExceededError,
    PassingError,
    Patience,
    TimedOutError,
    UnansweredError,
    http_session,
    json_object,
    passing,
    refuse_status,
)
from fulfilltools.admin.session import ShopSession
from fulfilltools.errors import AccessError, QueryError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from fulfilltools.settings import Connection

SINGLE_QUERY_LIMIT = 1000
"""Points one query may request, whatever the plan."""

_LONGEST_OBEYED_WAIT = 300.0
_FEW_TRIES = 3
_REQUIRED_SCOPE = re.compile(r"`(\w+)`")
_QUERY_COST = re.compile(r"cost is (\d+)")


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


@dataclass
class _Bucket:
    """The shop's bucket of points as the last answer left it."""

    cost: Cost | None = None
    seen_at: float = 0.0
    learned: dict[tuple[str, int], float] = field(default_factory=dict)

    def learn(self, question: tuple[str, int], cost: Cost) -> None:
        self.cost, self.seen_at = cost, time.monotonic()
        if cost.requested <= SINGLE_QUERY_LIMIT:
            self.learned[question] = cost.requested

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
        self.patience = patience or Patience()
        self._sleep = sleep
        self._bucket = _Bucket()
        self._http = http_session(self.session.base_url)
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

    def execute(
        self, query: str, variables: Mapping[str, Any] | None = None, *, repeatable: bool = True
    ) -> Answer:
        """Ask one query, trying again while that can help.

        What must not be done twice is not `repeatable`: then a lost answer is an
        UnansweredError. Raises UnreachableError (TimedOutError) when no try helped,
        AccessError when the shop refuses us, QueryError (CostExceededError) when it refuses
        the question.
        """
        payload = {"query": query, "variables": dict(variables or {})}
        return self._retried(lambda: self._ask(payload), repeatable=repeatable)

    def pause(self, seconds: float) -> None:
        """Wait, and count the waiting."""
        if seconds > 0:
            self.statistics.waited_seconds += seconds
            self._sleep(seconds)

    def _ask(self, payload: dict[str, Any]) -> Answer:
        if self.session.needs_token:
            self._renew_token()
        question = _question(payload)
        self.pause(self._bucket.seconds_until(self._bucket.learned.get(question, 0)))
        response = self._post(self.session.graphql_url, self.session.headers, json=payload)
        if response.status_code == requests.codes.unauthorized and self.session.drop_token():
            self._renew_token()
            response = self._post(self.session.graphql_url, self.session.headers, json=payload)
        refuse_status(response, self.session.shop)
        return self._answer(question, response)

    def _renew_token(self) -> None:
        response = self._post(self.session.token_url, {}, data=self.session.grant)
        if response.status_code in {400, 401}:
            raise AccessError(
                f"{self.session.shop} refuses the client id and secret "
                f"(HTTP {response.status_code}). Check SHOPIFY_CLIENT_ID and "
                "SHOPIFY_CLIENT_SECRET, and that the app is installed in this shop."
            )
        refuse_status(response, self.session.shop)
        self.session.keep_token(json_object(response))

    def _post(self, url: str, headers: dict[str, str], **body: Any) -> requests.Response:  # noqa: ANN401
        self.statistics.requests += 1
        try:
            # A redirect is refused, because it would carry the token to another host.
            return self._http.post(
                url,
                headers=headers | {"Accept": "application/json"},
                timeout=(self.patience.connect, self.patience.read),
                allow_redirects=False,
                **body,
            )
        except requests.RequestException as error:
            raise passing(error) from error

    def _answer(self, question: tuple[str, int], response: requests.Response) -> Answer:
        content = json_object(response)
        self.answered_version = response.headers.get("X-Shopify-API-Version", self.session.version)
        if sent_at := parsedate_tz(response.headers.get("Date", "")):
            self.clock_skew_seconds = time.time() - mktime_tz(sent_at)
        cost = _cost(content)
        if cost:
            self._bucket.learn(question, cost)
            self.statistics.points += cost.actual
        errors, data = content.get("errors") or [], content.get("data")
        if not isinstance(errors, list):
            raise QueryError(f"{self.session.shop} refused the query: {str(errors)[:300]}.")
        self._refuse_errors(errors, data, cost)
        if not isinstance(data, dict):
            raise PassingError("an answer without data")
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
                    raise PassingError("too many requests (THROTTLED)", wait, obeyed=False)
                case "INTERNAL_SERVER_ERROR":
                    raise PassingError("an internal error of Shopify")
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
        if all(value is None for value in (data or {}).values()):
            raise AccessError(
                f"{self.session.shop}: {message} Grant the app this scope and install it again."
            )
        required = str(error["extensions"].get("requiredAccess") or message)
        names = [name for name in error.get("path") or () if isinstance(name, str)]
        scopes = " or ".join(_REQUIRED_SCOPE.findall(required))
        self.denied_scopes.setdefault(scopes, f"Shopify denied {'.'.join(names)}.")

    def _most_tries(self, fault: BaseException | None) -> int:
        """Be quick to say so when the shop was never reached, or a smaller question may help."""
        is_slow = isinstance(fault, PassingError) and fault.slow
        few = is_slow or not self.answered_version
        return min(_FEW_TRIES, self.patience.tries) if few else self.patience.tries

    def _retried(self, ask: Callable[[], Answer], *, repeatable: bool) -> Answer:
        patience = self.patience
        backoff = wait_exponential(patience.first_pause, patience.longest_pause) + wait_random(
            0, patience.first_pause
        )
        retrying = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, PassingError) and (repeatable or not error.obeyed)
            ),
            stop=lambda state: state.attempt_number >= self._most_tries(_fault(state)),
            wait=lambda state: _wanted_wait(state) or backoff(state),
            sleep=self.pause,
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            return retrying(ask)
        except PassingError as error:
            if error.obeyed and not repeatable:
                raise UnansweredError(f"The answer was lost: {error}.") from error.__cause__
            self._give_up(error)

    def _give_up(self, error: PassingError) -> NoReturn:
        kind = TimedOutError if error.slow else UnreachableError
        raise kind(
            f"{self.session.shop} gave no usable answer in {self._most_tries(error)} tries; "
            f"last: {error}. Check the address and the network, and see www.shopifystatus.com."
        ) from error.__cause__

    def _count_retry(self, _state: RetryCallState) -> None:
        self.statistics.retries += 1


def _question(payload: dict[str, Any]) -> tuple[str, int]:
    """Give what decides about a question's cost: the query, and how many it asks for."""
    variables = payload["variables"]
    return payload["query"], int(variables.get("first") or len(variables.get("ids") or ()))


def _our_name() -> str:
    try:
        return f"fulfilltools/{metadata.version('fulfilltools')}"
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "fulfilltools/0"


def _fault(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wanted_wait(state: RetryCallState) -> float | None:
    error = _fault(state)
    wait = error.wait if isinstance(error, PassingError) else None
    return min(wait, _LONGEST_OBEYED_WAIT) if wait is not None else None


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
