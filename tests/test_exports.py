"""The admin's order export, in every shape that Shopify and spreadsheets give it."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pandas as pd
import pytest

from fulfilltools import steps, tables
from fulfilltools.demo import AS_OF
from fulfilltools.demo.export import EMAIL, HEADINGS, NOTE, PERSON, export_rows, write_export
from fulfilltools.demo.world import build_world
from fulfilltools.diagnosis import diagnose
from fulfilltools.errors import SettingsError, TableError
from fulfilltools.exports import read_export
from fulfilltools.schema import COLUMNS
from fulfilltools.settings import Policy

ZONED = "%Y-%m-%d %H:%M:%S %z"
DATES = ("Created at", "Paid at", "Fulfilled at", "Cancelled at", "Next Payment Due At")
AMOUNTS = ("Total", "Lineitem price", "Refunded Amount", "Outstanding Balance")
PERSONAL = [*PERSON.values(), EMAIL, *NOTE.splitlines(), "oberg", "Hemliga"]


@pytest.fixture(scope="module")
def world():
    return build_world()


@pytest.fixture(scope="module")
def rows(world):
    return export_rows(world)


@pytest.fixture
def read(tmp_path):
    def reading(*texts, encoding="utf-8", **options):
        raw = tmp_path / "raw"
        raw.mkdir(exist_ok=True)
        files = []
        for number, text in enumerate(texts):
            content = text if isinstance(text, bytes) else text.encode(encoding, "replace")
            files.append(tmp_path / f"orders_export_{number}.csv")
            files[-1].write_bytes(content)
        return read_export(files, raw, as_of=AS_OF, **options)

    return reading


@pytest.fixture
def build(read, tmp_path):
    def building(*texts, **options):
        report = read(*texts, **options)
        made = tables.build(tmp_path / "raw", tmp_path, as_of=AS_OF, policy=Policy())
        backlog = made.backlog
        return diagnose(backlog, as_of=AS_OF, zone=report.time_zone)

    return building


def written(rows, headings=HEADINGS, ends="\n", **form):
    target = io.StringIO()
    writer = csv.DictWriter(
        target, headings, restval="", extrasaction="ignore", lineterminator=ends, **form
    )
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def order(name="#1001", **columns):
    """Write one order's row: paid, unfulfilled, one stool of Friday morning."""
    usual = {
        "Name": name,
        "Financial Status": "paid",
        "Paid at": "2026-11-20 09:00:00 +0100",
        "Fulfillment Status": "unfulfilled",
        "Currency": "SEK",
        "Total": "499.00",
        "Shipping Method": "PostNord",
        "Created at": "2026-11-20 09:00:00 +0100",
        "Lineitem quantity": "1",
        "Lineitem name": "Oak stool",
        "Lineitem price": "499.00",
        "Lineitem sku": "STOOL",
        "Lineitem requires shipping": "true",
        "Lineitem fulfillment status": "pending",
        "Shipping Country": "SE",
        "Payment Method": "Shopify Payments",
        "Refunded Amount": "0.00",
        "Outstanding Balance": "0.00",
        "Vendor": "Nordlys",
        "Id": name.strip("#").rjust(8, "6"),
        "Risk Level": "Low",
        "Source": "web",
    }
    return usual | {heading.replace("_", " "): text for heading, text in columns.items()}


def numbers(report):
    return (
        report.orders_received,
        report.lines,
        report.units,
        {name: Decimal(total) for name, total in report.totals.items()},
        report.financial_statuses,
        report.fulfillment_statuses,
    )


