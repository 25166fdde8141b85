"""The frozen suite of `reference/`: known mistakes cost what they must, honest programs nothing.

About 15 s, and a freeze where none is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
from styles import STYLES

from grader import kit
from grader.descent.reading import told
from grader.descent.rule import Rule
from grader.descent.rules import RULES
from grader.freezing.assignment import Assignment
from grader.freezing.trials import quiet
from grader.judging import compare, score, verify
from grader.judging.verify import Verification
from grader.kit import LoadedKit
from grader.records import Answer, ExerciseRun, Trace
from grader.results import CriterionResult
from grader.sandbox import calling
from grader.sandbox.tracing import FEW
from grader.tensors import call

NAMES = ("gradient_descent_torch_optimiser", "gradient_descent_norm_torch_optimiser")

every_exercise = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="session")
def verification(kit: LoadedKit) -> Verification:
    return verify.verify(kit.kit)


def frozen(loaded: LoadedKit, name: str) -> kit.Exercise:
    return next(one for one in loaded.kit.exercises if one.name == name)


def graded(exercise: kit.Exercise, program: Callable[..., Any]) -> tuple[CriterionResult, ...]:
    """What a program gets, through the calls that a worker makes."""
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    with quiet():
        for index, case in enumerate(exercise.cases):
            if case.repeats is None:
                answers[index] = calling.call(program, case.arguments)
            else:
                answers[index], traces[index] = calling.traced_call(program, case.arguments)
    run = ExerciseRun(exercise.name, found=True, answers=answers, traces=traces)
    return score.criteria(compare.judge(run, exercise, "cpu"), exercise)


@every_exercise
@pytest.mark.parametrize("style", STYLES)
def test_an_honest_style_gets_full_marks(kit: LoadedKit, name: str, style: str) -> None:
    assert_right(graded(frozen(kit, name), STYLES[style]))


def test_the_honest_programs_of_an_exercise_get_full_marks(kit: LoadedKit, loaded: Assignment) -> None:
    for exercise in loaded.exercises:
        assert len(exercise.honest) == 7
        for program in exercise.honest.values():
            assert_right(graded(frozen(kit, exercise.name), program))


def stepping_to_a_known_end(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    """Two true steps of SGD, whose gradients were made to end where a descent by hand has ended."""
    end = initial_theta.double()
    for _ in range(number_steps):
        end = end - learning_rate * 2 * end
    theta = torch.nn.Parameter(initial_theta.double())
    optimiser = torch.optim.SGD([theta], lr=1.0)
    for target in (2 * end, end) if number_steps else ():
        theta.grad = theta.detach() - target
        optimiser.step()
    return theta.detach().to(initial_theta.dtype)


@every_exercise
def test_steps_to_an_end_that_was_known_before_are_no_descent(kit: LoadedKit, name: str) -> None:
    rows = graded(frozen(kit, name), stepping_to_a_known_end)

    ((row, message),) = [(row.id, row.message) for row in rows if row.outcome == "failed"]
    why = "it ends where the reference ends, but no step went to where its step 1 leads"
    assert (row, message.partition(": it ")[2]) == ("uses-sgd", why.removeprefix("it "))


def assert_right(rows: tuple[CriterionResult, ...]) -> None:
    assert [(row.id, row.message) for row in rows if row.outcome == "failed"] == []
    assert sum(row.borderline for row in rows) == 0


def only_shape(exercise: kit.Exercise, shape: tuple[int, ...]) -> kit.Exercise:
    """The exercise as if it were judged in one shape alone."""
    rubric = tuple(
        msgspec.structs.replace(one, cases=tuple(i for i in one.cases if exercise.cases[i].shape == shape))
        for one in exercise.rubric
    )
    return msgspec.structs.replace(exercise, rubric=rubric)


@pytest.mark.parametrize("factor", [1 + 1e-5, 1 - 1e-5])
@pytest.mark.parametrize(("name", "shape"), [(NAMES[0], ()), (NAMES[0], (1,)), (NAMES[1], (2,))])
def test_a_rate_wrong_by_a_hundred_thousandth_fails_wherever_the_rate_matters(
    kit: LoadedKit, loaded: Assignment, name: str, shape: tuple[int, ...], factor: float
) -> None:
    exercise = only_shape(frozen(kit, name), shape)
    right = next(one.reference for one in loaded.exercises if one.name == name)

    rows = graded(exercise, lambda theta, rate, steps: right(theta, rate * factor, steps))

    assert [row.id for row in rows if row.outcome == "failed"] == ["one-step", "many-steps", "edge-rates"]


def test_every_known_mistake_is_caught(verification: Verification) -> None:
    assert verification.mutation_score == 1.0
    assert verification.fit


def test_every_known_mistake_costs_exactly_what_it_says(verification: Verification) -> None:
    wrong = [
        (exercise.name, row.id, row.missed, row.extra)
        for exercise in verification.exercises
        for row in exercise.rows
        if row.missed or row.extra
    ]
    assert wrong == []


def test_every_two_mistakes_are_told_apart(verification: Verification) -> None:
    assert [exercise.alike for exercise in verification.exercises] == [(), ()]


@every_exercise
def test_the_mistakes_are_many_and_of_many_kinds(kit: LoadedKit, name: str) -> None:
    mistakes = frozen(kit, name).misconceptions

    assert len(mistakes) >= 80
    assert len({mistake.hint for mistake in mistakes}) >= 40  # several constants of one kind share a hint
    assert len({mistake.id for mistake in mistakes}) == len(mistakes)
    assert len({mistake.title for mistake in mistakes}) == len(mistakes)
    assert [one.id for one in mistakes if not one.teacher] == []
    assert [one.id for one in mistakes if not (one.title[0].isupper() or one.title[0].isdigit())] == []
    assert [one.id for one in mistakes if not one.hint.endswith((".", "?"))] == []


@every_exercise
def test_every_rule_that_can_show_is_a_mistake_of_the_suite(kit: LoadedKit, name: str) -> None:
    """All samples that the freezer runs, but for those that are right here or like another in every way."""
    wide = "norm" in name
    alike = {"loss-mean"}  # of two components: half their sum, which is a rule of its own; of one: right
    right = {"loss-component-in-turn", "loss-norm-1-1-2", "loss-norm-1-inf-2"}  # for one component
    of_one = set() if wide else {*right, "loss-norm-1-1-1"}  # of one component both norms are |theta|

    known = {one.id for one in frozen(kit, name).misconceptions if one.diagnoser}
    assert known == {id_ for rule in RULES for id_ in _ids(rule, wide=wide)} - alike - of_one


def _ids(rule: Rule, *, wide: bool) -> list[str]:
    samples = (rule.samples or ((),))[: rule.known]
    if rule.id == "loss-affine":  # a matrix and a vector of theta's width
        samples = tuple(one for one in samples if len(one) == (6 if wide else 2))
    return ["-".join([rule.id, *map(told, one)]) for one in samples]


def test_doing_nothing_earns_nothing(verification: Verification) -> None:
    assert [[(idle.title, idle.points) for idle in one.idle] for one in verification.exercises] == [
        [("always returns zeros", 0.0), ("returns its input", 0.0)],
        [("always returns zeros", 0.0), ("returns its input", 0.0)],
    ]


def test_mistakes_that_need_cuda_are_listed_with_the_reason(verification: Verification) -> None:
    told = {(row.id, row.reason) for one in verification.exercises for row in one.rows if row.reason}

    reason = "differs on cuda only; the kit holds what it does on the CPU"
    assert told == {("returns-on-the-cpu", reason), ("goes-through-numpy", reason)}


def test_the_suites_cost_at_most_thirteen_hundred_steps(verification: Verification) -> None:
    assert verification.effort <= 1300


@every_exercise
def test_the_simplest_counterexamples_are_what_a_teacher_would_write(kit: LoadedKit, name: str) -> None:
    exercise = frozen(kit, name)
    smallest = {one.id: one.smallest for one in exercise.misconceptions}
    told = {
        mistake: call("f", exercise.cases[index].arguments)
        for mistake, index in smallest.items()
        if index is not None
    }
    theta = "torch.tensor([1.0, 1.0])" if "norm" in name else "torch.tensor(1.0)"
    assert told["loss-scaled-2"] == f"f({theta}, 0.1, 1)"
    assert told["no-zero-grad"] == f"f({theta}, 0.1, 2)"
    assert told["rate-fixed-0.1"] in {f"f({theta}, 0.25, 1)", f"f({theta}, 0.75, 1)"}


@every_exercise
def test_every_case_belongs_to_one_values_criterion(kit: LoadedKit, name: str) -> None:
    exercise = frozen(kit, name)
    judged = [i for one in exercise.rubric if one.kind == "values" for i in one.cases]

    assert sorted(judged) == list(range(len(exercise.cases)))


@every_exercise
def test_every_form_of_theta_is_traced_twice_in_another_order(kit: LoadedKit, name: str) -> None:
    exercise = frozen(kit, name)
    repeated = [case for case in exercise.cases if case.repeats is not None]
    forms = Counter((case.shape, case.dtype) for case in repeated)
    shapes: list[tuple[int, ...]] = [(2,)] if "norm" in name else [(), (1,)]

    assert forms.keys() == {(shape, dtype) for shape in shapes for dtype in ("float32", "float64")}
    assert min(forms.values()) == 2
    assert forms.total() <= 2 * len(forms) + 2, "more only where a mistake breaks the chain of some calls"
    still = [case for case in exercise.cases if case.effort == 0]
    assert exercise.cases[-len(repeated + still) :] == (*repeated, *still), "a call without a step comes last"
    order = [case.repeats for case in repeated]
    assert order == sorted(order, reverse=True)  # type: ignore[type-var]
    for case in repeated:
        assert case.repeats is not None
        first = exercise.cases[case.repeats]
        assert (case.arguments, case.expected) == (first.arguments, first.expected)
        assert len(case.trajectory) == case.effort + 1
        assert case.trajectory[0] == case.arguments["initial_theta"]


@every_exercise
def test_the_references_steps_are_known_for_every_call_and_the_likely_ones_are_traced(
    kit: LoadedKit, name: str
) -> None:
    exercise = frozen(kit, name)
    traced = {i for i, case in enumerate(exercise.cases) if case.traced}

    assert all(case.trace is not None for case in (*exercise.cases, *exercise.ladder))
    assert all(len(case.trace.steps) == min(case.effort, FEW) for case in exercise.cases if case.trace)
    assert {i for i, case in enumerate(exercise.cases) if case.origin in ("shrunk", "repeat")} <= traced
    smallest = {one.smallest for one in exercise.misconceptions if one.smallest is not None}
    assert {i for i in smallest if exercise.cases[i].effort <= FEW / 2} <= traced, "none of the long runs"
    assert sum(exercise.cases[i].effort for i in traced) <= 120, "recording a step costs a third of it"


@every_exercise
def test_the_ladder_climbs_from_the_simplest_call_in_few_steps(kit: LoadedKit, name: str) -> None:
    ladder = frozen(kit, name).ladder

    assert 150 <= len(ladder) <= 200
    assert sum(case.effort for case in ladder) <= 600
    assert [case.effort for case in ladder] == sorted(case.effort for case in ladder)
    assert {case.effort for case in ladder} == {0, 1, 2, 3, 4, 5, 6}
