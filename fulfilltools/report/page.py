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

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fulfilltools import plots, wording
from fulfilltools.plots import label
from fulfilltools.report.numbers import Facts, setting
from fulfilltools.report.sections import SECTIONS, TITLES, Material, moments
from fulfilltools.texts import LANGUAGE
from fulfilltools.wording import duration, number

if TYPE_CHECKING:
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
    it = Material(diagnosis, facts, numbers, previous, failed)
    # The limits come last, because they name what else failed.
    parts = {name: _part(name, it) for name in sorted(SECTIONS, key="limits".__eq__)}
    script = _beside("script.js")
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            parts=[parts[name] for name in SECTIONS],
            numbers=numbers,
            facts=facts,
            fetch=numbers["fetch"],
            lang=LANGUAGE,
            when=moments(diagnosis.as_of, facts),
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
        template = _templates().get_template(f"{name}.html.j2")
        return Markup(template.render(given | SECTIONS[name](it)))  # noqa: S704 (autoescaped)
    except Exception as error:
        log.exception("The part %s of the report failed.", name)
        it.failed[name] = type(error).__name__
        template = _templates().get_template("failed.html.j2")
        told = {"name": name, "title": TITLES[name], "error": type(error).__name__}
        return Markup(template.render(told))  # noqa: S704 (autoescaped)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("fulfilltools", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "words": label,
        "age": age,
        "count": number,
        "figure": figure,
        "money": money,
        "setting": setting,
        "weblink": weblink,
    }
    return environment


def age(hours: float | None) -> str:
    """Write how long it has waited; a dash where that is unknown."""
    return "–" if hours is None else duration(hours)


def money(amount: str | None, currency: str | None) -> str:
    """Write an amount for reading; a dash where it is unknown."""
    return "–" if amount is None or not currency else wording.money(Decimal(amount), currency)


def figure(cell: float | Decimal, column: str) -> str:
    """Write a cell of a picture's table: a count, or money of the column's currency."""
    return wording.money(cell, column) if isinstance(cell, Decimal) else number(cell)


def weblink(url: str | None) -> str | None:
    """Pass a web address on, and nothing that a browser would run."""
    return url if url and url.startswith("https://") else None


def _beside(name: str) -> str:
    return files("fulfilltools.report").joinpath(name).read_text("utf-8")
