"""The demo shop's whole report, list of runs and mail as people see them, in a real Chromium."""

import re
import shutil

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

import fulfilltools as ft
from fulfilltools import ledger, plots
from fulfilltools.delivery.content import of_run
from fulfilltools.delivery.mail import mail_html
from fulfilltools.settings import Delivery

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt install chromium)"),
]


@pytest.fixture(scope="module")
def whole_run(shop_run, tmp_path_factory):
    """Report the demo shop's Monday, compared with the Sunday and the Monday before."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("runs")
        patch.setenv("FULFILLTOOLS_RUNS", str(home))
        run = ft.open_run(shutil.copytree(shop_run.folder, home / "demo" / shop_run.folder.name))
        ft.write_report(run, ft.open_diagnosis(run))
        for name in ("2026-11-22T07-00-00Z", "2026-11-21T07-00-00Z", "2026-11-16T07-00-00Z"):
            earlier = run.folder.with_name(name)
            shutil.copytree(run.folder, earlier)
            for file in ("summary.json", "manifest.json"):
                text = (earlier / file).read_text("utf-8").replace(run.folder.name, name)
                moment = re.sub(r"T(\d\d)-(\d\d)-", r"T\1:\2:", name)
                text = text.replace('"as_of": "2026-11-23T07:00:00Z"', f'"as_of": "{moment}"')
                (earlier / file).write_text(text, "utf-8")
        ft.write_report(run, ft.open_diagnosis(run))
        ledger.write_index(run.folder.parent)
        (run.folder / "mail.html").write_text(mail_html(of_run(run, Delivery(), None)), "utf-8")
        yield run


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_at(browser, file, width, theme="light"):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
    )
    page = context.new_page()
    page.clock.set_fixed_time("2026-11-23T08:00:00Z")
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("file", ["report.html", "mail.html", "../index.html"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser, whole_run, file, theme, width
):
    page = open_at(browser, (whole_run.folder / file).resolve(), width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # A few rows stand for all: axe takes a minute for hundreds that are alike.
    page.evaluate("document.querySelectorAll('.orders tr:nth-child(n+4)').forEach(r => r.remove())")
    page.evaluate("document.querySelectorAll('.finding:nth-of-type(n+4)').forEach(r => r.remove())")
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    found = Axe().run(page)["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []
    page.context.close()


def test_every_picture_is_there_with_its_numbers_and_the_tiles_with_their_course(
    browser, whole_run
):
    page = open_at(browser, whole_run.folder / "report.html", 1280)
    count = len(plots.PICTURES) + len(plots.RUN_PICTURES)
    assert page.locator("figure svg[role=img]").count() == count
    assert page.locator("figure details table").count() == count
    assert page.locator(".tile .spark").count() >= 5
    assert page.locator(".tile", has_text="as a week ago").count() >= 4
    assert page.locator(".since").count() > 100
    assert whole_run.summary["failed"] == {}
    page.context.close()


def test_on_a_phone_a_wide_picture_begins_at_its_newest_end(browser, whole_run):
    context = browser.new_context(
        viewport={"width": 390, "height": 900}, offline=True, java_script_enabled=False
    )
    page = context.new_page()
    page.goto((whole_run.folder / "report.html").as_uri())
    for place in page.locator("figure.wide .scroll.to-end").all():
        edge = place.bounding_box()
        drawn = place.locator("svg").bounding_box()
        assert drawn["width"] > edge["width"]
        assert drawn["x"] + drawn["width"] == pytest.approx(edge["x"] + edge["width"], abs=1)
        place.focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(500)  # no script, so nothing tells when it has scrolled
        assert place.locator("svg").bounding_box()["x"] > drawn["x"] + 5
    assert page.locator("figure.wide .sideways").first.is_visible()
    context.close()


def test_a_wide_screen_has_nothing_to_scroll_and_begins_at_the_left(browser, whole_run):
    page = open_at(browser, whole_run.folder / "report.html", 1280)
    place = page.locator("figure.wide .scroll").first
    left = place.locator("svg").bounding_box()["x"]
    assert left == pytest.approx(place.bounding_box()["x"])
    assert not page.locator("figure.wide .sideways").first.is_visible()
    page.context.close()


def test_no_picture_has_words_that_overlap_its_edge(browser, whole_run):
    page = open_at(browser, whole_run.folder / "report.html", 1280)
    cut = page.evaluate(
        """() => [...document.querySelectorAll("figure svg text")].filter((text) => {
          const box = text.getBoundingClientRect();
          const around = text.ownerSVGElement.getBoundingClientRect();
          return box.left < around.left - 1 || box.right > around.right + 1;
        }).map((text) => text.textContent)"""
    )
    assert cut == []
    page.context.close()
