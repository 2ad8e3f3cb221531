"""The packaged paged queries, rewritten as bulk operations want them.

A bulk query has neither name, variables, fragments nor pages, and reads its connections by
`edges { node }`: https://shopify.dev/docs/api/usage/bulk-operations/queries. So both ways of
fetching ask the same fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLString,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    ast_from_value,
    parse,
    print_ast,
)

from fulfilltools.admin.scopes import build_query

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_PAGING = {"first", "after"}


def bulk_query(name: str, granted: Collection[str], version: str, **values: str) -> str:
    """Rewrite the packaged query `name` for a bulk operation, its variables filled in."""
    document = parse(build_query(name, granted, version), no_location=True)
    fragments = {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)  # noqa: S101 - build_query puts it first
    return print_ast(_Rewriting(fragments, values).selections(operation.selection_set))


class _Rewriting:
    def __init__(
        self, fragments: Mapping[str, SelectionSetNode], values: Mapping[str, str]
    ) -> None:
        self.fragments, self.values = fragments, values

    def selections(self, below: SelectionSetNode) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(self._opened(below)))

    def _opened(self, below: SelectionSetNode) -> Iterator[SelectionNode]:
        for node in below.selections:
            if isinstance(node, FragmentSpreadNode):
                yield from self._opened(self.fragments[node.name.value])
            elif isinstance(node, FieldNode):
                yield self._field(node)
            else:
                yield node

    def _field(self, node: FieldNode) -> FieldNode:
        below = node.selection_set
        if below is None:
            return node
        nodes = next((each for each in below.selections if _name(each) == "nodes"), None)
        if not isinstance(nodes, FieldNode) or nodes.selection_set is None:
            return _field(node.name.value, self.selections(below), node.arguments)
        # A list keeps its `first`; a connection is read whole.
        arguments = [each for each in node.arguments if each.name.value not in _PAGING]
        inner = _field("node", self.selections(nodes.selection_set))
        edges = _field("edges", SelectionSetNode(selections=(inner,)))
        return _field(
            node.name.value,
            SelectionSetNode(selections=(edges,)),
            [self._filled(each) for each in arguments],
        )

    def _filled(self, argument: ArgumentNode) -> ArgumentNode:
        if not isinstance(argument.value, VariableNode):
            return argument
        text = self.values[argument.value.name.value]
        value = ast_from_value(text, GraphQLString)
        return ArgumentNode(name=argument.name, value=value)


def _name(node: SelectionNode) -> str:
    return node.name.value if isinstance(node, FieldNode) else ""


def _field(name: str, below: SelectionSetNode, arguments: Collection[Any] = ()) -> FieldNode:
    return FieldNode(
        name=NameNode(value=name),
        arguments=tuple(arguments),
        directives=(),
        selection_set=below,
    )
