"""What a fetch asks of Shopify: requests, cost points, waiting; against the least there can be.

It asks the demo shop over HTTP, whose orders are there several times under new ids. The least
follows from Shopify's rules (https://shopify.dev/docs/api/usage/limits): 250 rows a page and
1,000 points a question. How a page's price grows is fulfilltools/demo/cost.py's, which meets
all recorded answers.
"""

from __future__ import annotations

import math
import re
import time
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from fulfilltools import admin, demo
from fulfilltools.admin.client import SINGLE_QUERY_LIMIT
from fulfilltools.demo.world import build_world
from fulfilltools.settings import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fulfilltools.admin import FetchReport
    from fulfilltools.admin.client import Answer, Cost
    from fulfilltools.demo.world import World

COPIES = 5
MOST_ROWS = 250
SMALL_BUCKET, SMALL_RATE = 1_000, 1_500
WAYS: dict[str, dict[str, Any]] = {
    "all, by pages": {"way": "paged"},
    "all, by bulk operations": {"way": "bulk"},
    "what changed since, by pages": {"way": "paged", "base": "all, by pages"},
}

_NAME = re.compile(r"(?:query|mutation) (\w+)")
_OWN_ID = re.compile(
    r"(gid://shopify/(?:Order|LineItem|FulfillmentOrder|FulfillmentOrderLineItem|InventoryItem"
    r"|FulfillmentOrderMerchantRequest|Fulfillment|FulfillmentHold|Refund|Return)/\d+)"
)


@dataclass(frozen=True)
class Asked:
    """One answered question: how many rows it asked for (0: none) and got, and what it took."""

    name: str
    is_page: bool
    size: int
    rows: int
    cost: Cost
    before: float
    """Seconds since the one before was answered."""
    served: float
    """Seconds until the answer, without waiting."""


class Counting(admin.AdminClient):
    """A client that keeps account of each question."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.asked: list[Asked] = []
        self._answered_at = time.perf_counter()

    def execute(
        self, query: str, variables: Mapping[str, Any] | None = None, *, repeatable: bool = True
    ) -> Answer:
        """Ask as always."""
        asked_at, waited = time.perf_counter(), self.statistics.waited_seconds
        answer = super().execute(query, variables, repeatable=repeatable)
        answered_at, waited = time.perf_counter(), self.statistics.waited_seconds - waited
        given, found = variables or {}, _NAME.search(query)
        lists = [value["nodes"] for value in answer.data.values() if _is_page(value)]
        lists += [value for value in answer.data.values() if isinstance(value, list)]
        if answer.cost and found:
            self.asked.append(
                Asked(
                    name=found[1],
                    is_page="first" in given,
                    size=int(given.get("first") or len(given.get("ids") or ())),
                    rows=sum(map(len, lists)),
                    cost=answer.cost,
                    before=asked_at - self._answered_at,
                    served=answered_at - asked_at - waited,
                )
            )
        self._answered_at = answered_at
        return answer


def measure(scratch: Path) -> str:
    """Count what each way of fetching asks, and what a small bucket makes it wait."""
    world = _world(COPIES)
    thousands = len(world.orders) / 1000
    lines = []
    for name, asked in WAYS.items():
        base = scratch / asked["base"] if "base" in asked else None
        client, report = _fetched(world, scratch / name, way=asked["way"], base=base)
        requests, points = _least(client.asked)
        lines.append(
            f"| {name} | {report.requests / thousands:.1f} | {requests / thousands:.1f} "
            f"| {report.requests / requests:.2f} × | {report.cost_points / thousands:,.0f} "
            f"| {points / thousands:,.0f} | {report.cost_points / points:.2f} × |"
        )
    return _section(len(world.orders), lines, _waiting(world, scratch / "waiting"))


def _section(orders: int, lines: list[str], waiting: str) -> str:
    return (
        "## The fetch\n\n"
        f"{orders:,} orders of the demo shop, each figure per thousand orders. The least is what "
        "the same fields need when every page has all rows that Shopify's rules let it have "
        f"({MOST_ROWS} rows, {SINGLE_QUERY_LIMIT:,} points), each page has the length at which a "
        "row is cheapest, a bulk operation is started, looked at once and downloaded, and "
        "whatever is asked once is asked once. Requests are all that went out, downloads and "
        "repeated ones too.\n\n"
        "| | requests | least | ratio | points | least | ratio |\n|--|--|--|--|--|--|--|\n"
        + "\n".join(lines)
        + "\n\nA page's price grows with the logarithm of its length, so 244 rows are cheapest: "
        "250 cost a tenth more. Whether bulk operations are done is asked again and again, for a "
        "point each time: a few requests more, which weigh less the more orders there are."
        f"\n\n{waiting}"
    )


def _world(copies: int) -> World:
    """Give the demo shop's orders several times, each time under ids of their own."""
    once = build_world()
    return replace(
        once, orders=[_renamed(each, n) for n in range(copies) for each in deepcopy(once.orders)]
    )


