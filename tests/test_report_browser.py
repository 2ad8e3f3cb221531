"""The report as people see it, in a real Chromium without network."""

import shutil

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from fulfilltools import report
from fulfilltools.history import Snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FETCH = {"shop": "nordlys", "shop_name": "Nordlys", "time_zone": "Europe/Stockholm"}
FETCH |= {"scopes_missing": {"read_inventory": "stock is not seen."}, "notes": ["A note."]}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (apt install chromium)"),
]


def write(folder, diagnosis, fetch=FETCH):
    facts = report.Facts("2026-11-23T07-00-00Z", fetch, {}, {"sla_hours": 48})
    before = Snapshot("2026-11-20T07-00-00Z", diagnosis.findings.iloc[3:], FETCH)
    report.write_outputs(folder, diagnosis, facts, before)
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory, diagnosed):
    return write(tmp_path_factory.mktemp("run"), diagnosed())


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Open a report; whatever it asks for or complains about fails the test."""
    contexts, trouble = [], []

    def open_(width=1280, address=address, **options):
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda one: one.url != address and trouble.append(one.url))
        page.on("console", lambda one: trouble.append(one.text))
        page.on("pageerror", lambda one: trouble.append(str(one)))
        page.clock.set_fixed_time("2026-11-23T08:00:00Z")
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_either_theme(browser, tmp_path, diagnosed, theme, width):
    page = browser.new_page(color_scheme=theme, viewport={"width": width, "height": 900})
    page.goto(write(tmp_path, diagnosed(most=4)))
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    found = Axe().run(page)["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []
    page.close()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(open_page, width):
    assert open_page(width).evaluate("document.documentElement.scrollWidth") == width


def test_without_javascript_everything_can_be_read(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator("#order-list tbody tr").count() == 107
    assert not page.locator("#theme").is_visible()
    assert not page.locator(".filters").is_visible()


def test_the_list_is_searched_filtered_and_sorted(open_page):
    page = open_page()
    rows = page.locator("#order-list tbody tr:not([hidden])")
    page.select_option("[data-filter=owner]", "finance")
    assert rows.count() == 31
    assert page.locator("#shown").text_content() == "31 of 107 shown"
    page.fill("#search", "jpy nothing like it")
    assert rows.count() == 0
    page.locator("a[data-show=manual_late]").click()
    assert rows.count() == 48
    page.get_by_role("button", name="Waiting").first.press("Enter")
    ages = rows.locator("td:nth-child(5)").evaluate_all(
        "(cells) => cells.map((cell) => Number(cell.dataset.sort))"
    )
    assert ages == sorted(ages)
    assert page.locator("th[aria-sort=ascending]").text_content() == "Waiting"


def test_the_theme_can_be_changed_by_hand(open_page):
    page = open_page(color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.click("#theme")
    assert page.evaluate(paper) != "rgb(255, 255, 255)"


def test_an_old_report_says_how_old_it_is(browser, address, open_page):
    page = open_page()
    assert not page.locator("#stale").is_visible()
    page.clock.set_fixed_time("2026-11-29T08:00:00Z")
    page.reload()
    assert page.locator("#stale").text_content() == "This report is 6 days old."


def test_a_report_of_the_demo_shop_stays_calm_however_late_it_is_read(
    tmp_path, diagnosed, open_page
):
    demo = FETCH | {"shop": "nordlys-demo.myshopify.com"}
    page = open_page(address=write(tmp_path, diagnosed(), demo))
    page.clock.set_fixed_time("2027-11-29T08:00:00Z")
    page.reload()
    told = page.locator("#demo")
    assert told.text_content() == "These are the demo shop’s orders of 23 November 2026."
    calm = page.locator(".fresh").evaluate("(one) => getComputedStyle(one).color")
    assert told.evaluate("(one) => getComputedStyle(one).color") == calm
    assert "days old" not in page.locator("main").inner_text()
    assert page.locator("html.js").count() == 1
    page.fill("#search", "nothing like it")
    assert page.locator("#shown").text_content() == "0 of 107 shown", "the script went on"


def test_printing_opens_what_is_folded_and_stays_light(open_page):
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("figure details[open]").count() == 4
    assert page.locator("details.quiet-orders[open]").count() == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
