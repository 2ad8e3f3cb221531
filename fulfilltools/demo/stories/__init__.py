"""Every story of the demo shop: why each open order is stuck, told by the one who knows.

A story is a function of a few lines that acts an order out; its decorator says why the order
is stuck when the story ends, and which causes only look true of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fulfilltools.demo.stories import (
    digital,
    finished,
    holds,
    manual,
    money,
    places,
    remainders,
    services,
)
from fulfilltools.demo.stories.telling import tell

if TYPE_CHECKING:
    from fulfilltools.demo.shop import Shop

CHAPTERS = (manual, finished, holds, services, money, digital, places, remainders)


def tell_everything(shop: Shop) -> None:
    """Act out all chapters."""
    for chapter in CHAPTERS:
        tell(shop, chapter)
