"""What causes answer with: True, False or unknown, row by row, and labels of the hits.

pandas answers False where a comparison meets a missing text, so causes ask with these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Flags = pd.Series[bool]


@dataclass(frozen=True)
class Answer:
    """A cause's answer: hits (nullable boolean) and, where it has them, labels of its hits."""

    hits: Flags
    variant: pd.Series[Any] | None = None
    reason: pd.Series[Any] | None = None
    """The code of the cause behind it, where another fact explains this one."""

    @property
    def labels(self) -> list[str]:
        """The variant of each row; empty where it has none."""
        if self.variant is None:
            return [""] * len(self.hits)
        return self.variant.astype("string").fillna("").tolist()

    def because(self, **facts: Flags) -> Answer:
        """Link each hit to the first of the facts, named by their cause's code, that is true."""
        return replace(self, reason=_first_true(self.hits.index, facts))


def one_of(values: pd.Series[Any], *options: str) -> Flags:
    """Say where the value is one of the options; unknown where it is missing."""
    return _asked_once(values, lambda texts: texts.isin(options))


def mentions(values: pd.Series[Any], *words: str) -> Flags:
    """Say where the text has one of the words in it, in any case; unknown where it is missing."""
    wanted = "|".join(map(re.escape, words))
    return _asked_once(values, lambda texts: texts.str.contains(wanted, case=False))


def _asked_once(
    values: pd.Series[Any], question: Callable[[pd.Series[Any]], pd.Series[Any]]
) -> Flags:
    """Ask each text once that is there; a column has few of them, however many rows."""
    places, missing, texts = _distinct(values)
    asked = question(texts).to_numpy(bool)
    hits = asked[places] if len(asked) else np.zeros(len(places), bool)
    return pd.Series(pd.arrays.BooleanArray(hits, missing.copy()), values.index)


_Distinct = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]", "pd.Series[Any]"]
_DISTINCT: dict[int, tuple[ref[Any], _Distinct]] = {}
"""The texts of columns that were asked about already, while the columns live."""


def _distinct(values: pd.Series[Any]) -> _Distinct:
    """Give each row's place among the distinct texts, whether it has none, and those texts.

    Several causes ask about the same column. Its Arrow array, which never changes, knows it.
    """
    if not isinstance(values.array, pd.arrays.ArrowExtensionArray):
        return _factorized(values)
    array = values.array.__arrow_array__()
    known_to, found = _DISTINCT.get(id(array), (None, None))
    if found is None or known_to is None or known_to() is not array:
        found = _factorized(values)
        gone = partial(_DISTINCT.pop, id(array), None)
        _DISTINCT[id(array)] = (ref(array, lambda _: gone()), found)
    return found


def _factorized(values: pd.Series[Any]) -> _Distinct:
    places, texts = pd.factorize(values)
    return places, places < 0, pd.Series(texts, dtype="string")


def known(values: pd.Series[Any]) -> Flags:
    """Say where a value is there; never unknown. For facts whose absence is itself a fact."""
    return values.notna().astype("boolean")


def labelled(hits: Flags, **labels: Flags | bool) -> Answer:
    """Answer `hits`, each labelled by the first of `labels` that is true for it.

    A hit for which no label is true, or known, has none.
    """
    return Answer(hits, _first_true(hits.index, labels))


def _first_true(index: pd.Index[Any], named: Mapping[str, Flags | bool]) -> pd.Series[Any]:
    """Name, row by row, the first that is true; missing where none is, or none is known to be."""
    places = np.full(len(index), -1, np.int8)
    for place, rows in reversed(list(enumerate(named.values()))):
        where = rows if isinstance(rows, pd.Series) else pd.Series(rows, index)
        places[where.to_numpy(bool, na_value=False)] = place
    return pd.Series(
        pd.Categorical.from_codes(cast("list[int]", places), pd.Index([*named])), index
    )
