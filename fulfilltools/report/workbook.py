"""The workbook: worklists with real types, made for filtering, safe against formulas."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter
from babel.numbers import get_currency_precision

from fulfilltools import history
from fulfilltools.findings import CONTRACT
from fulfilltools.plots import needing_action
from fulfilltools.report.numbers import Facts, findings_list, setting
from fulfilltools.texts import marked
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pandas import DataFrame
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot

MOST_LINKS = 65_000
"""Excel takes 65,530 links a sheet."""

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
    """An XlsxWriter workbook in memory with this report's formats."""

    def __init__(self, created: pd.Timestamp, voice: Voice) -> None:
        self.voice = voice
        self.bytes = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(self.bytes, options)
        self.book.set_properties({"title": voice.say("Unfulfilled orders"), "created": created})
        self.formats: dict[str, Format] = {}

    def format(self, number_format: str) -> Format:
        """Give one format a number format; texts wrap and stand at the top."""
        if number_format not in self.formats:
            look = {"num_format": number_format, "valign": "top", "text_wrap": number_format == "@"}
            self.formats[number_format] = self.book.add_format(look)
        return self.formats[number_format]

    def sheet(
        self, name: str, headers: Mapping[str, tuple[str, int]], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add a sheet that is one table, its header frozen; its names are told in English."""
        name = self.voice.say(name)
        sheet = self.book.add_worksheet(name)
        titles = [{"header": self.voice.say(title)} for title, _ in headers.values()]
        table = f"{name.replace(' ', '_')}_table"
        last = max(len(rows), 1)
        sheet.add_table(
            0,
            0,
            last,
            len(headers) - 1,
            {"name": table, "columns": titles, "style": "Table Style Light 1"},
        )
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
        elif key == "order" and _is_link(row.get("admin_url"), place):
            sheet.write_url(*place, row["admin_url"], string=value)
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

    def finish(self) -> bytes:
        """Close the workbook and give its bytes."""
        self.book.close()
        return self.bytes.getvalue()


def workbook(
    diagnosis: Diagnosis,
    facts: Facts,
    numbers: Mapping[str, Any],
    previous: Snapshot | None = None,
) -> bytes:
    """Build `report.xlsx`: summary, worklists, all orders, causes, changes, data quality.

    There is a worklist of everything that needs action, worst first, and one for each owner,
    in which what has the same cause stands together.
    """
    voice, zone = Voice(diagnosis.language), facts.time_zone
    book = _Book(pd.Timestamp(diagnosis.as_of).tz_convert("UTC").tz_localize(None), voice)
    headers = {key: (voice.say(title, zone=zone), width) for key, (title, width) in HEADERS.items()}
    findings = diagnosis.findings
    book.sheet(SHEETS[0], FACT_HEADERS, _summary_rows(numbers, voice))
    book.sheet(SHEETS[1], headers, _rows(needing_action(findings), zone, voice))
    for owner, rows in _by_owner(needing_action(findings), voice).items():
        book.sheet(owner, headers, _rows(rows, zone, voice))
    book.sheet(SHEETS[2], headers, _rows(findings, zone, voice))
    book.sheet(
        SHEETS[3], CAUSE_HEADERS, [_cause_row(cause, voice) for cause in numbers["by_cause"]]
    )
    book.sheet(SHEETS[4], CHANGE_HEADERS, _change_rows(diagnosis, facts, previous))
    book.sheet(SHEETS[5], FACT_HEADERS, _quality_rows(numbers, facts, voice))
    return book.finish()


def worklist(rows: Sequence[Mapping[str, Any]], as_of: str, voice: Voice) -> bytes:
    """Build a workbook of findings (objects of findings.json) without their free texts."""
    book = _Book(pd.Timestamp(as_of).tz_convert("UTC").tz_localize(None), voice)
    headers = {key: title for key, title in HEADERS.items() if key not in FREE_TEXTS}
    book.sheet(SHEETS[1], headers, [{**row, **_told(row, voice)} for row in rows])
    return book.finish()


def _by_owner(findings: DataFrame, voice: Voice) -> dict[str, DataFrame]:
    """Part the worklist by owner; the cause with the worst row first, its rows together."""
    lists = {}
    for owner, rows in findings.groupby("owner", sort=True):
        order = {cause: place for place, cause in enumerate(rows["cause"].unique())}
        together = rows.sort_values("cause", key=lambda one: one.map(order), kind="stable")
        lists[voice.label(owner)] = together
    return lists


def _change_rows(
    diagnosis: Diagnosis, facts: Facts, previous: Snapshot | None
) -> list[dict[str, Any]]:
    """List what is new, changed and cleared since the last run."""
    now = history.Snapshot(facts.run_id, diagnosis.findings, facts.fetch)
    changes = history.compare(now, previous)
    voice = Voice(diagnosis.language)
    groups = {"new": changes.new, "changed": changes.changed, "cleared": changes.cleared}
    return [
        {
            "change": voice.words(change),
            **row,
            **_told(row, voice),
            "cause_before": voice.label(before) if isinstance(before, str) else None,
        }
        for change, rows in groups.items()
        for row, before in zip(
            findings_list(rows),
            rows["cause_before"] if "cause_before" in rows else [None] * len(rows),
            strict=True,
        )
    ]


def _rows(findings: DataFrame, zone: str, voice: Voice) -> list[dict[str, Any]]:
    """Give each finding with its moment in the shop's zone, which Excel cannot keep."""
    created = pd.to_datetime(findings["created_at"], utc=True).dt.tz_convert(ZoneInfo(zone))
    moments = created.dt.tz_localize(None)
    return [
        {
            **dict.fromkeys(CONTRACT),
            **row,
            **_told(row, voice),
            "created_at": None if pd.isna(moment) else moment.to_pydatetime(),
        }
        for row, moment in zip(findings_list(findings), moments, strict=True)
    ]


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


def _is_link(url: str | None, place: tuple[int, int]) -> bool:
    return bool(url and url.startswith("https://")) and place[0] <= MOST_LINKS