def test_an_export_is_counted_as_the_shop_counts(read, rows, world):
    report = read(written(rows))
    assert report.orders_received == len(world.orders)
    assert report.rows == report.lines == sum(len(o["lineItems"]) for o in world.orders)
    assert report.units == sum(n["quantity"] for o in world.orders for n in o["lineItems"])
    statuses = Counter(o["displayFinancialStatus"] for o in world.orders)
    assert report.financial_statuses == dict(statuses)
    money = sum(Decimal(o["totalPriceSet"]["shopMoney"]["amount"]) for o in world.orders)
    assert {k: Decimal(v) for k, v in report.totals.items()} == {"SEK": money}
    assert report.time_zone == "Etc/GMT-1"
    assert "612 orders, 725 lines, 931 units" in report.notes[0]
    assert "holds" in report.notes[1]


SHAPES = {
    "utf-8 with a mark": {"encoding": "utf-8-sig"},
    "utf-16": {"encoding": "utf-16"},
    "utf-16 without a mark": {"encoding": "utf-16-le"},
    "utf-16 the other way round": {"encoding": "utf-16-be"},
    "windows": {"encoding": "cp1252", "delimiter": ";", "ends": "\r\n"},
    "an old mac": {"encoding": "mac_roman", "ends": "\r", "quoting": csv.QUOTE_ALL},
    "semicolons": {"delimiter": ";"},
    "tabs": {"delimiter": "\t"},
    "bars": {"delimiter": "|"},
    "all in quotes": {"quoting": csv.QUOTE_ALL},
    "crlf": {"ends": "\r\n"},
    "34 columns": {"headings": [*HEADINGS[:33], "Id"]},
    "shuffled": {"headings": sorted(HEADINGS, key=lambda one: one[::-1])},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_it_reads_what_shopify_and_spreadsheets_make_of_it(read, rows, shape):
    form = dict(shape)
    encoding = form.pop("encoding", "utf-8")
    some = rows[:150]
    plain = numbers(read(written(some)))
    assert numbers(read(written(some, **form), encoding=encoding)) == plain


@pytest.mark.parametrize("page", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("title", ["Förvaringslåda på hjul", "Étagère en chêne façonné", "Gefäß"])
def test_the_code_page_is_told_by_what_people_write(read, tmp_path, page, title):
    read(written([order(Lineitem_name=title)]), encoding=page)
    assert pd.read_parquet(tmp_path / "raw" / "export_lines.parquet")["title"].tolist() == [title]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",".join(HEADINGS), ",".join(HEADINGS).upper(), 1),
        lambda text: "sep=,\n" + text,
        lambda text: "Orders of November\n\n" + text,
        lambda text: text + "," * 78 + "\n" * 3,
        lambda text: text + text.splitlines()[0] + "\n",
        lambda text: text.replace(",true,", ",TRUE,").replace(",false,", ",FALSCH,"),
        lambda text: text.replace("\n", ",,\n"),
    ],
    ids=[
        "upper case",
        "sep line",
        "title",
        "empty rows",
        "headings again",
        "flags",
        "more columns",
    ],
)
def test_what_a_spreadsheet_adds_changes_nothing(read, rows, change):
    small = [row | {"Notes": "", "Note Attributes": ""} for row in rows[:90]]
    small = [{k: v.replace("\n", " ") for k, v in row.items()} for row in small]
    text = written(small)
    assert numbers(read(change(text))) == numbers(read(text))


def test_rows_sorted_in_a_spreadsheet_keep_their_orders(read, rows):
    mixed = sorted(rows, key=lambda row: row["Lineitem name"])
    assert numbers(read(written(mixed))) == numbers(read(written(rows)))


