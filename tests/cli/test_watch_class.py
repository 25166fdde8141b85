"""`grader grade --watch`: a class as it comes in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.running import grader, results, without_times
from tests.cli.watched import GOES_ON, NEVER_ENDS, RIGHT, WRONG, Watched, watched
from tests.hostile.test_lifetimes import wait_until_gone

OTHER_KIT = "nothing there was made with this kit and these options: everything is graded"
REPORT = "Report: report/index.html\n"
NOBODY = (
    "class: no submission found. Looked for .py and .ipynb files, and for folders and zips that hold some."
)


@pytest.fixture
def week(tmp_path: Path, kit_file: Path) -> Path:
    """An assignment's folder: a kit, and a class in which one has handed in."""
    shutil.copy(kit_file, tmp_path / "homework.kit")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "s01.py").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    return tmp_path


@pytest.fixture
def watch(week: Path) -> Iterator[Watched]:
    """A watch of it that has graded whom there was."""
    with watched("grade", "class", cwd=week, TMPDIR=str(week / "tmp")) as it:
        first = it.answer()
        assert first.startswith(f"Kit: {week}/homework.kit (from the working folder)\n")
        assert "\n✓ s01        20 / 20  " in first
        assert first.endswith(f"\n{REPORT}")
        yield it


def scores(week: Path) -> dict[str, float]:
    return {one["student"]: one["score"] for one in results(week / "report")["submissions"]}


def test_who_hands_in_is_graded_by_the_same_warm_process_and_told_in_a_line(
    week: Path, watch: Watched
) -> None:
    warm = watch.processes()

    watch.save(week / "class" / "s02.py", WRONG)
    told = watch.answer()

    assert told == f"s02: 8 / 20\n2 submissions: 1 with full marks, 0 that need a look.\n{REPORT}"
    assert scores(week) == {"s01": 20.0, "s02": 8.0}
    assert "s02" in (week / "report" / "index.html").read_text(encoding="utf-8")
    assert "One step too few" in (week / "report" / "students" / "s02.html").read_text(encoding="utf-8")
    assert warm <= watch.processes()


def test_who_changes_what_was_handed_in_is_graded_again_and_nobody_else(week: Path, watch: Watched) -> None:
    page = week / "report" / "students" / "s01.html"
    watch.save(week / "class" / "s02.py", WRONG)
    watch.answer()
    before = page.stat().st_mtime_ns

    watch.save(week / "class" / "s02.py", RIGHT)
    told = watch.answer()

    assert told == f"s02: 20 / 20\n2 submissions: 2 with full marks, 0 that need a look.\n{REPORT}"
    assert page.stat().st_mtime_ns == before
    assert [who for who in ("s01", "s02") for line in journal(week) if who in line] == ["s01", "s02", "s02"]


def journal(week: Path) -> list[str]:
    return (week / "report" / "journal.jsonl").read_text(encoding="utf-8").splitlines()


def test_who_takes_it_back_is_no_longer_in_the_report(week: Path, watch: Watched) -> None:
    watch.save(week / "class" / "s02.py", WRONG)
    watch.answer()
    (week / "class" / "s02.py").unlink()

    assert watch.answer() == f"1 submission: 1 with full marks, 0 that need a look.\n{REPORT}"
    assert scores(week) == {"s01": 20.0}
    assert [page.name for page in (week / "report" / "students").iterdir()] == ["s01.html"]


def test_a_correction_is_in_the_report_at_once(week: Path, watch: Watched) -> None:
    corrections = week / "report" / "overrides.csv"
    head = corrections.read_text(encoding="utf-8")
    row = "s01,gradient_descent_torch_optimiser,5,talked about it"

    watch.save(corrections, f"{head}{row}\n")

    assert watch.answer() == f"1 submission: 0 with full marks, 0 that need a look.\n{REPORT}"
    assert "talked about it" in (week / "report" / "students" / "s01.html").read_text(encoding="utf-8")


