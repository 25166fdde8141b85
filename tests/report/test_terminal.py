"""The whole text that a student and an instructor read, at 80 columns."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import msgspec
import pytest
from rich.console import Console

from grader.overrides import parse
from grader.report import terminal
from grader.results import Evidence, SubmissionResult
from grader.text import FORBIDDEN
from tests.report import samples
from tests.report.reading import assert_gold, filled

GOLDEN: Final = (
    ("right", samples.RIGHT, None),
    ("wrong", samples.WRONG, samples.EVIDENCE),
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
    text = terminal.check(samples.WRONG, samples.EVIDENCE, samples.HEAD, symbols=False).plain

    assert_gold("check-wrong-ascii.txt", text, tmp_path)
    assert text.isascii()


def test_the_whole_text_of_a_class(tmp_path: Path) -> None:
    overrides = parse(b"student,exercise,score\ns02," + samples.TWO.encode() + b",7.5\ns02,,1\n")

    assert_gold("class.txt", terminal.class_summary(samples.RESULTS, overrides).plain, tmp_path)


def test_a_large_class_is_shown_by_its_distribution(tmp_path: Path) -> None:
    many = tuple(
        msgspec.structs.replace(one, student=f"{one.student}-{index}")
        for index in range(20)
        for one in samples.CLASS
    )
    results = msgspec.structs.replace(samples.RESULTS, submissions=many, unmatched=())

    assert_gold("class-large.txt", terminal.class_summary(results, symbols=False).plain, tmp_path)


def test_colour_changes_nothing_but_the_colour() -> None:
    text = terminal.check(samples.WRONG, samples.EVIDENCE, samples.HEAD)
    plain, coloured = (_printed(text, colour=colour) for colour in (False, True))

    assert plain == text.plain
    assert Console(file=io.StringIO()).render_str(coloured, markup=False).plain != plain  # there is colour
    assert "\x1b[32m  ✓ one step" in coloured
    assert "\x1b[31m  ✗ many steps" in coloured


def test_text_of_a_student_is_no_markup_and_steers_no_terminal() -> None:
    hostile = "[bold red]x[/] \x1b[2J\x1b]0;title\x07\u202e :smile: [link=file:///etc]y[/link]"
    result = filled(samples.WRONG, lambda text: hostile + text)
    evidence = filled(samples.EVIDENCE, lambda text: hostile + text)
    head = filled(samples.HEAD, lambda text: hostile + text)

    printed = _printed(terminal.check(result, evidence, head), colour=False)

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
    assert terminal.can_show(encoding) is shown


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
