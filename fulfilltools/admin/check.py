"""Tries one shop's connection part by part, and says what works and how to mend the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from fulfilltools.admin.client import AdminClient
from fulfilltools.admin.faults import Patience
from fulfilltools.admin.scopes import UNSEEN_WITHOUT, build_query, granted_scopes
from fulfilltools.admin.windows import since_window
from fulfilltools.errors import FulfillError, SettingsError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fulfilltools.admin.client import Answer
    from fulfilltools.settings import Connection

_QUICK = Patience(connect=5, read=20, tries=3)
_TOLERATED_SKEW_SECONDS = 60


@dataclass(frozen=True)
class CheckItem:
    """One thing tried: whether it works, what that means, how to mend it."""

    name: str
    state: Literal["works", "missing", "failed"]
    meaning: str
    mend: str = ""


def check(connection: Connection, patience: Patience = _QUICK) -> list[CheckItem]:
    """Try address, token, scopes, version, limits, orders and clock of one shop.

    Stops at the first thing without which the others cannot be tried.
    """
    try:
        with AdminClient(connection, patience=patience) as client:
            return list(_items(client))
    except FulfillError as error:
        return [_failure(error)]


def _failure(error: FulfillError) -> CheckItem:
    kinds = {SettingsError: "settings", UnreachableError: "address"}
    name = next((name for kind, name in kinds.items() if isinstance(error, kind)), "access")
    meaning, _, mend = str(error).partition(". ")
    return CheckItem(name, "failed", f"{meaning.rstrip('.')}.", mend)


def _items(client: AdminClient) -> Iterator[CheckItem]:
    version = client.session.version
    answer = client.execute(build_query("context", {"read_locations"}, version))
    data = answer.data
    handles = [scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]]
    granted = granted_scopes(handles)
    app = (data["currentAppInstallation"].get("app") or {}).get("title", "unnamed")
    yield CheckItem("address", "works", f"{data['shop']['name']} answers ({client.session.shop}).")
    yield CheckItem("token", "works", f"The shop knows this app ({app}).")
    for scope in UNSEEN_WITHOUT:
        yield _scope(scope, granted)
    yield _version(version, client.answered_version, data["publicApiVersions"])
    yield _limits(answer)
    if "read_orders" in granted:
        yield _orders(client, granted)
    yield _clock(client.clock_skew_seconds)


def _scope(scope: str, granted: frozenset[str]) -> CheckItem:
    if scope in granted:
        return CheckItem(f"scope {scope}", "works", "Granted.")
    state: Literal["missing", "failed"] = "failed" if scope == "read_orders" else "missing"
    mend = f"Add {scope} to the app's scopes and install the app again."
    return CheckItem(f"scope {scope}", state, UNSEEN_WITHOUT[scope], mend)


def _version(asked: str, answered: str, versions: list[dict[str, Any]]) -> CheckItem:
    supported = sorted(one["handle"] for one in versions if one["supported"])
    if asked == answered and asked in supported:
        return CheckItem("version", "works", f"API version {asked} is supported.")
    return CheckItem(
        "version",
        "missing",
        f"API version {asked} was asked and {answered} answered.",
        f"Set SHOPIFY_API_VERSION to one the shop supports: {', '.join(supported)}.",
    )


def _limits(answer: Answer) -> CheckItem:
    if answer.cost is None:
        return CheckItem("limits", "missing", "The shop does not say its limits.")
    meaning = (
        f"{answer.cost.restore_rate:,.0f} points a second, {answer.cost.maximum:,.0f} at once."
    )
    return CheckItem("limits", "works", meaning)


def _orders(client: AdminClient, granted: frozenset[str]) -> CheckItem:
    search = since_window(
        datetime(2006, 1, 1, tzinfo=UTC)
    ).search  # Shopify's first year: all of them
    query = build_query("counts", granted - {"read_all_orders"}, client.session.version)
    count = client.execute(query, {"recent": search}).data["recent"]["count"]
    meaning = f"{count:,} orders can be seen."
    if count:
        return CheckItem("orders", "works", meaning)
    return CheckItem("orders", "missing", meaning, "Check that this is the right shop.")


def _clock(skew: float) -> CheckItem:
    if abs(skew) <= _TOLERATED_SKEW_SECONDS:
        return CheckItem("clock", "works", "This machine's clock agrees with Shopify's.")
    return CheckItem(
        "clock",
        "failed",
        f"This machine's clock is {abs(skew):,.0f} s {'ahead' if skew > 0 else 'behind'}.",
        "Set it (for example by NTP); ages and deadlines are wrong otherwise.",
    )
