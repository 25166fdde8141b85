"""Pictures: inside of their frame and valid XML for any numbers, and what they say in words."""

from __future__ import annotations

import itertools
import math
import re
from typing import Final
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.records import Failure
from grader.report import errorpicture, pathpictures, trajectory
from grader.report.drawing import PictureView
from grader.report.html import Renderer
from grader.report.pictures import pictures
from grader.report.trajectory import MANY, Run
from grader.results import (
    CaseEvidence,
    ExerciseEvidence,
    StepEvidence,
    StepRow,
    StepTable,
    TraceEvidence,
    number,
)
from tests.report import samples
from tests.report.samples import tensor

DRAW: Final = Renderer()._environment.get_template("_pictures.html.j2").module
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
CALL: Final = f"{samples.ONE}(torch.tensor(1.0), 0.1, 3)"


def trace(
    *mine: tuple[float, ...], reference: tuple[tuple[float, ...], ...] = (), dropped: int = 0
) -> TraceEvidence:
    """A run through these places."""
    pairs = itertools.pairwise(mine)
    return TraceEvidence(
        case=0,
        device="cpu",
        call=CALL,
        steps=tuple(StepEvidence("SGD", {}, (tensor(*a),), (tensor(*b),)) for a, b in pairs),
        dropped=dropped,
        reference=tuple(tensor(*one) for one in reference),
        holds=True,
        message="",
    )


def drawn(*traces: TraceEvidence, steps: StepTable | None = None) -> PictureView:
    run = trajectory.telling(ExerciseEvidence(samples.ONE, (), traces, steps=steps))
    assert run
    return pathpictures.picture(run, "theta")


def case(ratio: float | None, failure: Failure | None = None, criterion: str = "many-steps") -> CaseEvidence:
    made = samples.case(1, criterion, failure)
    return msgspec.structs.replace(made, error_over_bound=None if ratio is None else number(ratio))


def errors(*cases: CaseEvidence) -> PictureView | None:
    rows = tuple(samples.row(index) for index in range(6))
    return errorpicture.picture(rows, ExerciseEvidence(samples.ONE, cases, ()), several=False)


def svg(view: PictureView) -> ET.Element:
    html = DRAW.picture(view, "p")  # type: ignore[attr-defined]
    return ET.fromstring(re.findall(r"<svg viewBox.*?</svg>\n<ul", html, re.DOTALL)[0][:-4])  # noqa: S314


def assert_inside(view: PictureView) -> None:
    """Every point of every line lies in the picture, and every circle has a finite size."""
    width, height = float(view.width), float(view.height)
    for stroke in view.strokes:
        for x, y in re.findall(r"[ML](\S+) ([\d.-]+)", stroke.d):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
        assert not re.search("nan|inf|e", stroke.d)
    for label in view.labels:
        assert 0 <= float(label.x) <= width
        assert 0 <= float(label.y) <= height
    for circle in view.field.circles:
        assert all(NUMBER.fullmatch(text) for text in (circle.x, circle.y, circle.radius))
    assert svg(view).get("role") == "img"


THETAS: Final = st.integers(1, 3).flatmap(
    lambda size: st.lists(st.tuples(*[st.floats()] * size), min_size=2, max_size=6)
)


@settings(max_examples=150, deadline=None)
@given(THETAS, st.data())
def test_any_run_is_drawn_inside_of_its_frame(mine: list[tuple[float, ...]], data: st.DataObject) -> None:
    like = st.tuples(*[st.floats()] * len(mine[0]))
    reference = data.draw(st.lists(like, max_size=6))

    assert_inside(drawn(trace(*mine, reference=tuple(reference))))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.none() | st.floats(), st.booleans()), min_size=1, max_size=30))
def test_any_errors_are_drawn_inside_of_their_frame(cases: list[tuple[float | None, bool]]) -> None:
    view = errors(*(case(ratio, Failure.WRONG_VALUE if wrong else None) for ratio, wrong in cases))

    if view is not None:
        assert_inside(view)


# --- which picture ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theta", "title"),
    [
        ((1.0,), "Theta over the steps"),
        ((1.0, 1.0), "The path in the plane, over circles of equal norm"),
        (
            (100.0, 100.0),
            "The path in the plane, over circles of equal distance from where the reference ends",
        ),
        ((1.0, 2.0, 2.0), "The norm of theta over the steps"),
    ],
)
def test_the_picture_depends_on_the_number_of_components(theta: tuple[float, ...], title: str) -> None:
    after = tuple(value - 0.5 for value in theta)

    assert drawn(trace(theta, after, reference=(theta, after))).title == title


