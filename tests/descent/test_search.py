"""Two mistakes at once are named with their constants, and those that cancel are not named at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grader import decoders
from grader.descent.freezing import mistakes
from grader.descent.program import Deviation, Minimised, Program
from grader.descent.rules import RULES
from grader.freezing import assignment
from grader.kit import Exercise, LoadedKit
from tests.conftest import ROOT
from tests.descent.playing import Student, report_of

Deviant = tuple[str, tuple[float, ...]]
RULE = {rule.id: rule for rule in RULES}
RIGHT = [["all is right"]]
LESSONS = (0, 1)  # theta has one component, and two


def of_rules(lesson: int, kit: LoadedKit, *pairs: Deviant) -> Student:
    """The program of these rules, as the freezer has PyTorch run it."""
    minimised = decoders.msgpack(Minimised).decode(kit.kit.exercises[lesson].diagnosers["descent"])
    deviating = Program(tuple(Deviation(RULE[name], constants) for name, constants in pairs))
    return mistakes.program(assignment.load(ROOT).exercises[lesson], minimised, deviating)


def named(student: Student, exercise: Exercise) -> list[list[str]]:
    """The titles of each program that is proven."""
    report = report_of(student, exercise)
    (diagnoser,) = report.prepared.diagnosers
    told = [[one.title, *(more.title for more in one.beside)] for one in diagnoser(report).proven]
    return told if report.wrong else RIGHT


DECAY = "Weight decay {} pulls theta towards 0 in each step"
SQUARED = "The square of each component of the final theta is returned, not theta"
STOPPED = "The loop ends early, as soon as {} is below about {}"
LOSS = "The loss at the final theta is returned, not theta"
CAPPED = "Never more than 5 steps are taken, however many are asked for"
TIMES = "The optimiser steps 2 times in each iteration, with the same gradient"

TOGETHER: list[tuple[list[Deviant], list[list[str]]]] = [
    ([("weight-decay", (0.05,)), ("steps-more", (-1,))],
     [["One step too few is taken", DECAY.format(0.05)]]),
    ([("rate-fixed", (0.07,)), ("momentum", (0.8,))],
     [["The descent runs with momentum 0.8", "Every step uses the rate 0.07, whatever is passed"]]),
    ([("steps-at-most", (5,)), ("rate-decays-exponentially", (0.9, 0))],
     [[CAPPED, "The learning rate shrinks by a factor 0.9 in every step"]]),
    ([("loss-scaled", (3,)), ("gradient-clipped-by-norm", (0.7, 1e-6))],
     [["The gradient is clipped to length 0.7",
       "The gradient is 3 times what it should be: the loss is scaled"]]),
    ([("gradient-kept-in-part", (0.5,)), ("steps-times", (2,))],
     [["0.5 of the last step's gradient stays in .grad", "Twice as many steps are taken as asked for"]]),
    ([("steps-more", (-1,)), ("rate-warms-up", (0.1, 9))],  # longer than the steps that are recorded
     [["One step too few is taken",
       "The learning rate warms up, from 0.1 of what is passed, over 9 steps"]]),
    ([("empty-fixed", (0,)), ("result-gradient-before", ())],
     [["The gradient of the last step is returned, not theta",
       "Where number_steps is 0, 0 is returned, not theta"]]),
    ([("empty-fixed", (0,)), ("steps-times", (2,))],
     [["Twice as many steps are taken as asked for",
       "Where number_steps is 0, 0 is returned, not theta"]]),
    ([("loss-by-steps", ()), ("momentum", (0.9,))],
     [["The loss or its gradient is divided by the number of steps",
       "The descent runs with momentum 0.9"]]),
    ([("no-zero-grad", ()), ("result-gradient-before", ())],
     [["The gradient of the last step is returned, not theta",
       "The gradients of all steps add up: they are never cleared between steps"]]),
    ([("steps-at-most", (5,)), ("result-mean", ())],  # the start and five steps are six thetas
     [["The mean of all thetas is returned, with the initial one", CAPPED],
      ["The mean of the last 6 thetas is returned", CAPPED]]),
]  # fmt: skip
NAMES = ["+".join(name for name, _ in pair) for pair, _ in TOGETHER]


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize(("pair", "titles"), TOGETHER, ids=NAMES)
@np.errstate(all="ignore")  # runs that diverge
def test_what_two_rules_do_together_is_named_as_both(
    kit: LoadedKit, lesson: int, pair: list[Deviant], titles: list[list[str]]
) -> None:
    assert named(of_rules(lesson, kit, *pair), kit.kit.exercises[lesson]) == titles


def test_a_stop_is_named_by_each_condition_that_is_the_same_the_plainest_first(kit: LoadedKit) -> None:
    """The gradient is 2 theta, and of one component the loss is its square."""
    pair: list[Deviant] = [("stops-early-theta", (0.05,)), ("result-squared", (1,))]

    assert [named(of_rules(one, kit, *pair), kit.kit.exercises[one]) for one in LESSONS] == [
        [
            [STOPPED.format(*end), LOSS]
            for end in (("the loss", 0.003), ("the gradient", 0.1), ("|theta|", 0.05))
        ],
        [[STOPPED.format(*end), SQUARED] for end in (("the gradient", 0.1), ("|theta|", 0.05))],
    ]


def test_a_stop_is_read_beside_another_start_also_where_no_step_was_taken(kit: LoadedKit) -> None:
    pair: list[Deviant] = [("start-rounded", (0,)), ("stops-early-loss", (0.01,))]
    rounded = "Theta is rounded to a whole number before the first step"

    assert [named(of_rules(one, kit, *pair), kit.kit.exercises[one]) for one in LESSONS] == [
        [
            [STOPPED.format(*end), rounded]
            for end in (("the loss", 0.01), ("the gradient", 0.2), ("|theta|", 0.1))
        ],
        [[STOPPED.format("the loss", 0.01), rounded]],
    ]


def test_a_stop_is_read_beside_a_least_number_of_steps(kit: LoadedKit) -> None:
    pair: list[Deviant] = [("steps-at-least", (1,)), ("stops-early-patience", (1, 0, 0))]
    least = "At least 1 step is taken, however few are asked for"
    rises, flat = (
        "The loop ends as soon as the loss rises",
        "The loop ends as soon as the loss no longer falls",
    )

    assert [named(of_rules(one, kit, *pair), kit.kit.exercises[one]) for one in LESSONS] == [
        [[rises, least], [flat, least]],
        [[flat, least]],
    ]


def test_a_huber_loss_is_named_beside_the_clipping_that_is_the_same(kit: LoadedKit) -> None:
    huber = (
        "The loss is a Huber loss, a square near 0 and linear far from it: its gradient is as large as it"
        " should be, and never beyond 2"
    )
    length, each = (
        "The gradient is clipped to length 2",
        "Each component of the gradient is clipped to [-2, 2]",
    )

    pair = ("loss-huber", (2.0, 1.0))
    assert [named(of_rules(one, kit, pair), kit.kit.exercises[one]) for one in LESSONS] == [
        [[length], [each], [huber]],
        [[each], [huber]],
    ]


def steps_twice_and_clears_every_third(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for i in range(steps):
        if i % 3 == 0:
            optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.step()
    return theta.detach()


def descent(sign: float, times: float = 1.0, **options: Any) -> Student:
    def student(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
        theta = torch.nn.Parameter(theta.clone())
        optimiser = torch.optim.SGD([theta], lr=times * rate, **options)
        for _ in range(steps):
            optimiser.zero_grad()
            (sign * (theta**2).sum()).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return theta.detach()

    return student


def rebuilds_its_momentum(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone())
    for _ in range(steps + 1):
        optimiser = torch.optim.SGD([theta], lr=rate, momentum=0.9)
        optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return theta.detach()


def waits_for_a_plateau(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=3)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = (theta**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        scheduler.step(loss.item())
    return theta.detach()


def clears_what_is_long(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        if theta.grad is not None and theta.grad.norm() > 1:
            optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return theta.detach()


def averages_gradients(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta, past = torch.nn.Parameter(theta.clone()), list[torch.Tensor]()
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        assert theta.grad is not None
        past.append(theta.grad.clone())
        theta.grad = torch.stack(past).mean(dim=0)
        optimiser.step()
    return theta.detach()


def ends_on_its_own_loss(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = ((theta - 1) ** 2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        assert theta.grad is not None
        if theta.grad.norm() < 0.1:
            break
        optimiser.step()
    return theta.detach()


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize(
    ("student", "title"),
    [
        (waits_for_a_plateau,
         "The learning rate is multiplied by 0.5 where the loss has not fallen for more than 3 steps"),
        (clears_what_is_long, "The gradient is cleared only where it is longer than about 1"),
        (averages_gradients, "Every step uses the mean of all gradients so far"),
        (ends_on_its_own_loss, "The loop ends early, as soon as the gradient is below about 0.1"),
    ],
)  # fmt: skip
def test_what_hangs_on_the_run_so_far_is_read_from_it(
    kit: LoadedKit, lesson: int, student: Student, title: str
) -> None:
    assert {titles[0] for titles in named(student, kit.kit.exercises[lesson])} >= {title}


def by_adam(**options: Any) -> Student:
    def student(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
        theta = torch.nn.Parameter(theta.clone())
        optimiser = torch.optim.Adam([theta], lr=rate, **options)
        for _ in range(steps):
            optimiser.zero_grad()
            (theta**2).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return theta.detach()

    return student


def overflows_in_single(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(theta.clone().float())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.param_groups[0]["lr"] *= 1.05
    return theta.detach()


def steps_twice_and_halves_the_rate(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    """After ten iterations, twenty steps: more than are recorded."""
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=10, gamma=0.5)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta**2).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.step()
        scheduler.step()
    return theta.detach()


def squares_the_square(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    """Where one component overflows, the other, which is 0, becomes nan."""
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        ((theta**2).sum() ** 2).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return theta.detach()


def steps_before_backward(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
    """With more than one step PyTorch raises: theta was changed between the loss and its backward()."""
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        loss = (theta**2).sum()
        optimiser.step()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
    return theta.detach()


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize(
    ("student", "titles"),
    [
        (by_adam(maximize=True), [["The optimiser is Adam", "The optimiser maximises: theta climbs"]]),
        (by_adam(weight_decay=0.1), [["The optimiser is Adam", DECAY.format(0.1)]]),
        (overflows_in_single, [["The learning rate grows by a factor 1.05 in every step"]]),
        (steps_twice_and_halves_the_rate,
         [[TIMES, "The learning rate is multiplied by 0.5 every 10 steps"]]),
        (squares_the_square, [["The loss is the power 4 of |theta|, not its square"]]),
        (steps_before_backward,
         [["The gradient is missing or 0 when step() is called, so theta never moves"]]),
        (steps_twice_and_clears_every_third, [["The gradient is cleared every 3 steps only", TIMES]]),
        (descent(0.5, times=2), RIGHT),
        (descent(-1, weight_decay=0.01, maximize=True), [[DECAY.format(0.01)]]),
        (rebuilds_its_momentum, [["One step too many is taken"]]),
    ],
)  # fmt: skip
def test_what_a_student_s_loop_does_is_named_and_nothing_else(
    kit: LoadedKit, lesson: int, student: Student, titles: list[list[str]]
) -> None:
    assert named(student, kit.kit.exercises[lesson]) == titles
