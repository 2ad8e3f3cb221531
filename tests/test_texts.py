"""English and Swedish: the catalog, the values, and a whole run told in Swedish."""

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from fulfilltools import texts, timeline
from fulfilltools.causes import BY_CODE, CAUSES
from fulfilltools.errors import SettingsError
from fulfilltools.schema import backlog_of
from fulfilltools.wording import Voice, business_time, retold, sentence, words, zone_name

PROJECT = Path(__file__).resolve().parent.parent
CATALOG = PROJECT / "fulfilltools" / "locale" / "sv" / "LC_MESSAGES" / "fulfilltools.po"
NBSP = "\N{NO-BREAK SPACE}"

ENGLISH = (
    "the|and|is|are|was|with|from|by|has|have|its|that|which|because|payment|shipped|waiting|"
    "since|days|hours|units|unknown|held|hold|request|nothing|needs|action|cancelled|paid|"
    "unfulfilled|fulfilled|awaiting|critical|high|medium|low|owner|severity|cause|stock"
)
"""Words that a Swedish text does not have."""

QUOTED = (
    "This order can't be fulfilled right now",
    "Inventory out of stock",
    "Due on fulfillment",
)
"""Words of Shopify's, of services' and of the shop's own, which are told as they came."""


def _script():
    place = PROJECT / "scripts" / "refresh_texts.py"
    spec = importlib.util.spec_from_file_location("refresh_texts", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated_with_the_same_places_and_no_entry_is_unused():
    script = PROJECT / "scripts" / "refresh_texts.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert not done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("english", "swedish", "fault"),
    [
        ("At {location}[, by {fulfill_by:date}]", "", "not"),
        (
            "At {location}[, by {fulfill_by:date}]",
            "På {location}, senast {fulfill_by:date}",
            "other",
        ),
        ("At {location}", "På {plats}", "other"),
        ("{paid:money} paid", "{paid:date} betalt", "other"),
        ("%(n)s new", "%(m)s nya", "other"),
        ("{n:count:unit|units} at {place}", "På {place}: {n:count:enhet|enheter}", None),
    ],
)
def test_a_faulty_translation_is_found(english, swedish, fault):
    catalog = Catalog(locale="sv")
    catalog.add(english, swedish)
    found = [line.split(" ")[0] for line in _script().faults(catalog)]
    assert found == ([fault] if fault else [])


def test_plurals_and_fuzzy_entries_are_checked_too():
    catalog = Catalog(locale="sv")
    catalog.add(("{n} day", "{n} days"), ("{n} dag", "dagar"))
    catalog.add("Search", "Sök", flags=["fuzzy"])
    assert len(list(_script().faults(catalog))) == 2


def test_evidence_of_every_cause_reads_in_swedish_and_says_the_same_values():
    for made in CAUSES:
        backlog = backlog_of(made.hits)
        labels = made.answer(backlog).labels
        for label, row in zip(labels, backlog.to_dict("records"), strict=True):
            template = made.as_variant(label).evidence
            told = sentence(template, row, language="sv")
            assert "{" not in told, made.code
            assert told != sentence(template, row) or template.startswith("{items"), made.code


@pytest.mark.parametrize(
    ("count", "english", "swedish"),
    [(1, "1 parcel left", "1 orderrad kvar"), (2, "2 parcels left", "2 orderrader kvar")],
)
def test_what_is_counted_agrees_with_its_number(count, english, swedish):
    assert sentence("{n:count:parcel|parcels} left", {"n": count}) == english
    template = "{n:count:orderrad|orderrader} kvar"
    assert sentence(template, {"n": count}, language="sv") == swedish


@pytest.mark.parametrize(
    ("at", "english", "swedish"),
    [
        ("2026-11-12T00:00Z", "12 Nov 2026", "12 nov. 2026"),  # a date in a file
        ("2026-11-11T23:00Z", "12 Nov 2026", "12 nov. 2026"),  # a date of the shop's
        ("2026-11-12T00:01Z", "12 Nov 2026 01:01", "12 nov. 2026 01:01"),
    ],
)
def test_a_date_only_gets_no_hour_of_its_own(at, english, swedish):
    row, zone = {"supplier_shipped_at": pd.Timestamp(at)}, "Etc/GMT-1"
    template = "{supplier_shipped_at:day}"
    assert sentence(template, row, zone) == english
    assert sentence(template, row, zone, "sv") == swedish


