"""Opens what spreadsheets make of a CSV file: any encoding, delimiter, line end, and mishap.

A plain UTF-8 file is read where it stands. Any other is rewritten aside, record by record and
without the columns that nobody asked for. What is not the file meant is refused, saying what
it looks like instead; what is mended is said.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from fulfilltools.errors import SettingsError, TableError
from fulfilltools.exports.headings import ORDERS, SHIPMENTS, looks_like, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from fulfilltools.exports.headings import Headings

DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<", "a web page or XML"),
)
_CODE_PAGES = ("cp1252", "mac_roman", "cp850", "cp932")
_COMMON = set("åäöéüøæñçßàèìòùâêîôûáíóúëïõãÅÄÖÉÜØÆÑÇ€’–“”°½\u00a0") | {
    chr(n) for n in range(0x3041, 0x30FF)
}
_CAPITAL_WITHIN = re.compile("[a-z][À-ÖØ-Þ]")
"""Hardly a word has a capital behind a small letter; a wrong code page has many."""
_CHUNK = 1 << 23
_START = 1 << 16
_HEADER_WITHIN = 15
"""Lists from suppliers may have a title above their headings."""


@dataclass
class Sheet:
    """A file that DuckDB can read: comma or other delimiter, one heading row, all rows alike."""

    file: Path
    """As it was given; messages name it."""
    path: Path
    """Where it is read: the file itself, or what was rewritten of it."""
    delimiter: str
    width: int
    places: dict[str, int]
    """Our name → the place of its column, from 0."""
    skip: int = 1
    notes: list[str] = field(default_factory=list)

    def columns(self) -> str:
        """Write read_csv's `columns`: every column is text, named c0, c1, ..."""
        return "{" + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(self.width)) + "}"


def open_sheet(file: Path, wanted: Headings, aside: Path, *, mend: bool = False) -> Sheet:
    """Find out how a file is written, and rewrite it into the folder `aside` where needed.

    With `mend` it is rewritten in any case, because reading it as it stands failed. Raises
    TableError saying what the file looks like when it is not the one wanted.
    """
    with _said_plainly(file):
        encoding = _encoding(file, wanted)
        header = _find_header(file, encoding, wanted)
        plain = encoding in ("utf-8", "utf-8-sig") and header.skip == 1 and not header.is_wrapped
        if plain and not mend:
            return Sheet(file, file, header.delimiter, len(header.headings), header.places)
        return _rewrite(file, encoding, header, aside)


def check_files(export: Iterable[Path], supplier: Iterable[Path]) -> None:
    """Look at the start of files, before any work is done with them.

    Raises SettingsError for one that cannot be read or is not what it was given for.
    """
    for files, wanted in ((export, ORDERS), (supplier, SHIPMENTS)):
        for file in files:
            try:
                with _said_plainly(file):
                    _find_header(file, _encoding(file, wanted), wanted)
            except TableError as error:
                raise SettingsError(str(error)) from error


@contextmanager
def _said_plainly(file: Path) -> Iterator[None]:
    """Say of a file that cannot be read what is wrong with it. Raises TableError."""
    try:
        yield
    except OSError as error:
        raise TableError(
            f"{file} cannot be read: {error.strerror}. Give the path of a CSV file."
        ) from error
    except UnicodeError:
        # its text is somebody's data, so the cause is not kept
        raise _cut(file) from None


@dataclass(frozen=True)
class _Header:
    delimiter: str
    headings: list[str]
    places: dict[str, int]
    skip: int
    is_wrapped: bool


def _encoding(file: Path, wanted: Headings) -> str:
    with file.open("rb") as content:
        start = content.read(_START)
    if not start.strip(b"\xef\xbb\xbf \r\n\t"):
        raise TableError(f"{file} is empty. Give {wanted.kind} as CSV.")
    for magic, kind in _NO_TEXT:
        if start.lstrip().startswith(magic):
            raise TableError(f"{file} is {kind}, not CSV. Save or export it as CSV (UTF-8).")
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    if b"\0" in start:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return _utf8_or_code_page(file)


