"""Shopify's search syntax, as far as the fulfillment queries use it.

`created_at:>='2026-09-24T00:00:00Z' AND NOT fulfillment_status:fulfilled`: filters side by
side mean AND, a minus or NOT turns one round, parentheses group, a comma in a value means
OR. A filter that is not known is ignored, as Shopify ignores it.
https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Record = dict[str, Any]
    Test = Callable[[Record], bool]
    Filter = Callable[[Record, str, str], bool]

TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()]|-(?=\S)|\b(?:AND|OR|NOT)\b)
    |(?P<field>\w+):(?P<sign><=|>=|<|>)?(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s()]+))
    |(?P<text>[^\s()]+))""",
    re.VERBOSE,
)


def matcher(query: str | None, filters: Mapping[str, Filter]) -> Test:
    """Return the test that `query` means for records of one kind."""
    tokens = [match for match in TOKEN.finditer(query or "") if match.lastgroup]
    tests = []
    while tokens:
        tests.append(_any_of(tokens, filters))
        if tokens:  # a closing parenthesis too many
            tokens.pop(0)
    return lambda record: all(test(record) for test in tests)


def _any_of(tokens: list[re.Match[str]], filters: Mapping[str, Filter]) -> Test:
    tests = [_all_of(tokens, filters)]
    while tokens and tokens[0]["mark"] == "OR":
        tokens.pop(0)
        tests.append(_all_of(tokens, filters))
    return lambda record: any(test(record) for test in tests)


def _all_of(tokens: list[re.Match[str]], filters: Mapping[str, Filter]) -> Test:
    tests = []
    while tokens and tokens[0]["mark"] not in {"OR", ")"}:
        if tokens[0]["mark"] == "AND":
            tokens.pop(0)
        else:
            tests.append(_one(tokens, filters))
    return lambda record: all(test(record) for test in tests)


def _one(tokens: list[re.Match[str]], filters: Mapping[str, Filter]) -> Test:
    token = tokens.pop(0)
    if token["mark"] in {"NOT", "-"} and tokens:
        turned = _one(tokens, filters)
        return lambda record: not turned(record)
    if token["mark"] == "(":
        inner = _any_of(tokens, filters)
        if tokens:
            tokens.pop(0)
        return inner
    known = filters.get(token["field"] or "default")
    if known is None:
        return lambda _: True
    value = next(
        token[g] for g in ("single", "double", "bare", "text", "mark") if token[g] is not None
    )
    return lambda record: known(record, token["sign"] or "", value)


def moment(name: str, field: str) -> Filter:
    """Compare a moment, or a day where only a day is given.

    Users of connectors report that `>` answers like `>=` and `<` like `<=`; so it does here.
    """

    def test(record: Record, sign: str, value: str) -> bool:
        if record.get(field) is None:
            return False
        try:
            known, asked = _moment(record[field]), _moment(value)
        except ValueError as error:
            said = f"Invalid timestamp for query filter `{name}`."
            raise GraphQLError(said) from error
        if not sign:
            return known.date() == asked.date()
        return known >= asked if sign.startswith(">") else known <= asked

    return test


def word(field: str) -> Filter:
    """Compare an enum or a plain text, upper and lower case alike."""
    return lambda record, _, value: str(record.get(field, "")).lower() in value.lower().split(",")


def number(record: Record, sign: str, value: str) -> bool:
    """Compare the number at the end of a record's id."""
    known, asked = int(record["id"].rpartition("/")[2]), int(value.rpartition("/")[2])
    return {">=": known >= asked, "<=": known <= asked, ">": known > asked, "<": known < asked}.get(
        sign, known == asked
    )


@cache
def _moment(text: str) -> datetime:
    known = datetime.fromisoformat(text)
    return known if known.tzinfo else known.replace(tzinfo=UTC)


FULFILLMENT_STATUSES = {
    "unshipped": "UNFULFILLED",
    "unfulfilled": "UNFULFILLED",
    "shipped": "FULFILLED",
    "fulfilled": "FULFILLED",
    "partial": "PARTIALLY_FULFILLED",
    "scheduled": "SCHEDULED",
    "on_hold": "ON_HOLD",
    "request_declined": "REQUEST_DECLINED",
}
"""What can be asked for. Orders in progress have no value, so no filter finds them."""


def _fulfillment_status(order: Record, _: str, value: str) -> bool:
    asked = {FULFILLMENT_STATUSES.get(each) for each in value.lower().split(",")}
    return order["displayFulfillmentStatus"] in asked


def _status(order: Record, _: str, value: str) -> bool:
    closed, cancelled = order.get("closedAt"), order.get("cancelledAt")
    states = {
        "open": not closed and not cancelled,
        "closed": bool(closed),
        "cancelled": bool(cancelled),
        "not_closed": not closed,
    }
    return states.get(value.lower(), True)


def _name(order: Record, _: str, value: str) -> bool:
    return bool(order["name"].strip("#").lower() == value.strip("#").lower())


def _tag(order: Record, _: str, value: str) -> bool:
    return value.lower() in {tag.lower() for tag in order.get("tags", ())}


MOMENTS: dict[str, Filter] = {
    name: moment(name, field)
    for name, field in (
        ("created_at", "createdAt"),
        ("updated_at", "updatedAt"),
        ("processed_at", "processedAt"),
    )
}

ORDER_FILTERS: dict[str, Filter] = MOMENTS | {
    "default": _name,
    "financial_status": word("displayFinancialStatus"),
    "fulfillment_status": _fulfillment_status,
    "id": number,
    "name": _name,
    "status": _status,
    "tag": _tag,
}

FULFILLMENT_ORDER_FILTERS: dict[str, Filter] = MOMENTS | {
    "id": number,
    "request_status": word("requestStatus"),
    "status": word("status"),
}

BULK_OPERATION_FILTERS: dict[str, Filter] = MOMENTS | {
    "id": number,
    "operation_type": word("type"),
    "status": word("status"),
}
