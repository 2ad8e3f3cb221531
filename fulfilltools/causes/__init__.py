"""The causes, in the order they are asked: the first that is true is the root cause.

Facts about the whole order come first, then what cannot be seen, danger, blocks that Shopify
itself records, money and risk, dates, faults of a whole integration, stock, services, and
last the ordinary queue. Money and risk never outrank a service that has accepted.
"""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

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
from fulfilltools.errors import CauseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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

LAST_RESORT = CAUSES[-1]
"""Explains nothing: it is true of every row, and asked last."""

BY_CODE = {made.code: made for made in CAUSES}

ORDINARY_QUEUE = tuple(made for made in vars(queue).values() if isinstance(made, Cause))


def chosen(off: Sequence[str] = (), own: Sequence[Path] = ()) -> tuple[Cause, ...]:
    """List the causes to ask: all but those switched off, and one's own of Python files.

    One's own are asked before the ordinary queue, in the order of the files. Raises CauseError
    for a code that does not exist, a file that cannot be read, or a code that is taken.
    """
    if odd := sorted(set(off) - set(BY_CODE)):
        raise CauseError(f"causes_off names {', '.join(odd)}, which no cause is called.")
    if LAST_RESORT.code in off:
        raise CauseError("unexplained cannot be switched off: no row may be lost.")
    mine = [made for file in own for made in load(file)]
    if taken := sorted({made.code for made in mine} & set(BY_CODE)):
        raise CauseError(f"Causes of your own are called {', '.join(taken)}; choose other names.")
    before = [made for made in CAUSES if made not in ORDINARY_QUEUE]
    return tuple(made for made in (*before, *mine, *ORDINARY_QUEUE) if made.code not in off)


def load(file: Path) -> list[Cause]:
    """Read the causes of a Python file, in the order they stand there. Raises CauseError."""
    try:
        found = runpy.run_path(str(file))
    except CauseError:
        raise
    except Exception as error:
        raise CauseError(f"{file} cannot be read as causes: {error}. Mend it.") from error
    causes = [made for made in found.values() if isinstance(made, Cause)]
    if not causes:
        raise CauseError(f"{file} declares no cause. Put @cause above its functions.")
    return causes


__all__ = ["BY_CODE", "CAUSES", "FAMILIES", "LAST_RESORT", "chosen", "load"]
