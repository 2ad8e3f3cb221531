"""Fetches a shop's orders by paging, keeps every answer as it came, and counts them.

The raw folder gets one gzip file of JSON lines per subject (one line = one answer) and
`fetch.json`, the FetchReport. Orders are read in windows: every order since a day, and,
where the scope allows, older ones that Shopify does not call fulfilled. Search filters on
time are inclusive at Shopify, so windows may share an order: readers join by id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fulfilltools.admin.client import SINGLE_QUERY_LIMIT, CostExceededError, TimedOutError
from fulfilltools.admin.fetch_report import FetchReport
from fulfilltools.admin.raw import RawFolder
from fulfilltools.admin.scopes import build_query
from fulfilltools.errors import AccessError, IncompleteError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fulfilltools.admin.client import AdminClient, Answer, Cost

Progress = Callable[[str, int, int | None], None]
"""Told what is being fetched, how many came, and how many are expected (None: unknown)."""

DEFAULT_DAYS = 60
"""Without read_all_orders Shopify shows no older orders."""

MOST_EXTRA_ORDERS = 200
"""Eight or so a request, so their number is capped; the report notes when it was reached."""

_AIMED_COST = SINGLE_QUERY_LIMIT * 0.95
# Shopify prices a page by the logarithm of its length, 2·ln(n) rounded down as recorded, so
# long pages are the cheap ones; 244 is the longest at its price. With the nested lengths in
# queries/ a page of orders asks about 890 points.
_LONGEST_PAGE = 244
_IDS_PER_REQUEST = 8
_SMALLEST_SLOW_PAGE = 10
_FINISHED = {"CLOSED", "CANCELLED"}


@dataclass(frozen=True)
class Window:
    """A set of orders by a search text; `name` is also its name in counts.graphql."""

    name: str
    search: str


class PageSize:
    """How many to ask at once: as many as one query may cost."""

    def __init__(self, size: int) -> None:
        self.now = size
        self._refused = False

    def measured(self, cost: Cost | None) -> None:
        """Grow while there is room; cost grows at most in proportion to the size."""
        if cost and cost.requested and not self._refused:
            room = _AIMED_COST / cost.requested
            self.now = min(_LONGEST_PAGE, max(self.now, int(self.now * room)))

    def shrink(self, error: CostExceededError | TimedOutError) -> None:
        """Halve, or more when the cost is known; raises the error when that cannot help."""
        smallest = _SMALLEST_SLOW_PAGE if isinstance(error, TimedOutError) else 1
        if self.now <= smallest:
            raise error
        fitting = self.now // 2
        if isinstance(error, CostExceededError) and error.cost:
            fitting = min(fitting, int(self.now * _AIMED_COST / error.cost))
        self.now, self._refused = max(1, fitting), True


def fetch(
    client: AdminClient,
    raw_folder: Path,
    *,
    since: datetime | None = None,
    as_of: datetime,
    progress: Progress | None = None,
) -> FetchReport:
    """Fetch all that a diagnosis needs into `raw_folder`, and say what came.

    `since` is 60 days before `as_of` where not given. Raises IncompleteError when fewer
    orders came than Shopify counts; the folder and its `fetch.json` stay in any case.
    """
    since = since or as_of - timedelta(days=DEFAULT_DAYS)
    report = FetchReport(
        shop=client.session.shop,
        api_version=client.session.version,
        since=_moment(since),
        as_of=_moment(as_of),
    )
    try:
        try:
            with RawFolder(raw_folder) as raw:
                _Fetching(client, raw, report, progress or (lambda *_: None)).run()
            report.complete = True
        finally:
            report.close(client)
            report.write(raw_folder)
    except OSError as error:
        raise RunError(
            f"{raw_folder} cannot be written: {error.strerror}. Free space there or choose --out."
        ) from error
    return report


class _Fetching:
    """One fetch under way; its steps in the order of `run`."""

    def __init__(
        self, client: AdminClient, raw: RawFolder, report: FetchReport, progress: Progress
    ) -> None:
        self.client, self.raw, self.report, self.progress = client, raw, report, progress
        self.granted: frozenset[str] = frozenset()
        self.locations = 0
        self.orders: set[str] = set()
        self.extra_orders: list[str] = []
        self.waiting_items: set[str] = set()
        self.unfinished: deque[tuple[str, dict[str, Any]]] = deque()

    def run(self) -> None:
        self.read_context()
        if "read_locations" in self.granted:
            self.read_locations()
        self.read_orders()
        self.read_continuations()
        self.read_order_extras()
        if "read_inventory" in self.granted:
            self.read_inventory()

    def read_context(self) -> None:
        """Learn the scopes first: every other query is built from them."""
        # Asked as if granted; a denied location is noted and costs nothing else.
        query = build_query("context", {"read_locations"}, self.report.api_version)
        answer = self.keep("context", self.client.execute(query))
        self.granted = self.report.learn(answer.data)
        if "read_orders" not in self.granted:
            raise AccessError(
                f"{self.report.shop} lets this app read no orders (scope read_orders). "
                "Grant it in the app's configuration and install the app again."
            )

    def read_locations(self) -> None:
        for page in self.pages("locations", PageSize(_LONGEST_PAGE), {}):
            self.locations += len(page["nodes"])
            self.progress("locations", self.locations, None)

    def read_orders(self) -> None:
        """Read each window, and refuse one with fewer orders than Shopify counts."""
        windows = _windows(datetime.fromisoformat(self.report.since), self.granted)
        counted = self.count(windows)
        total = self.report.orders_counted = sum(counted.values())
        size = PageSize(_LONGEST_PAGE)
        for window in windows:
            received: set[str] = set()
            for page in self.pages("orders", size, {"search": window.search}):
                received.update(self.take_order(order) for order in page["nodes"] if order)
                self.report.orders_received = len(self.orders)
                self.progress("orders", len(self.orders), total)
            if len(received) < counted[window.name]:
                self.reconcile(windows, window, len(received))

    def count(self, windows: list[Window]) -> dict[str, int]:
        searches = {window.name: window.search for window in windows}
        answer = self.client.execute(self.query("counts"), searches)
        return {window.name: int(answer.data[window.name]["count"]) for window in windows}

    def reconcile(self, windows: list[Window], window: Window, received: int) -> None:
        """Count again: the shop lives, and an order may have left the window meanwhile."""
        counted = self.count(windows)[window.name]
        if received < counted:
            raise IncompleteError(
                f"Only {received:,} of {counted:,} orders came from {self.report.shop} "
                f"({window.search}). Run again, or with a later --since."
            )

    def take_order(self, order: dict[str, Any]) -> str:
        """Remember what an order still needs, once per order; return its id."""
        identity = str(order["id"])
        if identity not in self.orders:
            self.orders.add(identity)
            self.take_connections(order)
            if _needs_extra(order, self.granted):
                self.extra_orders.append(identity)
        return identity

    def take_connections(self, node: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        """Remember stock items to look up and connections that have more pages."""
        if more := _continuation(node, asked or {}):
            self.unfinished.append(more)
        for fulfillment_order in _nodes(node, "fulfillmentOrders"):
            self.take_connections(fulfillment_order)
        if node["__typename"] == "FulfillmentOrder" and node.get("status") not in _FINISHED:
            self.waiting_items.update(
                line["inventoryItemId"]
                for line in _nodes(node, "lineItems")
                if line["inventoryItemId"] and line["remainingQuantity"]
            )

    def read_continuations(self) -> None:
        """Read on where an order or fulfillment order has more than its page showed."""
        while self.unfinished:
            self.progress("long orders", 0, len(self.unfinished))
            name, asked = self.unfinished.popleft()
            answer = self.keep("orders", self.client.execute(self.query(name), asked))
            for node in answer.data.values():
                if node:  # deleted meanwhile
                    self.take_connections(node, asked)

    def read_order_extras(self) -> None:
        asked, wanted = self.extra_orders[:MOST_EXTRA_ORDERS], len(self.extra_orders)
        self.read_nodes("order_extra", "refunds, returns and terms", asked, {})
        if wanted > len(asked):
            self.report.notes.append(
                f"Refunds, returns and payment terms were read for {len(asked)} of {wanted} orders."
            )

    def read_inventory(self) -> None:
        levels = min(max(self.locations, 1), _LONGEST_PAGE)
        self.read_nodes("inventory", "stock", sorted(self.waiting_items), {"levels": levels})

    def read_nodes(self, name: str, step: str, ids: list[str], given: dict[str, Any]) -> None:
        """Ask for things by their ids, as many at once as one query may cost."""
        query, size = self.query(name), PageSize(_IDS_PER_REQUEST)
        done = 0

        def variables(some: int) -> dict[str, Any]:
            return given | {"ids": ids[done : done + some]}

        while done < len(ids):
            answer = self.keep(name, self.ask_fitting(query, size, variables))
            done += len(answer.data["nodes"])
            self.progress(step, done, len(ids))

    def query(self, name: str) -> str:
        return build_query(name, self.granted, self.report.api_version)

    def pages(self, name: str, size: PageSize, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the pages of the connection `name`, each kept before it is used."""
        query, after, more = self.query(name), None, True

        def variables(some: int) -> dict[str, Any]:
            return given | {"first": some, "after": after}

        while more:
            connection = self.keep(name, self.ask_fitting(query, size, variables)).data[name]
            if connection is None:
                denied = ", ".join(self.client.denied_scopes) or "no scope named"
                raise AccessError(
                    f"{self.report.shop} denies {name} ({denied}). Grant it and install again."
                )
            yield connection
            before, after = after, connection["pageInfo"]["endCursor"]
            # A cursor that stands still would page for ever; the count tells what is lacking.
            more = connection["pageInfo"]["hasNextPage"] and after not in {None, before}

    def ask_fitting(
        self, query: str, size: PageSize, variables: Callable[[int], dict[str, Any]]
    ) -> Answer:
        while True:
            try:
                answer = self.client.execute(query, variables(size.now))
            except (CostExceededError, TimedOutError) as error:
                size.shrink(error)
            else:
                size.measured(answer.cost)
                return answer

    def keep(self, file: str, answer: Answer) -> Answer:
        self.raw.write(file, answer.body)
        return answer


