"""Which known mistake a function makes; over all misconceptions of the repository's own kit. About 6 s."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import pytest

from grader import kit
from grader.diagnosis import diagnose, matching
from grader.diagnosis.matching import Match, known
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.judging import compare, score
from grader.judging.behaviour import answered, form, same
from grader.kit import LoadedKit
from grader.records import Answer, ExerciseOutcomes, ExerciseRun, Returned, Trace
from grader.tensors import floats
from tests.judging.build import (
    LATE,
    case,
    criterion,
    exercise,
    judged,
    mistake,
    nothing,
    raised,
    returned,
    step,
    tensor,
    trace,
)

# --- one answer beside another -------------------------------------------------------------

ONE = case(0.5, bound={"float64": (1e-15,), "float32": (1e-7,)}, dtype="float64")


@pytest.mark.parametrize(
    ("answer", "theirs", "alike"),
    [
        (returned(0.25, dtype="float64"), returned(0.25, dtype="float64"), True),
        (returned(0.375, dtype="float64"), returned(0.25, dtype="float64"), True),
        (returned(0.376, dtype="float64"), returned(0.25, dtype="float64"), False),
        (returned(0.25, 0.25, dtype="float64"), returned(0.25, dtype="float64"), False),
        (returned(math.nan), returned(math.nan), True),
        (returned(math.nan), returned(0.25), False),
        (returned(0.25), returned(math.nan), False),
        (returned(math.inf), returned(math.inf), True),
        (returned(math.inf), returned(-math.inf), False),
        (raised("A", "m"), raised("A", "m"), True),
        (raised("A", "m"), raised("B", "m"), False),
        (raised("A", "m"), raised("A", "another"), False),
        (raised("A", "cannot access 'theta'"), raised("A", "cannot access 'x'"), True),
        (raised("A", "m"), returned(0.25), False),
        (returned(0.25), raised("A", "m"), False),
        (nothing(), nothing(), True),
        (nothing(), nothing("a tensor of dtype torch.complex64", "Tensor"), False),
        (nothing(), returned(0.25), False),
        (returned(0.25), nothing(), False),
        (LATE, LATE, False),
        (LATE, returned(0.25), False),
        (returned(0.25), LATE, False),
    ],
)
def test_two_answers_are_the_same_where_nothing_tells_them_apart(
    answer: Answer, theirs: Answer, alike: bool
) -> None:
    assert same_value(answer, theirs, 0.125) == alike


def same_value(answer: Answer, theirs: Answer, tolerance: float = 0.0) -> bool:
    """An exercise of one case and one mistake: whether the answer is the mistake's."""
    given = exercise([ONE], [criterion("values", [0])], [mistake("m", [theirs], tolerance=tolerance)])
    (one,) = known(given)
    return same(answered(ONE, answer), one.behaviours[0])


def test_a_coarser_dtype_may_round_more() -> None:
    theirs = returned(0.1, dtype="float64")

    assert same_value(returned(0.1), theirs)
    assert not same_value(returned(0.10000002), returned(0.2, dtype="float64"))
    assert not same_value(returned(float(np.float32(0.1)), dtype="float64"), theirs)


def test_a_plain_number_may_have_come_from_the_coarsest_dtype() -> None:
    number = returned(float(np.float32(0.1)), dtype="float64", type="float", device=None)

    assert same_value(number, returned(0.1, dtype="float64"))


def test_what_single_precision_cannot_hold_is_infinite_there() -> None:
    assert same_value(returned(math.inf), returned(1e39, dtype="float64"))
    assert not same_value(returned(math.inf, dtype="float64"), returned(1e39, dtype="float64"))


@pytest.mark.parametrize(
    ("answer", "theirs", "alike"),
    [
        (returned(0.5), returned(0.25, type="Parameter"), True),
        (returned(0.5), returned(0.5, dtype="float64"), False),
        (returned(0.5), returned(0.5, shape=()), False),
        (returned(0.5, type="list"), returned(0.5, 1.0, type="list"), True),
        (returned(0.5, type="list"), returned(0.5, type="tuple"), False),
        (nothing(), nothing(), True),
        (nothing(), returned(0.5), False),
        (raised("A"), raised("A"), True),
        (raised("A"), raised("B"), False),
        (raised("A"), returned(0.5), False),
    ],
)
def test_two_answers_have_the_same_form(answer: Answer, theirs: Answer, alike: bool) -> None:
    assert (form(answer) == form(theirs)) == alike


# --- the whole behaviour ----------------------------------------------------------------------

