"""Bring the catalogs of texts up to date; with --check, only say whether they are.

A text comes from where it is declared: causes (as objects), `_` in templates, `say` and
`marked` in code, and the sentences of the edges, which know no language and fill their own
(`retold` finds those again). What is new stands untranslated; what nothing uses goes.
"""

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from graphql import GraphQLEnumType, build_schema
from jinja2.ext import babel_extract

from fulfilltools import cause, plots, timeline
from fulfilltools.causes import CAUSES
from fulfilltools.schema import backlog_of
from fulfilltools.settings import Policy
from fulfilltools.texts import CODE, LANGUAGE, LANGUAGES
from fulfilltools.wording import FIELD

PACKAGE = Path(__file__).resolve().parent.parent / "fulfilltools"
EDGES = (
    *("admin/check.py", "admin/fetch.py", "admin/fetch_report.py", "admin/orders.py"),
    *("admin/increments.py", "admin/scopes.py"),
    *("exports/orders.py", "exports/reading.py", "exports/shipments.py"),
)
CHECKED = (
    *("access", "address", "clock", "limits", "orders", "runs", "settings", "token", "version"),
    *("bulk operations", "ahead", "behind"),
)
"""What `fulfilltools check` calls its lines."""

TELLING = {"say": 1, "marked": 1, "plural": 2}
"""Functions whose first arguments are texts, and how many of them."""

ENUMS = (
    *("OrderDisplayFinancialStatus", "OrderDisplayFulfillmentStatus", "OrderCancelReason"),
    *("FulfillmentOrderStatus", "FulfillmentOrderRequestStatus", "FulfillmentOrderAction"),
    *("FulfillmentStatus", "FulfillmentHoldReason", "OrderReturnStatus", "DisputeStatus"),
    *("DisputeType", "MailingAddressValidationResult", "OrderRiskRecommendationResult"),
    *("OrderTransactionKind", "OrderTransactionStatus", "OrderTransactionErrorCode"),
    "DeliveryMethodType",
)
"""Shopify's enums that are told as words."""

_SENTENCE = re.compile(r"[A-Z][a-z]+\.|[A-Z{][^\n]* [^\n]*\.")
_PART = re.compile(r"(the last run|all was|version,|with the|a page|no|scope|{\d} of them|rows) .+")
"""Words of the edges that become part of a sentence begin so."""

OWN_CODES = (
    *("at_checkout", "on_fulfillment", "by_hand", "label_voided", "not_validated"),
    *("exchange items awaiting return delivery", "post-purchase cross-sell"),
    *("new", "changed", "cleared", "done", "fetched", "running", "failed"),
    *("settings", "history", "default"),
    *(plot.__name__ for plot in (*plots.PICTURES, *plots.RUN_PICTURES)),
)
"""How payments are captured, holds as the admin words them, runs, origins of an SLA, pictures."""
STORY_CODES = (
    *(*timeline.EVENTS.values(), *timeline.UNFINISHED.values(), *timeline.AHEAD),
    *timeline.AS_NAMED,
    *("routed", "now", "in_transit", "delivered", "on_hand", "committed", "available", "root"),
)


def main() -> int:
    """Write the catalogs that are stale, or with --check name what is wrong and fail."""
    texts = collected()
    wrong = [
        line for language in LANGUAGES if language != LANGUAGE for line in bring(texts, language)
    ]
    for line in wrong:
        print(line)
    return 1 if wrong and "--check" in sys.argv else 0


