"""Tries one shop's connection part by part, and says what works and how to mend the rest."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from fulfilltools.admin.client import SINGLE_QUERY_LIMIT, AdminClient
from fulfilltools.admin.faults import Patience
from fulfilltools.admin.fetch import DEFAULT_DAYS
from fulfilltools.admin.orders import FEW_PAGES, read_counts
from fulfilltools.admin.paging import LONGEST_PAGE
from fulfilltools.admin.scopes import UNSEEN_WITHOUT, build_query, granted_scopes
from fulfilltools.admin.windows import windows
from fulfilltools.errors import AccessError, FulfillError, SettingsError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


class Checked(list[CheckItem]):
    """All that was tried, in order; a table in JupyterLab."""

    def __str__(self) -> str:
        return "\n".join(
            f"{one.state:8}{one.name}: {one.meaning} {one.mend}".rstrip() for one in self
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from fulfilltools import display  # noqa: PLC0415 - pandas, which the command needs not

        told = [(one.name, one.state, one.meaning, one.mend) for one in self]
        states = dict.fromkeys(one.state for one in self)
        severity = "critical" if "failed" in states else "medium" if "missing" in states else "info"
        rows = display.rows(told, ["part", "state", "what that means", "how to mend it"])
        numbers = {one.name: one.state for one in self}
        return display.bundle("check", str(self), display.framed([rows], severity), numbers)


def check_runs(folder: Path) -> CheckItem:
    """Try the folder of runs: whether it can be written, and what is free there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        meaning = f"{folder} cannot be written: {error.strerror}."
        return CheckItem("runs", "failed", meaning, "Set FULFILLTOOLS_RUNS to another folder.")
    return CheckItem("runs", "works", f"{folder} can be written; {free / 1e9:,.0f} GB are free.")


def check(connection: Connection, patience: Patience = _QUICK) -> Checked:
    """Try address, token, scopes, version, limits, orders, bulk operations and clock of a shop.

    Stops at the first thing without which the others cannot be tried.
    """
    try:
        with AdminClient(connection, patience=patience) as client:
            return Checked(_items(client))
    except FulfillError as error:
        return Checked([_failure(error)])


def _failure(error: FulfillError) -> CheckItem:
    kinds = {SettingsError: "settings", UnreachableError: "address"}
    name = next((name for kind, name in kinds.items() if isinstance(error, kind)), "access")
    meaning, _, mend = str(error).partition(". ")
    return CheckItem(name, "failed", f"{meaning.rstrip('.')}.", mend)


def _items(client: AdminClient) -> Iterator[CheckItem]:
    version = client.session.version
    answer = client.execute(build_query("context", {"read_locations"}, version), _everything())
    data = answer.data
    handles = [scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]]
    granted = granted_scopes(handles)
    app = (data["currentAppInstallation"].get("app") or {}).get("title", "unnamed")
    yield CheckItem("address", "works", f"{data['shop']['name']} answers ({client.session.shop}).")
    yield CheckItem("token", "works", f"The shop accepts it and knows this app ({app}).")
    for scope in UNSEEN_WITHOUT:
        yield _scope(scope, granted)
    yield _version(version, client.answered_version, data["publicApiVersions"])
    yield _limits(answer)
    if "read_orders" in granted:
        yield _orders(read_counts(data), sees_older="read_all_orders" in granted)
        yield _bulk(client, build_query("bulk_start", granted, version))
    yield _clock(client.clock_skew_seconds)


def _everything() -> dict[str, str]:
    """Count every order since Shopify's first year, and how many wait for over 60 days."""
    ever, old = windows(datetime.now(UTC) - timedelta(days=DEFAULT_DAYS), {"read_all_orders"})
    ever = replace(ever, start=datetime(2006, 1, 1, tzinfo=UTC))
    return {"recent": ever.search, "older": old.search}


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
    rate, most = answer.cost.restore_rate, answer.cost.maximum
    pages = f"a page of {LONGEST_PAGE} orders every {SINGLE_QUERY_LIMIT / rate:.1f} s"
    meaning = f"{rate:,.0f} points a second, {most:,.0f} at once: at worst {pages}."
    return CheckItem("limits", "works", meaning)


def _orders(counts: dict[str, int], *, sees_older: bool) -> CheckItem:
    seen, old = counts["recent"], counts["older"]
    if not seen:
        meaning = "No order is seen."
        return CheckItem("orders", "missing", meaning, "Check that this is the right shop.")
    old_ones = f"{old:,} of them wait since before the last 60 days" if sees_older else "no older"
    return CheckItem("orders", "works", f"{seen:,} orders are seen, {old_ones}.")


def _bulk(client: AdminClient, start: str) -> CheckItem:
    """Try to start what is no bulk query: being refused as such, it starts nothing."""
    most = FEW_PAGES * LONGEST_PAGE
    try:
        payload = client.execute(start, {"query": "{ shop { name } }"}).data[
            "bulkOperationRunQuery"
        ]
    except AccessError:
        payload = None
    if payload and any(error["code"] == "INVALID" for error in payload["userErrors"]):
        meaning = f"May be run, so more than {most:,} orders come as one file."
        return CheckItem("bulk operations", "works", meaning)
    return CheckItem(
        "bulk operations",
        "missing",
        "May not be run with this token, so every order is read page by page.",
        f"Nothing to mend below {most:,} orders; above, make a token of an app of your own.",
    )


def _clock(skew: float) -> CheckItem:
    if abs(skew) <= _TOLERATED_SKEW_SECONDS:
        return CheckItem("clock", "works", "This machine's clock agrees with Shopify's.")
    return CheckItem(
        "clock",
        "failed",
        f"This machine's clock is {abs(skew):,.0f} s {'ahead' if skew > 0 else 'behind'}.",
        "Set it (for example by NTP); ages and deadlines are wrong otherwise.",
    )
