"""How a list becomes a page: first, after, last, before and reverse."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = dict[str, Any]

PAGE_LIMIT = 250
"""The most that one page may hold; https://shopify.dev/docs/api/usage/limits."""


def page(
    rows: Sequence[Record],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    reverse: bool | None = False,
) -> Record:
    """Return one page of `rows` in the shape of a connection."""
    ordered = rows[::-1] if reverse else rows
    start = _position(after) + 1 if after else 0
    stop = _position(before) if before else len(ordered)
    if first is not None:
        stop = min(stop, start + first)
    elif last is not None:
        start = max(start, stop - last)
    start, stop = min(start, len(ordered)), min(stop, len(ordered))
    return _connection(ordered[start:stop], start, more=stop < len(ordered))


def whole(rows: Sequence[Record]) -> Record:
    """Return all rows as one page, as bulk operations read them."""
    return _connection(rows, 0, more=False)


def _connection(nodes: Sequence[Record], start: int, *, more: bool) -> Record:
    return {
        "nodes": nodes,
        "edges": [
            {"cursor": _cursor(position), "node": node}
            for position, node in enumerate(nodes, start)
        ],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start) if nodes else None,
            "endCursor": _cursor(start + len(nodes) - 1) if nodes else None,
        },
    }


def _cursor(position: int) -> str:
    return b64encode(f"position:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(b64decode(cursor).decode().removeprefix("position:"))
    except ValueError as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error
