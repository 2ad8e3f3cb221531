"""The carried schema of one API version, wired to the world's records.

Each field gets its way of answering once, when the schema is opened: refused for want of a
scope, a page of a list, or simply what the record holds. What the world does not tell is
null, or neutral where the schema allows no null.
"""

from __future__ import annotations

from enum import Enum
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_ast_schema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from graphql.execution.values import get_directive_values

from fulfilltools.demo.paging import page, whole
from fulfilltools.demo.refusals import access_denied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fulfilltools.demo.records import Record, Records, Value

VERSIONS = ("2026-04", "2026-07", "2026-10")
"""The API versions that are served, the oldest first."""

BEFORE = {"FULFILLMENT_NOT_REQUIRED": "UNFULFILLED"}
"""What older versions say instead of an enum value that they do not know."""

OF_ORDER = {"orderId": "id", "orderName": "name", "orderProcessedAt": "processedAt"}
"""What a fulfillment order repeats of its order."""

NOTHING = {"amount": "0.0", "currencyCode": "SEK"}
NEUTRAL: dict[str, Any] = {
    "Boolean": False,
    "Int": 0,
    "Float": 0.0,
    "String": "",
    "MoneyBag": {"shopMoney": NOTHING, "presentmentMoney": NOTHING},
}


class Reading(Enum):
    """How lists are read: the context of an execution."""

    PAGED = "a query's way"
    WHOLE = "a bulk operation's way"


def served_version(asked: str) -> str:
    """Return the version that answers: the one asked for, or the nearest that is served."""
    if asked == "unstable":
        return VERSIONS[-1]
    return max((each for each in VERSIONS if each <= asked), default=VERSIONS[0])


def open_schema(version: str, records: Records) -> GraphQLSchema:
    """Return a version's schema with a way to answer on every field."""
    text = files("fulfilltools.demo").joinpath("schema", f"{version}.graphql").read_text("utf-8")
    # A test holds the files valid; here it would cost half of the start.
    schema = build_ast_schema(parse(text, no_location=True), assume_valid=True)
    access = partial(scopes_of, schema)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                _wire(name, field, records, access)
    return schema


def _wire(
    name: str, field: GraphQLField, records: Records, access: Callable[..., list[str]]
) -> None:
    for scopes in (access(field), access(_kind_behind(field.type))):
        if scopes and not records.scopes.intersection(scopes):
            field.extensions["refused"] = True
            field.resolve = partial(_refuse, name, scopes)
            return
    kind = get_named_type(field.type)
    if kind.name.endswith("Connection"):
        field.resolve = partial(_page, records, name)
    elif is_leaf_type(kind) and not field.args:
        # Nine of ten fields: read without any of the executor's ceremony.
        field.extensions["read"] = _reader(name, field.type, records)
    elif name == "quantities":
        field.resolve = partial(_quantities, records)
    else:
        field.resolve = partial(_held, records, name, field.type)


def scopes_of(schema: GraphQLSchema, place: Value) -> list[str]:
    """Return the scopes of which one opens a field or a type; none where it is open."""
    directive = schema.get_directive("access")
    node = getattr(place, "ast_node", None)
    values = get_directive_values(directive, node) if directive and node else None
    return values["scopes"] if values else []


def _kind_behind(kind: GraphQLOutputType) -> Value:
    """Return the type that a field is about: of a connection, that of its nodes."""
    named: Value = get_named_type(kind)
    return (
        get_named_type(named.fields["nodes"].type) if named.name.endswith("Connection") else named
    )


def value_of(record: Record, name: str, records: Records) -> Value:
    """Return what the world knows of a record's field, also where only its stub is nested."""
    if name in record:
        return record[name]
    if name == "order":
        return records.order_of(record)
    if name in OF_ORDER:
        return (records.order_of(record) or {}).get(OF_ORDER[name])
    if name == "createdAt" and "happenedAt" in record:
        return record["happenedAt"]
    if name == "legacyResourceId":
        return record["id"].rpartition("/")[2]
    return records.full(record).get(name)


def _reader(name: str, kind: GraphQLOutputType, records: Records) -> Callable[[Record], Any]:
    named = get_named_type(kind)
    known = named.values if isinstance(named, GraphQLEnumType) else None
    neutral = _neutral(kind)

    def read(record: Record) -> Value:
        value = record[name] if name in record else value_of(record, name, records)
        if value is None:
            return neutral
        if known is not None and not isinstance(value, list) and value not in known:
            # What no version knows goes graphql-core's way, which says so.
            value = BEFORE.get(value)
        return value

    return read


def _neutral(kind: Value) -> Value:
    """Return what stands where a record does not tell and the schema allows no null."""
    if not is_non_null_type(kind):
        return None
    inner: Value = get_nullable_type(kind)
    return [] if is_list_type(inner) else NEUTRAL.get(inner.name)


def _refuse(name: str, scopes: list[str], *_: object, **__: object) -> None:
    raise access_denied(name, scopes)


def _page(
    records: Records,
    name: str,
    source: Record,
    info: GraphQLResolveInfo,
    **args: Value,
) -> Record:
    return paged(records.seen(value_of(source, name, records) or []), info, args)


def paged(rows: list[Record], info: GraphQLResolveInfo, args: Mapping[str, Any]) -> Record:
    """Return the rows as the connection that was asked for."""
    if info.context is Reading.WHOLE:
        return whole(rows[::-1] if args.get("reverse") else rows)
    return page(
        rows, **{key: args.get(key) for key in ("first", "after", "last", "before", "reverse")}
    )


def _held(
    records: Records,
    name: str,
    kind: GraphQLOutputType,
    source: Record,
    _: GraphQLResolveInfo,
    **args: Value,
) -> Value:
    value = value_of(source, name, records)
    if isinstance(value, list) and args.get("first") is not None:
        return value[: args["first"]]
    return _neutral(kind) if value is None else value


def _quantities(
    records: Records, source: Record, _: GraphQLResolveInfo, names: list[str]
) -> list[Record]:
    held = value_of(source, "quantities", records) or []
    return [each for name in names for each in held if each["name"] == name]
