"""A class too large for one page: the first leads to everybody, offline, and nothing becomes markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Page

from grader.overrides import NONE
from grader.report import large as pages
from grader.report.classview import classroom
from grader.report.html import write_class, write_corrections
from grader.results import Results
from tests.browser.conftest import HOSTILE, Open, Visit
from tests.report import samples
from tests.report.reading import filled

SIZE = 2_500


def class_of(kinds: Results, size: int = SIZE, prefix: str = "c") -> Results:
    """All kinds of results in turn."""
    every = kinds.submissions
    students = [replace(every[n % len(every)], student=f"{prefix}{n:05}") for n in range(size)]
    return replace(kinds, submissions=tuple(students))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    write_corrections(folder, class_of(samples.RESULTS), NONE)
    return write_class(folder, classroom(class_of(samples.RESULTS)))


def rows(page: Page) -> list[list[str]]:
    return [line.locator("th, td").all_inner_texts() for line in page.locator("#roster tbody tr").all()]


def parts(page: Page) -> list[list[list[str]]]:
    """The elements of each row: what they are called, look like and lead to."""
    told = "part => [part.localName, part.className, part.scope ?? '', part.getAttribute('href') ?? '']"
    every = f"lines => lines.map(line => [...line.querySelectorAll('*')].map({told}))"
    found: list[list[list[str]]] = page.locator("#roster tbody tr").evaluate_all(every)
    return found


def count(page: Page) -> str:
    return page.locator("#count").inner_text()


def test_a_student_of_any_page_is_found_from_the_first_without_a_request(
    visit: Callable[..., Visit], large: Path
) -> None:
    made = visit(large)
    page = made.page

    page.get_by_label("Search").fill("C02496")
    page.get_by_label("Search").press("Enter")
    page.wait_for_url("**/students-all.html#q=C02496")

    told = "The gradients of all steps add up."
    assert rows(page) == [["c02496", "16 / 20", "10", "6", "passed in part", told]]
    assert count(page) == "1 of 2,500 shown"
    assert page.get_by_role("link", name="c02496").get_attribute("href") == "students/c02496.html"
    assert made.requests == [large.as_uri(), f"{large.parent.as_uri()}/students-all.html"]


@pytest.mark.parametrize("kinds", [2, 5_000])
def test_the_row_of_a_large_class_is_that_of_its_own_page(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: int
) -> None:
    monkeypatch.setattr(pages, "PAGE", 10)
    monkeypatch.setattr(pages, "KINDS", kinds)
    index = write_class(tmp_path, classroom(class_of(samples.RESULTS, 10 + 1)))

    page = open_page(index.parent / "students-all.html")
    everybody = rows(page), parts(page)
    page.goto((index.parent / "students-001.html").as_uri())
    own = rows(page), parts(page)

    assert len(everybody[0]) == 10 + 1
    assert (everybody[0][:10], everybody[1][:10]) == own


def test_everybody_is_sorted_and_filtered_and_the_first_thousand_are_drawn(
    open_page: Open, large: Path
) -> None:
    page = open_page(large.parent / "students-all.html")
    whole = count(page), page.locator("#roster tbody tr").count()

    head = page.get_by_role("columnheader", name="Score").get_by_role("button")
    head.click()
    head.click()
    page.get_by_role("button", name="passed 500", exact=True).click()

    assert whole == ("2,500 of 2,500 found, the first 1,000 shown", 1_000)
    assert count(page) == "500 of 2,500 shown"
    assert {row[1] for row in rows(page)} == {"20 / 20"}


def test_a_criterion_on_the_first_page_leads_to_who_does_not_pass_it(open_page: Open, large: Path) -> None:
    page = open_page(large)

    page.get_by_role("link", name="many steps").last.click()
    page.wait_for_url("**/students-all.html#fails=8")

    assert count(page) == ("1,500 of 2,500 found, the first 1,000 shown, those who do not pass: “many steps”")


def test_the_words_of_a_mistake_of_many_are_searched_for(open_page: Open, large: Path) -> None:
    page = open_page(large)

    page.get_by_role("link", name="Search for these words").first.click()
    page.wait_for_url("**/students-all.html#q=*")

    assert count(page) == "500 of 2,500 shown"


def test_without_a_script_the_first_page_leads_to_the_pages_that_have_everybody(
    open_page: Open, large: Path
) -> None:
    page = open_page(large, java_script_enabled=False)

    assert page.locator(":is(button, input):visible").count() == 0
    page.get_by_role("link", name="c02000 to c02499").click()
    assert page.locator("#roster tbody tr").count() == 500


@pytest.mark.parametrize("name", ["index.html", "students-all.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_the_page_is_as_wide_as_its_window(
    open_page: Open, large: Path, name: str, width: int
) -> None:
    page = open_page(large.parent / name, "#q=c0002", viewport={"width": width, "height": 800})
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")

    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_no_text_of_a_large_class_becomes_markup_or_script(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    hostile = class_of(filled(samples.RESULTS, lambda text: f"{HOSTILE}{text}"), 1_001, HOSTILE)
    index = write_class(tmp_path, classroom(hostile))

    made = visit(index.parent / "students-all.html")

    assert made.page.locator("#roster tbody tr").count() == 1_000
    assert made.page.locator("#roster th a").first.inner_text().startswith("<script>alert(1)</script>")
    links = "main a:not([href^='students/']):not([href^='index.html'])"
    assert made.page.locator(f"main img, main svg, [onfocus], {links}").count() == 0


def test_all_with_one_diagnosis_in_a_large_class_are_corrected_at_once(open_page: Open, large: Path) -> None:
    page = open_page(large.parent / "corrections.html")

    page.get_by_label("Student", exact=True).fill("c02496")
    page.get_by_label("Exercise", exact=True).select_option(label=samples.TWO)
    page.get_by_label("Apply to all 500 with this diagnosis").first.check()
    page.get_by_label("Counts", exact=True).fill("5")
    page.get_by_role("button", name="Take it in").click()

    assert page.locator("#touched summary").inner_text() == "500 students are corrected"
    assert page.locator("#corrected tbody tr").count() == 500
