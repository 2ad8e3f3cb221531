"""What a query selects, read with the schema beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Any
"""A type with fields: an object, an interface or a union."""


class Selected(NamedTuple):
    """One field that is selected, with all that is selected below it."""

    key: str
    name: str
    owner: Kind
    wanted: Any
    """The field's type as the schema has it, list and null included."""
    kind: Kind
    arguments: dict[str, ValueNode]
    below: list[SelectionSetNode]

    @property
    def is_connection(self) -> bool:
        """Tell whether the field is a list served in pages."""
        return str(self.kind.name).endswith("Connection")


class Selections:
    """Reads the selections of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._types = schema.type_map
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def fields(self, selections: Iterable[SelectionSetNode], owner: Kind) -> list[Selected]:
        """Return the fields, fragments opened, those of one key put together."""
        merged: dict[str, Selected] = {}
        for node, parent in self._opened(selections, owner):
            field = getattr(parent, "fields", {}).get(node.name.value)
            if field is None:  # __typename
                continue
            key = (node.alias or node.name).value
            arguments = {each.name.value: each.value for each in node.arguments}
            kind = get_named_type(field.type)
            first = Selected(key, node.name.value, parent, field.type, kind, arguments, [])
            if node.selection_set:
                merged.setdefault(key, first).below.append(node.selection_set)
            merged.setdefault(key, first)
        return list(merged.values())

    def nodes(self, connection: Selected) -> tuple[Kind, list[SelectionSetNode], set[str]]:
        """Return what is selected of a connection's nodes, and by which of its fields."""
        ways = self.fields(connection.below, connection.kind)
        by_nodes = [each.below for each in ways if each.name == "nodes"]
        edges = [each for each in ways if each.name == "edges"]
        by_edges = [
            each.below
            for edge in edges
            for each in self.fields(edge.below, edge.kind)
            if each.name == "node"
        ]
        below = [each for group in (*by_nodes, *by_edges) for each in group]
        kind = get_named_type(connection.kind.fields["nodes"].type)
        return kind, below, {each.name for each in ways}

    def _opened(
        self, selections: Iterable[SelectionSetNode], owner: Kind
    ) -> Iterator[tuple[FieldNode, Kind]]:
        for each in (node for selection in selections for node in selection.selections):
            if isinstance(each, FieldNode):
                yield each, owner
            else:
                yield from self._opened(*self._fragment(each, owner))

    def _fragment(self, node: SelectionNode, owner: Kind) -> tuple[list[SelectionSetNode], Kind]:
        fragment: Any = node
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
        condition = fragment.type_condition
        return [fragment.selection_set], self._types[condition.name.value] if condition else owner
