"""Reads the file of a bulk operation line by line, and refuses one that lacks anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fulfilltools.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Node = dict[str, Any]


def nodes_of(lines: Iterable[bytes], record: Node) -> Iterator[Node]:
    """Yield each line's node, its parent named by `__parentId`.

    Children may stand anywhere in the file. Raises IncompleteError at the end of the file
    when lines or roots are not as many as the operation says, or a child has no parent.
    """
    count = roots = 0
    known: set[str] = set()
    parents: set[str] = set()
    for line in lines:
        node = _node(line, count)
        count += 1
        if parent := node.get("__parentId"):
            parents.add(parent)
        else:
            roots += 1
        if node["__typename"] in {"Order", "FulfillmentOrder"}:
            known.add(node["id"])
        yield node
    _compare("lines", count, record["objectCount"])
    _compare("roots", roots, record["rootObjectCount"])
    if orphans := parents - known:
        raise IncompleteError(
            f"{len(orphans):,} parents are missing in the result of a bulk operation, "
            f"such as {min(orphans)}. Run again, or with --fetch paged."
        )


def _node(line: bytes, number: int) -> Node:
    try:
        node = json.loads(line)
    except ValueError as error:
        raise IncompleteError(
            f"Line {number + 1:,} of the result of a bulk operation is not JSON. Run again."
        ) from error
    if not isinstance(node, dict) or not {"id", "__typename"} <= node.keys():
        raise IncompleteError(
            f"Line {number + 1:,} of the result of a bulk operation is no node. Run again."
        )
    return node


def _compare(what: str, came: int, counted: str | None) -> None:
    if counted is not None and came != int(counted):
        raise IncompleteError(
            f"The result of a bulk operation has {came:,} {what}, and Shopify counted "
            f"{int(counted):,}. Run again, or with --fetch paged."
        )