@pytest.mark.parametrize("every", [1, 3], ids=["all", "some"])
def test_rows_wrapped_into_one_cell_are_opened_and_said(read, rows, every):
    records = written(rows[:60]).split("\n#")
    lines = [records[0], *("#" + record for record in records[1:])]
    lines[-1] = lines[-1].rstrip("\n")
    wrapped = [
        '"' + line.replace('"', '""') + '"' if number % every == every - 1 else line
        for number, line in enumerate(lines)
    ]
    report = read("\n".join(wrapped) + "\n")
    assert numbers(report) == numbers(read(written(rows[:60])))
    assert any("wrapped in one cell" in note for note in report.notes)


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n  \n", "is empty"),
    "header alone": (written([]), "has headings and no order"),
    "workbook": (b"PK\x03\x04 and so on", "is an Excel workbook"),
    "page": ("<!DOCTYPE html><html>", "is a web page"),
    "products": ("Handle,Title,Vendor,Tags\nstool,Oak stool,N,\n", "an export of products"),
    "customers": (
        "Customer ID,First Name,Last Name,Email,Total Spent,Total Orders\n1,A,B,a@b.se,1,1\n",
        "an export of customers",
    ),
    "checkouts": (
        written([{"Id": "1"}], [h for h in HEADINGS if "ulfil" not in h]),
        "abandoned checkouts",
    ),
    "transactions": ("Order,Name,Kind,Gateway,Amount\n1,#1,sale,x,1\n", "export of transactions"),
    "shipments": ("Order,SKU,Tracking number\n#1,A,X1\n", "give it with --supplier"),
    "no quantity": ("Name,Created at,Fulfillment Status\n", "no column Lineitem quantity"),
    "anything": ("anna@kund.example,Storgatan 7\nx,y\n", "none of its headings is known"),
    "no date": (
        written([order(Created_at="soon", Paid_at="")]),
        "Row 2 has no date under created at",
    ),
    "no number": (written([order(Lineitem_quantity="many")]), "Row 2 has no number under quantity"),
    "two shops": (written([order(Id="1"), order(Id="2")]), "Order #1001 stands there with two"),
    "mojibake": (
        written([order(Lineitem_name="Förvaringslåda".encode().decode("cp1252"))]),
        "garbled",
    ),
    "too many cells": (written([order()]) + "," * 90 + "x\n", "has 91 cells in record 3"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_order_export_is_refused_saying_what_it_is(read, text, words):
    with pytest.raises(TableError, match=words) as refusal:
        read(text)
    assert "kund.example" not in str(refusal.value)


def test_a_file_cut_in_the_middle_is_refused_wherever_it_was_cut(read, rows):
    content = written(rows[:30]).encode()
    last = content.rindex(b"\n#")
    for end in [last + 1 + step for step in (3, 40, 90, 150, 200, 260, 300)]:
        with pytest.raises(TableError, match="ends in the middle of a row") as refusal:
            read(content[:end])
        assert not any(text in str(refusal.value) for text in PERSONAL)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"nowhere\.csv cannot be read: No such file"):
        read_export([tmp_path / "nowhere.csv"], tmp_path, as_of=AS_OF)


def in_form(rows, form):
    return [
        row
        | {
            name: datetime.strptime(row[name], ZONED).strftime(form)  # noqa: DTZ007 - it has %z
            for name in DATES
            if row.get(name)
        }
        for row in rows
    ]


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%d %H:%M",
        "%d/%m/%Y %H:%M",
        "%m/%d/%y %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%m/%d/%Y %I:%M %p",
        "%Y/%m/%d",
        "%d %b %Y %H:%M",
    ],
)
def test_dates_of_any_form_are_the_same_days(read, rows, tmp_path, form):
    def days():
        orders = pd.read_parquet(tmp_path / "raw" / "export_orders.parquet").set_index("order_name")
        return orders["created_at"].dt.tz_convert("UTC").sort_index()

    read(written(rows))
    plain = days()
    read(written(in_form(rows, form)))
    # without a zone they are read as UTC: an hour or two off, and said
    assert ((days() - plain).abs() <= timedelta(days=1)).all()


def test_days_that_spreadsheets_count_from_1900_are_read(read, tmp_path):
    read(written([order(Created_at="46346.375", Paid_at="46346")]))
    (moment,) = pd.read_parquet(tmp_path / "raw" / "export_orders.parquet")["created_at"]
    assert moment == pd.Timestamp("2026-11-20T09:00Z")


