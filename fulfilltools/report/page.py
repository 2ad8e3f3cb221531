"""The HTML report: one file, no network, readable without JavaScript.

Templates, style and script stand beside this module. The page's policy forbids all requests;
its one script runs because its hash is named in that policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fulfilltools import plots
from fulfilltools.report.numbers import Facts, setting
from fulfilltools.report.sections import SECTIONS, TITLES, Material, moments
from fulfilltools.templates import templates
from fulfilltools.wording import Voice

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment

    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.history import Snapshot

log = logging.getLogger(__name__)


def report_html(
    diagnosis: Diagnosis, facts: Facts, numbers: dict[str, Any], previous: Snapshot | None = None
) -> str:
    """Render the report of one run; `numbers` is its `summary`.

    A part that fails is replaced by a word in its place and named in `numbers["failed"]`.
    """
    failed = numbers.setdefault("failed", {})
    voice = Voice(diagnosis.language)
    it = Material(diagnosis, facts, numbers, previous, failed, voice)
    # The limits come last, because they name what else failed.
    parts = {name: _part(name, it) for name in sorted(SECTIONS, key="limits".__eq__)}
    script = _beside("script.js")
    return (
        _templates(voice)
        .get_template("page.html.j2")
        .render(
            parts=[parts[name] for name in SECTIONS],
            numbers=numbers,
            facts=facts,
            fetch=numbers["fetch"],
            lang=voice.language,
            when=moments(diagnosis.as_of, facts, voice),
            style=plots.style_sheet() + _beside("style.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=json.dumps(numbers, ensure_ascii=False).replace("<", "\\u003c"),
        )
    )


def _part(name: str, it: Material) -> Markup:
    """Render one part; where that fails, a word about it."""
    given = {"numbers": it.numbers, "facts": it.facts, "fetch": it.numbers["fetch"]}
    try:
        template = _templates(it.voice).get_template(f"{name}.html.j2")
        return Markup(template.render(given | SECTIONS[name](it)))  # noqa: S704 (autoescaped)
    except Exception as error:
        log.exception("The part %s of the report failed.", name)
        it.failed[name] = type(error).__name__
        template = _templates(it.voice).get_template("failed.html.j2")
        told = {"name": name, "title": it.voice.say(TITLES[name]), "error": type(error).__name__}
        return Markup(template.render(told))  # noqa: S704 (autoescaped)


@cache
def _templates(voice: Voice) -> Environment:
    return templates("report/templates", voice.language, filters(voice))


def filters(voice: Voice) -> dict[str, Callable[..., str | None]]:
    """Give the templates' filters: values as they are read in a language."""

    def age(hours: float | None) -> str:
        return "–" if hours is None else voice.duration(hours)

    def money(amount: str | None, currency: str | None) -> str:
        return "–" if amount is None or not currency else voice.money(Decimal(amount), currency)

    def figure(cell: float | Decimal, column: str) -> str:
        # A cell of a picture's table: a count, or money of the column's currency.
        return voice.money(cell, column) if isinstance(cell, Decimal) else voice.number(cell)

    return {
        "words": voice.label,
        "code": voice.words,
        "age": age,
        "count": voice.number,
        "figure": figure,
        "money": money,
        "setting": lambda value: setting(value, voice),
        "weblink": weblink,
    }


def weblink(url: str | None) -> str | None:
    """Pass a web address on, and nothing that a browser would run."""
    return url if url and url.startswith("https://") else None


def _beside(name: str) -> str:
    return files("fulfilltools.report").joinpath(name).read_text("utf-8")
