"""Fetches all that a diagnosis needs, keeps every answer as it came, and counts them.

The raw folder gets one gzip file of JSON lines per subject and `fetch.json`, the
FetchReport. Orders are read in windows: every order since a day, and, where the scope
allows, older ones that Shopify does not call fulfilled.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fulfilltools.admin import increments
from fulfilltools.admin.fetch_report import FetchReport
from fulfilltools.admin.journal import open_journal
from fulfilltools.admin.orders import Orders, Way, read_counts
from fulfilltools.admin.paging import LONGEST_PAGE, PageSize, Reader
from fulfilltools.admin.progress import silent
from fulfilltools.admin.raw import RawFolder
from fulfilltools.admin.received import Received
from fulfilltools.admin.windows import moment, windows
from fulfilltools.errors import AccessError, RunError

if TYPE_CHECKING:
    from pathlib import Path

    from fulfilltools.admin.client import AdminClient
    from fulfilltools.admin.journal import Journal
    from fulfilltools.admin.progress import Progress

DEFAULT_DAYS = 60
"""Without read_all_orders Shopify shows no older orders."""

MOST_TIMELINES = 1000
"""What apps and Shopify itself usually do shows in the newest orders."""

MOST_EXTRA_ORDERS = 200
"""Some sixty a request, so their number is capped; the report notes when it was reached."""

ABOUT_NOW = timedelta(hours=1)
"""How far the moment reported may be from the start of the fetch to mean the same."""

EXTRAS_AT_ONCE = 60
STOCK_AT_ONCE = 50
"""What fits a query's cost in a shop of a dozen locations; refused, it is halved."""


def fetch(
    client: AdminClient,
    raw_folder: Path,
    *,
    as_of: datetime,
    since: datetime | None = None,
    way: Way = "auto",
    base: Path | None = None,
    journal: Path | None = None,
    progress: Progress = silent,
) -> FetchReport:
    """Fetch all that a diagnosis needs into `raw_folder`, and say what came.

    `since` is 60 days before `as_of` where not given. `base` is the raw folder of an earlier
    run of this shop: then only what changed is read, if that can be. `journal` is a folder
    that outlives this process, from which a killed fetch by bulk operations is taken up.
    Raises IncompleteError when fewer orders came than Shopify counts; the raw folder and its
    `fetch.json` stay in any case.
    """
    report = FetchReport(
        shop=client.session.shop,
        api_version=client.session.version,
        since=moment(since or as_of - timedelta(days=DEFAULT_DAYS)),
        as_of=moment(as_of),
    )
    try:
        try:
            with ExitStack() as held:
                raw = held.enter_context(RawFolder(raw_folder))
                kept = held.enter_context(open_journal(journal, raw_folder))
                reader = Reader(client, raw, frozenset({"read_locations"}))
                fetching = _Fetching(reader, report, kept, progress)
                fetching.run(way, base, may_take_up=since is None and base is None)
            report.complete = True
        finally:
            report.close(client)
            report.write(raw_folder)
    except OSError as error:
        raise RunError(
            f"{raw_folder} cannot be written: {error.strerror}. Free space there or choose --out."
        ) from error
    return report