def _utf8_or_code_page(file: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as content:
        try:
            while chunk := content.read(_CHUNK):
                if not chunk.isascii():
                    decoder.decode(chunk)
        except UnicodeDecodeError:
            return _code_page(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _cut(file) from None
    return "utf-8"


def _code_page(chunk: bytes) -> str:
    """Take the code page in which most signs are such as people write, where they write them."""

    def likely(name: str) -> float:
        try:
            text = chunk.decode(name)
        except UnicodeDecodeError:
            return float("-inf")
        common = sum(sign in _COMMON for sign in text if not sign.isascii())
        return common - 3 * len(_CAPITAL_WITHIN.findall(text))

    best = max(_CODE_PAGES, key=likely)
    return best if likely(best) > float("-inf") else "latin-1"


def _find_header(file: Path, encoding: str, wanted: Headings) -> _Header:
    with file.open(encoding=encoding, newline="") as text:
        lines = list(islice(text, _HEADER_WITHIN))
    found = [one for one in _possible_headers(lines, wanted) if not wanted.missing(one.headings)]
    if found:
        return max(found, key=_likeliest)
    first = max(_possible_headers(lines, wanted), key=_likeliest)
    other = looks_like(first.headings)
    if other:
        raise TableError(f"{file} looks like {other}, not {wanted.kind}. Give that file.")
    if not first.places:
        raise TableError(
            f"{file} is not {wanted.kind}: none of its headings is known. "
            "Give the file as it was exported, with its first row."
        )
    raise TableError(
        f"{file} has no column {', '.join(wanted.missing(first.headings))}, so it cannot be read "
        f"as {wanted.kind}. Its headings are: {shown(first.headings)}."
    )


def _likeliest(header: _Header) -> tuple[int, bool, int]:
    return len(header.places), not header.is_wrapped, -header.skip


def _possible_headers(lines: Sequence[str], wanted: Headings) -> Iterator[_Header]:
    for skip, line in enumerate(lines, 1):
        for delimiter in DELIMITERS:
            headings = _cells(line, delimiter)
            filled = [one for one in headings if one.strip()]
            yield _Header(delimiter, headings, wanted.places(headings), skip, is_wrapped=False)
            if len(filled) == 1:
                for inner in DELIMITERS:
                    within = _cells(filled[0], inner)
                    if len(within) > 1:
                        places = wanted.places(within)
                        # rows that are not wrapped have the delimiter within, unless cells follow
                        outer = inner if len(headings) == 1 else delimiter
                        yield _Header(outer, within, places, skip, is_wrapped=True)


def _cells(line: str, delimiter: str) -> list[str]:
    line = line.lstrip("\ufeff").rstrip("\r\n")
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _rewrite(file: Path, encoding: str, header: _Header, aside: Path) -> Sheet:
    """Write the wanted columns of a file again as plain UTF-8, mending what is certain."""
    path = aside / f"{len(list(aside.iterdir()))}.csv"
    places = sorted(header.places.values())
    mended: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow([f"c{place}" for place in places])
        for cells in _whole_records(file, encoding, header, mended):
            writer.writerow([cells[place] for place in places])
    kept = {name: places.index(place) for name, place in header.places.items()}
    notes = [f"{file.name}: {count:,} {what}." for what, count in mended.items() if count]
    return Sheet(file, path, ",", len(places), kept, notes=notes)


def _whole_records(
    file: Path, encoding: str, header: _Header, mended: Counter[str]
) -> Iterator[list[str]]:
    """Give each record with as many cells as there are headings; raise where one has not."""
    width = len(header.headings)
    short: tuple[int, int] | None = None
    for number, cells in _records(file, encoding, header):
        if short:
            raise _uneven(file, *short, width)
        whole = _unwrapped(cells, header, mended) if _is_wrapped(cells, width) else cells
        if len(whole) > width and not any(one.strip() for one in whole[width:]):
            whole = whole[:width]
        if len(whole) > width:
            raise _uneven(file, number, len(whole), width)
        if len(whole) < width:
            short = number, len(whole)
            continue
        yield whole
    if short:
        raise _cut(file)


def _records(file: Path, encoding: str, header: _Header) -> Iterator[tuple[int, list[str]]]:
    with file.open(encoding=encoding, newline="") as text:
        for _ in range(header.skip):
            text.readline()
        records = csv.reader(text, delimiter=header.delimiter, strict=True)
        number = header.skip
        while True:
            number += 1
            try:
                cells = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                if "end of data" in str(error) or "limit" in str(error):
                    raise _cut(file) from None
                raise TableError(
                    f"{file} cannot be read from record {number} on: {error}. Export it again."
                ) from None
            if any(one.strip() for one in cells):
                yield number, cells


def _is_wrapped(cells: list[str], width: int) -> bool:
    return width > 1 and sum(bool(one.strip()) for one in cells) == 1 and len(cells[0]) > width


def _unwrapped(cells: list[str], header: _Header, mended: Counter[str]) -> list[str]:
    """Open a row that a spreadsheet put into one quoted cell, if that is what it is."""
    for delimiter in DELIMITERS:
        within = next(csv.reader(io.StringIO(cells[0], newline=""), delimiter=delimiter), [])
        if len(within) == len(header.headings):
            mended["rows stood wrapped in one cell and were opened"] += 1
            return within
    return cells


def _uneven(file: Path, number: int, cells: int, width: int) -> TableError:
    return TableError(
        f"{file} has {cells} cells in record {number} and {width} headings: a comma or line break "
        "stands outside quotes. Export it again."
    )


def _cut(file: Path) -> TableError:
    return TableError(
        f"{file} ends in the middle of a row: it was cut while it was saved or sent. "
        "Export it again."
    )
