"""What each access scope lets us see, and the queries that fit the scopes granted.

A packaged query marks with a comment what a line needs: `#scope:read_apps`, or
`#since:2026-07` for an API version. A line whose need is not met is dropped; when it opens
a block, the whole block goes. Which field needs which scope is stated by Shopify's schema
("Requires ... access scope").
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from graphql import DocumentNode, parse, print_ast, separate_operations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from graphql import DefinitionNode

FULFILLMENT_ORDER_SCOPES = frozenset(
    {
        "read_assigned_fulfillment_orders",
        "read_merchant_managed_fulfillment_orders",
        "read_third_party_fulfillment_orders",
    }
)
"""Any of these opens fulfillment orders; each shows only its own share, without an error."""

UNSEEN_WITHOUT = {
    "read_orders": "Orders cannot be read at all.",
    "read_merchant_managed_fulfillment_orders": (
        "Fulfillment orders at the shop's own locations are missing, and Shopify does not say so."
    ),
    "read_third_party_fulfillment_orders": (
        "Fulfillment orders at third parties and apps are missing, and Shopify does not say so."
    ),
    "read_locations": (
        "Locations that are closed, and orders sold in a store, cannot be recognized."
    ),
    "read_inventory": "Stock is not seen, so nothing is known to be out of stock.",
    "read_products": "Product types and tags are not seen, so digital items are guessed less well.",
    "read_all_orders": "Orders older than 60 days are not seen, however long they have waited.",
    "read_apps": "The app that placed a hold is not named.",
    "read_returns": "Returns and exchanges are known by their status only.",
    "read_payment_terms": "Payment terms of business orders are not seen.",
}
"""What cannot be seen without a scope, in plain words; worst first."""

_MARK = re.compile(r"#\s*(scope|since):(\S+)")


def granted_scopes(handles: Iterable[str]) -> frozenset[str]:
    """Return what may be read: `write_x` includes `read_x`."""
    return frozenset(handle.replace("write_", "read_", 1) for handle in handles)


def missing_scopes(granted: Collection[str]) -> dict[str, str]:
    """Return every scope we would use and do not have, with what cannot be seen."""
    return {scope: unseen for scope, unseen in UNSEEN_WITHOUT.items() if scope not in granted}


def sees_fulfillment_orders(granted: Collection[str]) -> bool:
    """Tell whether any fulfillment order can be seen at all."""
    return not FULFILLMENT_ORDER_SCOPES.isdisjoint(granted)


def build_query(name: str, granted: Collection[str], version: str) -> str:
    """Build the packaged query `name` from what is granted and the version knows."""
    return _built(name, frozenset(granted), version)


@cache
def _built(name: str, granted: frozenset[str], version: str) -> str:
    lines = _kept_lines(_text(name), granted, version)
    query = parse("\n".join(lines)).definitions + _fragments(granted, version)
    operation = separate_operations(DocumentNode(definitions=query))[_operation_name(name)]
    return print_ast(operation)


@cache
def _fragments(granted: frozenset[str], version: str) -> tuple[DefinitionNode, ...]:
    """Parse the fields that queries share."""
    return parse("\n".join(_kept_lines(_text("fields"), granted, version))).definitions


def _operation_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def _text(name: str) -> str:
    file = files("fulfilltools.admin") / "queries" / f"{name}.graphql"
    return file.read_text(encoding="utf-8")


def _kept_lines(text: str, granted: Collection[str], version: str) -> Iterator[str]:
    dropped_depth = 0
    for line in text.splitlines():
        code = line.split("#")[0]
        if dropped_depth or not _is_met(line, granted, version):
            dropped_depth += code.count("{") - code.count("}")
        else:
            yield code


def _is_met(line: str, granted: Collection[str], version: str) -> bool:
    mark = _MARK.search(line)
    if mark is None:
        return True
    kind, need = mark.groups()
    if kind == "since":
        return version == "unstable" or version >= need
    if need == "fulfillment_orders":
        return sees_fulfillment_orders(granted)
    return need in granted
