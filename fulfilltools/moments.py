"""Dates and moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from fulfilltools.errors import SettingsError

LAST = "last"
"""Instead of a date: what changed since the shop's last run."""

FIRST_YEAR, LAST_YEAR = 2004, 2199
"""Shopify's own age, and what calendars of holidays reach."""


def parse_since(text: str | None) -> datetime | None:
    """Read since when orders are wanted; None where that is not a date. Raises SettingsError."""
    return parse_moment(text, "since") if text and text != LAST else None


def parse_moment(text: str, name: str) -> datetime:
    """Read an ISO date or moment, UTC where it names no zone. Raises SettingsError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{name} is {text!r}, which is no date. Write it like 2026-11-23 or "
            "2026-11-23T07:00:00Z."
        ) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise SettingsError(f"{name} is {text!r}; the year must be {FIRST_YEAR} to {LAST_YEAR}.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)
