"""What the command prints, plain enough for a log and a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from fulfilltools.texts import marked
from fulfilltools.wording import Voice, zone_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fulfilltools.admin.check import CheckItem
    from fulfilltools.cause import Cause
    from fulfilltools.runs import Run
    from fulfilltools.story import Story

SIGNS = {"works": marked("ok"), "missing": marked("lacks"), "failed": marked("FAILED")}


def show_run(done: Run) -> None:
    """Print the headline, the counts by severity, and where the report is."""
    numbers, voice = done.summary, Voice(done.language)
    table = Table(voice.say("severity"), voice.say("fulfillment orders"))
    table.columns[1].justify = "right"
    for severity, count in numbers["by_severity"].items():
        if count:
            table.add_row(voice.words(severity), voice.number(count))
    _print(numbers["headline"])
    _console().print(table)
    _print(str(done.folder / "report.html"))


def show_check(items: Iterable[CheckItem], language: str) -> bool:
    """Print what was tried; return whether nothing failed."""
    works, voice = True, Voice(language)
    for item in items:
        told = f"{voice.retold(item.meaning)} {voice.retold(item.mend)}".rstrip()
        _print(f"{voice.say(SIGNS[item.state]):6} {voice.retold(item.name)}: {told}")
        works &= item.state != "failed"
    return works


def show_cause(cause: Cause, language: str) -> None:
    """Print all that a cause says of itself."""
    from fulfilltools.catalogue import examples  # noqa: PLC0415 - pandas only when needed
    from fulfilltools.cause import CLASSIC_REASONS  # noqa: PLC0415 - as above

    voice = Voice(language)
    say = voice.say
    _print(f"{cause.code}: {say(cause.title)}.")
    if cause.meaning:
        _print(say(cause.meaning))
    _lines(
        {
            say("verdict"): _verdict(cause.verdict, cause.severity, cause.owner, voice),
            say("proof"): voice.words(cause.proof),
            say("evidence"): f"“{examples(cause, voice.language)[0]}”",
            say("action"): say(cause.action),
            say("mends it"): ", ".join(cause.fixes),
            say("not to be confused with"): ", ".join(cause.confused_with),
            say("classic reason"): "; ".join(say(CLASSIC_REASONS[n]) for n in cause.source),
            say("reads"): ", ".join(cause.columns),
        }
    )


def show_which(run: Run, language: str) -> None:
    """Print of which run all that follows is: its shop, and its moment in the shop's time."""
    fetched, voice = run.fetched, Voice(language)
    zone, shop = fetched.get("time_zone") or "UTC", fetched.get("shop_name") or run.shop
    named = shop if shop == run.shop else f"{shop} ({run.shop})"
    when = f"{voice.moment(run.as_of, zone)} {zone_name(zone)}"
    _print(voice.say("From the run of {shop} at {when}:", shop=named, when=when))


def show_findings(findings: Iterable[Mapping[str, Any]], language: str) -> None:
    """Print an order's findings, one paragraph a fulfillment order."""
    voice = Voice(language)
    say = voice.say
    for finding in findings:
        template = say("{order} at {location} is not shipped because of {cause}.")
        if not finding["location"]:
            template = say("{order} is not shipped because of {cause}.")
        _print(template.format(**finding))
        _lines(
            {
                say("verdict"): _verdict(
                    finding["verdict"], finding["severity"], finding["owner"], voice
                ),
                say("evidence"): finding["evidence"],
                say("action"): finding["action"],
                say("also"): ", ".join(finding["also"]),
                say("see"): finding["admin_url"],
            }
        )


def show_story(story: Story) -> None:
    """Print what happened to an order, what waits, what each cause answered, the way out."""
    for line in str(story).splitlines():
        _print(line)


def _verdict(verdict: str, severity: str, owner: str, voice: Voice) -> str:
    told = {"verdict": verdict, "severity": severity, "owner": owner}
    told = {name: voice.words(code) for name, code in told.items()}
    return voice.say("{verdict}, {severity}; {owner} moves next", **told)


def _lines(facts: Mapping[str, object]) -> None:
    width = max(map(len, facts)) + 2
    for name, fact in facts.items():
        if fact:
            _print(f"  {name + ':':{width}}{fact}")


def _print(line: str) -> None:
    _console().print(line, markup=False)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, emoji=False)
