"""What the command prints, plain enough for a log and a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fulfilltools.admin.check import CheckItem
    from fulfilltools.cause import Cause
    from fulfilltools.runs import Run

SIGNS = {"works": "ok", "missing": "lacks", "failed": "FAILED"}


def show_run(done: Run) -> None:
    """Print the headline, the counts by severity, and where the report is."""
    numbers = done.summary
    table = Table("severity", "fulfillment orders")
    table.columns[1].justify = "right"
    for severity, count in numbers["by_severity"].items():
        if count:
            table.add_row(severity, f"{count:,}")
    _print(numbers["headline"])
    _console().print(table)
    _print(str(done.folder / "report.html"))


def show_check(items: Iterable[CheckItem]) -> bool:
    """Print what was tried; return whether nothing failed."""
    works = True
    for item in items:
        _print(f"{SIGNS[item.state]:6} {item.name}: {item.meaning} {item.mend}".rstrip())
        works &= item.state != "failed"
    return works


def show_cause(cause: Cause) -> None:
    """Print all that a cause says of itself."""
    _print(f"{cause.code}: {cause.title}.")
    if cause.meaning:
        _print(cause.meaning)
    _lines(
        {
            "verdict": f"{cause.verdict}, {cause.severity}; {cause.owner} moves next",
            "proof": cause.proof,
            "evidence": cause.evidence,
            "action": cause.action,
            "reads": ", ".join(cause.columns),
            "example": ", ".join(f"{name} = {value!r}" for name, value in cause.hits[0].items()),
        }
    )


def show_findings(findings: Iterable[Mapping[str, Any]]) -> None:
    """Print an order's findings, one paragraph a fulfillment order."""
    for finding in findings:
        place = f" at {finding['location']}" if finding["location"] else ""
        _print(f"{finding['order']}{place} is not shipped because of {finding['cause']}.")
        also = finding["also"]
        _lines(
            {
                "verdict": f"{finding['verdict']}, {finding['severity']}; "
                f"{finding['owner']} moves next",
                "evidence": finding["evidence"],
                "action": finding["action"],
                "also": also if isinstance(also, str) else ", ".join(also or []),
                "see": finding["admin_url"],
            }
        )


def _lines(facts: Mapping[str, object]) -> None:
    for name, fact in facts.items():
        if fact:
            _print(f"  {name + ':':10}{fact}")


def _print(line: str) -> None:
    _console().print(line, markup=False)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, emoji=False)
