"""What holds on the class page and on a student's: for everyone, on paper, without a script, under attack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import HOSTILE, Open, Visit, required

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
LAY_OUT = "for (const late of document.querySelectorAll('.late')) late.style.contentVisibility = 'visible'"
CONTROLS = ":is(button, input):visible:not(th[aria-sort] button)"  # a column's head stays on paper
LIGHT, DARK = "rgb(251, 250, 248)", "rgb(21, 22, 24)"


@pytest.fixture(params=["class", "student"])
def path(request: pytest.FixtureRequest, index: Path, student: Path) -> Path:
    return index if request.param == "class" else student


def test_axe_finds_nothing_that_keeps_anyone_out_in_either_theme(open_page: Open, path: Path) -> None:
    page = open_page(path)
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    page.evaluate(LAY_OUT)

    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"


def test_the_theme_is_the_systems_until_it_is_chosen_and_then_stays(open_page: Open, path: Path) -> None:
    page = open_page(path, color_scheme="dark")
    button = page.get_by_role("button", name="Dark theme")
    grounds = [page.evaluate(GROUND)]
    pressed = [button.get_attribute("aria-pressed")]

    button.click()
    grounds.append(page.evaluate(GROUND))
    pressed.append(button.get_attribute("aria-pressed"))
    other = page.context.new_page()  # what a page keeps reaches the browser a moment after it was written
    other.goto(page.url)
    arrives(other, "localStorage.getItem('theme') === 'light'")
    page.reload()
    grounds.append(page.evaluate(GROUND))

    assert grounds == [DARK, LIGHT, LIGHT]
    assert pressed == ["true", "false"]


def arrives(page: Page, expression: str, looks: int = 500) -> None:
    """The page's policy lets nothing wait for an expression within it, so it is asked for again and again."""
    while looks and not page.evaluate(expression):
        page.wait_for_timeout(20)
        looks -= 1
    assert looks, f"{expression} never came true"


def test_paper_is_light_unfolded_and_without_controls(open_page: Open, path: Path) -> None:
    page = open_page(path, color_scheme="dark")
    folded = page.locator("details:not([open])").count()

    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    left = page.locator("details:not([open])").count(), page.locator(CONTROLS).count()
    names = page.locator("table.map tbody th[scope=row]").all_inner_texts()
    page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert folded > 0
    assert left == (0, 0)
    assert all(names)
    assert page.locator("details:not([open])").count() == folded
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(29, 29, 31)"


def test_without_a_script_all_is_there_and_no_control_that_needs_one(open_page: Open, path: Path) -> None:
    page = open_page(path, java_script_enabled=False)
    controls = page.locator(CONTROLS).count()
    rows = page.locator("#roster tbody tr")

    for summary in page.locator("details:not([open]) > summary:visible").all()[::-1]:
        summary.click()

    assert controls == 0
    assert page.locator("#roster tbody tr:visible").count() == rows.count()
    assert page.locator("details:not([open])").count() == 0


def test_without_a_script_paper_is_unfolded_too(open_page: Open, path: Path) -> None:
    page = open_page(path, java_script_enabled=False)
    inner = page.locator("details:not([open]) > :not(summary)").first

    before = inner.is_visible()
    page.emulate_media(media="print")

    assert (before, inner.is_visible()) == (False, True)


def test_nothing_sticks_out_of_a_narrow_or_a_wide_window(open_page: Open, path: Path) -> None:
    page = open_page(path, viewport={"width": 390, "height": 800})
    page.evaluate(LAY_OUT)
    narrow = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1920, "height": 800})

    assert (narrow, page.evaluate("document.documentElement.scrollWidth")) == (390, 1920)


def test_hostile_texts_are_shown_and_do_nothing(open_page: Open, hostile: Path) -> None:
    page = open_page(hostile)
    heading = page.get_by_role("heading", level=1).inner_text()
    links = page.locator("#roster a").evaluate_all("links => links.map((link) => link.href)")
    page.locator("#roster a").nth(1).click()
    page.wait_for_url("**/students/*.html")

    assert heading.startswith(HOSTILE[:60])
    assert all(link.startswith(hostile.parent.as_uri()) for link in links)
    assert HOSTILE[:60] in page.locator("pre.output").inner_text()
    assert page.locator("img, iframe, [onerror], [onload], [autofocus]").count() == 0


def test_markup_that_got_past_the_escaping_would_still_not_run(
    visit: Callable[..., Visit], index: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html"
    attack = (
        "<script>alert(1)</script><img src=x onerror=alert(2)><b style='color:red' onclick=alert(3)>press</b>"
    )
    broken.write_text(
        index.read_text(encoding="utf-8").replace("</main>", f"{attack}</main>"), encoding="utf-8"
    )

    made = visit(broken)
    made.page.get_by_text("press", exact=True).click()
    refused = [told for told in made.complaints if "Content Security Policy" in told]

    assert len(refused) == len(made.complaints)
    for rule in ("script-src", "img-src", "style-src"):
        assert any(rule in told for told in refused)
    made.complaints.clear()


def open_details(page: Page) -> list[str | None]:
    return [one.get_attribute("id") for one in page.locator("details.criterion[open]").all()]


def test_a_link_to_a_criterion_opens_it(open_page: Open, student: Path) -> None:
    page = open_page(student, "#criterion-1-2")
    arrived = open_details(page)
    page.evaluate("location.hash = '#criterion-1-3'")
    page.locator("#criterion-1-3[open]").wait_for()

    assert arrived == ["criterion-1-2", "criterion-2-2", "criterion-2-4"]
    assert page.locator("#criterion-1-3 .part").first.is_visible()


def test_the_call_is_copied_as_it_stands(open_page: Open, student: Path) -> None:
    page = open_page(student, permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the call").first

    button.click()
    page.get_by_role("button", name="Copied").wait_for()

    call = page.locator("pre.call").first.inner_text()
    assert call == "gradient_descent_norm_torch_optimiser(torch.tensor([1.0, 1.0]), 0.1, 2)"
    assert page.evaluate("navigator.clipboard.readText()") == call


def test_without_a_browser_these_tests_are_skipped_aloud_and_in_ci_they_fail() -> None:
    with pytest.raises(pytest.skip.Exception, match="there is no browser: make browser"):
        required(None, ci=False)
    with pytest.raises(pytest.fail.Exception, match="CI must test the pages"):
        required(None, ci=True)
    assert required("/usr/bin/chromium", ci=True) == "/usr/bin/chromium"
