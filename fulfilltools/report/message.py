"""The report as a short message: `summary.md`, which is also the plain part of a mail.

It holds counts, causes and the names of orders, and nothing that somebody typed: evidence,
hold notes and warnings stay in the report.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fulfilltools.texts import LANGUAGE, marked
from fulfilltools.wording import Voice

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
    "unexplained": marked("No cause explains {n} of them."),
    "run": marked("Run {run_id}; all orders and links are in report.html and report.xlsx."),
}


def summary_md(numbers: Mapping[str, Any]) -> str:
    """Write a run's summary in Markdown that reads well as plain text, too."""
    return "\n\n".join("\n".join(part) for part in _parts(numbers) if part) + "\n"


def voice_of(numbers: Mapping[str, Any]) -> Voice:
    """Give the voice that a run's report speaks with."""
    return Voice(numbers.get("language", LANGUAGE))


def sums(amounts: Mapping[str, str], voice: Voice) -> str:
    """Write amounts by currency, never added."""
    written = (voice.money(Decimal(amount), currency) for currency, amount in amounts.items())
    return " · ".join(written).replace("\N{NO-BREAK SPACE}", " ")


def acting_causes(numbers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the causes that ask something of somebody, worst first."""
    return [cause for cause in numbers["by_cause"] if cause["verdict"] not in CALM]


def limits(numbers: Mapping[str, Any]) -> list[str]:
    """Say what the report lacks: orders, permissions, parts."""
    fetch, voice = numbers["fetch"], voice_of(numbers)
    told = []
    if not fetch.get("complete", True):
        received, counted = fetch.get("orders_received") or 0, fetch.get("orders_counted") or 0
        counts = {"received": voice.number(received), "counted": voice.number(counted)}
        told.append(voice.say(TEXTS["incomplete"], **counts))
    if missing := fetch.get("scopes_missing"):
        told.append(voice.say(TEXTS["limits"], notes=", ".join(missing)))
    if failed := numbers.get("failed"):
        told.append(voice.say(TEXTS["failed"], names=", ".join(map(voice.label, failed))))
    return told


def figures(numbers: Mapping[str, Any]) -> list[str]:
    """Say the key figures, a sentence each."""
    late, ages, voice = numbers["late"], numbers["age_hours"], voice_of(numbers)
    counts = {"n": voice.number(late["rows"]), "soon": voice.number(late["due_soon"])}
    told = [voice.say(TEXTS["late"], **counts)]
    if numbers["value_at_risk"]:
        told.append(voice.say(TEXTS["risk"], sums=sums(numbers["value_at_risk"], voice)))
    if ages["median"] is not None:
        waits = {name: voice.duration(ages[name]) for name in ("median", "oldest")}
        told.append(voice.say(TEXTS["wait"], **waits))
    return [*told, *_since(numbers["since_last_run"], voice)]


def _since(since: Mapping[str, Any], voice: Voice) -> Iterator[str]:
    if since["previous"] is None:
        yield voice.say(TEXTS["first"])
        return
    counts = {what: voice.number(len(since[what])) for what in ("new", "cleared", "changed")}
    yield voice.say(TEXTS["since"], **counts)
    if not since["comparable"]:
        yield voice.say(TEXTS["careful"])


def _parts(numbers: Mapping[str, Any]) -> Iterator[list[str]]:
    voice = voice_of(numbers)
    yield [f"**{numbers['headline']}**"]
    moment = str(numbers["as_of"]).replace("T", " ").removesuffix("Z")
    shop = numbers["shop_name"] or numbers["shop"]
    yield [voice.say(TEXTS["as_of"], shop=shop, moment=moment[:16])]
    yield limits(numbers)
    yield figures(numbers)
    causes = acting_causes(numbers)
    lines = [
        voice.say(
            TEXTS["cause"],
            cause=voice.label(cause["cause"]),
            n=voice.number(cause["rows"]),
            severity=voice.words(cause["severity"]),
            owner=voice.words(cause["owner"]),
        )
        for cause in causes[:MOST_CAUSES]
    ]
    if len(causes) > MOST_CAUSES:
        more = len(causes) - MOST_CAUSES
        lines.append(voice.plural("- and {n} more cause", "- and {n} more causes", more))
    yield lines
    if numbers["unexplained"]:
        yield [voice.say(TEXTS["unexplained"], n=voice.number(numbers["unexplained"]))]
    yield [voice.say(TEXTS["run"], run_id=numbers["run_id"])]