@pytest.mark.parametrize(
    ("zone", "told"),
    [("Etc/GMT-1", "UTC+1"), ("Etc/GMT+11", "UTC-11"), ("Asia/Kolkata", "Asia/Kolkata")],
)
def test_a_zone_that_posix_signs_is_told_as_people_do(zone, told):
    assert zone_name(zone) == told


def test_values_follow_the_language():
    english, swedish = Voice("en"), Voice("sv")
    assert english.money(1234.5, "SEK") == f"SEK{NBSP}1,234.50"
    assert swedish.money(1234.5, "SEK") == f"1{NBSP}234,50{NBSP}kr"
    assert swedish.number(1234.56) == f"1{NBSP}234,6"
    assert [swedish.duration(hours) for hours in (0.5, 1, 7, 72)] == [
        *("30 minuter", "1 timme", "7 timmar", "3 dygn"),
    ]
    at = pd.Timestamp("2026-05-04T07:30Z")
    assert english.moment(at, "Europe/Stockholm") == "4 May 2026 09:30"
    assert swedish.moment(at, "Europe/Stockholm") == "4 maj 2026 09:30"
    assert business_time(1) == "1 business hour"
    assert [business_time(hours, language="sv") for hours in (1, 30, 72)] == [
        *("1 arbetstimme", "30 arbetstimmar", "3 arbetsdagar"),
    ]


def test_codes_are_told_as_words_also_several_and_unknown_ones():
    assert words("PARTIALLY_PAID") == "partially paid"
    assert words("PARTIALLY_PAID", "sv") == "delvis betald"
    assert words("AWAITING_PAYMENT, OTHER", "sv") == "inväntar betalning, annat"
    assert words("BRAND_NEW_STATUS", "sv") == "brand new status"
    assert Voice("sv").named("SEK") == "SEK"


def test_sentences_that_edges_filled_in_english_are_found_again():
    note = (
        "Stock is not seen, so nothing is known to be out of stock. "
        "Scope read_inventory is not granted."
    )
    assert retold(note, "sv") == (
        "Lagret syns inte, så inget är känt som slut. Behörigheten read_inventory är inte given."
    )
    read = "Refunds, returns and payment terms were read for 1,200 of 3,400 orders."
    assert f"för 1{NBSP}200 av 3{NBSP}400 ordrar" in retold(read, "sv")
    assert retold(note) == note
    assert retold("A shop's own words.", "sv") == "A shop's own words."
    assert retold("", "sv") == ""


def test_a_language_without_texts_is_refused():
    with pytest.raises(SettingsError, match=r"'de'.*en or sv"):
        texts.texts("de")


@pytest.fixture(scope="module")
def swedish(tmp_path_factory):
    """Run the demo shop's report in Swedish, as the command does."""
    home = tmp_path_factory.mktemp("swedish")
    environment = os.environ | {"FULFILLTOOLS_RUNS": str(home)}
    command = [sys.executable, "-m", "fulfilltools", "run", "--demo", "--language", "sv"]
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, check=True
    )
    return home / "demo" / "latest", done.stdout


def test_no_english_is_left_in_what_a_swedish_run_says(swedish):
    assert _is_english("Nothing needs action.")
    folder, printed = swedish
    told = {
        "report.html": _page_texts((folder / "report.html").read_text("utf-8")),
        "report.xlsx": _cell_texts(folder / "report.xlsx"),
        "summary.md": [(folder / "summary.md").read_text("utf-8")],
        "printed": [line for line in printed.splitlines() if "/" not in line],
    }
    for name, found in told.items():
        english = [text for text in found if _is_english(text)]
        assert not english, (name, english[:5])


