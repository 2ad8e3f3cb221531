"""The workbook: worklists with real types, made for filtering, safe against formulas."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter
from babel.numbers import get_currency_precision
from xlsxwriter.exceptions import FileCreateError

from fulfilltools import history
from fulfilltools.plots import needing_action
from fulfilltools.report.numbers import Facts, findings_list, setting
from fulfilltools.texts import marked
from fulfilltools.wording import Voice, zone_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pandas import DataFrame, Index
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Changes, Snapshot

MOST_IN_TABLES = 5_000
"""Rows up to which sheets are Excel tables; beyond, memory must not grow with them."""

AT_ONCE = 1_000
"""Rows made at a time."""

LONGEST_IN_FORMULA = 255

SHEETS = (
    marked("Summary"),
    marked("Worklist"),
    marked("All orders"),
    marked("Causes"),
    marked("Changes"),
    marked("Data quality"),
)
HEADERS = {
    "order": (marked("Order"), 12),
    "severity": (marked("Severity"), 10),
    "cause": (marked("Cause"), 26),
    "variant": (marked("Variant"), 16),
    "evidence": (marked("Evidence"), 60),
    "action": (marked("Next step"), 48),
    "owner": (marked("Owner"), 12),
    "verdict": (marked("Verdict"), 16),
    "age_hours": (marked("Waiting (hours)"), 11),
    "created_at": (marked("Created ({zone})"), 18),
    "value": (marked("Value"), 13),
    "currency": (marked("Currency"), 9),
    "location": (marked("Location"), 24),
    "proof": (marked("Proof"), 10),
    "also": (marked("Also"), 28),
    "order_id": (marked("Order ID"), 34),
    "fulfillment_order_id": (marked("Fulfillment order ID"), 44),
}
CAUSE_HEADERS = {
    "cause": (marked("Cause"), 26),
    "title": (marked("What it means"), 70),
    "severity": (marked("Severity"), 10),
    "verdict": (marked("Verdict"), 16),
    "owner": (marked("Owner"), 12),
    "rows": (marked("Fulfillment orders"), 12),
    "orders": (marked("Orders"), 9),
    "oldest_hours": (marked("Longest wait (hours)"), 12),
    "value": (marked("Value"), 34),
}
CODES = ("severity", "owner", "verdict", "proof", "variant")
GROUPS = {
    marked("Severity"): "by_severity",
    marked("Owner"): "by_owner",
    marked("Location"): "by_location",
}
LACKS = marked("Permission missing: {scope}")
NOT_JUDGED = marked("Could not be judged: {cause}")
VERSION = marked("Version of {package}")
FREE_TEXTS = {"evidence", "variant", "created_at"}
"""Columns that may hold what somebody typed, and one that findings.json does not have."""

CHANGE_HEADERS = {
    "change": (marked("Change"), 10),
    "order": (marked("Order"), 12),
    "cause": (marked("Cause"), 26),
    "cause_before": (marked("Cause before"), 26),
    "severity": (marked("Severity"), 10),
    "owner": (marked("Owner"), 12),
    "action": (marked("Next step"), 48),
    "location": (marked("Location"), 24),
}
FACT_HEADERS = {"fact": (marked("What"), 38), "value": (marked("Value"), 90)}


class _Book:
    """An XlsxWriter workbook with this report's formats.

    A large one writes each row to a temporary file at once, so it takes the same memory however
    many there are. Excel's tables do not go with that, so there a sheet is a range with filters:
    https://xlsxwriter.readthedocs.io/working_with_memory.html.
    """

    def __init__(
        self, file: Path | io.BytesIO, created: pd.Timestamp, voice: Voice, rows: int
    ) -> None:
        self.voice = voice
        self.is_large = rows > MOST_IN_TABLES
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        options |= {"constant_memory": self.is_large, "in_memory": not self.is_large}
        self.book = xlsxwriter.Workbook(str(file) if isinstance(file, Path) else file, options)
        self.book.set_properties({"title": voice.say("Unfulfilled orders"), "created": created})
        self.head = self.book.add_format({"bold": True, "bottom": 1})
        self.formats: dict[str, Format] = {}

    def format(self, number_format: str) -> Format:
        """Give one format a number format; texts wrap and stand at the top."""
        if number_format not in self.formats:
            look = {"num_format": number_format, "valign": "top", "text_wrap": number_format == "@"}
            self.formats[number_format] = self.book.add_format(look)
        return self.formats[number_format]

    def sheet(
        self,
        name: str,
        headers: Mapping[str, tuple[str, int]],
        rows: Iterable[Mapping[str, Any]],
        count: int,
    ) -> None:
        """Add a sheet of `count` rows to be filtered; its names are told in English."""
        name = self.voice.say(name)
        sheet = self.book.add_worksheet(name)
        titles = [self.voice.say(title) for title, _ in headers.values()]
        area = (0, 0, max(count, 1), len(headers) - 1)
        if self.is_large:
            sheet.write_row(0, 0, titles, self.head)
            sheet.autofilter(*area)
        else:
            look = {"name": f"{name.replace(' ', '_')}_table", "style": "Table Style Light 1"}
            sheet.add_table(*area, look | {"columns": [{"header": title} for title in titles]})
        for column, (_, width) in enumerate(headers.values()):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for line, row in enumerate(rows, start=1):
            for column, key in enumerate(headers):
                self.cell(sheet, (line, column), key, row)

    def cell(
        self, sheet: Worksheet, place: tuple[int, int], key: str, row: Mapping[str, Any]
    ) -> None:
        """Write one value with its own type: link, date, money, number or text."""
        value = row[key]
        if value is None:
            sheet.write_blank(*place, None)
        elif key == "order" and str(row.get("admin_url")).startswith("https://"):
            self.link(sheet, place, row["admin_url"], value)
        elif key == "created_at":
            sheet.write_datetime(*place, value, self.format("yyyy-mm-dd hh:mm"))
        elif key == "value" and row.get("currency"):
            digits = get_currency_precision(row["currency"])
            number_format = f"#,##0.{'0' * digits}".rstrip(".")
            sheet.write_number(*place, float(value), self.format(number_format))
        elif isinstance(value, (int, float)):
            sheet.write_number(*place, value, self.format("#,##0"))
        else:
            sheet.write_string(*place, str(value), self.format("@"))

    def link(self, sheet: Worksheet, place: tuple[int, int], url: str, name: str) -> None:
        """Write a link: as a formula where links of their own would be kept in memory."""
        if not self.is_large:
            sheet.write_url(*place, url, string=name)
            return
        quoted = (text.replace('"', '""')[:LONGEST_IN_FORMULA] for text in (url, name))
        formula = '=HYPERLINK("{}","{}")'.format(*quoted)
        sheet.write_formula(*place, formula, self.book.get_default_url_format(), name)

    def finish(self) -> None:
        """Close the workbook. Raises OSError where it cannot be written."""
        try:
            self.book.close()
        except FileCreateError as error:
            raise error.args[0] from error


def workbook(
    file: Path,
    diagnosis: Diagnosis,
    facts: Facts,
    numbers: Mapping[str, Any],
    previous: Snapshot | None = None,
) -> None:
    """Write `report.xlsx`: summary, worklists, all orders, causes, changes, data quality.

    There is a worklist of everything that needs action, worst first, and one for each owner,
    in which what has the same cause stands together.
    """
    voice, zone = Voice(diagnosis.language), facts.time_zone
    created = pd.Timestamp(diagnosis.as_of).tz_convert("UTC").tz_localize(None)
    findings = diagnosis.findings.reset_index(drop=True)
    book = _Book(file, created, voice, len(findings))
    told = zone_name(zone)
    headers = {key: (voice.say(title, zone=told), width) for key, (title, width) in HEADERS.items()}

    def orders(name: str, places: Index[int]) -> None:
        book.sheet(name, headers, _rows(findings, places, zone, voice), len(places))

    def whole(name: str, heads: Mapping[str, tuple[str, int]], rows: list[dict[str, Any]]) -> None:
        book.sheet(name, heads, rows, len(rows))

    # Places and not rows, because each list of rows would be one more copy of the findings.
    acting = needing_action(findings[["verdict", "owner", "cause"]])
    whole(SHEETS[0], FACT_HEADERS, _summary_rows(numbers, voice))
    orders(SHEETS[1], acting.index)
    for owner, places in _by_owner(acting, voice).items():
        orders(owner, places)
    orders(SHEETS[2], findings.index)
    whole(SHEETS[3], CAUSE_HEADERS, [_cause_row(cause, voice) for cause in numbers["by_cause"]])
    changes = history.compare(history.Snapshot(facts.run_id, findings, facts.fetch), previous)
    count = len(changes.new) + len(changes.changed) + len(changes.cleared)
    book.sheet(SHEETS[4], CHANGE_HEADERS, _change_rows(changes, voice), count)
    whole(SHEETS[5], FACT_HEADERS, _quality_rows(numbers, facts, voice))
    book.finish()


def worklist(rows: Sequence[Mapping[str, Any]], as_of: str, voice: Voice) -> bytes:
    """Build a workbook of findings (objects of findings.json) without their free texts."""
    content, created = io.BytesIO(), pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None)
    book = _Book(content, created, voice, len(rows))
    headers = {key: title for key, title in HEADERS.items() if key not in FREE_TEXTS}
    book.sheet(SHEETS[1], headers, ({**row, **_told(row, voice)} for row in rows), len(rows))
    book.finish()
    return content.getvalue()


def _by_owner(acting: DataFrame, voice: Voice) -> dict[str, Index[int]]:
    """Part the worklist by owner; the cause with the worst row first, its rows together."""
    lists = {}
    for owner, rows in acting.groupby("owner", sort=True):
        order = {cause: place for place, cause in enumerate(rows["cause"].unique())}
        together = rows.sort_values("cause", key=lambda one: one.map(order), kind="stable")
        lists[voice.label(owner)] = together.index
    return lists


def _change_rows(changes: Changes, voice: Voice) -> Iterator[dict[str, Any]]:
    """List what is new, changed and cleared since the last run."""
    groups = {"new": changes.new, "changed": changes.changed, "cleared": changes.cleared}
    for change, rows in groups.items():
        for start in range(0, len(rows), AT_ONCE):
            some = rows.iloc[start : start + AT_ONCE]
            before = some.get("cause_before", pd.Series(None, some.index, dtype=object))
            for row, cause in zip(findings_list(some), before, strict=True):
                was = voice.label(cause) if isinstance(cause, str) else None
                told = {"change": voice.words(change), "cause_before": was}
                yield {**row, **_told(row, voice), **told}


def _rows(
    findings: DataFrame, places: Index[int], zone: str, voice: Voice
) -> Iterator[dict[str, Any]]:
    """Give the findings at these places, some at a time: told, the moment in the shop's zone."""
    for start in range(0, len(places), AT_ONCE):
        some = findings.iloc[places[start : start + AT_ONCE]]
        # Excel keeps no zone.
        created = pd.to_datetime(some["created_at"], utc=True).dt.tz_convert(ZoneInfo(zone))
        moments = created.dt.tz_localize(None)
        for row, moment in zip(findings_list(some), moments, strict=True):
            yield {
                **row,
                **_told(row, voice),
                "created_at": None if pd.isna(moment) else moment.to_pydatetime(),
            }


