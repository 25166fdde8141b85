"""The page of similar submissions as a browser shows it: for everyone, at any width, under attack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from grader.report import similarview
from grader.report.html import write_similar
from grader.sandbox.comparing import prints
from grader.sandbox.jobs import File
from grader.similar.pairs import compare
from grader.similar.reading import Read
from tests.browser.conftest import HOSTILE, Open, Visit
from tests.similar.disguised import COPIES

SOURCES = [
    (name, source, twin)
    for name, source in COPIES.items()
    for twin in ((False, True) if name == "closure_step.py" else (False,))
]


def read(name: str, source: str, attack: str) -> Read:
    found = prints((File("hw.py", f"{source}\n# {attack}\n".encode()),), texts=True)
    spans = np.frombuffer(found.spans, np.uint32).reshape(-1, 3)
    return Read(attack + name, np.frombuffer(found.hashes, np.uint64), spans, "", found.parts)


def write(folder: Path, attack: str) -> Path:
    """Ten programs, one of them twice and one unread."""
    reads = [read(f"{name}{'-twin' * twin}", source, attack) for name, source, twin in SOURCES]
    unread = Read(f"{attack}s99", reads[0].hashes[:0], reads[0].spans[:0], f"{attack}no code")
    compared = compare([*reads, unread])
    found = similarview.document([*reads, unread], compared, 0.5, [f"{attack}starter.py"])
    return write_similar(folder, similarview.view(found, compared, {one.student: one for one in reads}))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("similar"), "")


def test_axe_finds_nothing_in_either_theme(open_page: Open, path: Path) -> None:
    page = open_page(path)
    page.locator("#shares a").first.click()

    assert page.locator("details[open] .side").count() == 2, "a pair's link opens its lines"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"


def test_each_shared_line_says_where_it_is_in_the_other_one(open_page: Open, path: Path) -> None:
    page = open_page(path)

    one, other = (
        page.locator(".side").nth(side).locator("tr.rare td:nth-child(3)").all_text_contents()
        for side in (0, 1)
    )

    assert one == other, "each is the other's twin"
    assert one[:2] == ["→ 6", "→ 7"]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_its_window_with_all_open(open_page: Open, path: Path, width: int) -> None:
    page = open_page(path, viewport={"width": width, "height": 800})
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_nothing_that_was_handed_in_becomes_markup(visit: Callable[..., Visit], tmp_path: Path) -> None:
    made = visit(write(tmp_path, HOSTILE))

    page = made.page
    assert len(made.requests) == 1
    assert HOSTILE[:60] in page.locator("#shares a").first.inner_text()
    assert page.locator("img, main script, [onfocus]").count() == 0
    page.locator("#shares a").first.click()
    assert "<script>alert(1)</script>" in page.locator(".side").first.inner_text()
