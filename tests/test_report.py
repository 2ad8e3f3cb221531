"""The report's files: the same numbers everywhere, and nothing in them that runs."""

import csv
import hashlib
import io
import json
import re
import tracemalloc
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from itertools import groupby

import openpyxl
import pandas as pd
import pytest

from fulfilltools import plots, report
from fulfilltools.errors import RunError
from fulfilltools.history import Past, Snapshot
from fulfilltools.report import sections

workbook = import_module("fulfilltools.report.workbook")

FETCH = {
    "shop": "nordlys-demo.myshopify.com",
    "shop_name": "Nordlys </title><script>",
    "api_version": "2026-10",
    "time_zone": "Europe/Stockholm",
    "currency": "SEK",
    "orders_counted": 412,
    "orders_received": 412,
    "complete": True,
    "notes": ["Orders older than 60 days are not seen."],
}
KEYS = {
    *("order", "order_id", "fulfillment_order_id", "cause", "variant", "also", "verdict"),
    *("severity", "owner", "proof", "evidence", "action", "age_hours", "value", "currency"),
    *("location", "admin_url"),
}


@pytest.fixture(scope="module")
def facts():
    return report.Facts("2026-11-23T07-00-00Z", FETCH, {"fulfilltools": "0.1.0"}, {"sla_hours": 48})


@pytest.fixture(scope="module")
def written(tmp_path_factory, diagnosed, facts):
    folder = tmp_path_factory.mktemp("run")
    report.write_outputs(folder, diagnosed(), facts)
    return folder


