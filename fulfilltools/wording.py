"""Values as people read them: money, dates, durations, statuses; sentences made of them.

A template names columns in braces: `{outstanding:money}`, `{cancelled_at:date}`,
`{age_hours:duration}`, `{hours_late:business}`, `{financial_status:words}`. A part in square
brackets is left out when a value in it is missing: `At {location}[, by {fulfill_by:date}]`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.units import format_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

LANGUAGE = "en"
"""Texts are English; numbers and dates follow it. Swedish comes with its catalog."""

HOURS_A_DAY = 24

MISSING = "not known"

_CODE_BEFORE_DIGIT = re.compile(r"(?<=[A-Z]{3})(?=\d)")
"""Babel leaves no space after a code that has no symbol of its own."""

_PART = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")


def money(amount: float | Decimal, currency: str, language: str = LANGUAGE) -> str:
    """Format an amount with its currency's own decimals: SEK 1,234.50, ¥1,234."""
    text = format_currency(Decimal(str(amount)), currency, locale=language)
    return _CODE_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", text)


def plain_amount(amount: float | Decimal, currency: str) -> str:
    """Write an amount for machines: a point, the currency's own decimals, no separators."""
    decimals = get_currency_precision(currency)
    return str(round(Decimal(str(amount)), decimals).quantize(Decimal(1).scaleb(-decimals)))


def number(value: float, language: str = LANGUAGE) -> str:
    """Format a number with the language's separators, to one decimal at the most."""
    return format_decimal(round(float(value), 1), locale=language)


def duration(hours: float, language: str = LANGUAGE) -> str:
    """Say hours as people do: 40 minutes, 7 hours, 3 days."""
    size = abs(hours)
    if size < 1:
        return format_unit(round(size * 60), "duration-minute", locale=language)
    if size < 2 * HOURS_A_DAY:
        return format_unit(round(size), "duration-hour", locale=language)
    return format_unit(round(size / HOURS_A_DAY), "duration-day", locale=language)


def business_time(hours: float, hours_a_day: float = HOURS_A_DAY, language: str = LANGUAGE) -> str:
    """Say hours of business days: 30 business hours, 3 business days."""
    size = abs(hours)
    if size < 2 * hours_a_day:
        return f"{format_decimal(round(size), locale=language)} business hours"
    return f"{format_decimal(round(size / hours_a_day), locale=language)} business days"


def moment(at: datetime, zone: str = "UTC", language: str = LANGUAGE) -> str:
    """Say a moment in the shop's time zone: 20 Nov 2026 09:00."""
    return format_datetime(at, "d MMM y HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def words(status: str) -> str:
    """Turn an enum value into words: PARTIALLY_PAID into partially paid."""
    return status.replace("_", " ").lower()


def sentence(template: str, row: Mapping[str, Any], zone: str = "UTC") -> str:
    """Fill a template from a backlog row; bracketed parts with a missing value are left out."""
    kept = _PART.sub(lambda part: part[1] if _has_all(part[1], row) else "", template)
    return _FIELD.sub(lambda place: _value(row, place[1], place[2] or "text", zone), kept)


def _has_all(part: str, row: Mapping[str, Any]) -> bool:
    return all(not pd.isna(row[name]) for name, _ in _FIELD.findall(part))


def _value(row: Mapping[str, Any], name: str, spec: str, zone: str) -> str:
    value = row[name]
    if pd.isna(value):
        return MISSING
    if spec == "money":
        return money(value, row["currency"])
    if spec == "date":
        return moment(value, zone)
    if spec == "business":
        return business_time(value, row["business_day_hours"])
    return _SPECS[spec](value)


_SPECS: dict[str, Callable[[Any], str]] = {
    "text": lambda value: number(value) if isinstance(value, int | float) else str(value),
    "words": words,
    "duration": duration,
}