def test_an_undecidable_order_of_day_and_month_is_asked_for(read, tmp_path):
    text = written([order(Created_at="03/11/2026 09:00", Paid_at="")])
    with pytest.raises(SettingsError, match="--date-order dmy"):
        read(text)
    for given, month in (("dmy", 11), ("mdy", 3)):
        read(text, date_order=given)
        (moment,) = pd.read_parquet(tmp_path / "raw" / "export_orders.parquet")["created_at"]
        assert moment.month == month
    with pytest.raises(SettingsError, match="'day '"):
        read(text.replace("03/11", "13/11"), date_order="day ")


def test_mixed_orders_of_day_and_month_are_refused(read):
    mixed = [order("#1", Created_at="13/11/2026"), order("#2", Created_at="11/14/2026")]
    with pytest.raises(TableError, match="mix day-first and month-first"):
        read(written(mixed))


@pytest.mark.parametrize(
    ("texts", "total"),
    [
        (("1234.50", "10.00"), "1244.50"),
        (("1234,50", "10,00"), "1244.50"),
        (("1.234,50", "10,00"), "1244.50"),
        (("1,234.50", "10.00"), "1244.50"),
        (("12,345", "500"), "12845"),
        (("1.234", "10,50"), "1244.50"),
        (("1\u00a0234,50 kr", "10,00 kr"), "1244.50"),
        (("¥12000", "500"), "12500"),
        (("-20.0", "(10.00)"), "-30"),
    ],
)
def test_money_is_read_with_any_signs(read, texts, total):
    text = written([order(f"#{n}", Total=text) for n, text in enumerate(texts)])
    assert {k: Decimal(v) for k, v in read(text).totals.items()} == {"SEK": Decimal(total)}


def test_an_order_in_two_files_counts_once_as_in_the_newer(read, tmp_path):
    older = [order("#1"), order("#2")]
    newer = [
        order("#2", Fulfillment_Status="fulfilled", Lineitem_fulfillment_status="fulfilled"),
        order("#3", Created_at="2026-11-21 09:00:00 +0100"),
    ]
    for given in (older, newer), (newer, older):
        report = read(*(written(rows) for rows in given))
        assert report.orders_received == 3
        assert report.fulfillment_statuses == {"UNFULFILLED": 2, "FULFILLED": 1}
        assert report.left_out == {"rows of orders that another file has too": 1}
        assert report.lines + sum(report.left_out.values()) == report.rows == 4


def test_rows_without_an_order_or_an_item_are_left_out_and_said(read):
    report = read(written([order(), order(Name=""), {"Name": "#1001", "Tags": "late"}]))
    assert report.left_out == {"rows without an order name": 1, "rows without an item": 1}
    assert any("Left out: 1 rows without an order name" in note for note in report.notes)


def test_columns_that_are_missing_are_said(read):
    report = read(written([order()], [h for h in HEADINGS if h != "Payment Terms Name"]))
    assert report.columns_missing == ["Payment Terms Name"]
    assert any("Payment Terms Name" in note for note in report.notes)


# What an export cannot show, the backlog does not know.

TOLD = (
    "row_id order_id order_name fulfillment_order_id rows_of_order from_export created_at "
    "processed_at actionable_at age_hours business_age_hours sla_hours sla_source hours_late "
    "unrequested_hours_late digital_hours_late routing_hours_late risk_hours_late "
    "upsell_hours_late business_day_hours is_cancelled cancelled_at is_test tags source_name "
    "is_pos retail_location fulfillment_status fulfillable country has_address "
    "has_shipping_method shipping_method financial_status fully_paid unpaid capturable currency "
    "total outstanding refunded gateway is_cash_on_delivery on_payment_terms terms_name "
    "terms_type terms_overdue authorized_at authorization_hours_left authorization_ends_soon "
    "capture_mode capture_sample risk_recommendation has_high_risk is_risk_pending "
    "risk_providers shipments last_shipped_at request_open delivery_method location units_left "
    "lines_left needs_shipping all_gift_cards names_a_day named_day named_day_hours "
    "lines_without_sku items vendors digital_words value refunded_at"
)
KNOWN = set(TOLD.split())


