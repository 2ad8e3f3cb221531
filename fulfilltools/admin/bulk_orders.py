"""All orders of some windows by bulk operations, and what was lost on the way found again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fulfilltools.admin.bulk import Bulk, BulkRefusedError, Job
from fulfilltools.admin.bulk_query import bulk_query
from fulfilltools.admin.received import Received
from fulfilltools.admin.scopes import sees_fulfillment_orders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fulfilltools.admin.bulk_result import Node
    from fulfilltools.admin.journal import Journal
    from fulfilltools.admin.paging import Reader
    from fulfilltools.admin.progress import Progress
    from fulfilltools.admin.windows import Window

MOST_LOST = 250
"""More orders than this without their fulfillment orders are quicker read page by page."""


@dataclass
class BulkOrders:
    """Reads windows of orders as bulk operations, all at once.

    `oldest` and `newest` bound the windows when one must be cut in halves. After `read`,
    `came` holds the orders of each window, and `lost` the orders of which open fulfillment
    orders did not come with them.
    """

    reader: Reader
    received: Received
    oldest: datetime
    newest: datetime
    came: dict[str, set[str]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    def read(self, windows: list[Window], journal: Journal, progress: Progress) -> None:
        """Raise BulkRefusedError where only paging can help; else as Bulk.run does."""
        jobs = [self._orders(window) for window in windows]
        parents: dict[str, str] = {}
        if sees_fulfillment_orders(self.reader.granted):
            jobs.append(self._open_fulfillment_orders(parents))
        Bulk(self.reader, journal, progress).run(jobs)
        # Users report that bulk operations lose fulfillment orders nested under their orders.
        missing = parents.keys() - self.received.fulfillment_orders
        self.lost = {parents[each] for each in missing} & self.received.orders.keys()
        if len(self.lost) > MOST_LOST:
            raise BulkRefusedError(f"{len(self.lost):,} orders lost their fulfillment orders.")

    def _orders(self, window: Window) -> Job:
        came = self.came.setdefault(window.name, set())

        def take(nodes: Iterator[Node]) -> None:
            found = Received(self.received.granted)
            found.take_bulk(nodes)  # raises where the file lacks anything
            self.received.merge(found)
            came.update(found.orders)

        def narrower() -> list[Job]:
            return [self._orders(half) for half in window.halves(self.oldest, self.newest)]

        query = self._query("orders", search=window.search)
        return Job("orders", query, narrower, take)

    def _open_fulfillment_orders(self, parents: dict[str, str]) -> Job:
        def take(nodes: Iterator[Node]) -> None:
            parents.update({node["id"]: node["order"]["id"] for node in nodes})

        name = "open_fulfillment_orders"
        return Job(name, self._query(name), narrower=list, take=take)

    def _query(self, name: str, **values: str) -> str:
        version = self.reader.client.session.version
        return bulk_query(name, self.reader.granted, version, **values)
