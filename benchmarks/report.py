"""The report of many orders: its size, its opening in Chromium, its workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def measure(_scratch: Path) -> str:
    """Measure a report."""
    return "## Report"