def test_what_an_export_cannot_know_is_unknown(build, rows):
    backlog = build(written(rows)).backlog
    told = {name for name in COLUMNS if backlog[name].notna().any()}
    assert told - KNOWN == set()
    assert not backlog["fulfillment_order_id"].str.startswith("gid://").any()


def test_an_export_never_denies_what_is_so(build, rows, world):
    """The true cause is found, or admitted as unknown; only what looks otherwise is excepted."""
    truth = {}
    for one in world.orders:
        for key in [one["id"], *(card["id"] for card in one["fulfillmentOrders"])]:
            if key in world.truth:
                told = world.truth[key]
                truth.setdefault(one["name"], set()).add(told.without_list or told.code)
    found = build(written(rows)).findings
    assert set(found["order"]) == set(truth)
    denied = Counter(
        tuple(sorted(truth[row.order]))
        for row in found.itertuples()
        if not truth[row.order] & {row.cause, *row.also, *row.unknown}
    )
    excused = {"no_fulfillment_order", "unexplained", "manual_fresh", "manual_late"}
    excused |= {"service_working", "auto_fulfill_gap"}
    assert {codes for codes in denied if not excused & set(codes)} <= {
        ("delivery_details_problem",)  # no address: in an export that is what a pickup looks like
    }
    assert sum(denied.values()) < 0.08 * len(found)


WAITING = {"Fulfillment_Status": "unfulfilled"}
SEEN = {
    "cancelled": {"Cancelled_at": "2026-11-21 10:00:00 +0100"},
    "refunded_but_open": {"Financial_Status": "refunded", "Refunded_Amount": "499.00"},
    "payment_pending": {"Financial_Status": "pending", "Paid_at": "", "Outstanding_Balance": "499"},
    "payment_expired_or_voided": {"Financial_Status": "voided", "Paid_at": ""},
    "payment_outstanding": {"Financial_Status": "partially_paid", "Outstanding_Balance": "100"},
    "b2b_terms": {
        "Financial_Status": "pending",
        "Paid_at": "",
        "Payment_Terms_Name": "Net 30",
        "Source": "shopify_draft_order",
    },
    "fraud_review": {"Risk_Level": "High"},
    "digital_waiting": {"Lineitem_requires_shipping": "false", "Lineitem_name": "Pattern, PDF"},
    "gift_card_waiting": {"Lineitem_requires_shipping": "false", "Lineitem_name": "Presentkort"},
    "scheduled_future": {"Tags": "vip, preorder-2026-12-24"},
    "pickup_open": {"Shipping_Method": "Södermalm store", "Shipping_Country": ""},
    "local_delivery_open": {"Shipping_Method": "Local delivery"},
    "pos_open": {"Source": "pos", "Location": "Södermalm", "Shipping_Method": ""},
    "nothing_left": {"Lineitem_fulfillment_status": "not_eligible"},
    "manual_late": {
        "Created_at": "2026-11-02 09:00:00 +0100",
        "Paid_at": "2026-11-02 09:00:00 +0100",
    },
    "manual_fresh": {},
}


@pytest.mark.parametrize(("cause", "columns"), SEEN.items(), ids=SEEN)
def test_what_an_export_shows_is_found(build, cause, columns):
    found = build(written([order(**columns)])).findings
    assert found["cause"].tolist() == [cause]
    assert "not known" not in found["evidence"][0]


def test_a_dated_service_is_not_called_digital(build):
    dated = order(Lineitem_requires_shipping="false", Note_Attributes="Pickup date: 2026-12-12")
    assert build(written([dated])).findings["cause"].tolist() == ["scheduled_future"]


def test_without_note_attributes_nobody_knows_whether_a_day_is_agreed(build):
    headings = [h for h in HEADINGS if h != "Note Attributes"]
    row = order(Lineitem_requires_shipping="false")
    found = build(written([row], headings)).findings
    assert "digital_waiting" in found["unknown"][0]


