"""What may go wrong between us and a shop: which faults pass, and how a refusal reads.

https://shopify.dev/docs/api/usage/response-codes
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from fulfilltools.errors import AccessError, QueryError, UnreachableError

_REFUSALS = {
    401: "refuses the token (HTTP 401). Check SHOPIFY_ACCESS_TOKEN, or make a new one",
    402: "is frozen until its bill is paid (HTTP 402). Ask the shop's owner",
    403: "forbids this app its API (HTTP 403). Check that the app is installed and may read orders",
    404: "is not there (HTTP 404). Check the shop's name, the address and the API version",
    423: "is locked by Shopify (HTTP 423). Ask the shop's owner",
}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class CostExceededError(QueryError):
    """One query costs more than the API allows; `cost` is what it said, if it did."""

    def __init__(self, message: str, cost: int | None) -> None:
        super().__init__(message)
        self.cost = cost


class TimedOutError(UnreachableError):
    """The shop took too long every time, so a smaller question may help."""


class UnansweredError(UnreachableError):
    """A request was sent and its answer lost: it may have been obeyed or not."""


class PassingError(Exception):
    """A fault that may pass.

    `wait` is how many seconds the shop wants us to wait, if it says so; `obeyed` is whether
    it may have done what was asked all the same.
    """

    def __init__(
        self, reason: str, wait: float | None = None, *, slow: bool = False, obeyed: bool = True
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.slow = slow
        self.obeyed = obeyed


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try again; all in seconds but `tries`."""

    connect: float = 10.0
    read: float = 60.0
    tries: int = 6
    first_pause: float = 1.0
    longest_pause: float = 30.0


def http_session(url: str) -> requests.Session:
    """Open kept connections; no proxy stands before a simulated shop on this machine."""
    session = requests.Session()
    session.trust_env = urlsplit(url).hostname not in _LOOPBACK
    return session


def passing(error: requests.RequestException) -> PassingError:
    """Turn a broken connection into a fault that may pass, without the token it holds."""
    error.request = None
    if isinstance(error, requests.Timeout):
        never_sent = isinstance(error, requests.ConnectTimeout)
        return PassingError("no answer in time", slow=True, obeyed=not never_sent)
    reason = _plain_reason(error)
    return PassingError(reason, obeyed=reason != "nothing listens there")


def refuse_status(response: requests.Response, shop: str) -> None:
    """Raise for every status but 200: PassingError, AccessError or QueryError."""
    status = response.status_code
    if status == requests.codes.ok:
        return
    if status in {408, 429} or status >= requests.codes.internal_server_error:
        too_many = status == requests.codes.too_many_requests
        raise PassingError(f"HTTP {status}", _retry_after(response), obeyed=not too_many)
    if status in _REFUSALS:
        raise AccessError(f"{shop} {_REFUSALS[status]}.")
    if response.is_redirect:
        host = urlsplit(response.headers["location"]).hostname
        raise AccessError(f"{shop} has moved to {host}. Set SHOPIFY_SHOP to its present name.")
    raise QueryError(f"{shop} answered HTTP {status}. Run `fulfilltools check`.")


def json_object(response: requests.Response) -> dict[str, Any]:
    """Read an answer's body; what is no JSON object is a fault that may pass."""
    try:
        content = json.loads(response.content)
    except ValueError as error:
        raise PassingError("an answer that is not JSON") from error
    if not isinstance(content, dict):
        raise PassingError("an answer that is not an object")
    return content


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