def test_a_run_that_leaves_the_reference_is_drawn_before_a_longer_one_that_does_not() -> None:
    right = trace((1.0,), (0.8,), (0.64,), (0.512,), reference=((1.0,), (0.8,), (0.64,), (0.512,)))
    wrong = trace((2.0,), (1.0,), reference=((2.0,), (1.6,)))

    assert drawn(right, wrong).description.startswith("Your function leaves the reference at step 1: 1.0")


def test_the_step_table_is_drawn_where_no_trace_is() -> None:
    rows = (
        StepRow(0, (1.0,), None, None, (1.0,), None, None, apart=False),
        StepRow(1, (1.2,), (-2.0,), (0.2,), (0.8,), (2.0,), (-0.2,), apart=True),
    )

    view = drawn(steps=StepTable(CALL, "cpu", rows, 1, (), 0))

    assert view.description == (
        "Your function leaves the reference at step 1: 1.2 instead of 0.8. "
        "After 1 step it is at 1.2, the reference after 1 step at 0.8."
    )
    assert view.numbers.rows == (("0", "1.0", "1.0"), ("1", "1.2", "0.8"))
    assert view.numbers.marked == (1,)


@pytest.mark.parametrize(
    "found",
    [
        (),
        (trace((1.0,)),),  # nothing was stepped
        (trace((1.0,), (0.8,), reference=((1.0, 2.0), (0.8, 1.6))),),  # one component of two
    ],
)
def test_without_a_run_to_lay_beside_the_reference_there_is_no_path(found: tuple[TraceEvidence, ...]) -> None:
    assert trajectory.telling(ExerciseEvidence(samples.ONE, (), found)) is None


# --- what it says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "reference", "told"),
    [
        (
            (1.0, 0.8, 0.44),
            (1.0, 0.8, 0.64),
            (
                "Your function leaves the reference at step 2: 0.44 instead of 0.64. "
                "After 2 steps it is at 0.44, the reference after 2 steps at 0.64."
            ),
        ),
        ((1.0, 0.8), (1.0, 0.8), "Your function goes the same way as the reference, to 0.8 after 1 step."),
        (
            (1.0, 0.8),
            (1.0, 0.8, 0.64),
            (
                "Your function takes no step 2; the reference does. "
                "After 1 step it is at 0.8, the reference after 2 steps at 0.64."
            ),
        ),
        (
            (1.0, 0.8, 0.64),
            (1.0, 0.8),
            (
                "Your function takes a step 2; the reference does not. "
                "After 2 steps it is at 0.64, the reference after 1 step at 0.8."
            ),
        ),
        ((1.0, 0.8), (), "After 1 step it is at 0.8."),
        (
            (1.0, math.nan),
            (1.0, 0.8),
            (
                "Your function leaves the reference at step 1: nan instead of 0.8. "
                "After 1 step it is at nan, the reference after 1 step at 0.8."
            ),
        ),
    ],
)
def test_a_picture_says_in_words_what_one_sees(
    mine: tuple[float, ...], reference: tuple[float, ...], told: str
) -> None:
    view = drawn(trace(*((one,) for one in mine), reference=tuple((one,) for one in reference)))

    root = svg(view)
    assert [root[0].text, root[1].text] == ["Theta over the steps", told]
    assert root.get("aria-labelledby") == "p-title p-text"


def test_values_that_look_alike_are_told_in_all_digits() -> None:
    run = Run(CALL, "cpu", ((1.0,), (0.8000001,)), ((1.0,), (0.80000010000001,)), 1, 0)

    assert "0.8000001 instead of 0.80000010000001." in pathpictures.picture(run, "theta").description


@pytest.mark.parametrize(
    ("theta", "text"), [(1e30, "1e+30"), (math.nan, "nan"), (-math.inf, "\N{MINUS SIGN}inf")]
)
def test_a_value_off_the_scale_is_cut_with_a_label(theta: float, text: str) -> None:
    view = drawn(trace((1.0,), (0.8,), (theta,), (theta,), reference=((1.0,), (0.8,), (0.64,), (0.5,))))

    assert [one.text for one in view.labels if "cut" in one.style] == [f"{text}, off the scale"]
    (cut,) = [one for one in view.strokes if one.style == "cut yours"]
    (line,) = [one for one in view.strokes if one.style == "line yours"]
    assert (cut.d.count("M"), line.d.count("M")) == (2, 2)  # none from the one cut point to the next


