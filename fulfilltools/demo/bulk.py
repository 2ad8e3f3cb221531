"""Bulk operations: a query over the whole shop, answered as a file of JSON lines.

https://shopify.dev/docs/api/usage/bulk-operations/queries; the refusals and the steps from
CREATED to COMPLETED are those of recorded operations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from graphql import (
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_nullable_type,
    is_list_type,
    parse,
    validate,
)

from fulfilltools.demo import refusals
from fulfilltools.demo.schema import Reading
from fulfilltools.demo.selections import Kind, Selections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fulfilltools.demo.execution import Executor
    from fulfilltools.demo.records import Record

AT_ONCE = 5
CONNECTIONS = 5
DEPTH = 2
RUNNING = {"CREATED", "RUNNING", "CANCELING"}


class Connection(NamedTuple):
    """One connection that a bulk query selects, and where."""

    name: str
    depth: int
    in_list: bool
    by_nodes: bool
    has_id: bool
    parent: Connection | None


def faults(text: str, schema: GraphQLSchema) -> list[str]:
    """Return why a text is no bulk query, in Shopify's words; nothing where it is one."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return [f"Invalid bulk query: {refusals.unreadable(error)['message']}"]
    operation = document.definitions[0]
    if not isinstance(operation, OperationDefinitionNode):
        return ["Invalid bulk query: no operation"]
    if operation.operation is not OperationType.QUERY:
        return ["Invalid operation type. Only `query` operations are supported."]
    if errors := validate(schema, document):
        said = [refusals.invalid(error, document)["message"] for error in errors]
        return [f"Invalid bulk query: {said[0]}"]
    selections = Selections(schema, document)
    found = list(_connections(selections, [operation.selection_set], schema.query_type))
    return [*_top_level(operation), *_shape(found)]


def _top_level(operation: OperationDefinitionNode) -> Iterator[str]:
    for selected in operation.selection_set.selections:
        if isinstance(selected, FieldNode) and selected.name.value in {"node", "nodes"}:
            yield f"Bulk queries cannot contain a top level `{selected.name.value}` field."


def _shape(found: list[Connection]) -> Iterator[str]:
    if not found:
        yield "Bulk queries must contain at least one connection."
    by_nodes = [each.name for each in found if each.by_nodes]
    if by_nodes:
        yield (
            "All connection fields in a bulk query must select their contents using 'edges' > "
            f"'node', e.g: '{by_nodes[0]} {{ edges {{ node {{'. Selecting via 'nodes' is not "
            "supported. Invalid connection fields: "
            + ", ".join(f"'{name}'" for name in by_nodes)
            + "."
        )
    if any(each.depth > DEPTH for each in found):
        yield f"Bulk queries cannot contain connections with a nesting depth greater than {DEPTH}."
    if len(found) > CONNECTIONS:
        yield f"Bulk queries cannot contain more than {CONNECTIONS} connections."
    parents = [each.parent for each in found if each.parent and not each.parent.has_id]
    if parents:
        yield (
            "The parent 'node' field for a nested connection must select the 'id' field without an "
            "alias and must be of 'ID' return type. Connection fields without 'id': "
            f"{', '.join(dict.fromkeys(each.name for each in parents))}."
        )
    if any(each.in_list for each in found):
        yield (
            "Queries that contain a connection field within a list field are not currently "
            "supported."
        )


def _connections(
    selections: Selections,
    below: list[SelectionSetNode],
    owner: Kind,
    parent: Connection | None = None,
    *,
    in_list: bool = False,
) -> Iterator[Connection]:
    for field in selections.fields(below, owner):
        if field.is_connection:
            kind, nodes, ways = selections.nodes(field)
            connection = Connection(
                name=field.name,
                depth=parent.depth + 1 if parent else 0,
                in_list=in_list,
                by_nodes="nodes" in ways,
                has_id="id" in {each.key for each in selections.fields(nodes, kind)},
                parent=parent,
            )
            yield connection
            yield from _connections(selections, nodes, kind, connection)
        else:
            listed = in_list or is_list_type(get_nullable_type(field.wanted))
            inside = field.below
            yield from _connections(selections, inside, field.kind, parent, in_list=listed)


@dataclass
class Operation:
    """One bulk operation: its record as the API shows it, and its file."""

    record: Record
    executor: Executor
    grouped: bool
    file: bytes = b""


