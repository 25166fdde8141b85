"""A check as a student sees it: a real JupyterLab, its own server on loopback, light and dark."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from grader import kit as kits
from grader.kit import LoadedKit
from tests.browser.conftest import PATIENCE
from tests.notebook.test_check import NAME, NEVER_CLEARED
from tests.sandbox.small import notebook

pytestmark = pytest.mark.exhaustive

CELL = f"grader.check({NAME})"
QUIET = (
    "--ServerApp.log_level=ERROR",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


@pytest.fixture(scope="module")
def lab(kit: LoadedKit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server in a folder with a kit and a notebook; it ends with the tests."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "homework.kit").write_bytes(kits.encode(kit.kit))
    text = notebook(NEVER_CLEARED.strip(), CELL, kernelspec={"name": "python3", "display_name": "Python 3"})
    (folder / "homework.ipynb").write_text(text, encoding="utf-8")
    token, port = secrets.token_hex(16), _free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    home = {f"JUPYTER_{name}_DIR": str(folder / ".jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        command, env=os.environ | home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "is running at" in line:
                break
        yield f"http://127.0.0.1:{port}/lab/tree/homework.ipynb?token={token}"
    finally:
        server.terminate()
        server.communicate()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def page(browser: Browser, lab: str) -> Iterator[Page]:
    window = browser.new_page(viewport={"width": 1200, "height": 1400})
    window.set_default_timeout(PATIENCE)
    window.goto(lab)
    yield window
    window.close()


def test_the_page_stands_below_its_cell_in_both_themes_and_changes_nothing_else(
    page: Page, tmp_path: Path
) -> None:
    page.get_by_role("menuitem", name="Run").click()
    before = _looks(page)
    page.get_by_role("menuitem", name="Run All Cells").click()
    shown = page.locator(".torch-grader")
    shown.wait_for()

    told = shown.inner_text()
    light = _colours(page)
    page.screenshot(path=tmp_path / "light.png")
    _dark(page)
    dark = _colours(page)
    page.screenshot(path=tmp_path / "dark.png")

    assert told.startswith("6 / 10 points\n\n4 of 6 checks passed.")
    assert "Likely mistake: The gradients of all steps add up: they are never cleared between steps" in told
    assert light == {"color": "rgb(29, 29, 31)", "background": "rgb(251, 250, 248)"}
    assert dark == {"color": "rgb(236, 236, 238)", "background": "rgb(21, 22, 24)"}
    assert before["font"] == _looks(page)["font"]


def _dark(page: Page) -> None:
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_role("menuitem", name="Theme").hover()
    page.get_by_role("menuitem", name="JupyterLab Dark", exact=True).click()
    page.wait_for_selector('body[data-jp-theme-light="false"]')


def _looks(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        "() => ({font: getComputedStyle(document.querySelector('.jp-Notebook')).fontFamily})"
    )
    return found


def _colours(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        "() => { const s = getComputedStyle(document.querySelector('.torch-grader'));"
        " return {color: s.color, background: s.backgroundColor}; }"
    )
    return found


_ = json
