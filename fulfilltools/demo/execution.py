"""One query answered: read, checked, paid for and executed by graphql-core."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ExecutionContext,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    execute_sync,
    get_named_type,
    get_operation_ast,
    parse,
    validate,
    value_from_ast_untyped,
    visit,
)
from graphql.execution.values import get_variable_values

from fulfilltools.demo import refusals
from fulfilltools.demo.cost import QUERY_LIMIT, Bucket, Plan
from fulfilltools.demo.paging import PAGE_LIMIT
from fulfilltools.demo.records import kind_of
from fulfilltools.demo.schema import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql.pyutils import Path

    from fulfilltools.demo.records import Value

Answer = dict[str, Any]


class QuickExecution(ExecutionContext):
    """graphql-core's executor with a short way for plain values."""

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Value,
        field_nodes: list[FieldNode],
        path: Path,
    ) -> Value:
        """Read a plain value from its record; leave the rest to graphql-core."""
        field = parent_type.fields.get(field_nodes[0].name.value)
        read = field.extensions.get("read") if field else None
        value = read(source) if read else None
        if value is not None:
            return value
        # What is missing goes the long way too: it knows what null does to the fields above.
        return super().execute_field(parent_type, source, field_nodes, path)


class Executor:
    """Answers queries with one version's schema, out of one bucket."""

    def __init__(self, schema: GraphQLSchema, bucket: Bucket) -> None:
        self.schema = schema
        self._bucket = bucket
        self._prepare = lru_cache(maxsize=256)(self._read_and_check)

    def answer(self, body: Mapping[str, Any]) -> Answer:
        """Return the whole answer to one request's JSON body."""
        document, errors = self._prepare(body["query"])
        if document is None:
            return {"errors": errors}
        operation = get_operation_ast(document, body.get("operationName"))
        if operation is None:
            return {"errors": [{"message": "An operation name is required"}]}
        given, declared = body.get("variables") or {}, operation.variable_definitions
        variables = get_variable_values(self.schema, declared, given)
        if isinstance(variables, list):
            return {"errors": [refusals.bad_variable(error) for error in variables]}
        if refusal := page_refusal(self.schema, document, variables):
            return {"errors": [refusal], "data": None}
        return self._pay_and_run(document, operation, variables)

    def run(
        self,
        document: DocumentNode,
        variables: Mapping[str, Any],
        name: str | None,
        reading: Reading,
    ) -> Answer:
        """Execute without asking for points, as bulk operations do."""
        result = execute_sync(
            self.schema,
            document,
            {},
            reading,
            dict(variables),
            name,
            type_resolver=lambda value, *_: kind_of(value),
            execution_context_class=QuickExecution,
        )
        errors = [{**error.formatted, "path": error.path} for error in result.errors or ()]
        return {"errors": errors, "data": result.data} if errors else {"data": result.data}

    def _pay_and_run(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> Answer:
        plan = Plan(self.schema, document, operation)
        cost = plan.requested(variables)
        if cost > QUERY_LIMIT:
            return {"errors": [refusals.too_costly(cost, QUERY_LIMIT)]}
        if not self._bucket.take(cost):
            return {"errors": [refusals.throttled()], "extensions": self._cost(cost, None)}
        name = operation.name.value if operation.name else None
        answer = self.run(document, variables, name, Reading.PAGED)
        actual = plan.actual(answer["data"], variables)
        self._bucket.give_back(cost - actual)
        return {**answer, "extensions": self._cost(cost, actual)}

    def _read_and_check(self, text: str) -> tuple[DocumentNode | None, list[Answer]]:
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            return None, [refusals.unreadable(error)]
        errors = [refusals.invalid(error, document) for error in validate(self.schema, document)]
        return (None, errors) if errors else (document, [])

    def _cost(self, requested: int, actual: int | None) -> Answer:
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": self._bucket.status(),
            }
        }


def page_refusal(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> Answer | None:
    """Return why a connection is not asked for by the page, if one is not."""
    types = TypeInfo(schema)
    refused: list[Answer] = []

    class Pages(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            kind = types.get_type()
            if kind is None or not get_named_type(kind).name.endswith("Connection"):
                return
            asked = {
                each.name.value: value_from_ast_untyped(each.value, dict(variables))
                for each in node.arguments
                if each.name.value in {"first", "last"}
            }
            sizes = {name: size for name, size in asked.items() if isinstance(size, int)}
            if message := _page_fault(node.name.value, sizes):
                refused.append(refusals.bad_page(node, message))

    visit(document, TypeInfoVisitor(types, Pages()))
    return refused[0] if refused else None


def _page_fault(field: str, sizes: Mapping[str, int]) -> str | None:
    if not sizes:
        return "you must provide one of first or last"
    if len(sizes) > 1:
        return "providing both first and last is not supported"
    [(name, size)] = sizes.items()
    if 0 <= size <= PAGE_LIMIT:
        return None
    expected = f"Expected a page size from 0 to {PAGE_LIMIT}."
    return f"Argument '{name}' on Field '{field}' has an invalid value ({size}). {expected}"
