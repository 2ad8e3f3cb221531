"""Sets of orders by when they were made or changed, as Shopify's search finds them.

Search filters on time answer inclusively at Shopify, `>` and `<` too, so windows may share
an order; whoever reads them joins by id. https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

NARROWEST = timedelta(hours=1)
"""Narrower windows would not help: no shop has that many orders in one."""


@dataclass(frozen=True)
class Window:
    """Orders whose `field` lies between two moments; None leaves that side open."""

    name: str
    start: datetime | None = None
    stop: datetime | None = None
    field: str = "created_at"
    only: str = ""
    stop_sign: str = "<="

    @property
    def search(self) -> str:
        """The search text that finds these orders."""
        filters = [
            f"{self.field}:>='{moment(self.start)}'" if self.start else "",
            f"{self.field}:{self.stop_sign}'{moment(self.stop)}'" if self.stop else "",
            self.only,
        ]
        return " AND ".join(part for part in filters if part)

    def halves(self, oldest: datetime, newest: datetime) -> list[Window]:
        """Cut into two that meet, an open side being taken as given; none when too narrow."""
        start, stop = self.start or oldest, self.stop or newest
        middle = (start + (stop - start) / 2).replace(microsecond=0)
        if stop - start < 2 * NARROWEST:
            return []
        return [
            replace(self, stop=middle, stop_sign="<="),
            replace(self, start=middle),
        ]


def windows(since: datetime, granted: Collection[str]) -> list[Window]:
    """Return what a whole fetch reads: recent orders, and older ones not called fulfilled."""
    found = [Window("recent", start=since)]
    if "read_all_orders" in granted:
        only = "NOT fulfillment_status:fulfilled"
        found.append(Window("older", stop=since, stop_sign="<", only=only))
    return found


def moment(at: datetime) -> str:
    """Write a moment as Shopify does: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
