"""The causes, in the order they are asked: the first that is true is the root cause.

Facts about the whole order come first, then what cannot be seen, danger, blocks that Shopify
itself records, money and risk, dates, faults of a whole integration, stock, services, and
last the ordinary queue. Money and risk never outrank a service that has accepted.
"""

from fulfilltools.cause import Cause
from fulfilltools.causes import (
    delivery,
    digital,
    holds,
    integration,
    order,
    payment,
    queue,
    refusals,
    remainder,
    services,
    stock,
    store,
)

FAMILIES = (
    order,
    holds,
    refusals,
    payment,
    delivery,
    integration,
    stock,
    services,
    digital,
    store,
    remainder,
    queue,
)

CAUSES: tuple[Cause, ...] = tuple(
    made for family in FAMILIES for made in vars(family).values() if isinstance(made, Cause)
)

BY_CODE = {made.code: made for made in CAUSES}

__all__ = ["BY_CODE", "CAUSES", "FAMILIES"]
