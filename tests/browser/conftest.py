"""One browser for all tests of the pages, and pages whose every complaint fails the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from grader.overrides import NONE
from grader.report.classview import classroom
from grader.report.head import head_of
from grader.report.html import Renderer, write_class, write_student
from grader.results import Results
from tests.browser import chromium
from tests.report import samples
from tests.report.reading import filled

# A sandbox of Chromium's own cannot be had by root or in a container; it opens nothing but our own pages.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PATIENCE = 300_000  # ms for something to appear: only a failing test waits that long

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "\"' onfocus='alert(4)' autofocus </style></title></textarea><a href=javascript:alert(5)>x</a>{{ 7 * 7 }}"
)


@dataclass
class Visit:
    """A page and what happened on it that must not happen."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def complain(self, told: str) -> None:
        self.complaints.append(told)

    def dismiss(self, dialog: Dialog) -> None:
        self.complain(f"dialog: {dialog.message}")
        dialog.dismiss()


Open = Callable[..., Page]


def required(found: str | None, *, ci: bool) -> str:
    """Skip aloud without a browser; in CI fail."""
    if found is None and ci:
        pytest.fail("there is no browser, and CI must test the pages: make browser")
    if found is None:
        pytest.skip("there is no browser: make browser")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = required(chromium.find(), ci=bool(os.environ.get("CI")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS), timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a file in a window of its own; at the end no visit may have had a complaint."""
    visits: list[Visit] = []

    def open_(path: Path, fragment: str = "", **window: Any) -> Visit:
        page = browser.new_context(**window).new_page()
        page.set_default_timeout(PATIENCE)
        made = Visit(page)
        page.on("console", lambda message: made.complain(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: made.complain(f"error: {error}"))
        page.on("dialog", made.dismiss)
        page.on("request", lambda request: made.requests.append(request.url))
        visits.append(made)
        page.goto(path.as_uri() + fragment)
        return made

    yield open_
    complaints = [complaint for made in visits for complaint in made.complaints]
    for made in visits:
        made.page.context.close()
    assert complaints == []


@pytest.fixture
def open_page(visit: Callable[..., Visit]) -> Open:
    return lambda path, fragment="", **window: visit(path, fragment, **window).page


def write_report(folder: Path, results: Results, *, hostile: bool = False) -> Path:
    """The pages of a class, the evidence of one student with them."""
    renderer = Renderer()
    evidence = filled(samples.EVIDENCE, lambda text: f"{HOSTILE}{text}") if hostile else samples.EVIDENCE
    for index, one in enumerate(results.submissions):
        write_student(folder, one, evidence if index == 1 else None, head_of(results), NONE, renderer)
    return write_class(folder, classroom(results), renderer)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class page of five students: right, wrong, not loaded, half begun, a fault of ours."""
    return write_report(tmp_path_factory.mktemp("class"), samples.RESULTS)


@pytest.fixture(scope="session")
def student(index: Path) -> Path:
    """The page of the student who is wrong."""
    return index.parent / "students" / "s02.html"


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class page of a class in which every text is an attack."""
    results = filled(samples.RESULTS, lambda text: f"{HOSTILE}{text}")
    return write_report(tmp_path_factory.mktemp("hostile"), results, hostile=True)
