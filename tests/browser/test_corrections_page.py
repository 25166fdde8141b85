"""The page of corrections in a browser: what is edited is downloaded or saved, and nothing else changes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from grader import overrides, store
from grader.overrides import NONE
from grader.report.figures import DASH
from grader.report.html import write_corrections
from grader.results import Results
from tests.browser.conftest import HOSTILE, PATIENCE, Open, Visit
from tests.cli.running import clean_environment, command
from tests.report import samples
from tests.report.reading import filled
from tests.report.test_clusters import did

HEADER = "student,exercise,score,comment\r\n"
KEPT = "s04,no such exercise,1,\r\ns04;half,a row\r\n\r\n"  # of what is not there; and no row
OLD = f'{HEADER}{KEPT}s02,{samples.ONE},7,"first, and last"\r\n'
WRONG = samples.WRONG


def class_of(number: int) -> Results:
    """So many students who all make the mistake of the sample, and one who is right."""
    wrong = [msgspec.structs.replace(WRONG, student=f"w{n:02}") for n in range(number)]
    return msgspec.structs.replace(samples.RESULTS, submissions=(samples.RIGHT, *wrong))


def written(folder: Path, results: Results = samples.RESULTS, text: str = OLD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "overrides.csv").write_bytes(text.encode())
    corrections = overrides.read(folder / "overrides.csv") if text else NONE
    return write_corrections(folder, results, corrections)


def take_in(page: Page, score: str, comment: str = "") -> None:
    page.get_by_label("Counts", exact=True).fill(score)
    page.get_by_label("Comment", exact=True).fill(comment)
    page.get_by_role("button", name="Take it in").click()


def downloaded(page: Page) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download overrides.csv").click()
    assert waiting.value.suggested_filename == "overrides.csv"
    return Path(waiting.value.path()).read_bytes().decode()


def rows(page: Page) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts()[:5] for row in page.locator("#corrected tbody tr").all()]


def test_a_correction_is_taken_into_the_file_and_every_other_row_stays(
    open_page: Open, tmp_path: Path
) -> None:
    page = open_page(written(tmp_path / "report"))

    page.get_by_label("Student", exact=True).fill("s01")
    page.get_by_label("Exercise", exact=True).select_option(label=samples.TWO)
    take_in(page, "8.5", 'said "so", twice')

    assert page.locator("#told").inner_text() == "One change is not saved."
    assert rows(page)[-1] == ["s01", samples.TWO, "10", "8.5", 'said "so", twice']
    assert downloaded(page) == f'{OLD}s01,{samples.TWO},8.5,"said ""so"", twice"\r\n'


def test_a_correction_is_edited_in_its_place_and_removed(open_page: Open, tmp_path: Path) -> None:
    page = open_page(written(tmp_path / "report"))

    page.get_by_role("button", name=f"Edit: s02, {samples.ONE}").click()
    assert page.get_by_label("Comment", exact=True).input_value() == "first, and last"
    take_in(page, "6")
    assert downloaded(page) == f"{HEADER}{KEPT}s02,{samples.ONE},6,\r\n"
    page.get_by_role("button", name=f"Remove: s02, {samples.ONE}").click()

    assert downloaded(page) == f"{HEADER}{KEPT}"
    assert rows(page) == [["s04", "no such exercise", DASH, "1", ""]]


def test_all_who_made_the_same_mistake_are_corrected_at_once(open_page: Open, tmp_path: Path) -> None:
    old = f"{HEADER}w03,{samples.TWO},9,asked\r\n"
    page = open_page(written(tmp_path / "report", class_of(14), old))

    page.get_by_label("Student", exact=True).fill("w05")
    page.get_by_label("Exercise", exact=True).select_option(label=samples.TWO)
    box = page.get_by_label("Apply to all 14 with this diagnosis").first
    assert not box.is_checked()
    box.check()
    assert page.locator("#touched summary").inner_text() == "14 students are corrected"
    take_in(page, "5", "my task was unclear")

    new = downloaded(page)
    found = overrides.parse(new.encode())
    assert page.locator("#told").inner_text().startswith("Downloaded. It counts once it is in the")
    assert new.startswith(old)
    assert found.warnings == ()
    assert {(one.student, one.score) for one in found.rows.values()} == {
        *((f"w{n:02}", 5.0) for n in range(14) if n != 3),
        ("w03", 9.0),
    }


def test_all_who_gave_the_same_answers_are_corrected_at_once_though_no_known_mistake_fits(
    open_page: Open, tmp_path: Path
) -> None:
    unknown = [did(f"u{n}", "aa 0.44;bb") for n in range(3)]
    results = msgspec.structs.replace(class_of(2), submissions=(*class_of(2).submissions, *unknown))
    page = open_page(written(tmp_path / "report", results, ""))

    page.get_by_label("Student", exact=True).fill("u1")
    page.get_by_label("Exercise", exact=True).select_option(label=samples.TWO)
    failing = "Not passed: “many steps”, “the rates 0, 0.5 and 1”"
    assert page.locator("#graded").inner_text() == f"The grader gave 6 of 10. {failing}"
    page.get_by_label(f"Apply to all 3 who gave the same answers: {failing}").check()
    take_in(page, "8")

    assert [row[:4] for row in rows(page)] == [[who, samples.TWO, "6", "8"] for who in ("u1", "u0", "u2")]
    shared = page.locator(".shared li").all_inner_texts()
    assert f"Correct all 3 {failing} the same answers in {samples.TWO}, and no known mistake fits" in [
        " ".join(text.split()) for text in shared
    ]


def test_what_is_not_saved_is_in_sight_and_not_left_without_a_question(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    address = written(tmp_path / "report", class_of(30))
    (tmp_path / "report" / "index.html").write_text("<title>The class</title>", encoding="utf-8")
    made = visit(address, viewport={"width": 390, "height": 500})
    page, leave = made.page, made.page.get_by_role("link", name="The class")

    page.get_by_label("Student", exact=True).fill("w05")
    take_in(page, "5")
    seen = [page.locator(name).bounding_box() for name in ("#told", "#save")]
    with page.expect_event("dialog"):
        leave.click()
    downloaded(page)
    leave.click()
    page.wait_for_url("**/index.html")

    assert all(box and 0 <= box["y"] < box["y"] + box["height"] <= 500 for box in seen)
    made.complaints.remove("dialog: ")  # asked once, before the download


def test_a_mistake_leads_to_its_correction(open_page: Open, tmp_path: Path) -> None:
    page = open_page(written(tmp_path / "report", class_of(3), ""))

    page.get_by_role("button", name="Correct all 3").first.click()
    take_in(page, "4")

    assert [row[0] for row in rows(page)] == ["w00", "w01", "w02"]


def test_of_very_many_corrections_the_last_are_shown_and_all_are_in_the_file(
    open_page: Open, tmp_path: Path
) -> None:
    page = open_page(written(tmp_path / "report", class_of(600), ""))

    page.get_by_role("button", name="Correct all 600").first.click()
    take_in(page, "4")

    assert page.locator("#rest").inner_text() == "The last 500 of 600 are shown."
    assert page.locator("#corrected tbody tr").count() == 500
    assert len(overrides.parse(downloaded(page).encode()).rows) == 600


def test_a_file_of_a_spreadsheet_is_written_as_it_writes_it(open_page: Open, tmp_path: Path) -> None:
    old = "\ufeffComment;Score;Exercise;Student;Mine\r\nnah;7,5;x;s09;1"
    page = open_page(written(tmp_path / "report", text=old))

    page.get_by_label("Student", exact=True).fill("s02")
    take_in(page, "2.25", "=1+1")

    assert downloaded(page) == f"{old}\r\n'=1+1;2,25;{samples.ONE};s02;\r\n"


def test_what_cannot_be_taken_in_is_refused(open_page: Open, tmp_path: Path) -> None:
    page = open_page(written(tmp_path / "report"))

    page.get_by_label("Student", exact=True).fill("nobody")
    take_in(page, "3")
    page.get_by_label("Student", exact=True).fill("s02")
    take_in(page, "-1")

    assert page.get_by_role("button", name="Download overrides.csv").is_disabled()


def test_a_file_that_is_no_table_is_not_edited(open_page: Open, tmp_path: Path) -> None:
    page = open_page(written(tmp_path / "report", text='student,exercise,score\r\n"'))

    assert page.locator("#told").inner_text().startswith("overrides.csv is no table with these columns")
    assert page.get_by_role("button", name="Take it in").is_disabled()


def test_without_a_script_the_corrections_are_there_to_be_read(open_page: Open, tmp_path: Path) -> None:
    page = open_page(written(tmp_path / "report"), java_script_enabled=False)

    assert rows(page)[-1] == ["s02", samples.ONE, "10", "7", "first, and last"]
    assert page.locator(":is(button, input, select):visible").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_the_page_is_as_wide_as_its_window(
    open_page: Open, tmp_path: Path, width: int
) -> None:
    page = open_page(written(tmp_path / "report", class_of(3)), viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Correct all 3").first.click()

    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_no_text_of_a_class_becomes_markup_or_script(visit: Callable[..., Visit], tmp_path: Path) -> None:
    results = filled(samples.RESULTS, lambda text: f"{HOSTILE}{text}")
    student, exercise = f"{HOSTILE}s02", f"{HOSTILE}{samples.ONE}"
    cells = (one.replace('"', '""') for one in (student, exercise, HOSTILE))
    name, task, comment = cells
    made = visit(written(tmp_path / "report", results, f'{HEADER}"{name}","{task}",1,"{comment}"\r\n'))

    made.page.get_by_role("button", name="Edit").first.click()
    take_in(made.page, "2", HOSTILE)

    assert rows(made.page)[0][4] == HOSTILE
    assert made.page.locator("img, svg, [onfocus], main a:not([href^='students/'])").count() == 0
    assert overrides.parse(downloaded(made.page).encode()).rows.keys() == {(student, exercise)}


# --- served -------------------------------------------------------------------------------


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    store.write_results(folder, samples.RESULTS)
    environment = clean_environment() | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command("report", folder, "--serve"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,  # noqa: PLW1509 -- one thread
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            yield lines[1].removeprefix("Corrections: ").strip(), process
        finally:
            process.kill()


def test_the_served_page_saves_and_the_pages_show_it(browser: Browser, tmp_path: Path) -> None:
    written(tmp_path)
    with served(tmp_path) as (address, process):
        page = browser.new_context().new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.get_by_label("Student", exact=True).fill("s01")
        take_in(page, "4", "late")
        with page.expect_navigation():
            page.get_by_role("button", name="Save").click()
        shown = rows(page)[-1]
        page.get_by_role("link", name="The class").click()
        score = page.locator("#roster tbody tr").first.locator("td").nth(1).text_content()
        again = browser.new_context().request.get(address)
        page.context.close()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()

    assert shown == ["s01", samples.ONE, "10", "4", "late"]
    assert score == "4 *"
    assert (again.status, again.text()) == (403, "This address opens nothing, or has done so already.")
    assert (tmp_path / "overrides.csv").read_bytes().decode() == f"{OLD}s01,{samples.ONE},4,late\r\n"
    assert process.returncode == 130
    assert told.endswith("Saved: overrides.csv\n")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("results.json", "overrides.csv", "grades.csv", "index.html", "corrections.html", "students")
    }


def test_a_file_that_was_changed_meanwhile_is_not_replaced(browser: Browser, tmp_path: Path) -> None:
    written(tmp_path)
    with served(tmp_path) as (address, _):
        page = browser.new_context().new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        (tmp_path / "overrides.csv").write_bytes(HEADER.encode())
        page.get_by_label("Student", exact=True).fill("s01")
        take_in(page, "4")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Not saved: The file was changed meanwhile: reload the page.").wait_for()
        page.context.close()

    assert (tmp_path / "overrides.csv").read_bytes().decode() == HEADER