@pytest.fixture(scope="module")
def numbers(written):
    return json.loads((written / "summary.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def html(written):
    return (written / "report.html").read_text("utf-8")


def test_all_files_are_there_and_nothing_half_written(written):
    names = {"report.html", "report.xlsx", "findings.csv", "findings.json", "summary.json"}
    names.add("summary.md")
    assert {file.name for file in written.iterdir()} == names


def test_the_same_run_gives_the_same_bytes(tmp_path, written, diagnosed, facts):
    report.write_outputs(tmp_path, diagnosed(), facts)
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (written / file.name).read_bytes(), file.name


def test_counts_add_up_to_the_rows(numbers):
    assert numbers["rows"] == 200
    assert sum(cause["rows"] for cause in numbers["by_cause"]) == 200
    for key in ("by_severity", "by_verdict", "by_owner", "by_location"):
        assert sum(numbers[key].values()) == 200
    assert numbers["orders"] == {"seen": 412, "unfulfilled": 200, "actionable": 107}


def test_waiting_by_design_is_no_value_at_risk_and_not_late(numbers, diagnosed, facts):
    calm = diagnosed()
    calm.findings["verdict"] = "waits by design"
    summary = report.summary(calm, facts)
    assert summary["value_at_risk"] == {}
    assert summary["late"] == {"rows": 0, "due_soon": 0}
    assert "Nothing needs action" in summary["headline"]
    assert 0 < numbers["late"]["rows"] <= 107


def test_money_is_exact_and_apart_by_currency(numbers):
    acting = [cause["value"] for cause in numbers["by_cause"] if cause["owner"] != "nobody"]
    assert set(numbers["value_at_risk"]) == {"JPY", "SEK"}
    for currency, total in numbers["value_at_risk"].items():
        assert Decimal(total) == sum(Decimal(value[currency]) for value in acting)
    assert re.fullmatch(r"\d+", numbers["value_at_risk"]["JPY"])
    assert re.fullmatch(r"\d+\.\d\d", numbers["value_at_risk"]["SEK"])


def test_findings_json_has_exactly_the_promised_keys(written):
    findings = json.loads((written / "findings.json").read_text("utf-8"))
    assert len(findings) == 200
    assert all(set(finding) == KEYS for finding in findings)
    assert findings[3]["fulfillment_order_id"] is None
    assert findings[2]["also"] == ["payment_pending"]


def test_csv_reads_back_and_no_cell_is_a_formula(written):
    text = (written / "findings.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 200
    assert text.count("\r\n") == 201
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]
    assert any(row["evidence"].startswith("'=HYPERLINK") for row in rows)


def test_the_workbook_has_real_types_links_and_no_formulas(written):
    book = openpyxl.load_workbook(written / "report.xlsx")
    owners = ["Finance", "Operations", "Service", "Supplier"]
    assert book.sheetnames[:2] == ["Summary", "Worklist"]
    assert book.sheetnames[2:] == [*owners, "All orders", "Causes", "Changes", "Data quality"]
    sheet = book["All orders"]
    header = [cell.value for cell in sheet[1]]
    assert "Created (Europe/Stockholm)" in header
    assert sheet.max_row == 201
    first = dict(zip(header, sheet[2], strict=True))
    assert first["Order"].hyperlink.target.startswith("https://admin.shopify.com/")
    assert first["Value"].number_format == "#,##0.00"
    assert first["Created (Europe/Stockholm)"].value.hour == 10
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert sheet.freeze_panes == "B2"
    yen = [
        row for row in sheet.iter_rows(min_row=2) if row[header.index("Currency")].value == "JPY"
    ]
    assert {row[header.index("Value")].number_format for row in yen} == {"#,##0"}
    assert book["Worklist"].max_row == 108


def repeated(diagnosis, times):
    """The same rows again and again, each under ids of its own."""
    ids = ["row_id", "order", "order_id", "fulfillment_order_id"]
    copies = [
        diagnosis.findings.assign(**{name: diagnosis.findings[name] + f"-{n}" for name in ids})
        for n in range(times)
    ]
    findings = pd.concat(copies, ignore_index=True)
    backlog = pd.concat([diagnosis.backlog] * times, ignore_index=True)
    return replace(diagnosis, findings=findings, backlog=backlog.assign(row_id=findings["row_id"]))


def test_a_large_workbook_says_the_same_and_links_by_formula(
    tmp_path, diagnosed, facts, numbers, monkeypatch
):
    def cells(file):
        book = openpyxl.load_workbook(file)
        return {sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in book}

    diagnosis = diagnosed()
    diagnosis.findings.loc[0, "order"] = 'say "no"'
    workbook.workbook(tmp_path / "small.xlsx", diagnosis, facts, numbers)
    monkeypatch.setattr(workbook, "MOST_IN_TABLES", 100)
    workbook.workbook(tmp_path / "large.xlsx", diagnosis, facts, numbers)
    small, large = cells(tmp_path / "small.xlsx"), cells(tmp_path / "large.xlsx")
    for name, rows in small.items():
        for row, other in zip(rows, large[name], strict=True):
            assert row[1:] == other[1:]
            assert str(row[0]).replace('"', '""') in str(other[0])
    assert re.fullmatch(
        r'=HYPERLINK\("https://admin.shopify.com/\S+","say ""no"""\)', large["All orders"][1][0]
    )
    assert openpyxl.load_workbook(tmp_path / "large.xlsx")["Worklist"].auto_filter.ref == "A1:Q108"


def test_a_large_workbook_takes_the_same_memory_however_many_rows_it_has(
    tmp_path, diagnosed, facts, numbers, monkeypatch
):
    monkeypatch.setattr(workbook, "MOST_IN_TABLES", 100)
    monkeypatch.setattr(workbook, "AT_ONCE", 100)
    peaks = []
    for times in (1, 1, 8):  # the first also loads what is loaded once
        diagnosis = repeated(diagnosed(), times)
        tracemalloc.start()
        workbook.workbook(tmp_path / "large.xlsx", diagnosis, facts, numbers)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 2 * peaks[1]  # it would be eight times as much


def test_the_page_of_five_thousand_new_orders_stays_small(diagnosed, facts):
    diagnosis = repeated(diagnosed(), 25)
    gone = diagnosis.findings.assign(order_id=diagnosis.findings["order_id"] + "-gone")
    before = Snapshot("2026-11-22T07-00-00Z", gone, FETCH)
    numbers = report.summary(diagnosis, facts, before)
    assert numbers["orders"]["unfulfilled"] == len(numbers["since_last_run"]["new"]) == 5000
    page = report.report_html(diagnosis, facts, numbers, before).encode()
    assert len(page) < 1_500_000


def test_the_page_asks_no_network_and_runs_only_its_own_script(html):
    assert not re.search(r"<(?:link|img|iframe|object|embed)\b", html)
    assert not re.search(r"url\((?!#)", html)
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html


def test_the_embedded_data_is_the_summary_file(html, numbers):
    data = re.search(r'<script type="application/json" id="fulfil-data">(.*?)</script>', html)
    assert json.loads(data[1]) == numbers


def test_texts_from_the_shop_are_escaped_and_addresses_checked(html):
    assert "<script>alert" not in html
    assert "javascript:" not in html
    assert "<bdi>مستودع دبي</bdi>" in html or "<bdi>東京倉庫</bdi>" in html
    assert "<bdi>ירוק</bdi>" in html


def test_every_id_is_there_once_and_every_reference_leads_somewhere(html):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', html)
    assert set(targets) <= set(ids)


def test_what_is_not_seen_stands_above_the_figures(diagnosed, facts):
    fetch = FETCH | {"complete": False, "orders_received": 300}
    fetch["scopes_missing"] = {"read_inventory": "Stock cannot be seen."}
    poor = report.Facts(facts.run_id, fetch)
    text = report.report_html(diagnosed(), poor, report.summary(diagnosed(), poor))
    warnings, figures = text.index("Limits of this report"), text.index('class="tiles"')
    assert warnings < figures
    assert "Only 300 of 412 orders were received" in text
    assert "Stock cannot be seen. Scope read_inventory is not granted." in text
    assert text.count(FETCH["notes"][0]) == 2  # in the box, and in the embedded data


LEADS = {
    "en": "all from 24 September 2026 on, and older ones that are not fulfilled.",
    "sv": "alla från och med 24 september 2026, och äldre ej distribuerade.",
}
DEMO = {
    "en": "These are the demo shop’s orders of 23 November 2026.",
    "sv": "Det här är demobutikens ordrar den 23 november 2026.",
}


def page(diagnosis, **fetch):
    facts = report.Facts("2026-11-23T07-00-00Z", FETCH | fetch)
    return report.report_html(diagnosis, facts, report.summary(diagnosis, facts))


@pytest.mark.parametrize("language", LEADS)
def test_older_orders_are_told_where_they_were_fetched(diagnosed, language):
    diagnosis = replace(diagnosed(), language=language)
    since = "2026-09-24T07:00:00Z"
    text = page(diagnosis, since=since, scopes_granted=["read_all_orders", "read_orders"])
    assert LEADS[language] in text
    assert LEADS[language] not in page(diagnosis, since=since, scopes_granted=["read_orders"])


@pytest.mark.parametrize("language", DEMO)
def test_the_demo_shop_does_not_grow_old(diagnosed, language):
    diagnosis = replace(diagnosed(), language=language)
    demo, other = page(diagnosis), page(diagnosis, shop="nordlys.myshopify.com")
    assert DEMO[language] in demo
    assert 'id="stale"' not in demo
    assert DEMO[language] not in other
    assert 'id="stale"' in other


def test_the_list_is_capped_and_says_so(diagnosed, facts, monkeypatch):
    monkeypatch.setattr(sections, "LIST_CAP", 20)
    text = report.report_html(diagnosed(), facts, report.summary(diagnosed(), facts))
    assert "The worst 20 of 107" in text
    assert text.count("<tr data-cause=") == 40


def test_changes_are_told_with_the_run_they_are_measured_against(diagnosed, facts):
    diagnosis = diagnosed()
    before = Snapshot("2026-11-20T07-00-00Z", diagnosis.findings.iloc[5:], FETCH)
    numbers = report.summary(diagnosis, facts, before)
    assert len(numbers["since_last_run"]["new"]) == 5
    assert numbers["since_last_run"]["recurring"] == 195
    text = report.report_html(diagnosis, facts, numbers, before)
    assert "5 new and need action" in text


def test_changes_beyond_those_listed_are_counted_and_found_in_the_workbook(diagnosed, facts):
    diagnosis = diagnosed()
    gone = diagnosis.findings.iloc[:30].assign(order_id=lambda rows: rows["order_id"] + "-gone")
    before = Snapshot("2026-11-20T07-00-00Z", pd.concat([diagnosis.findings, gone]), FETCH)
    numbers = report.summary(diagnosis, facts, before)
    text = report.report_html(diagnosis, facts, numbers, before)
    assert "30 cleared" in text
    assert '<li class="soft">and 18 more</li>' in text
    assert '<a href="report.xlsx">report.xlsx</a>, sheet “Changes”' in text
    assert "all names are in summary.json" not in text


def test_one_of_a_kind_is_told_in_the_singular(diagnosed, facts):
    diagnosis = diagnosed()
    quiet = diagnosis.findings[diagnosis.findings["owner"] == "nobody"].head(1)
    acting = plots.needing_action(diagnosis.findings).head(1)
    both = replace(diagnosis, findings=pd.concat([acting, quiet], ignore_index=True))
    before = Snapshot("2026-11-20T07-00-00Z", both.findings.iloc[:0], FETCH)
    text = report.report_html(both, facts, report.summary(both, facts, before), before)
    assert "1 fulfillment order that needs nothing or waits by design" in text
    assert "1 new and needs action" in text
    assert "1 more is new and waits by design or needs nothing." in text
    alone = replace(diagnosis, findings=acting.reset_index(drop=True))
    told = report.summary(alone, facts)["headline"]
    assert told == "The only unfulfilled order needs action; its cause: service rejected."
    calm = replace(diagnosis, findings=quiet.reset_index(drop=True))
    assert "the only unfulfilled order waits" in report.summary(calm, facts)["headline"]


def test_the_headline_of_single_causes_names_the_worst(diagnosed, facts):
    diagnosis = diagnosed()
    rows = plots.needing_action(diagnosis.findings).drop_duplicates("cause")
    apart = replace(diagnosis, findings=rows.iloc[::-1].reset_index(drop=True))
    told = report.summary(apart, facts)["headline"]
    assert told == "5 of 5 unfulfilled orders need action; worst cause: service rejected."
    tied = pd.concat([rows, rows.assign(order_id=rows["order_id"] + "-2")], ignore_index=True)
    told = report.summary(replace(diagnosis, findings=tied), facts)["headline"]
    assert told.endswith("most frequent cause: service rejected (2).")


def test_words_without_a_picture_are_said_once(diagnosed, facts, monkeypatch):
    monkeypatch.setattr(plots, "PICTURES", plots.PICTURES[3:])
    diagnosis = diagnosed([])
    text = report.report_html(diagnosis, facts, report.summary(diagnosis, facts))
    assert text.count(plots.NOTHING) == 2
    assert text.count("<figure") == 2


def test_an_sla_is_written_in_capitals(diagnosed, facts):
    policy = {"sla_business_hours": 48, "sla_floor_hours": 24}
    diagnosis = diagnosed()
    diagnosis.findings["variant"] = "sla"
    text = report.report_html(
        diagnosis, replace(facts, policy=policy), report.summary(diagnosis, facts)
    )
    assert "<dt>SLA business hours</dt>" in text
    assert "<dt>SLA floor hours</dt>" in text
    assert "<bdi>SLA</bdi>" in text


def test_an_empty_backlog_is_good_news_in_every_file(tmp_path, diagnosed, facts):
    numbers = report.write_outputs(tmp_path, diagnosed([]), facts)
    assert numbers["rows"] == 0
    assert "No order waits" in (tmp_path / "report.html").read_text("utf-8")
    assert json.loads((tmp_path / "findings.json").read_text()) == []
    assert openpyxl.load_workbook(tmp_path / "report.xlsx")["Worklist"].max_row <= 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path, diagnosed, facts):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="file"):
        report.write_outputs(tmp_path / "file", diagnosed([]), facts)


