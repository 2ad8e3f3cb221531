"""What was asked of the shop and what came: `fetch.json`, and the words a report prints."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from fulfilltools.admin.scopes import granted_scopes, missing_scopes, sees_fulfillment_orders

if TYPE_CHECKING:
    from pathlib import Path

    from fulfilltools.admin.client import AdminClient


@dataclass
class FetchReport:
    """One fetch in numbers and sentences; goes into manifest and summary."""

    shop: str
    api_version: str
    since: str
    as_of: str
    shop_name: str = ""
    api_version_answered: str = ""
    scopes_granted: list[str] = field(default_factory=list)
    scopes_missing: dict[str, str] = field(default_factory=dict)
    """Each scope that is not granted, with what cannot be seen without it."""
    time_zone: str = "UTC"
    currency: str = ""
    orders_counted: int = 0
    """What Shopify counted before the first page; an order on an edge may count twice."""
    orders_received: int = 0
    complete: bool = False
    fetched_by: str = ""
    """How the orders came: "pages" or "bulk operations"."""
    base: str | None = None
    """The moment of the earlier run on which this one builds; None when all was read."""
    left_open: list[str] = field(default_factory=list)
    """Orders that the earlier run saw open and that are fulfilled now."""
    fingerprint: str = ""
    """Changes with version, scopes and queries; then all must be read again."""
    started_at: str = ""
    all_read_at: str = ""
    read_until: str = ""
    """When this fetch and the last whole one began, and up to when each change is known."""
    requests: int = 0
    cost_points: float = 0.0
    waited_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """Sentences that a report prints."""

    def learn(self, context: dict[str, Any]) -> frozenset[str]:
        """Take the shop's facts from the context query; return the scopes granted."""
        shop = context["shop"]
        self.shop, self.shop_name = shop["myshopifyDomain"], shop["name"]
        self.time_zone, self.currency = shop["ianaTimezone"], shop["currencyCode"]
        handles = [one["handle"] for one in context["currentAppInstallation"]["accessScopes"]]
        granted = granted_scopes(handles)
        self.scopes_granted, self.scopes_missing = sorted(handles), missing_scopes(granted)
        for scope, unseen in self.scopes_missing.items():
            self.notes.append(f"{unseen} Scope {scope} is not granted.")
        if not sees_fulfillment_orders(granted):
            self.notes.append("No fulfillment order can be seen at all.")
        supported = {one["handle"] for one in context["publicApiVersions"] if one["supported"]}
        if self.api_version not in supported:
            self.notes.append(f"Shopify does not support API version {self.api_version}.")
        return granted

    def close(self, client: AdminClient) -> None:
        """Add what asking took, and what was denied or answered otherwise than asked."""
        took = client.statistics
        self.requests, self.cost_points = took.requests, took.points
        self.waited_seconds = round(took.waited_seconds, 3)
        self.api_version_answered = client.answered_version
        if client.answered_version not in {"", self.api_version}:
            self.notes.append(
                f"API version {self.api_version} was asked and {client.answered_version} answered."
            )
        for scopes, denied in client.denied_scopes.items():
            if not any(scope in self.scopes_missing for scope in scopes.split(" or ")):
                self.scopes_missing[scopes] = denied
                self.notes.append(f"{denied} Scope {scopes} is not granted.")

    def write(self, folder: Path) -> None:
        """Write `fetch.json` beside the raw files."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / "fetch.json").write_text(f"{text}\n", encoding="utf-8")