TWO = [case(0.5), case(0.25, steps=2)]
RUBRIC = [
    criterion("values", [0, 1]),
    criterion("form", [0, 1], "return"),
    criterion("sgd", [1], "optimiser"),
]
WRONG = [returned(0.75), returned(0.375)]
MADE = {1: trace(step([1.0], [0.375]))}


def names(
    misconceptions: list[kit.Misconception],
    answers: Sequence[Answer],
    failed: set[str],
    traces: dict[int, Trace] | None = None,
) -> list[str]:
    given = exercise(TWO, RUBRIC, misconceptions)
    return matched(judged(given, answers, traces or MADE), given, failed, traces or MADE)


def matched(
    outcomes: ExerciseOutcomes, given: kit.Exercise, failed: set[str], traces: dict[int, Trace]
) -> list[str]:
    report = FailureReport(outcomes, Prepared(given), frozenset(failed), traces)
    return [one.id for one in matching.candidates([Match(one, report) for one in known(given)])]


def test_a_mistake_is_named_where_every_case_behaves_as_it_does() -> None:
    assert names([mistake("m", WRONG)], WRONG, {"values"}) == ["m"]


def test_a_mistake_is_not_named_where_one_case_differs() -> None:
    assert names([mistake("m", WRONG)], [WRONG[0], returned(0.5)], {"values"}) == []


def test_a_mistake_is_not_named_where_the_student_passes_what_it_must_cost() -> None:
    assert names([mistake("m", WRONG, costs=["values", "form"])], WRONG, {"values"}) == []


def test_of_two_that_fit_the_one_that_explains_more_is_named() -> None:
    partly, wholly = mistake("partly", WRONG), mistake("wholly", WRONG, costs=["values", "sgd"], traces={})

    assert names([partly, wholly], WRONG, {"values", "sgd"}, {1: trace()}) == ["wholly"]


def test_two_that_nothing_tells_apart_are_both_named_the_simplest_first() -> None:
    assert names([mistake("a", WRONG), mistake("b", WRONG)], WRONG, {"values"}) == ["a", "b"]


def test_a_mistake_of_a_device_is_not_known_by_what_it_does_on_the_cpu() -> None:
    assert names([mistake("m", WRONG, needs="cuda")], WRONG, {"values"}) == []


def test_a_mistake_that_need_not_cost_points_is_named_for_wrong_values_only() -> None:
    right = [returned(0.5), returned(0.25)]

    assert names([mistake("m", WRONG, costs=[])], WRONG, {"values"}) == ["m"]
    assert names([mistake("m", right, costs=[])], right, {"sgd"}, {1: trace()}) == []


def test_a_mistake_of_form_needs_its_form() -> None:
    lists: list[Answer] = [returned(0.5, type="list"), returned(0.25, type="list")]
    tuples: list[Answer] = [returned(0.5, type="tuple"), returned(0.25, type="tuple")]
    given = [mistake("list", lists, costs=["form"]), mistake("tuple", tuples, costs=["form"])]

    assert names(given, tuples, {"form"}) == ["tuple"]


def test_a_mistake_of_steps_needs_steps_that_made_nothing_of_what_came_back() -> None:
    by_hand = mistake("by-hand", [returned(0.5), returned(0.25)], costs=["sgd"])
    right = [returned(0.5), returned(0.25)]
    idle = {1: trace(step([1.0], [1.0]))}

    assert names([by_hand], right, {"sgd"}, {1: trace()}) == ["by-hand"]
    assert names([by_hand], right, {"sgd"}, idle) == ["by-hand"]


def test_a_mistake_of_steps_is_not_named_where_steps_made_one_of_the_values() -> None:
    rubric = [criterion("values", [0, 1]), criterion("sgd", [0, 1], "optimiser")]
    right = [returned(0.5), returned(0.25)]
    given = exercise(TWO, rubric, [mistake("by-hand", right, costs=["sgd"])])
    outcomes = judged(given, right, {0: trace(step([1.0], [0.5]))})

    assert [one.holds for one in outcomes.chains] == [True, False]
    assert matched(outcomes, given, {"sgd"}, {0: trace(step([1.0], [0.5]))}) == []


# --- the repository's own kit -----------------------------------------------------------------


def own(loaded: LoadedKit) -> Iterator[tuple[kit.Exercise, kit.Misconception]]:
    """The instructor's; those of a diagnoser are named by its rules (tests/descent)."""
    for one in loaded.kit.exercises:
        for misconception in one.misconceptions:
            if misconception.needs is None and not misconception.diagnoser:
                yield one, misconception


def outcomes_of(
    given: kit.Exercise, answers: dict[int, Answer], traces: dict[int, Trace]
) -> tuple[ExerciseOutcomes, set[str]]:
    outcomes = compare.judge(
        ExerciseRun(given.name, found=True, answers=answers, traces=traces), given, "cpu"
    )
    return outcomes, {row.id for row in score.criteria(outcomes, given) if row.outcome == "failed"}


