"""What the command prints, plain enough for a log and a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from fulfilltools.texts import marked, texts
from fulfilltools.wording import number, retold, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fulfilltools.admin.check import CheckItem
    from fulfilltools.cause import Cause
    from fulfilltools.runs import Run
    from fulfilltools.story import Story

SIGNS = {"works": marked("ok"), "missing": marked("lacks"), "failed": marked("FAILED")}


def show_run(done: Run) -> None:
    """Print the headline, the counts by severity, and where the report is."""
    numbers, language = done.summary, done.language
    say = texts(language).gettext
    table = Table(say("severity"), say("fulfillment orders"))
    table.columns[1].justify = "right"
    for severity, count in numbers["by_severity"].items():
        if count:
            table.add_row(words(severity, language), number(count, language))
    _print(numbers["headline"])
    _console().print(table)
    _print(str(done.folder / "report.html"))


def show_check(items: Iterable[CheckItem], language: str) -> bool:
    """Print what was tried; return whether nothing failed."""
    works = True
    for item in items:
        told = f"{retold(item.meaning, language)} {retold(item.mend, language)}".rstrip()
        sign = texts(language).gettext(SIGNS[item.state])
        _print(f"{sign:6} {retold(item.name, language)}: {told}")
        works &= item.state != "failed"
    return works


def show_cause(cause: Cause, language: str) -> None:
    """Print all that a cause says of itself."""
    say = texts(language).gettext
    _print(f"{cause.code}: {say(cause.title)}.")
    if cause.meaning:
        _print(say(cause.meaning))
    _lines(
        {
            say("verdict"): _verdict(cause.verdict, cause.severity, cause.owner, language),
            say("proof"): words(cause.proof, language),
            say("evidence"): say(cause.evidence),
            say("action"): say(cause.action),
            say("reads"): ", ".join(cause.columns),
            say("example"): ", ".join(
                f"{name} = {value!r}" for name, value in cause.hits[0].items()
            ),
        }
    )


def show_findings(findings: Iterable[Mapping[str, Any]], language: str) -> None:
    """Print an order's findings, one paragraph a fulfillment order."""
    say = texts(language).gettext
    for finding in findings:
        template = say("{order} at {location} is not shipped because of {cause}.")
        if not finding["location"]:
            template = say("{order} is not shipped because of {cause}.")
        _print(template.format(**finding))
        _lines(
            {
                say("verdict"): _verdict(
                    finding["verdict"], finding["severity"], finding["owner"], language
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


def _verdict(verdict: str, severity: str, owner: str, language: str) -> str:
    return (
        texts(language)
        .gettext("{verdict}, {severity}; {owner} moves next")
        .format(
            verdict=words(verdict, language),
            severity=words(severity, language),
            owner=words(owner, language),
        )
    )


def _lines(facts: Mapping[str, object]) -> None:
    for name, fact in facts.items():
        if fact:
            _print(f"  {name + ':':10}{fact}")


def _print(line: str) -> None:
    _console().print(line, markup=False)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, emoji=False)
