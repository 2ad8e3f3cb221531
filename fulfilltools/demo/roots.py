"""The fields a query starts from: orders, locations, node, bulk operations, ..."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema

from fulfilltools.demo import search
from fulfilltools.demo.records import Record, Records, Value, kind_of
from fulfilltools.demo.refusals import access_denied
from fulfilltools.demo.schema import VERSIONS, paged, scopes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fulfilltools.demo.bulk import Operations
    from fulfilltools.demo.execution import Executor

    Args = Mapping[str, Any]
    Answer = Callable[[GraphQLResolveInfo, Args], Any]

API_VERSIONS: list[Record] = [
    {"handle": version, "displayName": version, "supported": True} for version in VERSIONS
]

BY_ID = ("fulfillment", "fulfillmentOrder", "inventoryItem", "location", "order")

SORT_FIELDS = {
    "CREATED_AT": "createdAt",
    "UPDATED_AT": "updatedAt",
    "PROCESSED_AT": "processedAt",
}
"""Every other key sorts by id."""


class Roots:
    """Answers to the root fields."""

    def __init__(self, records: Records, operations: Operations) -> None:
        self._records = records
        self._operations = operations

    def wire(self, executor: Executor) -> None:
        """Put these answers on the root fields that are not refused."""
        schema = executor.schema
        answers = self._answers(executor)
        for kind in (schema.query_type, schema.mutation_type):
            for name, field in kind.fields.items() if kind else ():
                if "refused" not in field.extensions:
                    field.resolve = partial(_called, answers[name])

    def _answers(self, executor: Executor) -> dict[str, Answer]:
        records, operations = self._records, self._operations
        held = records.fulfillment_orders
        return {
            "assignedFulfillmentOrders": self._assigned,
            "bulkOperation": lambda _, args: operations.poll(args["id"]),
            "bulkOperationCancel": lambda _, args: operations.cancel(args["id"]),
            "bulkOperationRunQuery": lambda _, args: operations.start(
                executor, args["query"], grouped=args["groupObjects"]
            ),
            "bulkOperations": _pages_of(operations.records, search.BULK_OPERATION_FILTERS),
            "currentAppInstallation": self._installation,
            "currentBulkOperation": lambda *_: next(reversed(operations.records()), None),
            "fulfillmentOrders": self._fulfillment_orders,
            "locations": self._locations,
            "manualHoldsFulfillmentOrders": _pages_of(
                lambda: [each for each in held() if each["status"] == "ON_HOLD"],
                search.FULFILLMENT_ORDER_FILTERS,
            ),
            "node": lambda _, args: self._node(executor.schema, args["id"]),
            "nodes": lambda _, args: [self._node(executor.schema, gid) for gid in args["ids"]],
            "orders": _pages_of(records.orders, search.ORDER_FILTERS),
            "ordersCount": self._orders_count,
            "publicApiVersions": lambda *_: API_VERSIONS,
            "shop": lambda *_: records.world.shop,
        } | dict.fromkeys(BY_ID, lambda _, args: self._one(args.get("id")))

    def _installation(self, *_: object) -> Record:
        scopes = [
            {"handle": scope, "description": scope.replace("_", " ").capitalize()}
            for scope in sorted(self._records.scopes)
        ]
        return {**self._records.world.app_installation, "accessScopes": scopes}

    def _one(self, gid: str | None) -> Record | None:
        # Query.location without an id is the shop's primary one.
        return self._records.get(gid) if gid else self._records.world.locations[0]

    def _node(self, schema: GraphQLSchema, gid: str) -> Record | None:
        record = self._records.get(gid)
        if record is None:
            return None
        scopes = scopes_of(schema, schema.type_map.get(kind_of(record)))
        if scopes and not self._records.scopes.intersection(scopes):
            raise access_denied("node", scopes)
        return record

    def _orders_count(self, _: GraphQLResolveInfo, args: Args) -> Record:
        matches = search.matcher(args.get("query"), search.ORDER_FILTERS)
        count = sum(1 for order in self._records.orders() if matches(order))
        limit = args.get("limit")
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    def _fulfillment_orders(self, info: GraphQLResolveInfo, args: Args) -> Record:
        rows = [
            each
            for each in self._records.fulfillment_orders()
            if args.get("includeClosed") or each["status"] not in {"CLOSED", "CANCELLED"}
        ]
        return _found(rows, search.FULFILLMENT_ORDER_FILTERS, info, args)

    def _locations(self, info: GraphQLResolveInfo, args: Args) -> Record:
        rows = [
            each
            for each in self._records.world.locations
            if (args.get("includeInactive") or each["isActive"])
            and (args.get("includeLegacy") or not each["isFulfillmentService"])
        ]
        return paged(rows[::-1] if args.get("reverse") else rows, info, args)

    @staticmethod
    def _assigned(*_: object) -> Record:
        raise GraphQLError('["The api_client is not associated with any fulfillment service."]')


def _pages_of(rows: Callable[[], list[Record]], filters: Mapping[str, search.Filter]) -> Answer:
    return lambda info, args: _found(rows(), filters, info, args)


def _found(
    rows: list[Record], filters: Mapping[str, search.Filter], info: GraphQLResolveInfo, args: Args
) -> Record:
    matches = search.matcher(args.get("query"), filters)
    by = SORT_FIELDS.get(args.get("sortKey") or "")
    found = [row for row in rows if matches(row)]
    found.sort(key=lambda row: (row.get(by) or "" if by else "", _number(row)))
    return paged(found, info, args)


def _called(answer: Answer, _: object, info: GraphQLResolveInfo, **args: Value) -> Value:
    return answer(info, args)


def _number(record: Record) -> int:
    return int(record["id"].rpartition("/")[2])