def found(given: kit.Exercise, answers: dict[int, Answer], traces: dict[int, Trace]) -> list[str]:
    outcomes, failed = outcomes_of(given, answers, traces)
    return matched(outcomes, given, failed, traces)


def test_every_mistake_is_named_by_its_own_answers(kit: LoadedKit) -> None:
    for given, one in own(kit):
        outcomes, failed = outcomes_of(given, dict(enumerate(one.answers)), one.traces)
        named = diagnose.explain(FailureReport(outcomes, Prepared(given), frozenset(failed), one.traces))
        assert named.first is not None
        assert named.further == (), f"{given.name}: {one.id}"
        diagnosis = named.first.diagnosis
        assert diagnosis.misconceptions == (one.id,), given.name
        assert (diagnosis.explained, diagnosis.partial) == (diagnosis.failing, False), given.name


def test_every_mistake_costs_what_it_says(kit: LoadedKit) -> None:
    for given, one in own(kit):
        _, failed = outcomes_of(given, dict(enumerate(one.answers)), one.traces)
        assert set(one.costs) <= failed, f"{given.name}: {one.id}"


def right_answers(given: kit.Exercise) -> tuple[dict[int, Answer], dict[int, Trace]]:
    """What the reference returns, and its steps, or where they were not recorded one from the input to it."""
    answers: dict[int, Answer] = {}
    traces = {}
    for index, one in enumerate(given.cases):
        whole = one.trace is not None and one.traced and one.trajectory != () and not one.trace.dropped
        values = floats(one.trajectory[-1] if whole else one.expected)
        answers[index] = returned(*values, dtype=one.dtype, shape=one.shape)
        start = one.arguments[given.moves]
        assert isinstance(start, type(one.expected))
        made = trace(step(floats(start), values, dtype=one.dtype))
        traces[index] = one.trace if whole and one.trace else made
    return answers, traces


def test_the_references_own_answers_pass_everything_and_match_nothing(kit: LoadedKit) -> None:
    for given in kit.kit.exercises:
        outcomes, failed = outcomes_of(given, *right_answers(given))
        assert failed == set()
        assert matched(outcomes, given, failed, {}) == []


def about_values(loaded: LoadedKit) -> Iterator[tuple[kit.Exercise, kit.Misconception]]:
    for given, one in own(loaded):
        if any(c.kind == "values" for c in given.rubric if c.id in one.costs):
            yield given, one


def test_a_program_that_differs_in_one_case_is_not_claimed(kit: LoadedKit) -> None:
    for given, one in about_values(kit):
        values = [
            i for i, a in enumerate(one.answers) if isinstance(a, Returned) and a.value and a.value.data
        ]
        for index in values[:: max(len(values) // 3, 1)]:
            answer = one.answers[index]
            assert isinstance(answer, Returned)
            assert answer.value is not None
            moved = [3 * x + 1e3 if math.isfinite(x) else 1.0 for x in floats(answer.value)]
            other = returned(*moved, dtype=answer.value.dtype, shape=answer.value.shape, type=answer.type)
            answers = {**dict(enumerate(one.answers)), index: other}
            assert one.id not in found(given, answers, one.traces), f"{given.name}: {one.id}, case {index}"


def test_a_call_that_never_ended_is_no_known_mistake_of_values(kit: LoadedKit) -> None:
    for given, one in about_values(kit):
        answers: dict[int, Answer] = {**dict(enumerate(one.answers)), len(given.cases) // 2: LATE}
        assert one.id not in found(given, answers, one.traces)


def test_the_same_mistake_in_single_precision_throughout_is_still_named(kit: LoadedKit) -> None:
    """As a program that casts theta to float32 would answer; its form is wrong on top."""
    hidden = set()
    for given, one in own(kit):
        if {c.kind for c in given.rubric if c.id in one.costs} != {"values"}:
            continue
        answers: dict[int, Answer] = {
            index: in_single(answer, given.cases[index]) for index, answer in enumerate(one.answers)
        }
        _, failed = outcomes_of(given, answers, one.traces)
        if set(one.costs) <= failed:
            assert one.id in found(given, answers, one.traces), f"{given.name}: {one.id}"
        else:
            hidden.add(one.id)
    assert hidden == set()


def in_single(answer: Answer, given: kit.Case) -> Answer:
    if not isinstance(answer, Returned) or answer.value is None or given.dtype == "float32":
        return answer
    single = tensor(*floats(answer.value), shape=answer.value.shape)
    return msgspec.structs.replace(answer, value=single)
