"""The class page as a browser shows it: reading, searching, sorting, filtering, sending a view on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from grader.report.classview import classroom
from grader.report.html import write_class
from grader.results import SubmissionResult
from tests.browser.conftest import Open, Visit
from tests.browser.test_both_pages import THEMES
from tests.report import samples


def shown(page: Page) -> list[str]:
    """The students in the table, from above."""
    return page.locator("#roster tbody tr:visible th").all_inner_texts()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def fragment(page: Page) -> str:
    return page.url.partition("#")[2]


def test_the_page_opens_from_a_file_and_asks_for_nothing_else(
    visit: Callable[..., Visit], index: Path
) -> None:
    made = visit(index)

    assert made.page.get_by_role("heading", level=1).inner_text() == "PyTorch for automatic gradient descent"
    assert made.page.locator("#count").text_content() == "All 5 shown"
    assert made.requests == [index.as_uri()]


def test_searching_narrows_the_table_and_stands_in_the_address(open_page: Open, index: Path) -> None:
    page = open_page(index)

    page.get_by_label("Search").fill("GRADIENTS add")

    assert shown(page) == ["s02"]
    assert page.locator("#count").inner_text() == "1 of 5 shown"
    assert fragment(page) == "q=GRADIENTS+add"


def test_an_address_that_was_sent_on_shows_the_same_view(open_page: Open, index: Path) -> None:
    page = open_page(index, "#q=s0&status=partly%2Cfailed&sort=-Score")

    assert shown(page) == ["s02", "s04", "s03"]
    assert page.get_by_label("Search").input_value() == "s0"
    assert page.locator("button[aria-pressed=true][data-status]").all_inner_texts() == [
        "passed in part 2",
        "failed 1",
    ]
    assert page.get_by_role("columnheader", name="Score").get_attribute("aria-sort") == "descending"


def test_status_buttons_add_up_and_one_button_shows_all_again(open_page: Open, index: Path) -> None:
    page = open_page(index)
    press(page, "passed 1")
    press(page, "grader failed 1")

    both = shown(page), fragment(page)
    press(page, "passed 1")
    one = shown(page), fragment(page)
    press(page, "Show all")

    assert both == (["s01", "s05"], "status=passed%2Charness")
    assert one == (["s05"], "status=harness")
    assert (len(shown(page)), fragment(page)) == (5, "")
    assert not page.get_by_role("button", name="Show all").is_visible()


def test_columns_sort_both_ways_and_no_mark_comes_last_in_both(open_page: Open, index: Path) -> None:
    page = open_page(index)
    head = page.get_by_role("columnheader", name="Score")

    orders = []
    for _ in range(2):
        head.get_by_role("button").click()
        orders.append((shown(page), head.get_attribute("aria-sort"), fragment(page)))
    page.get_by_role("columnheader", name="Result").get_by_role("button").click()

    assert orders == [
        (["s03", "s04", "s02", "s01", "s05"], "ascending", "sort=Score"),
        (["s01", "s02", "s04", "s03", "s05"], "descending", "sort=-Score"),
    ]
    assert shown(page) == ["s01", "s02", "s04", "s03", "s05"]
    assert head.get_attribute("aria-sort") == "none"


def test_on_a_telephone_names_stay_in_sight_beside_the_marks_and_remarks(
    open_page: Open, index: Path
) -> None:
    page = open_page(index, viewport={"width": 390, "height": 800})
    page.locator("#roster").evaluate("table => table.parentElement.scrollLeft = 300")

    name, caption = page.locator("#roster tbody th").first, page.locator("#roster caption")
    boxes = [one.bounding_box() for one in (name, caption)]

    assert page.locator("#roster").evaluate("table => table.parentElement.scrollLeft") == 300
    assert all(box and 0 < box["x"] < box["x"] + box["width"] < 390 for box in boxes)


def test_a_criterions_name_shows_who_does_not_pass_it(open_page: Open, index: Path) -> None:
    page = open_page(index)

    page.get_by_role("button", name="many steps").last.click()

    assert shown(page) == ["s02", "s03", "s04"]
    assert page.locator("#count").inner_text() == "3 of 5 shown, those who do not pass: “many steps”"
    assert fragment(page) == "fails=8"
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert Axe().run(page).violations_count == 0, f"what is chosen cannot be read: {theme}"


def test_the_map_says_whose_column_it_is_and_opens_that_page(open_page: Open, index: Path) -> None:
    page = open_page(index)
    strip = page.locator("svg.strip").nth(7)
    box = strip.bounding_box()
    assert box

    strip.hover(position={"x": box["width"] * 0.3, "y": 5})  # the second of five columns
    told = page.locator("#pointed").inner_text()
    strip.click(position={"x": box["width"] * 0.3, "y": 5})
    page.wait_for_url("**/s02.html")

    assert told == "s02 \N{EN DASH} all passed \N{EN DASH} “many steps”, “the rates 0, 0.5 and 1”"


def test_an_example_of_a_mistake_is_a_way_to_its_exercise(open_page: Open, index: Path) -> None:
    page = open_page(index)

    page.get_by_role("link", name="s02").first.click()
    page.wait_for_url("**/s02.html#exercise-2")

    assert page.locator("#exercise-2").inner_text() == samples.TWO


def test_the_page_is_used_with_the_keyboard_alone(open_page: Open, index: Path) -> None:
    page = open_page(index)
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.get_by_label("Search").focus()
    page.keyboard.type("s0")
    focused = [page.get_by_label("Search").evaluate("one => getComputedStyle(one).outlineStyle")]
    for _ in range(3):  # past the first two buttons
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    focused.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))

    assert skip == "Skip to the content"
    assert fragment(page) == "q=s0&status=failed"
    assert focused == ["solid", "solid"]
    page.get_by_role("link", name="s03").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/students/s03.html")


def test_a_class_of_a_thousand_is_under_a_megabyte_and_is_searched(open_page: Open, tmp_path: Path) -> None:
    kinds = (samples.RIGHT, samples.WRONG, samples.LOAD_FAILED, samples.HALF)
    many: tuple[SubmissionResult, ...] = tuple(
        msgspec.structs.replace(kinds[n * 7 % 4], student=f"s{n:04}") for n in range(1000)
    )
    index = write_class(tmp_path, classroom(msgspec.structs.replace(samples.RESULTS, submissions=many)))

    page = open_page(index)
    page.get_by_label("Search").fill("s0007")
    found = shown(page)
    page.get_by_label("Search").fill("")
    press(page, "passed 250")
    page.get_by_role("columnheader", name="Student").get_by_role("button").click()

    assert index.stat().st_size < 1_000_000
    assert found == ["s0007"]
    assert page.locator("#count").inner_text() == "250 of 1,000 shown"
    assert page.locator("#roster tbody tr:visible th").nth(1).inner_text() == "s0004"
