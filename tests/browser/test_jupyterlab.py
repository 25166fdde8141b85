"""A check as a student sees it: a real JupyterLab, its own server on loopback, light and dark."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
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
    with subprocess.Popen(
        command, env=os.environ | home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        for line in server.stderr or ():
            if "is running at" in line:
                break
        reading = threading.Thread(target=lambda: [None for _ in server.stderr or ()])
        reading.start()  # a full pipe would stop it
        yield f"http://127.0.0.1:{port}/lab/tree/homework.ipynb?token={token}"
        server.terminate()
        reading.join()


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


def test_the_page_stands_below_its_cell_in_both_themes(page: Page, tmp_path: Path) -> None:
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    before = _looks(page, ".jp-Notebook")
    _choose(page, "Run", "Run All Cells")
    shown = page.locator(".torch-grader")
    shown.wait_for()

    told, light = shown.inner_text(), _looks(page, ".torch-grader")
    page.screenshot(path=tmp_path / "light.png")
    assert _looks(page, ".jp-Notebook") == before
    _choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    dark = _looks(page, ".torch-grader")
    page.screenshot(path=tmp_path / "dark.png")

    assert [line for line in told.splitlines() if line][:2] == ["6 / 10 points", "4 of 6 checks passed."]
    assert "Likely mistake: The gradients of all steps add up: they are never cleared between steps" in told
    assert light[:2] == ["rgb(29, 29, 31)", "rgb(251, 250, 248)"]
    assert dark[:2] == ["rgb(236, 236, 238)", "rgb(21, 22, 24)"]


def _choose(page: Page, menu: str, *items: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
    for item in items[:-1]:
        page.locator(".lm-Menu-itemLabel", has_text=item).first.hover()
    page.locator(".lm-Menu-itemLabel", has_text=items[-1]).first.click()


def _looks(page: Page, selector: str) -> list[str]:
    """Colour, ground and font."""
    found: list[str] = page.evaluate(
        "(selector) => { const s = getComputedStyle(document.querySelector(selector));"
        " return [s.color, s.backgroundColor, s.font]; }",
        selector,
    )
    return found
