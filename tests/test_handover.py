"""What happens after the notebooks: the log, the list of runs, the PDF, the notice of failure."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from fulfilltools import delivery, handover, ledger, report, runs
from fulfilltools.errors import RunError, ShopifyError
from fulfilltools.report.pdf import BROWSERS, write_pdf
from fulfilltools.settings import Delivery

AS_OF = datetime(2026, 11, 23, 7, tzinfo=UTC)
FETCH = {"shop": "nordlys", "shop_name": "<b>Nordlys</b>", "currency": "SEK"}


@pytest.fixture
def write(tmp_path, diagnosed):
    """Write a run as the command does, inside its log."""

    def write(as_of=AS_OF, *, error=None, to=None, pdf=False):
        with handover.told(tmp_path, "nordlys", as_of, to) as facts:
            with runs.new_run(tmp_path, "nordlys", as_of) as writing:
                if error:
                    raise error
                writing.raw.mkdir()
                (writing.raw / "fetch.json").write_text(json.dumps(FETCH))
                identity = writing.manifest["run_id"]
                facts_of_run = report.Facts(identity, FETCH)
                report.write_outputs(writing.folder, diagnosed(), facts_of_run)
            done = runs.Run(runs.run_folder(tmp_path, "nordlys", as_of))
            return done, handover.hand_over(done, facts, pdf=pdf, to=to)

    return write


def log_of(folder):
    return (folder / "nordlys" / ledger.LOG).read_text("utf-8").splitlines()


def test_each_run_leaves_a_line_and_a_place_in_the_list(tmp_path, write):
    write()
    with pytest.raises(ShopifyError):
        write(AS_OF.replace(day=24), error=ShopifyError('The shop said "no" = never.'))
    good, bad = log_of(tmp_path)
    assert "shop=nordlys status=done seen=0 unfulfilled=200 actionable=107" in good
    assert "2026-11-23T07-00-00Z seconds=" in good
    assert "status=failed error=ShopifyError folder=" in bad
    page = (tmp_path / "nordlys" / "index.html").read_text("utf-8")
    assert 'href="2026-11-23T07-00-00Z/report.html"' in page
    assert "The shop said &#34;no&#34; = never." in page
    assert page.index("2026-11-24") < page.index("2026-11-23")


def test_a_broken_folder_does_not_break_the_list(tmp_path, write):
    done, _ = write()
    broken = done.folder.with_name("2026-11-20T07-00-00Z")
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    ledger.write_index(tmp_path / "nordlys")
    assert "2026-11-20" not in (tmp_path / "nordlys" / "index.html").read_text("utf-8")


def test_the_log_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_BYTES", 1000)
    for number in range(200):
        ledger.append(tmp_path, {"run": number, "empty": "", "text": 'a "b"\nc'})
    lines = (tmp_path / ledger.LOG).read_text("utf-8").splitlines()
    assert lines[-1] == r'run=199 empty="" text="a \"b\" c"'
    assert len(lines) < 60


def test_a_failed_run_is_told_with_the_last_good_one(tmp_path, write, monkeypatch, listening):
    write()
    with listening() as (posts, address):
        monkeypatch.setenv(delivery.WEBHOOK, address)
        with pytest.raises(ShopifyError):
            write(AS_OF.replace(day=24), error=ShopifyError("The token is wrong."), to=Delivery())
    ((_, post),) = posts
    assert (post["kind"], post["error"]) == ("failure", "The token is wrong.")
    assert post["last_good"] == "2026-11-23 07:00 UTC"


def test_an_error_of_ours_is_told_by_its_name_alone(write, monkeypatch, listening):
    with listening() as (posts, address):
        monkeypatch.setenv(delivery.WEBHOOK, address)
        with pytest.raises(ValueError, match="customer"):
            write(error=ValueError("customer@example.com"), to=Delivery())
    assert "customer@example.com" not in json.dumps(posts)
    assert "ValueError" in posts[0][1]["error"]


def test_a_notice_that_cannot_be_sent_does_not_hide_the_error(write, monkeypatch):
    monkeypatch.setenv(delivery.WEBHOOK, "http://127.0.0.1:1/secret-path")
    with pytest.raises(ShopifyError, match="The token is wrong") as caught:
        write(error=ShopifyError("The token is wrong."), to=Delivery())
    notes = "".join(caught.value.__notes__)
    assert "no notice of this was sent" in notes
    assert "secret-path" not in notes


def test_a_report_that_lacks_a_part_is_delivered_and_says_so(
    write, tmp_path, monkeypatch, listening
):
    monkeypatch.setitem(report.sections.SECTIONS, "changes", lambda _: {}["gone"])
    with listening() as (posts, address):
        monkeypatch.setenv(delivery.WEBHOOK, address)
        done, problems = write(to=Delivery())
    assert posts[0][1]["failed"] == ["changes"]
    assert "changes" in problems[0]
    assert "status=incomplete" in log_of(tmp_path)[0]
    assert done.manifest["state"] == "done"


@pytest.mark.browser
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="Chromium is not installed")
def test_the_pdf_is_printed_on_the_shops_paper(write):
    done, problems = write(pdf=True)
    content = (done.folder / "report.pdf").read_bytes()
    assert problems == []
    assert content.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594" in content or b"/MediaBox [0 0 595" in content
    assert "report.pdf" in done.manifest["files"]


def test_without_a_browser_the_pdf_is_missed_in_words_and_the_rest_stands(write, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    done, problems = write(pdf=True)
    assert "apt install chromium" in problems[0]
    assert (done.folder / "report.html").is_file()
    with pytest.raises(RunError, match="Chromium"):
        write_pdf(done.folder)
