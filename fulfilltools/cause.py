"""What a cause is: a question about columns that answers True, False or unknown, row by row.

A cause is one small function. Its parameters are the backlog columns it reads, its docstring
says what it means, its decorator holds the rest, down to its own examples:

    @cause(
        verdict=Verdict.BLOCKED,
        severity=Severity.MEDIUM,
        owner=Owner.FINANCE,
        evidence="Payment pending at {gateway}; {outstanding:money} outstanding",
        action="Wait for the provider, or cancel the order.",
        hits=[{"financial_status": "PENDING"}],
        misses=[{"financial_status": "PAID"}],
    )
    def payment_pending(financial_status, request_open):
        '''The money has not arrived'''
        return one_of(financial_status, "PENDING") & request_open

pandas answers False where a comparison meets a missing text or moment, so causes use
`one_of()` for texts and numbers (hours) for time: those keep unknown unknown.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack, cast

import pandas as pd

from fulfilltools import display
from fulfilltools.answers import Answer, known, labelled, mentions, one_of
from fulfilltools.errors import CauseError
from fulfilltools.schema import COLUMNS

__all__ = [
    "CLASSIC_REASONS",
    "IN_ORDER",
    "SEVERITIES",
    "Answer",
    "Cause",
    "Causes",
    "Owner",
    "Proof",
    "Severity",
    "Verdict",
    "cause",
    "known",
    "labelled",
    "mentions",
    "one_of",
]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Flags = pd.Series[bool]


class Verdict(StrEnum):
    """What kind of case it is."""

    DANGER = "danger"
    DO_NOW = "do it now"
    BLOCKED = "blocked"
    SUSPECT = "suspect"
    DATA = "data"
    WAITS = "waits by design"
    NOTHING = "nothing to do"


IN_ORDER = (Verdict.WAITS, Verdict.NOTHING)
"""Verdicts that ask nothing of anybody."""


class Severity(StrEnum):
    """How bad it is, mildest first."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITIES = tuple(Severity)


class Owner(StrEnum):
    """Who moves next."""

    OPERATIONS = "operations"
    FINANCE = "finance"
    SUPPORT = "support"
    SERVICE = "service"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    NOBODY = "nobody"


class Proof(StrEnum):
    """Whether Shopify's state proves it, or the shop's history suggests it."""

    STATE = "state"
    INFERRED = "inferred"


CLASSIC_REASONS = {
    1: "manual fulfillment, automatic fulfillment off",
    2: "digital products that nothing marks as fulfilled",
    3: "a third party shipped, or should have, and did not sync",
    4: "a fulfillment app set up wrong",
    5: "a physical store beside the online one",
}
"""The five reasons that guides name for unfulfilled orders; a cause says which it is."""