def test_steps_beyond_what_can_be_seen_are_told() -> None:
    reference = tuple((0.9**step,) for step in range(100))
    mine = (*reference[:70], *((0.0,) for _ in range(30)))

    view = drawn(trace(*mine, reference=reference))

    assert view.numbers.rows[0][0] == "62"
    assert len(view.numbers.rows) == MANY + 1
    assert view.numbers.rows[view.numbers.marked[0]][:2] == ("70", "0.0")
    assert view.description.endswith("83 more steps not drawn.")


def test_many_components_are_told_by_their_norm() -> None:
    view = drawn(trace((3.0,) * 25, (0.0,) * 25, reference=((3.0,) * 25, (2.0,) * 25)))

    assert view.numbers.headings == ("step", "yours, norm", "the reference, norm")
    assert view.numbers.rows == (("0", "norm 15.0", "norm 15.0"), ("1", "norm 0.0", "norm 10.0"))


# --- errors -------------------------------------------------------------------------------


def test_errors_are_told_for_each_criterion() -> None:
    wrong = Failure.WRONG_VALUE
    view = errors(
        case(0.0, None, "one-step"),
        case(0.5, None, "one-step"),
        case(0.25),
        case(1e6, wrong),
        case(math.inf, wrong),
        case(None, Failure.RAISED),
    )

    assert view
    assert view.numbers.headings == ("criterion", "fail", "error / bound, case by case")
    assert view.numbers.rows == (
        ("one step", "0 of 2", "0, 0.5"),
        ("many steps", "3 of 4", "0.25, 1e+06, inf, \N{EN DASH}"),
    )
    assert view.description == (
        "Each mark is a case: how far off it is, in units of what honest rounding can explain. "
        "one step: all 2 right, the worst at 0.5; many steps: 3 of 4 fail, the worst at 1e+06."
    )
    texts = [label.text for label in view.labels]
    assert {"exact", "no number", "1", "the bound", "all 2 right", "3 of 4 fail"} <= set(texts)
    assert [one.d.count("M") for one in view.strokes if one.style in ("dot right", "cross wrong")] == [3, 3]


def test_right_cases_lie_left_of_the_bound_and_failing_ones_right_of_it() -> None:
    view = errors(
        *(case(10.0**power) for power in (-3, -1)), *(case(10.0**p, Failure.WRONG_VALUE) for p in (1, 9))
    )

    assert view
    strokes = {one.style: one.d for one in view.strokes}
    (bound,) = {float(x) for x in re.findall(r"[ML](\S+)", strokes["bound"])}
    right = [float(x) for x in re.findall(r"M(\S+)", strokes["dot right"])]
    wrong = [float(x) + 3 for x in re.findall(r"M(\S+)", strokes["cross wrong"])]
    assert max(right) < bound < min(wrong)


def test_cases_with_one_error_are_stacked_so_that_each_is_seen() -> None:
    view = errors(*(case(0.5) for _ in range(30)), *(case(0.0) for _ in range(30)))

    assert view
    (dots,) = [one.d for one in view.strokes if one.style == "dot right"]
    assert len(set(dots.split("M")[1:])) == 60


def test_an_exercise_without_numbers_has_no_picture_of_errors() -> None:
    assert errors() is None
    assert errors(case(None, Failure.RAISED)) is None


def test_a_criterion_of_two_devices_is_drawn_for_each() -> None:
    rows = (samples.row(1), samples.row(1, device="cuda"))
    other = msgspec.structs.replace(case(0.5), device="cuda")

    view = errorpicture.picture(rows, ExerciseEvidence(samples.ONE, (case(0.5), other), ()), several=True)

    assert view
    assert [row[0] for row in view.numbers.rows] == ["many steps (cpu)", "many steps (cuda)"]


def test_an_exercise_has_the_pictures_that_its_data_make() -> None:
    taken = trace((1.0,), (0.8,), reference=((1.0,), (0.8,)))
    whole = ExerciseEvidence("any_name", (case(0.5),), (taken,), moved="theta")

    titles = [one.title for one in pictures(samples.passed("any_name"), whole, several=False)]

    training = msgspec.structs.replace(whole, moved="")
    others = [one.title for one in pictures(samples.passed("any_name"), training, several=False)]

    assert titles == ["Theta over the steps", "Errors against the bound"]
    assert others == ["Errors against the bound"]  # what its optimiser moves is no argument


def test_a_path_that_ends_beyond_what_can_be_drawn_stays_in_its_frame() -> None:
    assert_inside(drawn(trace((0.0, 1.0000000000000002e100), (0.0, 1.2e306), reference=())))
