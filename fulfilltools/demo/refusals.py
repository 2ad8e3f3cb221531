"""What Shopify says when it refuses, in its own words.

graphql-core finds the fault; the words, codes and paths are those of recorded answers and
of graphql-ruby, which Shopify runs on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    print_ast,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode

Refusal = dict[str, Any]

BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
COST_ADVICE = """

See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the
cost of a query is calculated.

To query larger amounts of data with fewer limits, bulk operations should be used instead.
See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.
"""

WORDS = [
    (
        r"Cannot query field '(?P<fieldName>\w+)' on type '(?P<typeName>\w+)'",
        "Field '{fieldName}' doesn't exist on type '{typeName}'",
        "undefinedField",
    ),
    (
        r"Unknown argument '(?P<argumentName>\w+)' on field '\w+\.(?P<name>\w+)'",
        "Field '{name}' doesn't accept argument '{argumentName}'",
        "argumentNotAccepted",
    ),
    (
        r"Field '(?P<name>\w+)' argument '(?P<arguments>\w+)' of type",
        "Field '{name}' is missing required arguments: {arguments}",
        "missingRequiredArguments",
    ),
    (
        r"Field '(?P<nodeName>\w+)' of type '(?P<typeName>\w+)[^']*' must have a selection",
        (
            "Field must have selections (field '{nodeName}' returns {typeName} but has no "
            "selections. Did you mean '{nodeName} {{ ... }}'?)"
        ),
        "selectionMismatch",
    ),
    (
        r"Variable '\$(?P<variableName>\w+)' is not defined(?: by operation '(?P<op>\w+)')?",
        "Variable ${variableName} is used by {op} but not declared",
        "variableNotDefined",
    ),
    (
        r"Variable '\$(?P<variableName>\w+)' is never used(?: in operation '(?P<op>\w+)')?",
        "Variable ${variableName} is declared by {op} but not used",
        "variableNotUsed",
    ),
]


def invalid(error: GraphQLError, document: DocumentNode) -> Refusal:
    """Say why a query does not fit the schema."""
    refusal: Refusal = {"message": error.message, "locations": _locations(error)}
    refusal["path"] = _path(document, error.nodes[0]) if error.nodes else []
    for pattern, message, code in WORDS:
        if found := re.match(pattern, error.message):
            said = {key: value or "anonymous query" for key, value in found.groupdict().items()}
            refusal["message"] = message.format(**said)
            said.pop("op", None)
            refusal["extensions"] = {"code": code, **said}
            break
    return refusal


def unreadable(error: GraphQLSyntaxError) -> Refusal:
    """Say where a text is no GraphQL."""
    line, column = error.locations[0] if error.locations else (1, 1)
    unexpected = re.split(r"Unexpected |found ", error.description)[-1].rstrip(".")
    where = "end of file" if "<EOF>" in unexpected else f"{unexpected} at [{line}, {column}]"
    return {
        "message": f"syntax error, unexpected {where}",
        "locations": [{"line": line, "column": column}],
    }


def bad_variable(error: GraphQLError) -> Refusal:
    """Say which variable has no value or a wrong one."""
    declared: Any = error.nodes[0] if error.nodes else None
    name, kind = declared.variable.name.value, print_ast(declared.type)
    return {
        "message": f"Variable ${name} of type {kind} was provided invalid value",
        "locations": _locations(error),
        "extensions": {"code": "INVALID_VARIABLE", "problems": [{"explanation": error.message}]},
    }


def bad_page(node: FieldNode, message: str) -> Refusal:
    """Refuse a page without a size, or with one that is too large."""
    return {
        "message": message,
        "locations": _locations(GraphQLError("", node)),
        "extensions": {"code": "BAD_REQUEST"},
        "path": [(node.alias or node.name).value],
    }


def too_costly(cost: int, limit: int) -> Refusal:
    """Refuse a query that costs more than one query may."""
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({limit})."
    return {
        "message": message + COST_ADVICE,
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": limit,
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        },
    }


def throttled() -> Refusal:
    """Refuse a query that the bucket cannot pay."""
    documentation = "https://shopify.dev/api/usage/rate-limits"
    return {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": documentation},
    }


def access_denied(field: str, scopes: Iterable[str]) -> GraphQLError:
    """Refuse one field; the rest of the answer stays."""
    *others, last = [f"`{scope}` access scope" for scope in scopes]
    required = f"{', '.join(others)} or {last}." if others else f"{last}."
    return GraphQLError(
        f"Access denied for {field} field. Required access: {required}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": required,
        },
    )


def _locations(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": line, "column": column} for line, column in (error.locations or [])]


def _path(document: DocumentNode, wanted: Node) -> list[str]:
    """Tell the way to a node as graphql-ruby does: `query Orders`, `orders`, `nodes`."""

    def inside(node: Node, way: list[str]) -> list[str] | None:
        way = way + _step(node)
        if node is wanted:
            return way
        selections = getattr(getattr(node, "selection_set", None), "selections", ())
        children = [*selections, *getattr(node, "arguments", ())]
        return next((found for child in children if (found := inside(child, way))), None)

    return next((found for each in document.definitions if (found := inside(each, []))), [])


def _step(node: Node) -> list[str]:
    if isinstance(node, OperationDefinitionNode):
        return [f"{node.operation.value} {node.name.value}" if node.name else node.operation.value]
    if isinstance(node, FragmentDefinitionNode):
        return [f"fragment {node.name.value}"]
    if isinstance(node, InlineFragmentNode):
        return [f"... on {node.type_condition.name.value}" if node.type_condition else "..."]
    return [(getattr(node, "alias", None) or node.name).value] if hasattr(node, "name") else []
