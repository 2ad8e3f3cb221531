"""The report as a short message: `summary.md`, which is also the plain part of a mail.

It holds counts, causes and the names of orders, and nothing that somebody typed: evidence,
hold notes and warnings stay in the report.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fulfilltools.plots import label
from fulfilltools.texts import marked
from fulfilltools.wording import duration, money, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_CAUSES = 8
CALM = ("nothing to do", "waits by design")

TEXTS = {
    "as_of": marked("{shop}, as of {moment} UTC."),
    "limits": marked("This report has limits: {notes}"),
    "incomplete": marked("Only {received} of {counted} orders were received."),
    "failed": marked("Parts of this report could not be made: {names}."),
    "late": marked("Past their promise: {n}; {soon} more within 24 hours."),
    "risk": marked("Value at risk: {sums}."),
    "wait": marked("Half wait longer than {median}, the longest {oldest}."),
    "first": marked("This is the first run, so nothing is compared."),
    "since": marked("Since the last run: {new} new, {cleared} cleared, {changed} changed."),
    "careful": marked("The last run is not quite comparable; the report says why."),
    "cause": marked("- **{cause}**: {n}, {severity}; {owner} moves next"),
    "more": marked("- and {n} more causes"),
    "unexplained": marked("No cause explains {n} of them."),
    "run": marked("Run {run_id}; all orders and links are in report.html and report.xlsx."),
}


def summary_md(numbers: Mapping[str, Any]) -> str:
    """Write a run's summary in Markdown that reads well as plain text, too."""
    return "\n\n".join("\n".join(part) for part in _parts(numbers) if part) + "\n"


def sums(amounts: Mapping[str, str]) -> str:
    """Write amounts by currency, never added."""
    written = (money(Decimal(amount), currency) for currency, amount in amounts.items())
    return " · ".join(written).replace("\N{NO-BREAK SPACE}", " ")


def acting_causes(numbers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the causes that ask something of somebody, worst first."""
    return [cause for cause in numbers["by_cause"] if cause["verdict"] not in CALM]


def limits(numbers: Mapping[str, Any]) -> list[str]:
    """Say what the report lacks: orders, permissions, parts."""
    fetch, told = numbers["fetch"], []
    if not fetch.get("complete", True):
        received, counted = fetch.get("orders_received") or 0, fetch.get("orders_counted") or 0
        said = TEXTS["incomplete"].format(received=number(received), counted=number(counted))
        told.append(said)
    if missing := fetch.get("scopes_missing"):
        told.append(TEXTS["limits"].format(notes=", ".join(missing)))
    if failed := numbers.get("failed"):
        told.append(TEXTS["failed"].format(names=", ".join(map(label, failed))))
    return told


def figures(numbers: Mapping[str, Any]) -> list[str]:
    """Say the key figures, a sentence each."""
    late, ages = numbers["late"], numbers["age_hours"]
    told = [TEXTS["late"].format(n=number(late["rows"]), soon=number(late["due_soon"]))]
    if numbers["value_at_risk"]:
        told.append(TEXTS["risk"].format(sums=sums(numbers["value_at_risk"])))
    if ages["median"] is not None:
        waits = {name: duration(ages[name]) for name in ("median", "oldest")}
        told.append(TEXTS["wait"].format(**waits))
    return [*told, *_since(numbers["since_last_run"])]


def _since(since: Mapping[str, Any]) -> Iterator[str]:
    if since["previous"] is None:
        yield TEXTS["first"]
        return
    counts = {what: number(len(since[what])) for what in ("new", "cleared", "changed")}
    yield TEXTS["since"].format(**counts)
    if not since["comparable"]:
        yield TEXTS["careful"]


def _parts(numbers: Mapping[str, Any]) -> Iterator[list[str]]:
    yield [f"**{numbers['headline']}**"]
    moment = str(numbers["as_of"]).replace("T", " ").removesuffix("Z")
    shop = numbers["shop_name"] or numbers["shop"]
    yield [TEXTS["as_of"].format(shop=shop, moment=moment[:16])]
    yield limits(numbers)
    yield figures(numbers)
    causes = acting_causes(numbers)
    lines = [
        TEXTS["cause"].format(
            cause=label(cause["cause"]),
            n=number(cause["rows"]),
            severity=label(cause["severity"]).lower(),
            owner=label(cause["owner"]).lower(),
        )
        for cause in causes[:MOST_CAUSES]
    ]
    if len(causes) > MOST_CAUSES:
        lines.append(TEXTS["more"].format(n=number(len(causes) - MOST_CAUSES)))
    yield lines
    if numbers["unexplained"]:
        yield [TEXTS["unexplained"].format(n=number(numbers["unexplained"]))]
    yield [TEXTS["run"].format(run_id=numbers["run_id"])]