def test_what_remains_of_a_part_shipped_order_is_told_apart(build):
    shipped = {"Fulfillment_Status": "partial", "Fulfilled_at": "2026-11-20 15:00:00 +0100"}
    first = order("#1", Lineitem_fulfillment_status="fulfilled", **shipped)
    tip = {"Name": "#1", "Lineitem quantity": "1", "Lineitem name": "Tip"}
    tip |= {"Lineitem requires shipping": "false", "Lineitem fulfillment status": "pending"}
    other = order("#2", Lineitem_fulfillment_status="fulfilled", **shipped)
    rest = {"Name": "#2", "Lineitem quantity": "3", "Lineitem name": "Lamp"}
    rest |= {"Lineitem requires shipping": "true", "Lineitem fulfillment status": "pending"}
    in_part = order("#3", Lineitem_fulfillment_status="partial", Lineitem_quantity="5", **shipped)
    diagnosis = build(written([first, tip, other, rest, in_part]))
    found = diagnosis.findings.set_index("order")
    assert found["cause"].to_dict() == {
        "#1": "remainder_non_shippable",
        "#2": "remainder_split",
        "#3": "remainder_split",
    }
    units = diagnosis.backlog.set_index("order_name")["units_left"]
    assert units.dropna().to_dict() == {"#1": 1, "#2": 3}


def test_the_shop_s_way_of_capturing_is_read_off_its_payments(build):
    def days(text, hours=0):
        return f"{datetime.fromisoformat(text) + timedelta(hours=hours):%Y-%m-%d %H:%M:%S} +0000"

    shipped = [
        order(
            f"#{n}",
            Created_at=days("2026-11-02"),
            Paid_at=days("2026-11-02", n),
            Fulfilled_at=days("2026-11-02", n),
            Fulfillment_Status="fulfilled",
        )
        for n in range(1, 31)
    ]
    waiting = order("#99", Financial_Status="authorized", Paid_at="")
    (row,) = build(written([*shipped, waiting])).backlog.to_dict("records")
    assert (row["capture_mode"], row["capture_sample"]) == ("on_fulfillment", 30)


# Nothing of a customer comes out.


def test_nothing_personal_is_kept_anywhere(build, rows, tmp_path):
    for encoding in ("utf-8", "cp1252"):
        build(written(rows), encoding=encoding)
        kept = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".csv"]
        assert len(kept) > 10
        for file in kept:
            text = _everything_in(file)
            assert not [one for one in PERSONAL if one in text], file


def _everything_in(file):
    if file.suffix != ".parquet":
        return file.read_text(encoding="utf-8")
    with duckdb.connect() as database:
        rows = database.execute(
            "SELECT columns(*)::VARCHAR FROM read_parquet(?)", [str(file)]
        ).fetchall()
    return "\n".join(str(row) for row in rows)


def test_the_command_reports_an_export_and_a_list_and_keeps_nobody_s_data(rows, world, tmp_path):
    write_export(rows, tmp_path / "orders_export_1 (2).csv")
    listed = [list(world.supplier_rows[0]), *([*row.values()] for row in world.supplier_rows)]
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(listed)
    options = "--export", "orders_export_1 (2).csv", "--supplier", "list.csv"
    result = command(tmp_path, "run", *options, "--as-of", AS_OF.isoformat(), "--out", "out")
    assert result.returncode == 0, result.stderr
    run = tmp_path / "runs" / "orders-export" / "latest"
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["orders"]["seen"] == 612
    assert summary["fetch"]["source"] == "export"
    assert summary["fetch"]["supplier"]["shipped_not_here"] == 3
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "612 orders, 725 lines" in report
    assert "An access token shows them" in report
    assert re.search(r"08:00</time> UTC\+1 ", report)
    shown = re.sub(r"<script.*?</script>", "", report, flags=re.DOTALL)
    assert not [name for name in ("Etc/GMT", "Own location") if name in shown]
    assert (run / "supplier_unmatched.csv").is_file()
    for file in run.resolve().rglob("*"):
        if file.suffix in {".parquet", ".json", ".html", ".csv", ".ipynb", ".md"}:
            text = _everything_in(file)
            assert not [one for one in PERSONAL if one in text], file


