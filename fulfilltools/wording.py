"""Values as people read them, in their language: money, dates, durations, statuses, sentences.

A template names columns in braces: `{outstanding:money}`, `{cancelled_at:date}`,
`{supplier_shipped_at:day}`, `{age_hours:duration}`, `{hours_late:business}`,
`{financial_status:words}`, `{shipments:count:parcel|parcels}`. A part in square brackets is left
out when a value in it is missing: `At {location}[, by {fulfill_by:date}]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.units import format_unit

from fulfilltools.texts import CODE, LANGUAGE, catalog_texts, marked, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

HOURS_A_DAY = 24

MISSING = marked("not known")
UNKNOWN_PLACE = marked("unknown place")

_CODE_BEFORE_DIGIT = re.compile(r"(?<=[A-Z]{3})(?=\d)")
"""Babel leaves no space after a code that has no symbol of its own."""

_PART = re.compile(r"\[([^\[\]]*)\]")
FIELD = re.compile(r"\{(\w+)(?::(\w+))?(?::([^{}|]*)\|([^{}|]*))?\}")
"""A column, how it is told, and what it counts: one and several."""

_OFFSET = re.compile(r"Etc/GMT([+-])(\d+)")
"""The IANA zone of an order export, which names no other than an offset."""

_NUMBERED = re.compile(r"\\\{\d+\\\}")
_FIGURE = re.compile(r"\d{1,3}(,\d{3})+|\d+\.\d")


_remembered = lru_cache(maxsize=1 << 14)
"""A large backlog tells the same few numbers, days and sums again and again."""


@dataclass(frozen=True)
class Voice:
    """What tells texts and values in one language; passed on instead of the language alone."""

    language: str = LANGUAGE

    def say(self, text: str, **values: object) -> str:
        """Tell a text, its places filled in where values are given."""
        told = texts(self.language).gettext(text) if text else text
        return told.format(**values) if values else told

    def plural(self, one: str, several: str, count: float, **values: object) -> str:
        """Tell a text that counts something; its place is {n}, other places are `values`."""
        told = texts(self.language).ngettext(one, several, round(count))
        return told.format(n=self.number(count), **values)

    def named(self, name: str) -> str:
        """Tell a name of ours, such as a heading or a severity; leave the shop's as they are."""
        told = self.say(name)
        return told if told != name else texts(self.language).pgettext(CODE, name)

    def words(self, code: object) -> str:
        """See `words`."""
        return words(str(code), self.language)

    def label(self, code: object) -> str:
        """See `label`."""
        return label(code, self.language)

    def number(self, value: float) -> str:
        """See `number`."""
        return number(value, self.language)

    def money(self, amount: float | Decimal, currency: str) -> str:
        """See `money`."""
        return money(amount, currency, self.language)

    def duration(self, hours: float) -> str:
        """See `duration`."""
        return duration(hours, self.language)

    def moment(self, at: datetime, zone: str = "UTC") -> str:
        """See `moment`."""
        return moment(at, zone, self.language)

    def retold(self, text: str) -> str:
        """See `retold`."""
        return retold(text, self.language)


ENGLISH = Voice()


@_remembered
def money(amount: float | Decimal, currency: str, language: str = LANGUAGE) -> str:
    """Format an amount with its currency's own decimals: SEK 1,234.50, ¥1,234."""
    text = format_currency(Decimal(str(amount)), currency, locale=language)
    return _CODE_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", text)


def plain_amount(amount: float | Decimal, currency: str) -> str:
    """Write an amount for machines: a point, the currency's own decimals, no separators."""
    decimals = get_currency_precision(currency)
    return str(round(Decimal(str(amount)), decimals).quantize(Decimal(1).scaleb(-decimals)))


@_remembered
def number(value: float, language: str = LANGUAGE) -> str:
    """Format a number with the language's separators, to one decimal at the most."""
    return format_decimal(round(float(value), 1), locale=language)


@_remembered
def counted(value: float, one: str, several: str, language: str = LANGUAGE) -> str:
    """Count things by the language's plural: 1 parcel, 2 parcels."""
    form = one if Locale.parse(language).plural_form(value) == "one" else several
    return f"{number(value, language)} {form}"


@_remembered
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
    size, plural = abs(hours), texts(language).ngettext
    if size < 2 * hours_a_day:
        hours = round(size)
        forms = plural("{n} business hour", "{n} business hours", hours)
        return forms.format(n=number(hours, language))
    days = round(size / hours_a_day)
    forms = plural("{n} business day", "{n} business days", days)
    return forms.format(n=number(days, language))