def keep_runs(folder, diagnosed, fetch, days):
    """Write earlier runs, each with fewer rows the older it is."""
    for day in days:
        diagnosis = diagnosed()
        diagnosis.findings = diagnosis.findings.iloc[10 * day :].reset_index(drop=True)
        diagnosis.as_of = diagnosis.as_of - timedelta(days=day)
        name = f"{diagnosis.as_of:%Y-%m-%dT%H-%M-%SZ}"
        (folder / name).mkdir()
        numbers = report.summary(diagnosis, report.Facts(name, fetch))
        (folder / name / "summary.json").write_text(json.dumps(numbers))
        rows = report.findings_list(diagnosis.findings)
        (folder / name / "findings.json").write_text(json.dumps(rows))
    return Past(folder, "2026-11-23T07-00-00Z")


def test_tiles_tell_the_change_since_the_last_run_and_in_a_week(tmp_path, diagnosed):
    past = keep_runs(tmp_path, diagnosed, FETCH, [7, 2, 1])
    facts = report.Facts("2026-11-23T07-00-00Z", FETCH, past=past)
    diagnosis = diagnosed()
    previous = next(past.snapshots())
    text = report.report_html(
        diagnosis, facts, report.summary(diagnosis, facts, previous), previous
    )
    assert "+10 since last run" in text
    assert "+70 in a week" in text
    assert 'aria-label="The last 4 runs: from 37 to 107"' in text
    assert "as now since 16 Nov" in text


