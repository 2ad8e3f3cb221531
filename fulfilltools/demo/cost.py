"""What a query costs, and the bucket the points are taken from.

Shopify documents the kinds (https://shopify.dev/docs/api/usage/limits#cost-calculation):
a scalar costs nothing, an object 1, a connection 2 and its page. How a page grows with its
size is not documented; `2 + floor(2 ln n) * one node` meets all recorded answers.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    is_leaf_type,
    value_from_ast_untyped,
)

from fulfilltools.demo.selections import Kind, Selected, Selections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import SelectionSetNode

    from fulfilltools.demo.records import Value

    Variables = Mapping[str, Any]

QUERY_LIMIT = 1000
"""The most that one query may cost."""

FREE_KINDS = {"MoneyBag", "MoneyV2", "PageInfo", "MailingAddress"}
COUNT_COST = 10
MUTATION_COST = 10
"""A mutation costs this flat, its payload's own objects included."""

FREE_IN_ANSWERS = {("FulfillmentOrder", "order")}
"""Requested it costs 1, answered mostly nothing, as recorded; the order is loaded already."""


@dataclass(frozen=True, slots=True)
class Step:
    """One selected field with what it costs."""

    key: str
    below: tuple[Step, ...]
    own: int = 1
    answered: int = 1
    is_page: bool = False
    sizes: tuple[ValueNode, ...] = ()
    """`first` and `last`, of which one is set, where the field is a connection."""
    ids: ValueNode | None = None
    """The ids asked for: the same selection is made for each."""

    def requested(self, variables: Variables) -> int:
        """Return what this field costs at most."""
        below = sum(step.requested(variables) for step in self.below)
        if self.is_page:
            return 2 + self._asked(variables) * below
        ids = _read(self.ids, variables)
        return self.own + below * (len(ids) if isinstance(ids, list) else 1)

    def actual(self, value: Value, variables: Variables) -> int:
        """Return what the answer to this field cost."""
        if self.is_page:
            return 2 + self._page(value, variables)
        if isinstance(value, list):
            each_below = [self._inside(each, variables) for each in value]
            return self.answered + (sum(each_below) if self.ids else max(each_below, default=0))
        return self.answered + self._inside(value, variables)

    def _page(self, value: Value, variables: Variables) -> int:
        if value is None or not self.below:
            return 0
        nodes = value.get("nodes") or [edge.get("node") for edge in value.get("edges") or ()]
        if not nodes:  # as recorded: an empty page costs what bare nodes would
            return self._asked(variables)
        return _scale(len(nodes)) * max(self.below[0].actual(each, variables) for each in nodes)

    def _asked(self, variables: Variables) -> int:
        return max((_scale(_read(size, variables)) for size in self.sizes), default=0)

    def _inside(self, value: Value, variables: Variables) -> int:
        if not isinstance(value, dict):
            return 0
        return sum(step.actual(value.get(step.key), variables) for step in self.below)


def _read(node: ValueNode | None, variables: Variables) -> Value:
    return value_from_ast_untyped(node, dict(variables)) if node else None


def _scale(size: Value) -> int:
    return math.floor(2 * math.log(max(2, size))) if isinstance(size, int) and size else 0


class Plan:
    """The cost of one operation, for any variables and any answer."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._selections = Selections(schema, document)
        own = MUTATION_COST if operation.operation is OperationType.MUTATION else 1
        root = schema.get_root_type(operation.operation)
        self._root = Step("", self._steps([operation.selection_set], root, own), 0, 0)

    def requested(self, variables: Variables) -> int:
        """Return the points that the query costs at most."""
        return self._root.requested(variables)

    def actual(self, data: Value, variables: Variables) -> int:
        """Return the points that the answer cost, never more than requested."""
        return min(self._root.actual(data or {}, variables), self.requested(variables))

    def _steps(
        self, below: Iterable[SelectionSetNode], owner: Kind, own: int = 1, *, is_root: bool = True
    ) -> tuple[Step, ...]:
        return tuple(
            self._step(field, own, is_root=is_root)
            for field in self._selections.fields(below, owner)
            if not is_leaf_type(field.kind) and field.kind.name not in FREE_KINDS
        )

    def _step(self, field: Selected, own: int, *, is_root: bool) -> Step:
        if field.is_connection:
            kind, below, _ = self._selections.nodes(field)
            node = (Step("", self._steps(below, kind, is_root=False)),) if below else ()
            sizes = (field.arguments[each] for each in ("first", "last") if each in field.arguments)
            return Step(field.key, node, is_page=True, sizes=tuple(sizes))
        if is_root and field.kind.name == "Count":
            own = COUNT_COST
        # Below a mutation stands its payload, which the flat cost has paid.
        paid = 0 if is_root and own == MUTATION_COST else 1
        below_steps = self._steps(field.below, field.kind, paid, is_root=False)
        answered = 0 if (field.owner.name, field.name) in FREE_IN_ANSWERS else own
        return Step(field.key, below_steps, own, answered, ids=field.arguments.get("ids"))


class Bucket:
    """The points an app may spend, restored as time goes by."""

    def __init__(self, size: int, restore_rate: int) -> None:
        self._size, self._rate = size, restore_rate
        self._available, self._at = float(size), time.monotonic()
        self._lock = threading.Lock()

    def take(self, points: int) -> bool:
        """Take points out, or answer False where there are too few."""
        with self._lock:
            self._restore()
            enough = self._available >= points
            self._available -= points if enough else 0
            return enough

    def give_back(self, points: int) -> None:
        """Put back what a query asked for and did not use."""
        with self._lock:
            self._available = min(self._size, self._available + points)

    def status(self) -> dict[str, int]:
        """Return Shopify's `throttleStatus`."""
        with self._lock:
            self._restore()
            return {
                "maximumAvailable": self._size,
                "currentlyAvailable": int(self._available),
                "restoreRate": self._rate,
            }

    def _restore(self) -> None:
        now = time.monotonic()
        self._available = min(self._size, self._available + (now - self._at) * self._rate)
        self._at = now
