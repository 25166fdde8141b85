"""The whole text that a student and an instructor read, at 80 columns."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import msgspec
import pytest
from rich.console import Console

from grader.overrides import parse
from grader.report import classterminal, lines, terminal
from grader.report.classview import classroom
from grader.results import Evidence, SubmissionResult
from grader.text import FORBIDDEN
from tests.report import samples, told
from tests.report.reading import assert_gold, filled

replace: Final = msgspec.structs.replace
UNKNOWN: Final = replace(samples.WRONG_EXERCISE, diagnosis=None)
GOLDEN: Final = (
    ("right", samples.RIGHT, None),
    ("wrong", told.WRONG, told.EVIDENCE),
    ("unknown", replace(samples.WRONG, exercises=(UNKNOWN,)), None),
    ("load-failed", samples.LOAD_FAILED, None),
    ("missing", samples.HALF, None),
    ("harness", samples.HARNESS, None),
)


@pytest.mark.parametrize(("name", "result", "evidence"), GOLDEN, ids=[golden[0] for golden in GOLDEN])
def test_the_whole_text_of_a_check(
    name: str, result: SubmissionResult, evidence: Evidence | None, tmp_path: Path
) -> None:
    text = terminal.check(result, evidence, samples.HEAD).plain

    assert_gold(f"check-{name}.txt", text, tmp_path)
    assert max(map(len, text.split("\n"))) <= 80


def test_the_whole_text_of_a_check_in_ascii(tmp_path: Path) -> None:
    text = terminal.check(told.WRONG, told.EVIDENCE, samples.HEAD, symbols=False).plain

    assert_gold("check-wrong-ascii.txt", text, tmp_path)
    assert text.isascii()


def test_with_v_there_are_the_steps_every_failing_case_and_what_was_printed(tmp_path: Path) -> None:
    text = terminal.check(told.WRONG, told.EVIDENCE, samples.HEAD, verbose=True).plain

    assert_gold("check-verbose.txt", text, tmp_path)
    assert max(map(len, text.split("\n"))) <= 80


def test_one_mistake_fits_on_a_screen() -> None:
    alone = replace(told.WRONG, exercises=told.WRONG.exercises[1:], notes=())
    evidence = replace(told.EVIDENCE, exercises=told.EVIDENCE.exercises[1:], notes=())

    assert terminal.check(alone, evidence, samples.HEAD).plain.count("\n") <= 30


def test_q_is_one_line() -> None:
    assert terminal.brief(told.WRONG, samples.HEAD).plain == (
        "submissions/s02.ipynb: 16 / 20 points. 10 of 12 checks passed.\n"
    )


def test_the_same_mistake_is_told_once_and_its_place_twice() -> None:
    again = replace(told.WRONG.exercises[1], name="another")

    text = terminal.check(replace(told.WRONG, exercises=(told.WRONG.exercises[1], again)), None, samples.HEAD)

    assert text.plain.count("Likely mistake: The gradients of all steps add up.\n") == 1
    assert text.plain.count("\n  The same mistake: The gradients of all steps add up.\n    grad") == 1
    assert text.plain.count("Hint:") == 1
    assert text.plain.count("Where: s02.ipynb, cell 3, line 6\n") == 2


def test_a_mistake_that_explains_a_part_says_so_and_names_what_cannot_be_told_apart() -> None:
    partly = replace(
        told.DIAGNOSIS,
        explained=20,
        partial=True,
        evidence="partial",
        titles=("first", "Momentum of 1", "A rate of 1"),
    )
    exercise = replace(told.WRONG.exercises[1], diagnosis=partly)

    text = terminal.check(replace(told.WRONG, exercises=(exercise,)), None, samples.HEAD).plain

    assert (
        "  Explains 20 of 24 failing cases, so there is more to find.\n"
        "  These cases cannot tell it from:\n"
        "    - Momentum of 1\n"
        "    - A rate of 1\n"
    ) in text


def test_what_is_meant_for_the_instructor_is_in_the_class_only() -> None:
    check = terminal.check(told.WRONG, told.EVIDENCE, samples.HEAD, verbose=True).plain

    assert "Ask what .grad holds." not in check
    assert "Ask what .grad holds." in classterminal.class_summary(classroom(told.CLASS)).plain


def test_the_whole_text_of_a_class(tmp_path: Path) -> None:
    overrides = parse(b"student,exercise,score\ns02," + samples.TWO.encode() + b",7.5\ns02,,1\n")

    assert_gold("class.txt", classterminal.class_summary(classroom(told.CLASS, overrides)).plain, tmp_path)


def test_a_large_class_is_shown_by_its_distribution(tmp_path: Path) -> None:
    many = tuple(
        msgspec.structs.replace(one, student=f"{one.student}-{index}")
        for index in range(20)
        for one in samples.CLASS
    )
    results = msgspec.structs.replace(samples.RESULTS, submissions=many, unmatched=())

    assert_gold(
        "class-large.txt", classterminal.class_summary(classroom(results), symbols=False).plain, tmp_path
    )


def test_colour_changes_nothing_but_the_colour() -> None:
    text = terminal.check(told.WRONG, told.EVIDENCE, samples.HEAD)
    plain, coloured = (_printed(text, colour=colour) for colour in (False, True))

    assert plain == text.plain
    assert Console(file=io.StringIO()).render_str(coloured, markup=False).plain != plain  # there is colour
    assert "\x1b[32m  ✓ right: one-step" in coloured
    assert "[0.\x1b[0m\x1b[1;4;31m44\x1b[0m\x1b[31m, 0.44]" in coloured, "the first difference stands out"
    assert "\x1b[31m  ✗ many steps" in coloured


def test_text_of_a_student_is_no_markup_and_steers_no_terminal() -> None:
    hostile = "[bold red]x[/] \x1b[2J\x1b]0;title\x07\u202e :smile: [link=file:///etc]y[/link]"
    result = filled(told.WRONG, lambda text: hostile + text)
    evidence = filled(told.EVIDENCE, lambda text: hostile + text)
    head = filled(samples.HEAD, lambda text: hostile + text)

    printed = _printed(terminal.check(result, evidence, head, verbose=True), colour=False)

    assert not FORBIDDEN.search(printed)
    assert r"[bold red]x[/] \u202e :smile: [link=file:///etc]y[/link]" in printed


def test_anything_can_be_said_in_ascii() -> None:
    hostile = "ünsafe \u202e \ud800 漢字 ✓ \u2013 …"
    result = filled(samples.WRONG, lambda text: hostile + text)

    assert terminal.check(result, None, samples.HEAD, symbols=False).plain.isascii()


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", True),
        ("UTF-16", True),
        ("ascii", False),
        ("cp1252", False),
        ("nonsense", False),
        (None, False),
    ],
)
def test_marks_are_symbols_only_where_the_encoding_has_them(encoding: str | None, shown: bool) -> None:
    assert lines.can_show(encoding) is shown


def test_devices_that_differ_have_a_line_each(tmp_path: Path) -> None:
    cuda = msgspec.structs.replace(samples.DEVICES[1], graded=True, hardware="one card")
    head = msgspec.structs.replace(samples.HEAD, devices=(samples.DEVICES[0], cuda))
    rows = [msgspec.structs.replace(samples.row(0), points=1.0, max_points=1.0)]
    rows += [
        msgspec.structs.replace(
            rows[0],
            device="cuda",
            outcome="failed",
            points=0.0,
            message="right on the cpu, wrong on cuda: raised",
        )
    ]
    rows += [
        msgspec.structs.replace(samples.row(1), max_points=1.5, points=1.5, device=d) for d in ("cpu", "cuda")
    ]
    found = msgspec.structs.replace(
        samples.COUNTEREXAMPLE,
        device="cuda",
        got=None,
        raised="RuntimeError: two devices\nat least",
        error_over_bound=None,
    )
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=tuple(rows), counterexample=found)

    text = terminal.check(samples.submission("s06", exercise), None, head).plain

    assert_gold("check-devices.txt", text, tmp_path)


def test_missing_isolation_stands_first_and_in_red() -> None:
    isolation = msgspec.structs.replace(samples.ENVIRONMENT.isolation, level="none", missing=())
    head = msgspec.structs.replace(
        samples.HEAD, environment=msgspec.structs.replace(samples.ENVIRONMENT, isolation=isolation)
    )

    printed = _printed(terminal.check(samples.RIGHT, None, head), colour=True)

    assert printed.startswith("\x1b[1;31mSubmitted code ran with your rights: it was not isolated.\x1b[0m\n")


def _printed(text: object, *, colour: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=colour, color_system="standard" if colour else None)
    console.print(text, soft_wrap=True, end="")
    return file.getvalue()


def test_a_long_call_is_broken_inside_its_brackets_and_never_inside_a_text() -> None:
    call = (
        'a = 1; fit({"a name, as long as this one is": [1.0, 2.0]}, torch.tensor([' + "1.0, " * 12 + "1.0]))"
    )

    told = [line.text for line in lines.code(call, "    ")]

    assert told == [
        '    a = 1; fit({"a name, as long as this one is": [1.0, 2.0]}, ',
        "        torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, ",
        "        1.0, 1.0]))",
    ]
    assert "".join(line.strip() + " " for line in told).strip() == call


@pytest.mark.parametrize("text", ["", "it's", 'f("', "x" * 200, "f('a\\'b', 2)"])
def test_whatever_a_call_is_nothing_of_it_is_lost(text: str) -> None:
    assert "".join(line.text for line in lines.code(text)).split() == text.split()
