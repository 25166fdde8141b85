"""The reference solutions against exact arithmetic and against a loop written by hand. About 5 s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch

from grader.exercises import Exercise
from grader.freezing.assignment import Assignment
from grader.freezing.drawing import pool
from grader.judging.tolerances import ROUNDOFF

DRAWN = 300
NAMES = ("gradient_descent_torch_optimiser", "gradient_descent_norm_torch_optimiser")

every_exercise = pytest.mark.parametrize("name", NAMES)
Program = Callable[..., torch.Tensor]
Arguments = Mapping[str, Any]


def exercise_of(loaded: Assignment, name: str) -> Exercise:
    return next(one for one in loaded.exercises if one.name == name)


def component_bound(theta: Fraction, rate: float, steps: int, c: int) -> Fraction:
    """The bound of the exercise, written again: (a^n - |rho|^n) |theta_0| with a = |rho| + c u (1 + 2 lr)."""
    lr = Fraction(rate)
    u = Fraction(ROUNDOFF["float64"])
    rho = abs(1 - 2 * lr)
    return ((rho + c * u * (1 + 2 * lr)) ** steps - rho**steps) * abs(theta)


def furthest(exercise: Exercise, program: Program, truth: Callable[[Fraction, float, int], Fraction]) -> bool:
    """Whether the program stays within c = 1 of the truth on all drawn inputs, in float64."""
    drawn = pool(exercise.arguments, DRAWN, 1)
    assert len(drawn) == DRAWN
    for arguments in drawn:
        start = arguments["initial_theta"].double()
        rate, steps = arguments["learning_rate"], arguments["number_steps"]
        final = program(start.clone(), rate, steps)
        for given, got in zip(start.flatten().tolist(), final.flatten().tolist(), strict=True):
            error = abs(Fraction(got) - truth(Fraction(given), rate, steps))
            if error > component_bound(Fraction(given), rate, steps, c=1):
                return False
    return True


def closed_form(theta: Fraction, rate: float, steps: int) -> Fraction:
    return theta * (1 - 2 * Fraction(rate)) ** steps


def by_hand(theta: Fraction, rate: float, steps: int) -> Fraction:
    """A loop over autograd, without torch.optim; each component is a problem of its own."""
    value = torch.tensor(float(theta), dtype=torch.float64)
    for _ in range(steps):
        value.requires_grad_()
        (gradient,) = torch.autograd.grad(value**2, value)
        value = (value - rate * gradient).detach()
    return Fraction(value.item())


@every_exercise
def test_the_reference_equals_the_closed_form_within_the_bound(loaded: Assignment, name: str) -> None:
    exercise = exercise_of(loaded, name)

    assert furthest(exercise, exercise.reference, closed_form)


@every_exercise
def test_the_reference_equals_a_loop_by_hand_within_the_bound(loaded: Assignment, name: str) -> None:
    exercise = exercise_of(loaded, name)

    assert furthest(exercise, exercise.reference, by_hand)


CHANGED: dict[str, Callable[[Program], Program]] = {
    "the rate": lambda right: lambda theta, rate, steps: right(theta, rate * (1 + 1e-12), steps),
    "the number of steps": lambda right: lambda theta, rate, steps: right(theta, rate, steps + 1),
    "the start": lambda right: lambda theta, rate, steps: right(theta * (1 + 1e-12), rate, steps),
    "the factor of the gradient": lambda right: lambda theta, rate, steps: right(theta, rate * 0.999, steps),
}


@every_exercise
@pytest.mark.parametrize("constant", CHANGED)
@pytest.mark.parametrize("truth", [closed_form, by_hand])
def test_a_reference_with_one_constant_changed_is_noticed(
    loaded: Assignment, name: str, constant: str, truth: Callable[[Fraction, float, int], Fraction]
) -> None:
    exercise = exercise_of(loaded, name)

    assert not furthest(exercise, CHANGED[constant](exercise.reference), truth)


@every_exercise
def test_the_exercises_own_bound_is_the_formula_plus_its_floor(loaded: Assignment, name: str) -> None:
    exercise = exercise_of(loaded, name)
    assert exercise.bound is not None
    floor = 4 * torch.finfo(torch.float64).tiny ** 0.5
    for arguments in pool(exercise.arguments, DRAWN, 2):
        rate, steps = arguments["learning_rate"], arguments["number_steps"]
        got = exercise.bound(arguments, torch.float64).flatten().tolist()
        for given, bound in zip(arguments["initial_theta"].flatten().tolist(), got, strict=True):
            wanted = float(component_bound(Fraction(given), rate, steps, c=8)) + (floor if steps else 0.0)
            assert bound == wanted


@every_exercise
def test_without_a_step_theta_must_come_back_exactly_or_rounded_once(loaded: Assignment, name: str) -> None:
    exercise = exercise_of(loaded, name)
    assert exercise.bound is not None
    shape = (2,) if "norm" in name else (1,)
    for dtype, allowed in ((torch.float64, 0.0), (torch.float32, 0.7 * ROUNDOFF["float32"])):
        arguments = {
            "initial_theta": torch.full(shape, 0.7, dtype=torch.float64),
            "learning_rate": 0.1,
            "number_steps": 0,
        }
        assert exercise.bound(arguments, dtype).tolist() == pytest.approx([allowed] * shape[0], rel=1e-12)


@every_exercise
def test_a_reference_leaves_theta_alone_and_answers_in_its_dtype(loaded: Assignment, name: str) -> None:
    exercise = exercise_of(loaded, name)
    for arguments in pool(exercise.arguments, 50, 3):
        theta = arguments["initial_theta"]
        before = theta.clone()
        final = exercise.reference(**arguments)
        assert torch.equal(theta, before)
        assert (final.dtype, final.shape, final.requires_grad) == (theta.dtype, theta.shape, False)


@every_exercise
def test_the_rubric_has_ten_points(loaded: Assignment, name: str) -> None:
    points = {one.id: one.points for one in exercise_of(loaded, name).rubric}

    assert points == {
        "one-step": 2,
        "many-steps": 3,
        "no-steps": 1,
        "edge-rates": 1,
        "uses-sgd": 2,
        "returns-like-theta": 1,
    }


def test_the_exercises_differ_in_nothing_that_a_copy_would_forget(loaded: Assignment) -> None:
    first, second = loaded.exercises

    assert replace(first, name=second.name) != second
    assert (first.either_shape, second.either_shape) == (True, False)
