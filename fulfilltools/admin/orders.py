"""Reads the orders: by pages, by bulk operations, or only what changed; and counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from fulfilltools.admin import increments
from fulfilltools.admin.bulk import BulkRefusedError
from fulfilltools.admin.bulk_orders import BulkOrders
from fulfilltools.admin.paging import LONGEST_PAGE, PageSize
from fulfilltools.admin.windows import Window, windows
from fulfilltools.errors import IncompleteError

if TYPE_CHECKING:
    from pathlib import Path

    from fulfilltools.admin.fetch_report import FetchReport
    from fulfilltools.admin.journal import Journal
    from fulfilltools.admin.paging import Reader
    from fulfilltools.admin.progress import Progress
    from fulfilltools.admin.received import Received

Way = Literal["auto", "bulk", "paged"]

FEW_PAGES = 5
"""A shop of more pages is quicker read by bulk operations."""


@dataclass
class Orders:
    """Reads a shop's orders into the raw folder; `received` then knows what came."""

    reader: Reader
    report: FetchReport
    journal: Journal
    progress: Progress
    oldest: datetime
    """When the shop was made."""
    received: Received

    def read(self, way: Way, base: Path | None, counted: dict[str, int] | None) -> None:
        """Read all orders, or what changed since an earlier run where that is enough.

        `counted` is how many orders Shopify counts in each window, if that is known.
        """
        asked = windows(datetime.fromisoformat(self.report.since), self.reader.granted)
        counted = {window.name: (counted or self._count(asked))[window.name] for window in asked}
        self.report.orders_counted = sum(counted.values())
        reason = self._read_changes(base, asked, way) if base else None
        if reason:
            self.report.notes.append(f"All orders were read, because {reason}.")
        if reason or not base:
            self._read_windows(asked, counted, way)
        self.report.read_until = increments.read_until(self.report.started_at, self.received)

    def _count(self, asked: list[Window]) -> dict[str, int]:
        searches = {window.name: window.search for window in asked}
        return read_counts(self.reader.ask("counts", searches).data)

    def _read_changes(self, base: Path, asked: list[Window], way: Way) -> str | None:
        """Read what changed since an earlier run; return why that is not enough, if so."""
        earlier, raw = increments.read_base(base), self.reader.raw.folder
        if reason := increments.why_not(earlier, self.report):
            return reason
        increments.carry(base, earlier["as_of"], raw)
        self.received.take_raw(raw / increments.BEFORE)
        before = dict(self.received.orders)
        self._read_windows([increments.changed_window(earlier)], {}, way)
        within, counted = self._count_within(), sum(self._count(asked).values())
        if within not in {counted, self.report.orders_counted}:
            increments.drop_carried(raw)
            self.received.forget()
            return f"with the changes there are {within:,} of them, where Shopify has {counted:,}"
        self.report.orders_received = within
        self.report.base, self.report.all_read_at = earlier["as_of"], earlier["all_read_at"]
        self.report.left_open = increments.left_open(before, self.received.orders)
        return None

    def _count_within(self) -> int:
        """Count the orders that are within the windows of a whole fetch."""
        since, granted = self.report.since, self.reader.granted
        orders = self.received.orders.values()
        return sum(increments.is_within(seen, since, granted) for seen in orders)

    def _read_windows(self, asked: list[Window], counted: dict[str, int], way: Way) -> None:
        many = sum(counted.values()) > FEW_PAGES * LONGEST_PAGE
        if way == "bulk" or (way == "auto" and many):
            try:
                came = self._read_in_bulk(asked)
            except BulkRefusedError as error:
                self.report.notes.append(f"The orders were read page by page. {error}")
                came = self._read_pages(asked, sum(counted.values()))
        else:
            came = self._read_pages(asked, sum(counted.values()))
        self.report.orders_received = len(self.received.orders)
        for window in asked:
            if len(came[window.name]) < counted.get(window.name, 0):
                self._reconcile(asked, window, len(came[window.name]))

    def _read_pages(self, asked: list[Window], expected: int) -> dict[str, set[str]]:
        """Read each window page by page; return the ids of its orders."""
        came: dict[str, set[str]] = {window.name: set() for window in asked}
        size = PageSize(LONGEST_PAGE)
        self.report.fetched_by = "pages"
        for window in asked:
            for page in self.reader.pages("orders", size, {"search": window.search}):
                nodes = filter(None, page["nodes"])
                came[window.name].update(self.received.take_order(order) for order in nodes)
                self.progress("orders", len(self.received.orders), expected or None)
        return came

    def _read_in_bulk(self, asked: list[Window]) -> dict[str, set[str]]:
        """Read all windows at once by bulk operations; return the ids of their orders."""
        self.journal.begin(self.report.fingerprint, self.report.since)
        newest = datetime.fromisoformat(self.report.started_at)
        bulk = BulkOrders(self.reader, self.received, self.oldest, newest)
        bulk.read(asked, self.journal, self.progress)
        self.report.fetched_by = "bulk operations"
        for identity in sorted(bulk.lost):
            self.received.unfinished.append(("order_more", {"id": identity}))
        if bulk.lost:
            self.report.notes.append(
                f"Of {len(bulk.lost):,} orders, bulk operations lost fulfillment orders; "
                "they were read again."
            )
        return bulk.came

    def _reconcile(self, asked: list[Window], window: Window, came: int) -> None:
        """Count again: the shop lives, and an order may have left the window meanwhile."""
        counted = self._count(asked)[window.name]
        if came < counted:
            raise IncompleteError(
                f"Only {came:,} of {counted:,} orders came from {self.report.shop} "
                f"({window.search}). Run again, or with a later --since."
            )


def read_counts(data: dict[str, Any]) -> dict[str, int]:
    """Read how many orders there are in each window; none where that was denied."""
    return {name: int((data.get(name) or {"count": 0})["count"]) for name in ("recent", "older")}
