"""Texts in the reader's language: English as they stand, the others by a gettext catalog.

A text that a reader meets is its own message id. Codes and Shopify's enum values are looked up
as words (`partially paid`) in the context CODE, so that a status is not mixed up with a verb.
`scripts/refresh_texts.py` collects all of them into the catalogs under `locale/`.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from fulfilltools.errors import SettingsError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

Language = Literal["en", "sv"]

LANGUAGE: Language = "en"
"""The language of the texts in the code."""

LANGUAGES: tuple[Language, ...] = get_args(Language)

CODE = "code"


@cache
def texts(language: str = LANGUAGE) -> NullTranslations:
    """Give a language's texts: `.gettext`, `.ngettext`, `.pgettext`.

    Raises SettingsError for a language that has no catalog.
    """
    if language == LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _catalog(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def catalog_texts(language: str) -> list[tuple[str, str]]:
    """List a catalog's plain entries: the English text and the language's."""
    return [
        (str(one.id), str(one.string))
        for one in _catalog(language)
        if one.id and one.context is None and not one.pluralizable
    ]


@cache
def _catalog(language: str) -> Catalog:
    parts = ("locale", checked_language(language), "LC_MESSAGES", "fulfilltools.po")
    with files("fulfilltools").joinpath(*parts).open("rb") as file:
        return read_po(file, locale=language)


def checked_language(language: object) -> Language:
    """Take a language that there are texts in. Raises SettingsError for any other."""
    if language not in LANGUAGES:
        known = " or ".join(LANGUAGES)
        raise SettingsError(f"There are no texts in the language {language!r}. Take {known}.")
    return language


def marked(text: str) -> str:
    """Mark a text for the catalog where it stands; it is translated where it is used."""
    return text