def test_the_command_says_in_one_line_why_a_file_is_refused(tmp_path):
    (tmp_path / "products.csv").write_text("Handle,Title\nstool,Stool\n", encoding="utf-8")
    (tmp_path / "orders.csv").write_text(written([order()]), encoding="utf-8")
    wrong = {
        ("--export", "products.csv"): "products.csv looks like an export of products",
        ("--export", "none.csv"): "none.csv cannot be read: No such file or directory.",
        (
            "--export",
            "orders.csv",
            "--supplier",
            "products.csv",
        ): "not a shipment list. Give that file.",
    }
    for given, said in wrong.items():
        result = command(tmp_path, "run", *given)
        assert result.returncode == 2
        (line,) = result.stderr.splitlines()
        assert said in line
        assert not (tmp_path / "runs").exists()  # refused before anything is begun
    result = command(tmp_path, "run", "--export", "products.csv", "--demo")
    assert result.returncode == 2
    assert "--export stands for a shop" in result.stderr


def test_a_wrong_file_is_refused_in_a_notebook_before_a_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("FULFILLTOOLS_RUNS", str(tmp_path / "runs"))
    with pytest.raises(SettingsError, match=r"none\.csv cannot be read: No such file"):
        steps.fetch(export="none.csv")
    assert not (tmp_path / "runs").exists()


def command(folder, *arguments):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SHOPIFY_", "FULFILL"))}
    return subprocess.run(
        [sys.executable, "-m", "fulfilltools", *arguments],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_fetch_json_says_what_was_read(read, rows, tmp_path):
    read(written(rows), shop="nordlys")
    told = json.loads((tmp_path / "raw" / "fetch.json").read_text(encoding="utf-8"))
    assert told["source"] == "export"
    assert told["shop"] == "nordlys"
    assert told["files"] == [{"file": "orders_export_0.csv", "rows": 725, "orders": 612}]
    assert told["complete"] is True


def test_an_old_export_is_called_old(read):
    report = read(written([order(Created_at="2026-09-01 09:00:00 +0200")]))
    assert any("83 days before" in note for note in report.notes)


def test_orders_placed_after_the_moment_reported_are_counted(read):
    later = [order(f"#{n}", Created_at="2026-11-23 09:00:00 +0100") for n in (1, 2)]
    notes = read(written([order("#3"), *later])).notes
    assert any(note.startswith("Orders placed after the moment reported: 2;") for note in notes)
    notes = read(written([order("#3")])).notes
    assert not any("laced after" in note for note in notes)


def test_a_hundred_thousand_rows_take_seconds(read, rows, tmp_path):
    few = written([row for row in rows if row.get("Id")][:500])
    head, _, body = few.partition("\n")
    many = (
        head
        + "\n"
        + "".join(body.replace("#1", f"#{n}-1").replace(",62000", f",9{n:03}0") for n in range(120))
    )
    started = datetime.now(UTC)
    assert read(many).orders_received == 120 * 500
    assert datetime.now(UTC) - started < timedelta(seconds=30)


def test_the_generator_writes_the_admin_s_own_form(rows, tmp_path):
    write_export(rows, tmp_path / "orders.csv")
    with (tmp_path / "orders.csv").open(encoding="utf-8", newline="") as text:
        read_back = list(csv.DictReader(text))
    assert len(HEADINGS) == 79
    assert [row["Name"] for row in read_back] == [row["Name"] for row in rows]
    assert sum(bool(row["Financial Status"]) for row in read_back) == 612