def _told(row: Mapping[str, Any], voice: Voice) -> dict[str, str]:
    """Tell the codes of a row: the cause as a name, the others as words."""
    told = {key: voice.words(row[key]) for key in CODES if row.get(key)}
    if "also" in row:
        told["also"] = ", ".join(map(voice.words, row["also"]))
    return told | {"cause": voice.label(row["cause"])}


def _cause_row(cause: Mapping[str, Any], voice: Voice) -> dict[str, Any]:
    return {**cause, **_told(cause, voice), "value": _amounts(cause["value"])}


def _summary_rows(numbers: Mapping[str, Any], voice: Voice) -> list[dict[str, Any]]:
    orders, since = numbers["orders"], numbers["since_last_run"]
    facts = {
        marked("Headline"): numbers["headline"],
        marked("Shop"): numbers["shop_name"] or numbers["shop"],
        marked("As of (UTC)"): numbers["as_of"],
        marked("Orders seen"): orders["seen"],
        marked("Unfulfilled orders"): orders["unfulfilled"],
        marked("Orders that need action"): orders["actionable"],
        marked("Open fulfillment orders"): numbers["rows"],
        marked("Past their promise"): numbers["late"]["rows"],
        marked("Value at risk"): _amounts(numbers["value_at_risk"]),
        marked("Unexplained"): numbers["unexplained"],
        marked("Compared with run"): since["previous"] or since["note"],
        marked("New"): len(since["new"]),
        marked("Cleared"): len(since["cleared"]),
        marked("Changed"): len(since["changed"]),
    }
    told = {voice.say(name): value for name, value in facts.items()}
    for title, key in GROUPS.items():
        names = {one: voice.named(one) for one in numbers[key]}
        told |= {f"{voice.say(title)}: {names[one]}": n for one, n in numbers[key].items()}
    return _facts(told.items())


