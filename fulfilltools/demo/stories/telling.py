"""How a story is told: the decorator that says what the truth is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fulfilltools.demo.merchant import Order
from fulfilltools.demo.shop import Shop, Truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from fulfilltools.demo.cards import Card

__all__ = ["Order", "Shop", "Story", "story", "tell"]


@dataclass(frozen=True)
class Story:
    """A function that acts one order out, and the truth about how it ends."""

    act: Callable[[Shop], Order]
    code: str | None
    variant: str | None
    unlike: tuple[str, ...]
    times: int

    def tell(self, shop: Shop) -> None:
        """Act it out and note the truth of every card still open (or of the order)."""
        for _ in range(self.times):
            order = self.act(shop)
            _check_the_clock(order, shop)
            open_cards = [card for card in order.cards if card.is_open and not order.cards_hidden]
            stuck_ones: list[Card | Order] = [*open_cards] or [order]
            for stuck in stuck_ones:
                known = shop.truth.get(stuck)
                if known is None and self.code:
                    known = Truth(self.code, self.variant)
                if known:
                    shop.truth[stuck] = known._replace(story=known.story or self.title)
                if self.unlike:
                    shop.look_alikes[stuck] = self.unlike

    @property
    def title(self) -> str:
        """The story's name in plain words."""
        return self.act.__name__.replace("_", " ")


def _check_the_clock(order: Order, shop: Shop) -> None:
    if order.clock > shop.as_of:
        raise ValueError(f"a story of {order.placed} runs past the demo's present")


def story(
    code: str | None, variant: str | None = None, *, unlike: tuple[str, ...] = (), times: int = 1
) -> Callable[[Callable[[Shop], Order]], Story]:
    """Mark a function as a story; `unlike` are causes that must not fire on it."""
    return lambda act: Story(act, code, variant, unlike, times)


def tell(shop: Shop, chapter: ModuleType) -> None:
    """Tell the stories of a chapter in the order they are written."""
    for found in vars(chapter).values():
        if isinstance(found, Story):
            found.tell(shop)