class Operations:
    """All bulk operations of the shop, the newest last.

    An operation takes a step each time it is asked after by its id: RUNNING, then COMPLETED.
    """

    def __init__(self, now: Callable[[], str], url: Callable[[], str]) -> None:
        self._now, self._url = now, url
        self._all: dict[str, Operation] = {}
        self._numbers = count(1)

    def records(self) -> list[Record]:
        """Return the operations as the API shows them."""
        return [operation.record for operation in self._all.values()]

    def file(self, number: str) -> bytes | None:
        """Return the file of a completed operation."""
        operation = self._all.get(f"gid://shopify/BulkOperation/{number}")
        return operation.file if operation and operation.record["url"] else None

    def start(self, executor: Executor, query: str, *, grouped: bool) -> Record:
        """Answer bulkOperationRunQuery."""
        errors = [
            _user_error(each, "INVALID", ["query"]) for each in faults(query, executor.schema)
        ]
        running = [each["id"] for each in self.records() if each["status"] in RUNNING]
        if not errors and len(running) >= AT_ONCE:
            said = "A bulk query operation for this app and shop is already in progress: "
            errors = [_user_error(f"{said}{', '.join(running)}.", "OPERATION_IN_PROGRESS", None)]
        if errors:
            return {"bulkOperation": None, "userErrors": errors}
        gid = f"gid://shopify/BulkOperation/{next(self._numbers)}"
        record = dict.fromkeys(("errorCode", "completedAt", "fileSize", "url", "partialDataUrl"))
        record |= {"id": gid, "status": "CREATED", "type": "QUERY", "createdAt": self._now()}
        record |= {"query": query, "objectCount": "0", "rootObjectCount": "0"}
        self._all[gid] = Operation(record, executor, grouped)
        return {"bulkOperation": dict(record), "userErrors": []}

    def poll(self, gid: str) -> Record | None:
        """Answer bulkOperation(id:), and let the operation take a step."""
        operation = self._all.get(gid)
        if operation is None:
            return None
        shown = dict(operation.record)
        if shown["status"] == "CREATED":
            operation.record["status"] = "RUNNING"
        elif shown["status"] == "RUNNING":
            self._complete(operation)
        elif shown["status"] == "CANCELING":
            operation.record |= {"status": "CANCELED", "completedAt": self._now()}
        return shown

    def cancel(self, gid: str) -> Record:
        """Answer bulkOperationCancel."""
        operation = self._all.get(gid)
        if operation is None:
            error = {"field": ["id"], "message": "Bulk operation does not exist"}
            return {"bulkOperation": None, "userErrors": [error]}
        status = operation.record["status"]
        if status not in RUNNING:
            said = f"A bulk operation cannot be canceled when it is {status.lower()}"
            return {
                "bulkOperation": operation.record,
                "userErrors": [{"field": None, "message": said}],
            }
        operation.record["status"] = "CANCELING"
        return {"bulkOperation": operation.record, "userErrors": []}

    def _complete(self, operation: Operation) -> None:
        record = operation.record
        document = parse(record["query"])
        answer = operation.executor.run(document, {}, None, Reading.WHOLE)
        record["completedAt"] = self._now()
        if answer.get("errors"):
            codes = [each.get("extensions", {}).get("code") for each in answer["errors"]]
            denied = "ACCESS_DENIED" in codes
            record["errorCode"] = "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR"
            record["status"] = "FAILED"
            return
        rows = [list(_rows(value["edges"], None)) for value in answer["data"].values() if value]
        roots = sum(len(value["edges"]) for value in answer["data"].values() if value)
        ordered = _in_order([row for group in rows for row in group], grouped=operation.grouped)
        operation.file = b"".join(_line(row) for _, row in ordered)
        record |= {"status": "COMPLETED", "fileSize": str(len(operation.file))}
        record |= {"objectCount": str(len(ordered)), "rootObjectCount": str(roots)}
        number = record["id"].rpartition("/")[2]
        record["url"] = f"{self._url()}/bulk/{number}.jsonl" if ordered else None


def _rows(edges: list[Record], parent: str | None, depth: int = 0) -> Iterator[tuple[int, Record]]:
    """Make one row per node, its connections taken out into rows of their own."""
    for edge in edges:
        node = edge["node"]
        inner = {name: value for name, value in node.items() if _is_connection(value)}
        row = {name: value for name, value in node.items() if name not in inner}
        yield depth, row | ({"__parentId": parent} if parent else {})
        for value in inner.values():
            yield from _rows(value["edges"], node["id"], depth + 1)


def _is_connection(value: object) -> bool:
    return isinstance(value, dict) and "edges" in value


def _in_order(rows: list[tuple[int, Record]], *, grouped: bool) -> list[tuple[int, Record]]:
    """Ungrouped files hold the children apart from their parents, as since 2026-01."""
    return rows if grouped else sorted(rows, key=lambda row: row[0])


def _line(row: Record) -> bytes:
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/").encode() + b"\n"


def _user_error(message: str, code: str, where: list[str] | None) -> Record:
    return {"field": where, "message": message, "code": code}