def _quality_rows(numbers: Mapping[str, Any], facts: Facts, voice: Voice) -> list[dict[str, Any]]:
    fetch = numbers["fetch"]
    rows: list[tuple[str, Any]] = [
        (voice.say("Run"), numbers["run_id"]),
        (voice.say("Admin API version"), numbers["api_version"]),
        (voice.say("Orders counted by Shopify"), fetch.get("orders_counted")),
        (voice.say("Orders received"), fetch.get("orders_received")),
        (
            voice.say("Complete"),
            voice.say(marked("yes") if fetch.get("complete", True) else marked("NO")),
        ),
    ]
    missing = (fetch.get("scopes_missing") or {}).items()
    rows += [(voice.say(LACKS, scope=scope), voice.retold(what)) for scope, what in missing]
    rows += [(voice.say("Note"), voice.retold(note)) for note in fetch.get("notes") or []]
    unknown = numbers["unknown"]["by_cause"].items()
    rows += [(voice.say(NOT_JUDGED, cause=voice.label(code)), count) for code, count in unknown]
    rows += [(voice.label(name), setting(value, voice)) for name, value in facts.policy.items()]
    rows += [
        (voice.say(VERSION, package=name), version) for name, version in facts.versions.items()
    ]
    return _facts(rows)


def _facts(rows: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"fact": fact, "value": value} for fact, value in rows]


def _amounts(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items())
