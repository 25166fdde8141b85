"""A right program is given no mistake, however it writes the mathematics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.judging import compare
from grader.kit import Exercise, LoadedKit
from tests.descent.playing import Student, run_of

DIGITS = "Right but for rounding"
TENSOR = "The optimiser moves one tensor, and another one comes back"
BEGINS = "The first step does not begin at the theta that is passed"
FACTORS = (10.0, -1.0, 0.1, 7.5)
OFFSETS = (1.0, -0.1, 10.0)
Loss = Callable[[torch.Tensor], torch.Tensor]


def squares(theta: torch.Tensor) -> torch.Tensor:
    return (theta**2).sum()


def descent(
    into: Callable[[torch.Tensor], torch.Tensor] = torch.clone,
    back: Callable[[torch.Tensor], torch.Tensor] = torch.clone,
    loss: Loss = squares,
    rate: float = 1.0,
    **options: Any,
) -> Student:
    """On another number than theta: `into` makes it of theta, `back` theta of it."""

    def program(theta: torch.Tensor, learning_rate: float, steps: int) -> torch.Tensor:
        moved = into(theta.detach()).detach().clone().requires_grad_()
        optimiser = torch.optim.SGD([moved], lr=rate * learning_rate, **options)
        for _ in range(steps):
            optimiser.zero_grad()
            loss(back(moved)).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return back(moved.detach()).to(theta.dtype)

    return program


def by_differences(width: float) -> Student:
    """With central differences, exact for squares but for rounding, in float64."""

    def program(theta: torch.Tensor, learning_rate: float, steps: int) -> torch.Tensor:
        moved = theta.detach().double().clone()
        optimiser = torch.optim.SGD([moved], lr=learning_rate)
        for _ in range(steps):
            moved.grad = torch.zeros_like(moved)
            for k in range(moved.numel()):
                off = torch.zeros_like(moved)
                off.view(-1)[k] = width
                moved.grad.view(-1)[k] = (squares(moved + off) - squares(moved - off)) / (2 * width)
            optimiser.step()
        return moved.to(theta.dtype)

    return program


def from_the_start(theta: torch.Tensor, learning_rate: float, steps: int) -> torch.Tensor:
    """The optimiser has the offset from the start."""
    offset = torch.zeros_like(theta).requires_grad_()
    optimiser = torch.optim.SGD([offset], lr=learning_rate)
    for _ in range(steps):
        optimiser.zero_grad()
        squares(theta + offset).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return theta + offset.detach()


def scaled(factor: float) -> Student:
    return descent(lambda theta: factor * theta, lambda moved: moved / factor, rate=factor**2)


def moved_by(offset: float) -> Student:
    return descent(lambda theta: theta + offset, lambda moved: moved - offset)


def weighted(factor: float) -> Student:
    return descent(loss=lambda theta: abs(factor) * squares(theta), rate=1 / abs(factor))


def cancelling(offset: float) -> Student:
    """The square by one binomial formula."""
    return descent(loss=lambda t: ((t + offset) ** 2 - 2 * offset * t - offset**2).sum())


RIGHT: dict[str, Student] = {
    **{f"theta times {c}": scaled(c) for c in FACTORS},
    **{f"theta moved by {c}": moved_by(c) for c in OFFSETS},
    **{f"the square by a formula with {c}": cancelling(c) for c in OFFSETS[:2]},
    **{f"{c} times the loss": weighted(c) for c in FACTORS},
    **{f"central differences of {h}": by_differences(h) for h in (1.0, 0.5, 4.0)},
    "maximises": descent(loss=lambda theta: -squares(theta), maximize=True),
    "an offset from the start": from_the_start,
    "float64 inside": descent(torch.Tensor.double),
    "ten times theta in float64": descent(lambda t: t.double() * 10, lambda moved: moved / 10, rate=100),
}


def told(student: Student, exercise: Exercise) -> set[str]:
    """All that is said of a student's function, of values, form and steps."""
    run = run_of(student, exercise)
    found = find(Prepared(exercise), [(run, compare.judge(run, exercise, "cpu"))], lambda *_: None)
    return {title for one in (found.diagnosis, *found.further) if one for title in (one.title, *one.titles)}


@pytest.mark.parametrize("lesson", [0, 1])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_is_given_no_mistake(kit: LoadedKit, lesson: int, name: str) -> None:
    """What is said is true of it: that the optimiser has another tensor, and what that costs in digits."""
    said = {title.partition(":")[0] for title in told(RIGHT[name], kit.kit.exercises[lesson])}

    assert said <= {DIGITS, TENSOR} | ({BEGINS} if name.startswith("theta moved") else set())