def test_a_swedish_run_keeps_codes_and_keys_in_english_and_says_its_language(swedish):
    folder, _ = swedish
    numbers = json.loads((folder / "summary.json").read_text("utf-8"))
    assert numbers["language"] == "sv"
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["language"] == "sv"
    assert "kräver åtgärd" in numbers["headline"]
    assert set(numbers["by_severity"]) == {"critical", "high", "medium", "low", "info"}
    finding = json.loads((folder / "findings.json").read_text("utf-8"))[0]
    assert finding["cause"] in {made.code for made in CAUSES}
    assert finding["verdict"] in {"do it now", "danger", "blocked", "suspect"}
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[:4] == [
            *("order", "order_id", "fulfillment_order_id", "cause"),
        ]


def test_the_swedish_page_names_its_language_and_writes_money_as_swedes_do(swedish):
    page = (swedish[0] / "report.html").read_text("utf-8")
    assert '<html lang="sv"' in page
    assert re.search(r"\d \d{3},\d{2} kr", " ".join(_page_texts(page)).replace(NBSP, " "))


def test_every_word_of_a_swedish_run_has_its_entry(swedish):
    """What a finding tells comes from the catalog, so no English template shows through."""
    findings = json.loads((swedish[0] / "findings.json").read_text("utf-8"))
    with CATALOG.open("rb") as file:
        told = {one.string for one in read_po(file, locale="sv") if one.context is None}
    assert {one["action"] for one in findings} <= told


def _is_english(text):
    for quoted in QUOTED:
        text = text.replace(quoted, "")
    return re.search(rf"\b({ENGLISH})\b", text, re.IGNORECASE)


class _Texts(HTMLParser):
    """Collects what a reader sees or hears; codes and scripts are left out."""

    def __init__(self):
        super().__init__()
        self.found, self.within = [], []

    def handle_starttag(self, tag, attributes):
        if tag in {"script", "style", "code"}:
            self.within.append(tag)
        named = {"aria-label", "alt", "title", "data-text", "placeholder"}
        self.found += [value for name, value in attributes if name in named and value]

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data):
        if data.strip() and not self.within:
            self.found.append(" ".join(data.split()))


def _page_texts(page):
    reader = _Texts()
    reader.feed(page)
    return reader.found


def _cell_texts(file):
    book = openpyxl.load_workbook(BytesIO(file.read_bytes()))
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    found = [*book.sheetnames, *(cell for cell in cells if isinstance(cell, str))]
    return [text for text in found if not text.startswith("gid://")]


def test_check_and_explain_speak_swedish(swedish):
    environment = os.environ | {"FULFILLTOOLS_RUNS": str(swedish[0].parent.parent)}
    asked = [["check", "--demo"], ["explain", "payment_authorized"]]
    for arguments in asked:
        command = [sys.executable, "-m", "fulfilltools", *arguments, "--language", "sv"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        told = [line for line in done.stdout.splitlines() if " = " not in line]
        assert not [line for line in told if _is_english(re.sub(r"\w+_\w+", "", line))], arguments


def test_a_story_speaks_swedish(swedish):
    environment = os.environ | {"FULFILLTOOLS_RUNS": str(swedish[0].parent.parent)}
    finding = json.loads((swedish[0] / "findings.json").read_text("utf-8"))[0]
    command = [sys.executable, "-m", "fulfilltools", "explain", finding["order"], "--demo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "är inte skickad på grund av" in done.stdout
    told = re.sub(r"\([^()]*\)", "", done.stdout)  # columns and mutations keep their names
    assert not [line for line in told.splitlines() if _is_english(re.sub(r"\w+_\w+", "", line))]


def test_whatever_happened_to_an_order_is_told_in_swedish(swedish):
    events = pd.read_parquet(swedish[0] / "events.parquet")
    told = {action: timeline.EVENTS.get(action, action) for action in events["action"].unique()}
    assert not [what for what in told.values() if words(what, "sv") == words(what)]
    assert words("fulfillment_order_closed", "sv") == "distributionsorder stängd"


@pytest.mark.parametrize(("units", "told"), [(1, "1 enhet oskickad"), (2, "2 enheter oskickade")])
def test_units_and_what_is_said_of_them_agree_in_swedish(units, told):
    evidence = BY_CODE["service_closed_incomplete"].evidence
    said = sentence(evidence, {"location": "3PL", "units_left": units}, language="sv")
    assert said == f"3PL stängde begäran med {told}"
