"""The shipped notebooks in a real JupyterLab: opened untrusted, run by menu, seen whole."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from fulfilltools.notebooks import shipped_notebooks

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]

WELCOME = "welcome.ipynb"
OTHERS = sorted({path.name for path in shipped_notebooks().glob("*.ipynb")} - {WELCOME})
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
IS_READY = f"""() => {{
    const session = window.jupyterapp && {NOTEBOOK}?.sessionContext;
    return session && session.isReady && session.session?.kernel?.status === "idle";
}}"""
HAS_RUN = f"""() => {{
    const cells = {NOTEBOOK}.content.widgets.filter(cell => cell.model.type === "code");
    const failed = cells.some(
        cell => cell.model.outputs.toJSON().some(output => output.output_type === "error"));
    const done = cells.every(cell => cell.model.executionCount !== null);
    return {NOTEBOOK}.sessionContext.session.kernel.status === "idle" && (failed || done);
}}"""
CHANGE_THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
CLEAR = "() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
SETTINGS = {
    # No news popup over the page, and all cells in the page, not only those in view.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
}


@contextmanager
def jupyterlab(folder: Path):
    """Serve the notebooks as `fulfilltools lab` does, with settings of its own; its address."""
    for name, settings in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    places = {
        name: str(folder / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
        )
    }
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--LabApp.expose_app_in_browser=True", f"--notebooks={folder / 'work'}"]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "fulfilltools", "lab", *options],
            env=os.environ
            | places
            | {
                "JUPYTER_TOKEN": token,
                "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
                "FULFILLTOOLS_RUNS": str(folder / "runs"),
            },
            stderr=log,
        ) as server,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?reset&token={token}"
        finally:
            server.terminate()


def wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended"
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("JupyterLab did not answer in 30 seconds")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(shipped_notebooks(), folder / "work")
    with jupyterlab(folder) as address:
        yield address


@pytest.fixture(scope="module")
def page():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
        browser.close()


@pytest.fixture
def watched(page):
    """Collect what goes wrong in the page, and what it asks of others than our server."""
    mistakes, elsewhere = [], []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("request", lambda sent: "127.0.0.1" in sent.url or elsewhere.append(sent.url))
    yield
    assert not mistakes
    assert not [url for url in elsewhere if url.startswith("http")]


def opened(page, address):
    page.goto(address)
    page.wait_for_function(IS_READY, timeout=60_000)


def test_a_stranger_sees_tables_and_pictures_before_anything_is_trusted(lab, page, watched):
    opened(page, lab.format("investigate_order.ipynb"))
    shown = page.locator(".jp-OutputArea-output")
    assert shown.locator("table").count() >= 5
    assert shown.locator("figure img").first.evaluate("image => image.naturalWidth") > 100
    assert shown.locator("figure img").first.get_attribute("alt")
    shown.locator("details summary").first.click()
    assert shown.locator("details table").first.is_visible()
    assert shown.locator("div[style*='border-left']").count() >= 1  # inline styles survive


@pytest.mark.parametrize("name", OTHERS)
def test_it_runs_by_menu_without_an_error(lab, page, watched, name, tmp_path):
    run_all(page, lab.format(name))
    page.screenshot(path=tmp_path / f"{name}.png", full_page=True)


def run_all(page, address):
    """Run a notebook as a person does; nothing in it may fail, and tables are seen."""
    opened(page, address)
    page.evaluate(CLEAR)
    page.locator(".lm-MenuBar-item", has_text="Run").first.click()
    page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
    page.wait_for_function(HAS_RUN, timeout=120_000)
    cells = page.evaluate(f"() => {NOTEBOOK}.content.model.toJSON()")["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert not [one for one in outputs if one["output_type"] == "error"]
    assert page.locator(".jp-OutputArea-output table").count() >= 1


def test_the_backlog_is_searched_in_light_and_dark(lab, page, watched):
    run_all(page, lab.format(WELCOME))
    page.wait_for_selector("#backlog.dataTable")
    page.locator(".dt-search input").fill("#1407")
    assert page.locator("#backlog tbody tr").count() == 1
    for theme, is_dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        page.evaluate(CHANGE_THEME, theme)
        page.wait_for_function(
            "is => document.documentElement.classList.contains('dark') === is", arg=is_dark
        )