def _renamed(value: Any, copy: int) -> Any:  # noqa: ANN401 - whatever an order holds
    if isinstance(value, dict):
        # Places are the same for all copies.
        return {name: _renamed(each, copy) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, copy) for each in value]
    if copy and isinstance(value, str):
        return _OWN_ID.sub(rf"\g<1>0{copy}", value)
    return value


def _fetched(
    world: World,
    folder: Path,
    *,
    bucket: int = 20_000,
    restore_rate: int = 1_000,
    **how: Any,  # noqa: ANN401 - as admin.fetch takes it
) -> tuple[Counting, FetchReport]:
    with demo.serve(world, bucket=bucket, restore_rate=restore_rate) as server:
        connection = Connection(
            name="bench",
            domain=demo.SHOP_DOMAIN,
            api_url=server.url,
            access_token=SecretStr(server.access_token),
        )
        with Counting(connection) as client:
            return client, admin.fetch(client, folder, as_of=demo.AS_OF, **how)


def _least(asked: list[Asked]) -> tuple[int, float]:
    """Return the least requests and points for what these questions brought."""
    requests, points = 0, 0.0
    for name, several in groupby(sorted(asked, key=lambda one: one.name), lambda one: one.name):
        alike = list(several)
        match name:
            case "BulkList":  # only needed when an earlier fetch was interrupted
                continue
            case "BulkPoll":
                requests += _operations(asked)
                points += _operations(asked)
            case "BulkStart":
                requests += 2 * len(alike)  # and its download
                points += sum(one.cost.actual for one in alike)
            case _ if full := [one for one in alike if one.size and one.rows]:
                rows = sum(one.rows for one in full)
                requests += math.ceil(rows / min(map(_longest, full))) + len(alike) - len(full)
                points += sum(map(_least_points, alike))
            case _:
                requests += len(alike)
                points += sum(one.cost.actual for one in alike)
    return requests, points


def _operations(asked: list[Asked]) -> int:
    return sum(one.name == "BulkStart" for one in asked)


def _longest(one: Asked) -> int:
    """Return how many rows such a question may ask for."""
    return max(size for size in range(1, MOST_ROWS + 1) if _priced(one, size) <= SINGLE_QUERY_LIMIT)


def _priced(one: Asked, size: int) -> float:
    """Return what it would request for that many rows."""
    if one.is_page:
        return 2 + (one.cost.requested - 2) * _scale(size) / _scale(one.size)
    return one.cost.requested * size / one.size


def _least_points(one: Asked) -> float:
    """Return what its rows cost at the length at which such a row is cheapest."""
    if not (one.is_page and one.rows):
        return one.cost.actual
    node = (one.cost.actual - 2) / _scale(one.rows)
    row = min((2 + node * _scale(size)) / size for size in range(1, _longest(one) + 1))
    return one.rows * row


def _scale(size: int) -> int:
    return math.floor(2 * math.log(max(2, size)))


def _waiting(world: World, folder: Path) -> str:
    """Hold the waiting of a fetch with a small bucket against what its questions needed."""
    small = {"bucket": SMALL_BUCKET, "restore_rate": SMALL_RATE}
    client, report = _fetched(world, folder, way="paged", **small)
    level, needed = float(SMALL_BUCKET), 0.0
    for one in client.asked:
        level = min(SMALL_BUCKET, level + SMALL_RATE * one.before)
        lacking = max(0.0, one.cost.requested - level)
        needed += lacking / SMALL_RATE
        # While it is answered, all that it asked for is taken; then the rest comes back.
        level += lacking - one.cost.requested + SMALL_RATE * one.served
        level = min(SMALL_BUCKET, level + one.cost.requested - one.cost.actual)
    return (
        f"With a bucket of {SMALL_BUCKET:,} points that gets {SMALL_RATE:,} a second, the pages "
        f"waited {report.waited_seconds:.1f} s; a client that knew each price beforehand would "
        f"have waited {needed:.1f} s ({report.waited_seconds / needed:.2f} ×). No wait is longer "
        "than the bucket needs; a test holds each against the shop's own figures."
    )


def _is_page(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("nodes"), list)
