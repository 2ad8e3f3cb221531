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
        file.parent.mkdir(parents=True)
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


def test_all_three_run_by_menu_and_show_tables_and_pictures(lab, page, tmp_path):
    mistakes, elsewhere = [], []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("request", lambda sent: "127.0.0.1" in sent.url or elsewhere.append(sent.url))
    for name in sorted(path.name for path in shipped_notebooks().glob("*.ipynb")):
        page.goto(lab.format(name))
        page.wait_for_function(IS_READY, timeout=60_000)
        page.evaluate(CLEAR)
        page.locator(".lm-MenuBar-item", has_text="Run").first.click()
        page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
        page.wait_for_function(HAS_RUN, timeout=120_000)
        cells = page.evaluate(f"() => {NOTEBOOK}.content.model.toJSON()")["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [one for one in outputs if one["output_type"] == "error"], name
        assert page.locator(".jp-OutputArea-output table").count() >= 1, name
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
    pictures = page.locator(".jp-OutputArea-output figure img")
    assert pictures.count() >= 3
    assert pictures.first.evaluate("image => image.naturalWidth") > 100
    assert pictures.first.get_attribute("alt")
    assert not mistakes
    assert not [url for url in elsewhere if url.startswith("http")]
