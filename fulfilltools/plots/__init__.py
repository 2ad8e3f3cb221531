"""One function per picture: a Diagnosis or a Run in, matplotlib Axes out.

Every picture is drawn from a small table, so the numbers can always be read beside it. `draw`
turns a picture into SVG with its title, its text alternative and that table. The house style
is applied in a context, never globally, and pyplot's global state is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fulfilltools.plots.backlog import (
    age_bucket,
    ageing,
    causes,
    locations,
    needing_action,
    value_at_risk,
)
from fulfilltools.plots.bars import AGE_COLORS, DARK, NOTHING, SEVERITY_COLORS
from fulfilltools.plots.drawing import Picture, draw, inline_svg, style_sheet
from fulfilltools.plots.movement import rhythm, time_to_ship, trend
from fulfilltools.plots.story import timeline
from fulfilltools.plots.waiting import waiting
from fulfilltools.wording import label

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    Plot = Callable[[Any], Axes]

__all__ = [
    "AGE_COLORS",
    "DARK",
    "NOTHING",
    "PICTURES",
    "RUN_PICTURES",
    "SEVERITY_COLORS",
    "Picture",
    "age_bucket",
    "ageing",
    "causes",
    "draw",
    "inline_svg",
    "label",
    "locations",
    "needing_action",
    "rhythm",
    "style_sheet",
    "time_to_ship",
    "timeline",
    "trend",
    "value_at_risk",
    "waiting",
]

PICTURES: tuple[Plot, ...] = (causes, value_at_risk, waiting, locations, ageing)
"""The report's pictures of a Diagnosis, in its order."""

RUN_PICTURES: tuple[Plot, ...] = (time_to_ship, trend, rhythm)
"""Those of a Run: they read its tables of all orders, shipped ones too."""