def bring(texts: Catalog, language: str) -> list[str]:
    """Bring one catalog up to date; say what is stale or wrong in it."""
    file = PACKAGE / "locale" / language / "LC_MESSAGES" / "fulfilltools.po"
    before = file.read_text("utf-8")
    catalog = read_po(BytesIO(before.encode()), locale=language)
    catalog.update(texts, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    fresh = written(catalog, before)
    name = file.relative_to(PACKAGE.parent)
    stale = [f"{name} is stale; run make fix"] if fresh != before else []
    if "--check" not in sys.argv:
        file.write_text(fresh, encoding="utf-8")
    return stale + [f"{name}: {line}" for line in faults(catalog)]


def written(catalog: Catalog, before: str) -> str:
    """Write a catalog under its head (a glossary); nothing in it but texts, sorted."""
    body = BytesIO()
    write_po(body, catalog, width=98, no_location=True, omit_header=True, sort_output=True)
    head, _, _ = before.partition("\n\n")
    return f"{head}\n\n{body.getvalue().decode()}"


def faults(catalog: Catalog) -> Iterator[str]:
    """Name what is not translated, fuzzy, or has other places than the English text."""
    for message in catalog:
        english, told = _forms(message.id), _forms(message.string)
        if not message.id:
            continue
        if message.fuzzy or not all(told):
            yield f"not translated: {message.id!r}"
        elif list(map(_places, english)) != list(map(_places, told)):
            yield f"other places than the English text: {message.id!r}"


def _forms(text: object) -> list[str]:
    """List a text's forms: one, or several where it counts something."""
    return list(map(str, text)) if isinstance(text, (list, tuple)) else [str(text or "")]


def _places(text: str) -> list[str]:
    """List what is filled in, and the brackets around it; their order is the language's."""
    plain = FIELD.sub(lambda place: f"{{{place[1]}:{place[2]}}}", text)
    python = [f"%({part.split(')')[0]})" for part in text.split("%(")[1:]]
    fields = [f"{{{part.split('}')[0]}}}" for part in plain.split("{")[1:]]
    return sorted([*fields, *python, *(sign for sign in text if sign in "[]")])


def collected() -> Catalog:
    """Collect every text that a reader meets."""
    catalog = Catalog()
    for text in [*_of_causes(), *_of_edges(), *CHECKED, *_of_code(), *_of_templates()]:
        catalog.add(text)
    for code in _codes():
        catalog.add(code.replace("_", " ").lower(), context=CODE)
    return catalog


def _of_causes() -> Iterator[str]:
    for made in CAUSES:
        for one in (made, *map(made.as_variant, made.variants)):
            yield from filter(None, (one.title, one.meaning, one.evidence, one.action))
    yield from cause.CLASSIC_REASONS.values()


def _codes() -> Iterator[str]:
    """Give every code and enum value that is told as words."""
    for made in CAUSES:
        variants = made.answer(backlog_of(made.hits)).variant
        yield from (made.code, *made.variants, *([] if variants is None else variants.dropna()))
    for ours in (cause.Verdict, cause.Severity, cause.Owner, cause.Proof):
        yield from map(str, ours)
    yield from (*Policy.model_fields, *OWN_CODES, *STORY_CODES)
    newest = max((PACKAGE / "demo" / "schema").glob("*.graphql")).read_text("utf-8")
    types = build_schema(newest, assume_valid_sdl=True).type_map
    for name in ENUMS:
        enum = types[name]
        assert isinstance(enum, GraphQLEnumType)  # noqa: S101 - for mypy
        yield from enum.values


def _of_code() -> Iterator[str | tuple[str, ...]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = node.args[: TELLING.get(name, 0)]
                texts = tuple(str(one.value) for one in given if isinstance(one, ast.Constant))
                if given and len(texts) == len(given):
                    yield texts if len(texts) > 1 else texts[0]


def _of_templates() -> Iterator[str | tuple[str, ...]]:
    options = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
    names = ["_", "ngettext"]
    for file in sorted(PACKAGE.rglob("*.j2")):
        with file.open("rb") as template:
            for _, name, given, _ in babel_extract(template, names, [], options):
                told = given if isinstance(given, tuple) else (given,)  # the texts, then values
                yield tuple(map(str, told[:2])) if name == "ngettext" else str(told[0])


def _of_edges() -> Iterator[str]:
    """Give the sentences that the edges write; what they fill in becomes {0}, {1}, ..."""
    for name in EDGES:
        for text in _strings(ast.parse((PACKAGE / name).read_text("utf-8"))):
            if _SENTENCE.fullmatch(text) or _PART.fullmatch(text):
                yield text


def _strings(node: ast.AST) -> Iterator[str]:
    """Give the strings outside docstrings and errors."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue  # a docstring
        if isinstance(child, (ast.Constant, ast.JoinedStr)):
            yield _template(child)
        elif not isinstance(child, (ast.Raise, ast.Subscript)):
            yield from _strings(child)


def _template(text: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(text, ast.Constant):
        return str(text.value)
    filled, parts = 0, []
    for part in text.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{filled}}}")
            filled += 1
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
