"""Whatever is done to an export, it gives the same counts or a clear refusal."""

import csv
import io
import re
import tempfile
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fulfilltools.demo import AS_OF
from fulfilltools.demo.export import EMAIL, HEADINGS, PERSON, export_rows
from fulfilltools.demo.world import build_world
from fulfilltools.errors import FulfillError, SettingsError, TableError
from fulfilltools.exports import read_export, read_shipments
from fulfilltools.exports.headings import ORDERS, SHIPMENTS

ZONED = "%Y-%m-%d %H:%M:%S %z"
DATES = {"Created at", "Paid at", "Fulfilled at", "Cancelled at", "Next Payment Due At"}
NEEDED = {ORDERS.known[name][0] for name in ORDERS.required}
COUNTED = {"Total", "Currency", "Financial Status"}
CODE_PAGES = ("cp1252", "mac_roman", "cp850")

quick = settings(max_examples=30, deadline=None)


@cache
def rows():
    return export_rows(build_world())[:60]


@cache
def plain():
    return counts(read(written(rows()).encode()))


def read(content, **options):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "orders.csv")
        file.write_bytes(content)
        return read_export([file], Path(folder), as_of=AS_OF, **options)


def counts(report):
    return report.orders_received, report.lines, report.units, report.fulfillment_statuses


def money(report):
    return report.totals, report.financial_statuses


def written(rows, headings=HEADINGS, shown=None, **form):
    target = io.StringIO()
    writer = csv.writer(target, **({"lineterminator": "\n"} | form))
    writer.writerow(shown or headings)
    writer.writerows([row.get(heading, "") for heading in headings] for row in rows)
    return target.getvalue()


def dated(rows, form):
    if form == ZONED:
        return rows
    return [
        {
            name: f"{datetime.fromisoformat(text):{form}}" if name in DATES and text else text
            for name, text in row.items()
        }
        for row in rows
    ]


spelled = st.sampled_from([str, str.upper, str.lower, lambda h: f" {h} ", lambda h: h + "\u00a0"])
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", *CODE_PAGES])
orders_of_columns = st.one_of(
    st.just(HEADINGS),
    st.permutations(HEADINGS),
    st.lists(st.sampled_from(HEADINGS), unique=True, min_size=1),
    st.lists(st.sampled_from(HEADINGS), unique=True).map(
        lambda some: sorted({*some, *NEEDED, *COUNTED})
    ),
)


@quick
@given(
    encoding=encodings,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ends=st.sampled_from(["\n", "\r\n"]),
    form=st.sampled_from([ZONED, "%d/%m/%Y %H:%M", "%m/%d/%y %I:%M %p", "%Y-%m-%dT%H:%M:%S"]),
    columns=orders_of_columns,
    spell=spelled,
)
def test_any_form_gives_the_same_counts_or_a_refusal(
    encoding, delimiter, quoting, ends, form, columns, spell
):
    shown = [spell(heading) for heading in columns]
    text = written(
        dated(rows(), form),
        list(columns),
        shown,
        delimiter=delimiter,
        quoting=quoting,
        lineterminator=ends,
    )
    content = text.encode(encoding, "replace")
    # a space that does not break, alone, tells no code page from another
    assume(encoding not in CODE_PAGES or "\u00a0" not in shown[0])
    if missing := NEEDED - set(columns):
        with pytest.raises(TableError, match=r"not |looks like|has no column") as refusal:
            read(content)
        assert_nothing_personal(refusal.value)
        assert any(name in str(refusal.value) for name in missing) or len(columns) < len(HEADINGS)
        return
    report = read(content)
    assert counts(report) == plain()
    if set(columns) >= COUNTED:
        assert money(report) == money(read(written(rows()).encode()))


@quick
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused_or_loses_whole_rows_only(data):
    content = written(rows()).encode()
    end = data.draw(st.integers(0, len(content)))
    try:
        report = read(content[:end])
    except FulfillError as refusal:
        assert_nothing_personal(refusal)
    else:
        assert report.lines <= plain()[1]
        # what was read is what whole rows say: the next byte begins a row, or ends the last
        left = content[end:]
        assert not left or left[:1] in b"\n#" or b"," not in left.splitlines()[0].strip(b",\n")