@dataclass
class _Fetching:
    """One fetch under way; its steps in the order of `run`."""

    reader: Reader
    report: FetchReport
    journal: Journal
    progress: Progress

    def run(self, way: Way, base: Path | None, *, may_take_up: bool) -> None:
        made_at, known = self.read_context()
        counted: dict[str, int] | None = known
        wanted = may_take_up and way != "paged"
        if wanted and self.journal.take_up(self.report.fingerprint):
            way, counted = self.take_up(), None
        else:
            self.journal.forget()
        granted = self.reader.granted
        locations = self.read_locations() if "read_locations" in granted else 0
        received = Received(granted)
        orders = Orders(self.reader, self.report, self.journal, self.progress, made_at, received)
        orders.read(way, base, counted)
        self.note_later_orders(received)
        self.read_continuations(received)
        self.read_extras(received.extra_orders())
        if "read_inventory" in granted:
            self.read_inventory(sorted(received.waiting_items), locations)
        self.read_timelines()
        self.journal.forget()

    def read_context(self) -> tuple[datetime, dict[str, int]]:
        """Learn the scopes, from which every other query is built.

        Returns when the shop was made, and how many orders it counts in each window.
        """
        # Asked as if granted; what is denied is noted and costs nothing else.
        asked = windows(datetime.fromisoformat(self.report.since), {"read_all_orders"})
        searches = {window.name: window.search for window in asked}
        answer = self.reader.ask("context", searches, keep_in="context")
        granted = self.reader.granted = self.report.learn(answer.data)
        client = self.reader.client
        self.report.started_at = increments.now_at_shopify(client.clock_skew_seconds)
        self.report.all_read_at = self.report.started_at
        self.report.fingerprint = increments.fingerprint(
            granted, client.session.version, answer.api_version
        )
        if "read_orders" not in granted:
            raise AccessError(
                f"{self.report.shop} lets this app read no orders (scope read_orders). "
                "Grant it in the app's configuration and install the app again."
            )
        made_at = answer.data["shop"].get("createdAt") or self.report.since
        return datetime.fromisoformat(made_at), read_counts(answer.data)

    def take_up(self) -> Way:
        """Ask for what the interrupted fetch asked, whose operations are still there."""
        self.report.since = self.journal.since
        asked_at = moment(datetime.fromtimestamp(self.journal.asked_at, UTC))
        self.report.notes.append(
            f"A fetch that was interrupted was taken up: the orders are of {asked_at} or later."
        )
        return "bulk"

    def note_later_orders(self, received: Received) -> None:
        """Note how many orders are younger than the moment reported, unless it is about now.

        A few always come in while a fetch goes on. The demo shop has a clock of its own, so a
        fetch may also seem to have begun long before the moment.
        """
        moment_reported = self.report.as_of
        began = datetime.fromisoformat(self.report.started_at)
        is_now = abs(began - datetime.fromisoformat(moment_reported)) <= ABOUT_NOW
        later = sum(seen.created_at > moment_reported for seen in received.orders.values())
        if later and not is_now:
            self.report.notes.append(
                f"Orders placed after the moment reported: {later:,}; their ages are negative. "
                "Shopify tells states only as they are when they are fetched, so ages are those "
                "of that moment, and states those of the fetch."
            )

    def read_locations(self) -> int:
        """Read every location; return how many there are."""
        done = 0
        for page in self.reader.pages("locations", PageSize(LONGEST_PAGE), {}):
            done += len(page["nodes"])
            self.progress("locations", done, None)
        return done

    def read_continuations(self, received: Received) -> None:
        """Read on where an order or fulfillment order has more than its page showed."""
        while received.unfinished:
            self.progress("long orders", 0, len(received.unfinished))
            name, asked = received.unfinished.popleft()
            answer = self.reader.ask(name, asked, keep_in="orders")
            for node in answer.data.values():
                if node:  # deleted meanwhile
                    received.take_connections(node, asked)

    def read_extras(self, wanted: list[str]) -> None:
        """Read refunds, returns and payment terms of the few orders that need them."""
        asked = wanted[:MOST_EXTRA_ORDERS]
        for done in self.reader.nodes("order_extra", asked, PageSize(EXTRAS_AT_ONCE), {}):
            self.progress("refunds, returns and terms", done, len(asked))
        if len(wanted) > len(asked):
            self.report.notes.append(
                f"Refunds, returns and payment terms were read for {len(asked)} "
                f"of {len(wanted):,} orders."
            )

    def read_timelines(self) -> None:
        """Read what happened to the newest orders: who fulfilled them, and when."""
        done, search = 0, {"search": f"created_at:>='{self.report.since}'"}
        for page in self.reader.pages("timelines", PageSize(LONGEST_PAGE), search):
            done += len(page["nodes"])
            self.progress("timelines", done, MOST_TIMELINES)
            if done >= MOST_TIMELINES:
                break

    def read_inventory(self, items: list[str], locations: int) -> None:
        """Read the stock of every item that waits, in every place."""
        levels = min(max(locations, 1), LONGEST_PAGE)
        given, size = {"levels": levels}, PageSize(STOCK_AT_ONCE)
        for done in self.reader.nodes("inventory", items, size, given):
            self.progress("stock", done, len(items))