@dataclass(frozen=True)
class Cause:
    """A cause as declared. `ask` is the function; everything else is its decorator's."""

    code: str
    title: str
    """After "not shipped because": one sentence without a full stop."""
    meaning: str
    """The docstring's further paragraphs."""
    ask: Callable[..., Flags | Answer]
    columns: tuple[str, ...]
    verdict: Verdict
    severity: Severity
    owner: Owner
    evidence: str
    action: str
    proof: Proof = Proof.STATE
    fixes: Sequence[str] = ()
    """Admin API mutations that would mend it; named, never run."""
    needs_action: str | None = None
    """The supported action without which Shopify offers no such button."""
    asked_with: str | None = None
    """A column of an optional input; without any value of it the cause is not asked at all."""
    source: Sequence[int] = ()
    """Which of CLASSIC_REASONS it belongs to."""
    confused_with: Sequence[str] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Label → what differs from the cause there (severity, owner, action, evidence, verdict)."""
    hits: Sequence[Mapping[str, Any]] = ()
    """Healthy rows changed so that the cause is true; the first is the documented example."""
    misses: Sequence[Mapping[str, Any]] = ()
    """Look-alikes: healthy rows changed so that it is not."""

    def answer(self, backlog: pd.DataFrame) -> Answer:
        """Ask every row of the backlog.

        Raises CauseError when a column is missing or the answer is not one nullable boolean
        per row.
        """
        if missing := [name for name in self.columns if name not in backlog]:
            raise CauseError(f"{self.code} reads {', '.join(missing)}, which the backlog lacks.")
        given = self.ask(**{name: backlog[name] for name in self.columns})
        answer = given if isinstance(given, Answer) else Answer(given)
        if not isinstance(answer.hits, pd.Series) or answer.hits.dtype != "boolean":
            what = getattr(answer.hits, "dtype", type(answer.hits).__name__)
            raise CauseError(f"{self.code} answers {what}; it must be one nullable boolean a row.")
        if not answer.hits.index.equals(backlog.index):
            raise CauseError(f"{self.code} answers other rows than it was asked about.")
        return answer

    def as_variant(self, label: str) -> Cause:
        """Read the cause with what its variant says differently."""
        return replace(self, **self.variants.get(label, {}))

    def __str__(self) -> str:
        reads = ", ".join(self.columns)
        return (
            f"{self.code}: {self.title}.\n{self.verdict}, {self.severity}; {self.owner} moves next."
            f"\nReads {reads}.\n{self.action}"
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        told = [
            ("means", f"{self.title}. {self.meaning}".strip()),
            ("evidence", self.evidence),
            ("do", self.action),
            ("who", f"{self.owner} ({self.verdict}, {self.severity}; proof: {self.proof})"),
            ("reads", ", ".join(self.columns)),
            ("true, for example, where", _example(self.hits)),
            ("not where", _example(self.misses)),
        ]
        shown = display.framed([display.rows(told, ["", self.code])], str(self.severity))
        numbers = {"code": self.code, "verdict": str(self.verdict), "severity": str(self.severity)}
        return display.bundle("cause", str(self), shown, numbers)


def _example(examples: Sequence[Mapping[str, Any]]) -> str:
    first = examples[0] if examples else {}
    return ", ".join(f"{name} = {value}" for name, value in first.items())


class Causes(Mapping[str, Cause]):
    """Causes by their codes, in the order of asking; `causes.payment_pending` works, too."""

    def __init__(self, causes: Iterable[Cause]) -> None:
        self._by_code = {made.code: made for made in causes}

    def __getitem__(self, code: str) -> Cause:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def __getattr__(self, code: str) -> Cause:
        if code.startswith("_") or code not in self._by_code:
            near = get_close_matches(code, self._by_code if not code.startswith("_") else (), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise AttributeError(f"No cause is called {code}.{hint}")
        return self._by_code[code]

    def __dir__(self) -> list[str]:
        return [*self._by_code]

    def _ipython_key_completions_(self) -> list[str]:
        return [*self._by_code]

    def __repr__(self) -> str:
        return "\n".join(f"{made.code}: {made.title}" for made in self.values())

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        told = [(made.code, made.title, made.severity, made.owner) for made in self.values()]
        shown = display.rows(told, ["cause", "not shipped because", "severity", "who moves next"])
        return display.bundle("causes", repr(self), shown, {"codes": [*self]})


class Declaration(TypedDict, total=False):
    """What the decorator takes; the meanings are those of `Cause`'s fields."""

    verdict: Required[Verdict | str]
    severity: Required[Severity | str]
    owner: Required[Owner | str]
    evidence: Required[str]
    action: Required[str]
    proof: Proof | str
    fixes: Sequence[str]
    needs_action: str
    asked_with: str
    source: Sequence[int]
    confused_with: Sequence[str]
    variants: Mapping[str, Mapping[str, Any]]
    hits: Required[Sequence[Mapping[str, Any]]]
    misses: Sequence[Mapping[str, Any]]


def cause(
    **declared: Unpack[Declaration],
) -> Callable[[Callable[..., Flags | Answer]], Cause]:
    """Declare the function below as a cause; the keywords are the fields of `Cause`.

    Raises CauseError, with the file and line, when the declaration does not hold together.
    """

    def declare(ask: Callable[..., Flags | Answer]) -> Cause:
        title, _, meaning = inspect.cleandoc(ask.__doc__ or "").partition("\n\n")
        made = Cause(
            code=ask.__name__,
            title=" ".join(title.split()).rstrip("."),
            meaning=" ".join(meaning.split()),
            ask=ask,
            columns=tuple(inspect.signature(ask).parameters),
            **_in_words(ask.__name__, cast("dict[str, Any]", declared)),
        )
        _check(made)
        return made

    return declare


_WORDS: dict[str, type[StrEnum]] = {
    "verdict": Verdict,
    "severity": Severity,
    "owner": Owner,
    "proof": Proof,
}


def _in_words(code: str, declared: dict[str, Any]) -> dict[str, Any]:
    """Take `severity="low"` for Severity.LOW, as one writes in a notebook."""
    given = dict(declared)
    for name, kind in _WORDS.items():
        if name in given and str(given[name]) not in [str(one) for one in kind]:
            options = ", ".join(map(str, kind))
            raise CauseError(f"{code} has the {name} {given[name]!r}. Take one of: {options}.")
        if name in given:
            given[name] = kind(str(given[name]))
    return given


_FIELD = re.compile(r"\{(\w+)")


def _check(made: Cause) -> None:
    """Refuse a cause that reads or shows what does not exist, or says too little."""
    templates = [made.evidence, *(one.get("evidence", "") for one in made.variants.values())]
    named = {*made.columns, *_FIELD.findall(" ".join(templates))}
    named |= {name for example in (*made.hits, *made.misses) for name in example}
    wrong = [f"no column {name}{_did_you_mean(name)}" for name in sorted(named - set(COLUMNS))]
    if not made.title:
        wrong.append("no docstring")
    if not made.hits:
        wrong.append("no example that hits")
    if not made.action.endswith("."):
        wrong.append("an action that does not end with a period")
    if wrong:
        code = made.ask.__code__
        raise CauseError(
            f"{made.code} ({code.co_filename}:{code.co_firstlineno}) has {'; '.join(wrong)}. "
            "Mend its declaration; the columns are in schema.csv."
        )


def _did_you_mean(name: str) -> str:
    close = get_close_matches(name, COLUMNS, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