@_remembered
def moment(at: datetime, zone: str = "UTC", language: str = LANGUAGE) -> str:
    """Say a moment in the shop's time zone: 20 Nov 2026 09:00."""
    return format_datetime(at, "d MMM y HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def day_or_moment(at: datetime, zone: str = "UTC", language: str = LANGUAGE) -> str:
    """Say a moment that may be a date only: 20 Nov 2026 09:00, or 20 Nov 2026.

    A date is kept as its midnight, in UTC (dates in files) or in the shop's zone (in tags).
    """
    for its_own in ("UTC", zone):
        local = at.astimezone(ZoneInfo(its_own))
        if local.time() == time.min:
            return format_date(local, "d MMM y", locale=language)
    return moment(at, zone, language)


def zone_name(zone: str) -> str:
    """Name a time zone for people: Etc/GMT-1, signed the other way round by POSIX, is UTC+1."""
    offset = _OFFSET.fullmatch(zone)
    return f"UTC{'+' if offset[1] == '-' else '-'}{offset[2]}" if offset else zone


ACRONYMS = {"b2b": "B2B", "pos": "POS", "sla": "SLA"}
"""Parts of codes that are no words."""


def words(status: str, language: str = LANGUAGE) -> str:
    """Turn enum values or codes into words: PARTIALLY_PAID into partially paid, delvis betald."""
    say = texts(language).pgettext
    told = ", ".join(say(CODE, one.replace("_", " ").lower()) for one in status.split(", "))
    return " ".join(ACRONYMS.get(word, word) for word in told.split(" "))


def label(code: object, language: str = LANGUAGE) -> str:
    """Write a code as words that begin a line: `payment_pending` → Payment pending."""
    text = words(str(code), language)
    return text[:1].upper() + text[1:]


def retold(text: str, language: str = LANGUAGE) -> str:
    """Translate a sentence that was already filled in English, such as a note of the fetch.

    Its catalog entry has numbered places: `API version {0} was asked and {1} answered.`
    A text without an entry stays as it is.
    """
    if language == LANGUAGE:
        return text
    for pattern, template in _numbered(language):
        if found := pattern.fullmatch(text):
            return template.format(
                *(retold(_regrouped(one, language), language) for one in found.groups())
            )
    return texts(language).gettext(text) if text else text


@cache
def _numbered(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """List the entries with numbered places, the most literal first."""
    found = {
        _NUMBERED.sub("(.+?)", re.escape(text)): told
        for text, told in catalog_texts(language)
        if "{0}" in text
    }
    longest = sorted(found, key=lambda pattern: len(pattern.replace("(.+?)", "")), reverse=True)
    return tuple((re.compile(pattern), found[pattern]) for pattern in longest)


def _regrouped(text: str, language: str) -> str:
    """Write a figure such as 1,200 or 1.5 as the language does; leave other texts."""
    return number(float(text.replace(",", "")), language) if _FIGURE.fullmatch(text) else text


def sentence(
    template: str, row: Mapping[str, Any], zone: str = "UTC", language: str = LANGUAGE
) -> str:
    """Fill a template from a backlog row; bracketed parts with a missing value are left out.

    The template is given in English and told in `language`.
    """
    told = texts(language).gettext(template)
    kept = _PART.sub(lambda part: part[1] if _has_all(part[1], row) else "", told)
    return FIELD.sub(lambda place: _value(row, place, zone, language), kept)


def _has_all(part: str, row: Mapping[str, Any]) -> bool:
    return not any(_is_missing(row[place[1]]) for place in FIELD.finditer(part))


def _is_missing(value: Any) -> bool:  # noqa: ANN401 - any cell
    import pandas as pd  # noqa: PLC0415 - the command has words to say that need no pandas

    return bool(pd.isna(value))


def _value(row: Mapping[str, Any], place: re.Match[str], zone: str, language: str) -> str:
    name, spec, one, several = place.groups()
    value = row[name]
    if _is_missing(value):
        return texts(language).gettext(MISSING)
    match spec:
        case "money":
            return money(value, row["currency"], language)
        case "date" | "day":
            told = day_or_moment if spec == "day" else moment
            return told(value, zone, language)
        case "business":
            return business_time(value, row["business_day_hours"], language)
        case "count":
            return counted(value, one, several, language)
        case _:
            return _SPECS[spec or "text"](value, language)


_SPECS: dict[str, Callable[[Any, str], str]] = {
    "text": lambda value, language: (
        number(value, language) if isinstance(value, int | float) else str(value)
    ),
    "words": words,
    "duration": duration,
}