def test_a_week_ago_is_not_compared_when_it_saw_the_shop_differently(tmp_path, diagnosed):
    past = keep_runs(tmp_path, diagnosed, FETCH | {"scopes_granted": ["read_orders"]}, [7])
    keep_runs(tmp_path, diagnosed, FETCH, [1])
    facts = report.Facts("2026-11-23T07-00-00Z", FETCH, past=past)
    text = report.report_html(diagnosed(), facts, report.summary(diagnosed(), facts))
    assert "since last run" in text
    assert "in a week" not in text


@pytest.mark.parametrize("name", sections.SECTIONS)
def test_a_part_that_fails_says_so_in_its_place(
    tmp_path, diagnosed, facts, html, monkeypatch, name
):
    def fail(_):
        raise ZeroDivisionError("customer@example.com")

    monkeypatch.setitem(sections.SECTIONS, name, fail)
    numbers = report.write_outputs(tmp_path, diagnosed(), facts)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert numbers["failed"] == {name: "ZeroDivisionError"}
    assert text.count(f'id="failed-{name}"') == 1
    assert "customer@example.com" not in text
    others = [one for one in ("changed", "pictures", "findings", "orders") if f'id="{one}"' in text]
    assert len(others) >= 3
    assert json.loads((tmp_path / "summary.json").read_text("utf-8")) == numbers