@quick
@given(
    place=st.floats(0, 1),
    junk=st.one_of(st.binary(min_size=1, max_size=12), st.sampled_from([b'"', b",", b"\n", b"\0"])),
)
def test_junk_in_the_middle_never_breaks_it_without_a_word(place, junk):
    content = written(rows()).encode()
    at = int(place * len(content))
    try:
        report = read(content[:at] + junk + content[at:])
    except FulfillError as refusal:
        assert_nothing_personal(refusal)
    else:
        assert abs(report.lines - plain()[1]) <= 1
        assert report.lines + sum(report.left_out.values()) == report.rows


@quick
@given(
    wrapped=st.lists(st.booleans(), min_size=61, max_size=61),
    delimiter=st.sampled_from(",;"),
)
def test_rows_wrapped_here_and_there_are_opened(wrapped, delimiter):
    records = list(csv.reader(io.StringIO(written(rows()), newline="")))
    target = io.StringIO()
    for record, is_wrapped in zip(records, wrapped, strict=True):
        inner = io.StringIO()
        csv.writer(inner, delimiter=delimiter, lineterminator="").writerow(record)
        text = inner.getvalue()
        target.write('"' + text.replace('"', '""') + '"\n' if is_wrapped else text + "\n")
    assert counts(read(target.getvalue().encode())) == plain()


@quick
@given(
    amount=st.decimals(0, 10**7, places=2),
    form=st.sampled_from(["{:.2f}", "{:,.2f}", "EUR {:,.2f}", "{:.2f} kr"]),
    comma=st.booleans(),
)
def test_an_amount_is_the_same_with_any_signs(amount, form, comma):
    text = form.format(amount)
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    one = [row | {"Total": text} for row in rows() if row.get("Currency")][:1]
    (total,) = read(written(one).encode()).totals.values()
    assert float(total) == float(amount)


@quick
@given(
    days=st.lists(st.dates(date(2000, 1, 1), date(2049, 1, 1)), min_size=1),
    form=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%m-%d-%y", "%d-%m-%y", "%Y/%m/%d", "%d.%m.%Y"]),
)
def test_days_are_read_as_they_were_meant_or_asked_about(days, form):
    one = next(row for row in rows() if row.get("Currency"))
    blank = dict.fromkeys(DATES, "")
    many = [
        one | blank | {"Name": f"#{n}", "Id": str(n), "Created at": f"{day:{form}}"}
        for n, day in enumerate(days)
    ]
    order = {"%Y": "ymd", "%d": "dmy", "%m": "mdy"}[form[:2]]
    try:
        report = read(written(many).encode())
    except SettingsError:
        report = read(written(many).encode(), date_order=order)
    assert report.since[:10] == min(days).isoformat()


@quick
@given(
    names=st.tuples(*(st.sampled_from(list(names)) for names in SHIPMENTS.known.values())),
    data=st.data(),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_supplier_s_list_is_read_under_any_headings(names, data, delimiter, encoding):
    cells = ["#1042", "A-1", "2", "LV1", "DHL", "2026-11-13"]
    extra = [("Kund", PERSON["Name"]), ("E-mail", EMAIL)]
    columns = data.draw(st.permutations([*zip(names, cells, strict=True), *extra]))
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(zip(*columns, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "list.csv")
        file.write_bytes(target.getvalue().encode(encoding))
        report = read_shipments([file], Path(folder))
    (one,) = report["files"]
    assert one["rows"] == 1
    assert set(one["columns"]) == set(SHIPMENTS.known)


def assert_nothing_personal(refusal):
    text = str(refusal)
    assert not [one for one in (*PERSON.values(), EMAIL) if one in text]
    assert not re.search(r"[^\s@]+@[^\s@]+", text)
    assert refusal.__cause__ is None or isinstance(refusal.__cause__, OSError)