def test_an_empty_folder_fills_and_one_that_is_away_for_a_while_loses_nothing(week: Path) -> None:
    (week / "class" / "s01.py").rename(week / "later.py")
    with watched("grade", "class", "--kit", "homework.kit", cwd=week) as watch:
        empty = watch.answer()
        (week / "later.py").rename(week / "class" / "s01.py")
        full = watch.answer()
        (week / "class").rename(week / "away")
        away = watch.answer()
        marks = scores(week)
        (week / "away").rename(week / "class")
        watch.save(week / "class" / "s02.py", WRONG)
        back = watch.answer()

    assert empty == f"error: {NOBODY}\n{GOES_ON}"
    assert "\n✓ s01        20 / 20  " in full
    assert away == f"error: class cannot be read: No such file or directory.\n{GOES_ON}"
    assert marks == {"s01": 20.0}
    assert back == f"s02: 8 / 20\n2 submissions: 1 with full marks, 0 that need a look.\n{REPORT}"


def test_a_report_within_the_class_is_nobodys_submission_and_no_change(week: Path) -> None:
    with watched("grade", ".", "-o", "out", "--kit", "../homework.kit", cwd=week / "class") as watch:
        watch.answer()
        watch.save(week / "class" / "s02.py", WRONG)
        first = watch.answer()
        watch.save(week / "class" / "s03.py", RIGHT)

        assert first.startswith("s02: 8 / 20\n2 submissions: ")
        assert watch.answer().startswith("s03: 20 / 20\n3 submissions: ")


def test_what_a_watch_graded_stands_for_who_resumes_and_equals_a_class_graded_at_once(
    week: Path, watch: Watched
) -> None:
    watch.save(week / "class" / "s02.py", WRONG)
    watch.answer()
    watch.interrupt()

    resumed = grader("grade", "class", "--resume", cwd=week)
    at_once = grader("grade", "class", "-o", "other", cwd=week)

    assert "2 graded before and unchanged, 0 to grade\n" in resumed.err
    assert (resumed.code, resumed.out.replace("report/", "other/")) == (0, at_once.out)
    assert without_times(results(week / "report")) == without_times(results(week / "other"))


def test_under_another_kit_everybody_is_graded_again(week: Path, watch: Watched, kit: LoadedKit) -> None:
    one = msgspec.structs.replace(kit.kit, exercises=kit.kit.exercises[:1])

    watch.save(week / "homework.kit", kits.encode(one))

    assert watch.answer() == (
        f"Kit: {week}/homework.kit (from the working folder)\n"
        f"note: report: {OTHER_KIT}\n"
        f"s01: 10 / 10\n1 submission: 1 with full marks, 0 that need a look.\n{REPORT}"
    )
    assert scores(week) == {"s01": 10.0}


def test_ctrl_c_in_the_midst_of_a_class_keeps_what_is_done_and_leaves_nothing_behind(
    week: Path, watch: Watched
) -> None:
    warm = watch.processes()
    watch.save(week / "class" / "s02.py", NEVER_ENDS)
    while watch.processes() == warm:
        os.sched_yield()
    all_of_them = watch.processes()

    code, said = watch.interrupt()

    wait_until_gone(all_of_them)
    assert (code, list((week / "tmp").iterdir())) == (130, [])
    assert said == (
        "Interrupted with at most 1 to grade; what is done is kept in report.\n"
        "  Go on with the same command and --resume.\n"
    )


def test_ctrl_c_leaves_no_process_and_no_folder_behind(week: Path, watch: Watched) -> None:
    warm = watch.processes()

    ended = watch.interrupt()

    wait_until_gone(warm)
    assert ended == (130, "")
    assert list((week / "tmp").iterdir()) == []


@pytest.mark.parametrize("option", [("--student", "s01"), ("--fail-under", "50")])
def test_what_asks_for_a_class_that_is_complete_is_refused(week: Path, option: tuple[str, str]) -> None:
    run = grader("grade", "class", "--watch", *option, cwd=week)

    what = f"error: {option[0]} and --watch: whoever is new or has changed is graded, until Ctrl-C.\n"
    assert (run.code, run.out, run.err) == (2, "", f"{what}  help: Leave one of the two out.\n")