def test_a_picture_that_fails_leaves_the_others_alone(tmp_path, diagnosed, facts, monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(plots, "PICTURES", (broken, *plots.PICTURES[1:]))
    numbers = report.write_outputs(tmp_path, diagnosed(), facts)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert numbers["failed"] == {"picture_broken": "ZeroDivisionError"}
    assert "could not be drawn (ZeroDivisionError)" in text
    assert text.count("<figure") == len(plots.PICTURES) - 1
    assert "This could not be made: Picture broken" in text


def test_a_file_that_fails_is_left_out_and_named(tmp_path, diagnosed, facts, monkeypatch):
    (tmp_path / "report.xlsx").write_text("of an earlier run")
    monkeypatch.setattr(report, "workbook", lambda *_, **__: 1 / 0)
    numbers = report.write_outputs(tmp_path, diagnosed(), facts)
    assert numbers["failed"] == {"report.xlsx": "ZeroDivisionError"}
    assert not (tmp_path / "report.xlsx").exists()
    assert "Report.xlsx" in (tmp_path / "report.html").read_text("utf-8")
    assert "Report.xlsx" in (tmp_path / "summary.md").read_text("utf-8")


def test_the_short_message_has_the_numbers_and_nothing_that_somebody_typed(
    written, numbers, diagnosed
):
    text = (written / "summary.md").read_text("utf-8")
    assert numbers["headline"] in text
    assert "- **Manual late**: 48, high; operations moves next" in text
    assert "Only" not in text
    for evidence in diagnosed().findings["evidence"]:
        assert evidence not in text


def test_each_owner_has_a_worklist_with_equal_causes_together(written, diagnosed):
    book = openpyxl.load_workbook(written / "report.xlsx")
    acting = diagnosed().findings.loc[lambda rows: ~rows["owner"].eq("nobody")]
    for owner, rows in acting.groupby("owner"):
        sheet = book[owner.capitalize()]
        causes = [row[2].value for row in sheet.iter_rows(min_row=2)]
        assert len(causes) == len(rows)
        assert len([*groupby(causes)]) == len(set(causes))
        assert sheet["A2"].hyperlink.target.startswith("https://admin.shopify.com/")


def test_the_workbook_lists_what_changed(tmp_path, diagnosed, facts):
    diagnosis = diagnosed()
    before = Snapshot("before", diagnosis.findings.iloc[5:], FETCH)
    report.write_outputs(tmp_path, diagnosis, facts, before)
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Changes"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["new"] * 5