def search_since(since: datetime) -> str:
    """Return the search text for every order since a moment, whatever became of it."""
    return f"created_at:>='{_moment(since)}'"


def _windows(since: datetime, granted: frozenset[str]) -> list[Window]:
    windows = [Window("recent", search_since(since))]
    if "read_all_orders" in granted:
        search = f"created_at:<'{_moment(since)}' AND NOT fulfillment_status:fulfilled"
        windows.append(Window("older", search))
    return windows


def _nodes(node: dict[str, Any], connection: str) -> list[dict[str, Any]]:
    return (node.get(connection) or {}).get("nodes") or []


def _continuation(node: dict[str, Any], asked: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the query for the rest of an order's or fulfillment order's connections."""
    if node["__typename"] == "Order":
        name = "order_more"
        cursors = {"afterLines": "lineItems", "afterFulfillmentOrders": "fulfillmentOrders"}
    else:
        name = "fulfillment_order_more"
        cursors = {"afterLines": "lineItems", "afterRequests": "merchantRequests"}
    pages = {
        cursor: (node.get(part) or {}).get("pageInfo") or {} for cursor, part in cursors.items()
    }
    if not any(page.get("hasNextPage") for page in pages.values()):
        return None
    # A connection at its end gives no cursor; keeping the last one keeps it from starting over.
    after = {cursor: page.get("endCursor") or asked.get(cursor) for cursor, page in pages.items()}
    return name, {"id": node["id"], **after}


def _needs_extra(order: dict[str, Any], granted: frozenset[str]) -> bool:
    """Tell whether refunds, returns or payment terms may explain why it is not shipped."""
    if order["displayFulfillmentStatus"] == "FULFILLED" or order["cancelledAt"]:
        return False
    buyer = (order["purchasingEntity"] or {}).get("__typename")
    on_terms = order["unpaid"] or buyer == "PurchasingCompany"
    return (
        order["returnStatus"] not in {None, "NO_RETURN"}
        or Decimal(order["totalRefundedSet"]["shopMoney"]["amount"]) > 0
        or (on_terms and "read_payment_terms" in granted)
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
