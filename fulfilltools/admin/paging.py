"""Reads connections page by page and things by their ids, each answer kept as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fulfilltools.admin.client import SINGLE_QUERY_LIMIT
from fulfilltools.admin.faults import CostExceededError, TimedOutError
from fulfilltools.admin.scopes import build_query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from fulfilltools.admin.client import AdminClient, Answer, Cost
    from fulfilltools.admin.raw import RawFolder

LONGEST_PAGE = 244
"""Shopify prices a page by the logarithm of its length, 2·ln(n) rounded down as recorded.

So long pages are the cheap ones, and 244 is the longest at its price. With the nested
lengths in queries/ a page of orders asks about 890 points.
"""

_AIMED_COST = SINGLE_QUERY_LIMIT * 0.95
_SMALLEST_SLOW_PAGE = 10


class PageSize:
    """How many to ask at once: as many as one query may cost."""

    def __init__(self, size: int) -> None:
        self.now = size
        self._refused = False

    def measured(self, cost: Cost | None) -> None:
        """Grow while there is room; cost grows at most in proportion to the size."""
        if cost and cost.requested and not self._refused:
            room = _AIMED_COST / cost.requested
            self.now = min(LONGEST_PAGE, max(self.now, int(self.now * room)))

    def shrink(self, error: CostExceededError | TimedOutError) -> None:
        """Halve, or more when the cost is known; raises the error when that cannot help."""
        smallest = _SMALLEST_SLOW_PAGE if isinstance(error, TimedOutError) else 1
        if self.now <= smallest:
            raise error
        fitting = self.now // 2
        if isinstance(error, CostExceededError) and error.cost:
            fitting = min(fitting, int(self.now * _AIMED_COST / error.cost))
        self.now, self._refused = max(1, fitting), True


class Reader:
    """Asks the packaged queries in the form that the granted scopes allow."""

    def __init__(self, client: AdminClient, raw: RawFolder, granted: Collection[str]) -> None:
        self.client, self.raw, self.granted = client, raw, granted

    def query(self, name: str) -> str:
        """Build a packaged query for this shop."""
        return build_query(name, self.granted, self.client.session.version)

    def ask(self, name: str, variables: dict[str, Any], keep_in: str | None = None) -> Answer:
        """Ask a packaged query once; `keep_in` is the raw file that keeps the answer."""
        answer = self.client.execute(self.query(name), variables)
        if keep_in:
            self.raw.write(keep_in, answer.body)
        return answer

    def pages(self, name: str, size: PageSize, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the pages of the connection `name`, each kept before it is used."""
        query, after, more = self.query(name), None, True

        def variables(some: int) -> dict[str, Any]:
            return given | {"first": some, "after": after}

        while more:
            answer = self._fitting(query, size, variables)
            self.raw.write(name, answer.body)
            connection = answer.data[name]
            yield connection
            before, after = after, connection["pageInfo"]["endCursor"]
            # A cursor that stands still would page for ever; the count tells what is lacking.
            more = connection["pageInfo"]["hasNextPage"] and after not in {None, before}

    def nodes(
        self, name: str, ids: Sequence[str], size: PageSize, given: dict[str, Any]
    ) -> Iterator[int]:
        """Ask for things by their ids, as many at once as may be; yield how many are done."""
        query = self.query(name)
        done = 0

        def variables(some: int) -> dict[str, Any]:
            return given | {"ids": ids[done : done + some]}

        while done < len(ids):
            answer = self._fitting(query, size, variables)
            self.raw.write(name, answer.body)
            done += len(answer.data["nodes"])
            yield done

    def _fitting(
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
