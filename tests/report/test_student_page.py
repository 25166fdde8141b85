"""A student's page: what is on it, what must not be, how large it may be, and what may be replaced."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader.commands import report
from grader.records import Cell, Failure, Place
from grader.report.differences import Marked, marked
from grader.report.figures import DASH
from grader.report.html import Renderer
from grader.results import (
    Counterexample,
    Diagnosis,
    Evidence,
    ExerciseEvidence,
    ExerciseResult,
    Quote,
    Results,
    StepEvidence,
    StepRow,
    StepTable,
    TraceEvidence,
)
from grader.store import read_results, write_evidence, write_results
from tests.report import samples
from tests.report.reading import Page
from tests.report.samples import tensor
from tests.report.test_html import _contrast

RENDERER: Final = Renderer()
LIMIT: Final = 60_000  # bytes of a page without its source listing
SOURCE: Final = re.compile(r'<section aria-labelledby="source">.*?</section>', re.DOTALL)

QUOTE: Final = Quote("s02.ipynb", 3, 5, "loss = torch.norm(theta) ** 2")
STEPS: Final = StepTable(
    call=samples.COUNTEREXAMPLE.call,
    device="cpu",
    rows=(
        StepRow(0, (1.0, 1.0), None, None, (1.0, 1.0), None, None, apart=False),
        StepRow(1, (0.8, 0.8), (2.0, 2.0), (-0.2, -0.2), (0.8, 0.8), (2.0, 2.0), (-0.2, -0.2), apart=False),
        StepRow(
            2, (0.44, 0.44), (3.6, 3.6), (-0.36, -0.36), (0.64, 0.64), (1.6, 1.6), (-0.16, -0.16), apart=True
        ),
    ),
    diverges=2,
    shows=("torch.optim.SGD took 2 steps with lr = 0.1.",),
    more=3,
)


def page(
    exercise: ExerciseResult = samples.WRONG_EXERCISE,
    evidence: Evidence = samples.EVIDENCE,
    *,
    hide: bool = False,
) -> str:
    head = msgspec.structs.replace(samples.HEAD, hide_expected=hide)
    return RENDERER.student_page(samples.submission("s02", exercise), evidence, head)


def with_steps(table: StepTable = STEPS) -> Evidence:
    one, two = samples.EVIDENCE.exercises
    return msgspec.structs.replace(
        samples.EVIDENCE, exercises=(one, msgspec.structs.replace(two, steps=table))
    )


def diagnosed(*further: Diagnosis, **changes: object) -> ExerciseResult:
    found = msgspec.structs.replace(samples.DIAGNOSIS, **changes)
    return msgspec.structs.replace(samples.WRONG_EXERCISE, diagnosis=found, further=further)


def said(html: str) -> str:
    return " ".join(Page(html).text.split())


# --- the mistake --------------------------------------------------------------------------


def test_a_diagnosis_that_explains_a_part_says_so_plainly() -> None:
    text = said(page(diagnosed(explained=20, partial=True, evidence="partial")))

    assert "Explains 20 of 24 failing cases, so there is more to find." in text
    assert "behave exactly" not in text


def test_mistakes_that_the_suite_cannot_tell_apart_are_listed() -> None:
    html = page(diagnosed(titles=("The first.", "The second.", "The third.")))

    assert "On these calls it looks the same as: The second. The third." in said(html)


def test_further_findings_are_folded_below_the_first() -> None:
    other = Diagnosis(("x",), "The loss is halved.", "Compare the loss.", 4, 24)

    html = page(diagnosed(other))

    folded = re.findall(
        r'<details class="fold">\s*<summary>What else was found</summary>(.*?)</details>', html, re.DOTALL
    )
    assert "Likely mistake: The loss is halved." in folded[0]


def test_a_quoted_line_leads_to_its_place_in_the_source_and_is_marked_there() -> None:
    html = page(diagnosed(quote=QUOTE))

    assert "s02.ipynb, cell 3, line 5</a>: <code>loss = torch.norm(theta) ** 2</code>" in html
    assert '<a href="#S3-L5">' in html
    marks = re.findall(r'<li id="([^"]*)" class="quoted"><code><mark>(.*?)</mark>', html)
    assert marks == [("S3-L5", "        loss = torch.norm(theta) ** 2")]


def test_a_submission_of_one_file_has_plain_addresses() -> None:
    one = msgspec.structs.replace(samples.EVIDENCE, source=(Cell("hw.py", None, "a = 1\nb = 2\n"),))

    html = page(diagnosed(quote=Quote("hw.py", None, 2, "b = 2")), one)

    assert '<li id="L2" class="quoted">' in html
    assert '<a href="#L2">hw.py, line 2</a>' in html


def test_a_quoted_line_that_is_not_shown_has_no_link() -> None:
    html = page(diagnosed(quote=Quote("other.py", None, 7, "x")))

    assert "other.py, line 7: x" in said(html)
    assert not re.search('class="quoted"', html)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("[0.64, 0.5]", "[0.44, 0.5]", (("[", "0.", "64", ", 0.5]"), ("[", "0.", "44", ", 0.5]"))),
        ("[1.0, 0.25]", "[1.0, nan]", (("[1.0, ", "", "0.25", "]"), ("[1.0, ", "", "nan", "]"))),
        ("0.1", "0.10000000149011612", (("", "", "0.1", ""), ("", "", "0.10000000149011612", ""))),
        ("[1.0]", "[1.0, 2.0]", (("[1.0]", "", "", ""), ("[1.0, ", "", "2.0", "]"))),
        ("[0.64]", "0.64", (("", "", "[0.64]", ""), ("", "", "0.64", ""))),
        ("0.5", "0.5", (("0.5", "", "", ""), ("0.5", "", "", ""))),
    ],
)
def test_the_first_difference_of_two_values_is_marked(
    one: str, other: str, wanted: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert marked(one, other) == (Marked(*wanted[0]), Marked(*wanted[1]))


def test_expected_and_got_stand_side_by_side_with_the_difference_marked() -> None:
    html = page()

    assert "[<mark>0.<b>64</b></mark>, 0.64]" in html
    assert "[<mark>0.<b>44</b></mark>, 0.44]" in html


def test_what_was_raised_comes_with_its_traceback() -> None:
    found = msgspec.structs.replace(
        samples.COUNTEREXAMPLE, got=None, raised="ValueError: no", error_over_bound=None
    )
    case = msgspec.structs.replace(
        samples.case(2, "many-steps", Failure.RAISED),
        call=found.call,
        got=None,
        traceback="line 5, in step\n  <x>",
    )
    one, two = samples.EVIDENCE.exercises
    evidence = msgspec.structs.replace(
        samples.EVIDENCE, exercises=(one, msgspec.structs.replace(two, cases=(case,)))
    )

    html = page(msgspec.structs.replace(samples.WRONG_EXERCISE, counterexample=found), evidence)

    assert "<summary>Traceback</summary>" in html
    assert "line 5, in step\n  &lt;x&gt;</pre>" in html


# --- steps and pictures -------------------------------------------------------------------


def test_the_steps_stand_beside_the_references_and_the_first_that_differs_is_marked() -> None:
    html = page(evidence=with_steps())

    (table,) = re.findall(r'<div class="steps">.*?</table>', html, re.DOTALL)
    rows = [[said(cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row)] for row in table.split("<tr")[2:]]
    assert rows == [
        ["step", "theta", "gradient", "change", "theta", "gradient", "change"],
        ["0", "[1.0, 1.0]", DASH, DASH, "[1.0, 1.0]", DASH, DASH],
        ["1", "[0.8, 0.8]", "[2.0, 2.0]", "[-0.2, -0.2]", "[0.8, 0.8]", "[2.0, 2.0]", "[-0.2, -0.2]"],
        [
            "2 leaves the reference",
            *("[0.44, 0.44]", "[3.6, 3.6]", "[-0.36, -0.36]"),
            *("[0.64, 0.64]", "[1.6, 1.6]", "[-0.16, -0.16]"),
        ],
    ]
    assert table.count('class="apart"') == 1
    assert "3 more steps not shown. torch.optim.SGD took 2 steps with lr = 0.1." in said(html)


def test_steps_that_differ_in_the_last_digits_are_shown_in_all_of_them() -> None:
    row = StepRow(1, (0.1,), None, None, (0.10000000149,), None, None, apart=True)

    html = page(evidence=with_steps(msgspec.structs.replace(STEPS, rows=(row,), more=0)))

    assert "<td>0.1</td>" in html
    assert "<td>0.10000000149</td>" in html


def test_pictures_of_a_passed_exercise_are_folded_and_of_a_failed_one_not() -> None:
    failed = page()
    passed = page(samples.passed(samples.TWO))

    folded = re.compile(r"<summary>Pictures.*?<figure", re.DOTALL)
    assert "<h3>Pictures</h3>" in failed
    assert not folded.search(failed)
    assert folded.search(passed)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_marked_rows_lines_and_values_can_be_read_in_both_themes(theme: int) -> None:
    found = re.findall(r"--([a-z-]+):light-dark\((#[0-9a-f]+),(#[0-9a-f]+)\)", page())
    colours = {name: both[theme] for name, *both in found}
    texts = [("text", "bad-ground"), ("text", "part-ground"), ("quiet", "surface"), ("bad", "code-ground")]
    shapes = [(drawn, "surface") for drawn in ("accent", "quiet", "good", "bad", "text")]

    assert [pair for pair in texts if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
    assert [pair for pair in shapes if _contrast(colours[pair[0]], colours[pair[1]]) < 3] == []


# --- what is not there --------------------------------------------------------------------

HIDDEN: Final = "77.25"  # nothing else on a page has these digits


def secret_records() -> tuple[ExerciseResult, Evidence]:
    """Records in which every expected value, and nothing else, is the secret."""
    value = tensor(77.25, 77.25)
    message = "expected [77.25, 77.25], got [0.44, 0.44]"
    cases = tuple(
        msgspec.structs.replace(one, expected=value, message=one.message and message)
        for one in samples.EVIDENCE.exercises[1].cases
    )
    trace = msgspec.structs.replace(
        samples.EVIDENCE.exercises[1].traces[0], reference=(tensor(1.0, 1.0), value)
    )
    rows = tuple(
        msgspec.structs.replace(
            row, reference_value=(77.25,) * 2, reference_gradient=(77.25,) * 2, reference_change=(77.25,) * 2
        )
        for row in STEPS.rows
    )
    table = msgspec.structs.replace(STEPS, rows=rows)
    found = ExerciseEvidence(samples.TWO, cases, (trace,), steps=table)
    criteria = tuple(
        msgspec.structs.replace(row, message=f"20 of 20 cases fail: {message}") if row.failed_cases else row
        for row in samples.WRONG_EXERCISE.criteria
    )
    counter = msgspec.structs.replace(samples.COUNTEREXAMPLE, expected=value)
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, criteria=criteria, counterexample=counter)
    return exercise, msgspec.structs.replace(samples.EVIDENCE, exercises=(found,))


def test_expected_values_are_in_no_byte_where_they_are_to_be_hidden() -> None:
    records = secret_records()

    assert page(*records).count(HIDDEN) > 10
    hidden = page(*records, hide=True)

    assert HIDDEN not in hidden
    assert "69,900" not in hidden  # the error would say it as well
    assert "20 of 20 cases fail: another value was expected" in said(hidden)
    assert "got [0.44, 0.44] It leaves the reference at step 2." in said(hidden)
    assert "Your function leaves the reference at step 2. After 2 steps it is at (0.44, 0.44)." in said(
        hidden
    )
    assert "Errors against the bound" not in hidden


def test_what_is_told_to_the_instructor_is_in_no_byte() -> None:
    secret = Diagnosis(("x",), "Another.", "Look.", 1, 24, teacher="the-teachers-sentence")

    assert "the-teachers-sentence" not in page(diagnosed(secret, teacher="the-teachers-sentence"))


def test_hiding_is_stored_so_that_rendering_again_knows(tmp_path: Path) -> None:
    exercise, evidence = secret_records()
    results = msgspec.structs.replace(samples.RESULTS, submissions=(samples.submission("s02", exercise),))
    write_results(tmp_path, results)
    write_evidence(tmp_path, "s02", evidence)
    own = tmp_path / "students" / "s02.html"

    seen = []
    for asked in (None, True, None, False):
        report.run(tmp_path, None, asked)
        seen.append((HIDDEN in own.read_text(encoding="utf-8"), read_results(tmp_path).hide_expected))

    assert seen == [(True, False), (False, True), (False, True), (True, False)]


def test_grading_one_student_again_does_not_show_what_was_hidden(tmp_path: Path) -> None:
    hidden = msgspec.structs.replace(samples.RESULTS, hide_expected=True)

    assert not report.hides_expected(tmp_path, None)  # nothing is there yet
    write_results(tmp_path, hidden)
    assert report.hides_expected(tmp_path, None)
    assert not report.hides_expected(tmp_path, asked=False)


# --- how large it may be ------------------------------------------------------------------


def large(name: str) -> tuple[ExerciseResult, ExerciseEvidence]:
    """Sixty failing cases of six criteria, two hundred steps of two components, long numbers and messages."""
    call = f"{name}(torch.tensor([-851.4219250062304, 554.5215477625175]), 0.08332855143059698, 200)"
    value = tensor(-435.92802560318995, 1.0240000000000002, dtype="float64")
    rows, cases = [], []
    for index in range(6):
        row = samples.row(1, failed=10, failure=Failure.WRONG_VALUE, message="expected, got " * 10)
        rows.append(msgspec.structs.replace(row, id=f"c{index}", title=f"Theta is right, {index}", cases=10))
        case = samples.case(1, f"c{index}", Failure.WRONG_VALUE, "expected, got " * 10)
        case = msgspec.structs.replace(case, call=call, expected=value, got=value)
        cases += [msgspec.structs.replace(case, error_over_bound=1.5 * 10.0**n) for n in range(10)]
    thetas = [tensor(0.99**n, -(1.01**n), dtype="float64") for n in range(201)]
    steps = tuple(StepEvidence("SGD", {}, (a,), (b,)) for a, b in itertools.pairwise(thetas))
    trace = TraceEvidence(0, "cpu", call, steps, 0, tuple(thetas), holds=True, message="")
    values = [(0.1234567890123 * n, 9.87654321 * n) for n in range(24)]
    many = tuple(StepRow(n, at, at, at, at, at, at, apart=n > 22) for n, at in enumerate(values))
    table = StepTable(call, "cpu", many, 23, ("torch.optim.SGD took 200 steps.",), 177)
    counter = Counterexample("cpu", {}, call, value, tensor(1.0, 2.0), None, 1e9, 4)
    found = msgspec.structs.replace(samples.DIAGNOSIS, titles=("One.",) * 3, quote=QUOTE)
    told = ("a note of some length " * 10,)
    exercise = ExerciseResult(name, "graded", 0.0, 10.0, told, tuple(rows), counter, found, (found,))
    return exercise, ExerciseEvidence(name, tuple(cases), (trace,), Place("s02.py", None, 1), table, "theta")


def test_a_page_of_many_failing_cases_and_long_runs_stays_small() -> None:
    (one, found), (two, also) = large(samples.ONE), large(samples.TWO)
    evidence = msgspec.structs.replace(samples.EVIDENCE, exercises=(found, also), output="theta\n" * 9000)

    html = RENDERER.student_page(samples.submission("s02", one, two), evidence, samples.HEAD)

    assert len(SOURCE.sub("", html).encode()) < LIMIT


# --- what may be replaced -----------------------------------------------------------------

BLOCKS: Final = (
    "title", "verdict", "overview", "exercise", "diagnosis", "counterexample", "steps", "pictures",
    "criteria", "notes", "output", "source", "provenance", "footer",
)  # fmt: skip


@pytest.mark.parametrize("block", BLOCKS)
def test_an_assignment_may_replace_any_single_block_of_the_page(tmp_path: Path, block: str) -> None:
    own = f'{{% extends "default/student.html.j2" %}}{{% block {block} %}}replaced{{% endblock %}}'
    (tmp_path / "student.html.j2").write_text(own, encoding="utf-8")

    replaced = Renderer(tmp_path).student_page(samples.WRONG, with_steps(), samples.HEAD)

    plain = RENDERER.student_page(samples.WRONG, with_steps(), samples.HEAD)
    assert "replaced" in replaced
    assert replaced != plain
    assert len(replaced) > len(plain) / 4  # the rest stands


def test_a_block_within_an_exercise_knows_its_exercise(tmp_path: Path) -> None:
    block = "{% block steps %}<p>{{ number }}: {{ exercise.name }}</p>{% endblock %}"
    own = f'{{% extends "default/student.html.j2" %}}{block}'
    (tmp_path / "student.html.j2").write_text(own, encoding="utf-8")

    text = said(Renderer(tmp_path).student_page(samples.WRONG, None, samples.HEAD))

    assert f"1: {samples.ONE}" in text
    assert f"2: {samples.TWO}" in text


def test_results_without_the_choice_show_expected_values() -> None:
    stored = msgspec.json.encode(msgspec.structs.replace(samples.RESULTS))
    old = msgspec.json.decode(stored.replace(b',"hide_expected":false', b""), type=Results)

    assert not old.hide_expected
