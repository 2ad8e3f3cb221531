"""Jinja2 as every page of ours uses it: escaped, strict, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from fulfilltools.texts import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def templates(
    folder: str, language: str, filters: Mapping[str, Callable[..., str | None]]
) -> Environment:
    """Open the templates of a folder of the package, with its filters."""
    environment = Environment(
        loader=PackageLoader("fulfilltools", folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        texts(language), newstyle=True
    )
    environment.filters |= filters
    return environment
