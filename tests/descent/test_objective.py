"""What the freezer finds out about a reference: whether it is plain gradient descent, and on which loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from hypothesis import strategies as st

from grader import decoders, kit, strategies
from grader.descent.freezing import Descent as Freezing
from grader.descent.freezing.objective import minimised
from grader.descent.program import Minimised
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.exercises import Criterion, Exercise
from grader.freezing.trials import Trials, recorded
from grader.judging import compare
from grader.records import ExerciseRun
from grader.sandbox import calling

Loss = Callable[[torch.Tensor], torch.Tensor]


def target(theta: torch.Tensor) -> torch.Tensor:
    """(theta_1 - 1)^2 + 3 (theta_2 + 2)^2."""
    goal = torch.tensor([1.0, -2.0], dtype=theta.dtype)
    weight = torch.tensor([1.0, 3.0], dtype=theta.dtype)
    return (weight * (theta - goal) ** 2).sum()


def descent(loss: Loss, **options: float) -> Callable[..., torch.Tensor]:
    def function(steps: int, start: torch.Tensor, rate: float) -> torch.Tensor:
        theta = torch.nn.Parameter(start.clone())
        optimiser = torch.optim.SGD([theta], lr=rate, **options)  # type: ignore[arg-type]
        for _ in range(steps):
            optimiser.zero_grad()
            loss(theta).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return theta.detach()

    return function


STARTS = (
    [3.0, -1.0], [1.0, 0.5], [-4.0, 2.0], [0.25, 7.0], [-1.5, -3.0], [5.0, 0.0], [12.0, 1.0], [-2.0, 9.0],
)  # fmt: skip

OWN = Exercise(
    name="own",
    title="Own",
    statement="Move start to the target.",
    reference=descent(target),
    arguments=st.fixed_dictionaries(
        {
            "steps": strategies.step_counts(short=4, long=6),
            "start": strategies.tensors([(2,)], [torch.float64], st.sampled_from((1.0, 2.5))),
            "rate": strategies.learning_rates([0.1], largest=0.2),
        }
    ),
    rubric=(Criterion("values", "Theta is right", 1, "values"),),
    effort=lambda a: a["steps"],
)


def cases(exercise: Exercise) -> list[kit.Case]:
    """Its calls with none, one, two and three steps and two rates, in both dtypes."""
    trials = Trials(exercise)
    drawn: list[dict[str, Any]] = [
        {"steps": steps, "start": torch.tensor(start, dtype=dtype), "rate": rate}
        for i, start in enumerate(STARTS)
        for steps, rate in ((0, 0.1), (1, 0.1), (2, 0.05 + 0.01 * i), (3, 0.12))
        for dtype in (torch.float64, torch.float32)
    ]
    return [trials.case(recorded(one, exercise)) for one in drawn]


def of(reference: Callable[..., torch.Tensor]) -> Minimised | None:
    exercise = replace(OWN, reference=reference)
    return minimised(exercise, cases(exercise))


def test_the_two_lessons_descend_twice_theta(kit: kit.LoadedKit) -> None:
    first, second = (
        decoders.msgpack(Minimised).decode(one.diagnosers["descent"]) for one in kit.kit.exercises
    )

    names = ("initial_theta", "learning_rate", "number_steps")
    assert first == Minimised(*names, {1: ((0.0, 2.0),)})
    assert second == Minimised(*names, {2: ((0.0, 2.0), (0.0, 2.0))})


def test_an_exercise_of_an_instructors_own_is_read_component_by_component() -> None:
    assert of(descent(target)) == Minimised("start", "rate", "steps", {2: ((-2.0, 2.0), (12.0, 6.0))})


def test_a_loss_of_the_fourth_power_is_a_gradient_of_the_third() -> None:
    found = of(descent(lambda theta: (0.01 * theta**4 + theta).sum()))

    assert found == Minimised("start", "rate", "steps", {2: ((1.0, 0.0, 0.0, 0.04), (1.0, 0.0, 0.0, 0.04))})


def test_what_is_not_plain_descent_has_no_objective() -> None:
    assert of(descent(target, momentum=0.9)) is None
    assert of(descent(target, weight_decay=0.1)) is not None  # it is the descent of another loss
    assert of(descent(lambda theta: theta.sum() ** 2)) is None  # components that mix
    assert of(descent(lambda theta: torch.cosh(theta / 4).sum())) is None  # no polynomial
    assert of(descent(lambda theta: theta.prod())) is None


def test_a_reference_that_refuses_the_questions_has_no_objective() -> None:
    right = descent(target)

    def careful(steps: int, start: torch.Tensor, rate: float) -> torch.Tensor:
        if rate > 0.5:
            raise ValueError("that is too fast")
        return right(steps, start, rate)

    assert of(careful) is None


def test_what_has_no_objective_has_no_mistakes_of_its_own_and_nothing_in_the_kit() -> None:
    exercise = replace(OWN, reference=descent(target, momentum=0.9))
    own = cases(exercise)
    freezing = Freezing(exercise, own)

    assert (freezing.misconceptions(), freezing.telling(own, own, 100), freezing.traced(own)) == (
        (),
        [],
        set(),
    )
    assert freezing.frozen(own) == b""
    assert _named(_frozen(exercise, own), lambda n, start, _: descent(target)(n, start, 0.07)) == []


def test_constants_are_fitted_for_an_exercise_of_an_instructors_own() -> None:
    exercise = _frozen(OWN, cases(OWN))

    assert _named(exercise, descent(target)) == []
    assert _named(exercise, descent(target, momentum=0.75)) == ["The descent runs with momentum 0.75"]
    assert _named(exercise, lambda n, start, _: descent(target)(n, start, 0.07)) == [
        "Every step uses the rate 0.07, whatever is passed"
    ]
    assert _named(exercise, descent(target, weight_decay=0.3)) == [
        "Weight decay 0.3 pulls theta towards 0 in each step"
    ]
    assert _named(exercise, lambda n, start, rate: descent(target)(n, start + 2, rate)) == [
        "2 is added to the initial theta"
    ]


def _frozen(exercise: Exercise, own: list[kit.Case]) -> kit.Exercise:
    return kit.Exercise(
        name="own", title="", statement="", parameters=("steps", "start", "rate"), moves="start",
        rubric=(kit.Criterion("values", "", 1.0, "values", tuple(range(len(own)))),), cases=tuple(own),
        ladder=(), misconceptions=(), diagnosers={"descent": Freezing(exercise, own).frozen(own)},
    )  # fmt: skip


def _named(exercise: kit.Exercise, function: Callable[..., Any]) -> list[str]:
    """What is proven of a program that nobody traced."""
    answers = {i: calling.call(function, case.arguments) for i, case in enumerate(exercise.cases)}
    outcomes = compare.judge(ExerciseRun("own", found=True, answers=answers), exercise, "cpu")
    prepared = Prepared(exercise)
    (diagnoser,) = prepared.diagnosers
    return [one.title for one in diagnoser(FailureReport(outcomes, prepared, frozenset(["values"]))).proven]
