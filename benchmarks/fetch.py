"""What a fetch asks of Shopify: requests, cost points, waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def measure(_scratch: Path) -> str:
    """Measure a fetch."""
    return "## Fetch"
