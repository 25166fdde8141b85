"""Mistakes in the update: the learning rate, and the optimiser that applies it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from _program import EVERYTHING, LATER, LONG, MOVES, SGD_ONLY, Descent, Loss, Program
from torch.nn import Parameter
from torch.optim import SGD, Adagrad, Adam, Optimizer, RMSprop

from grader.exercises import Misconception


def update_mistakes(right: Descent) -> tuple[Misconception, ...]:
    return (*_rates(right), *_changing_rates(right), *_options(right), *_optimisers(right))


# --- the learning rate --------------------------------------------------------------------


def _rates(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "rate-0.1",
            "Every step uses the rate 0.1, whatever is passed",
            "Call your function twice with different learning rates. Do the results differ?",
            replace(right, rate=lambda _: 0.1),
            MOVES,
            teacher="The rate is written into the function, or read from a global variable.",
            where="optimiser",
        ),
        Misconception(
            "rate-0.01",
            "Every step uses the rate 0.01, whatever is passed",
            "Call your function twice with different learning rates. Do the results differ?",
            replace(right, rate=lambda _: 0.01),
            MOVES,
            teacher="The rate is written into the function, or read from a global variable.",
            where="optimiser",
        ),
        Misconception(
            "default-rate",
            "The optimiser uses its own default rate, 0.001",
            "Print your optimiser: which lr does it show?",
            replace(right, optimiser=lambda theta, _: SGD([theta])),
            MOVES,
            teacher="SGD is made without lr.",
            where="optimiser",
        ),
        Misconception(
            "negative-rate",
            "The optimiser gets the negative learning rate, and refuses it",
            "Read the last line of the error. Who takes care of the minus sign in theta - lr * gradient?",
            replace(right, rate=lambda lr: -lr),
            EVERYTHING,
            teacher="The minus sign of the descent is written twice.",
            where="optimiser",
        ),
        Misconception(
            "rate-twice",
            "The learning rate is applied twice: once to the loss, once by the optimiser",
            "Which line multiplies with the learning rate? Is it the only one?",
            _rate_twice(right),
            MOVES,
            teacher="The loss or its gradient is multiplied with the rate.",
            where="loss",
        ),
        Misconception(
            "rate-squared",
            "The learning rate is squared before the optimiser gets it",
            "Print your optimiser: which lr does it show?",
            replace(right, rate=lambda lr: lr * lr),
            MOVES,
            teacher="The optimiser's lr is the square of what was passed.",
            where="optimiser",
        ),
        Misconception(
            "rate-halved",
            "The learning rate is halved before the optimiser gets it",
            "Print your optimiser: which lr does it show?",
            replace(right, rate=lambda lr: lr / 2),
            MOVES,
            teacher="Often to make up for the factor 2 of the derivative.",
            where="optimiser",
        ),
        Misconception(
            "rate-doubled",
            "The learning rate is doubled before the optimiser gets it",
            "Print your optimiser: which lr does it show?",
            replace(right, rate=lambda lr: 2 * lr),
            MOVES,
            teacher="The factor 2 of the derivative is put into the rate, where backward() has it already.",
            where="optimiser",
        ),
        Misconception(
            "rate-in-single-precision",
            "The learning rate is rounded to single precision",
            "Print your learning rate with all its digits. Why is it a tensor, if it is one?",
            replace(right, rate=lambda lr: torch.tensor(lr).item()),
            frozenset({"one-step", "many-steps"}),
            teacher="The rate goes through a float32 tensor; float64 thetas show it.",
            where="optimiser",
        ),
    )


def _rate_twice(right: Descent) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        scaled = replace(right, loss=lambda theta: learning_rate * right.loss(theta))
        return scaled(initial_theta, learning_rate, number_steps)

    return program


def _changing_rates(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "rate-over-steps",
            "The learning rate is divided by the number of steps",
            "Print the lr of your optimiser for number_steps = 10.",
            _rate_over_steps(right),
            LATER,
            teacher="lr / number_steps.",
            where="optimiser",
        ),
        Misconception(
            "rate-decays",
            "The learning rate shrinks from step to step like 1, 1/2, 1/3",
            "Print the lr of your optimiser in every step.",
            _rate_decays(right.loss, lambda i: 1 / (i + 1)),
            LATER,
            teacher="A decay, or a scheduler, that the exercise does not have.",
            where="step",
        ),
        Misconception(
            "rate-decays-exponentially",
            "The learning rate shrinks by a factor 0.9 in every step",
            "Print the lr of your optimiser in every step. Did the exercise ask for a scheduler?",
            _rate_decays(right.loss, lambda i: 0.9**i),
            LATER,
            teacher="ExponentialLR or StepLR, or the same by hand.",
            where="step",
        ),
        *_late_rates(right.loss),
    )


def _late_rates(loss: Loss) -> tuple[Misconception, ...]:
    """What a scheduler does later than most runs last."""
    return (
        Misconception(
            "rate-drops-every-30-steps",
            "The learning rate drops to a tenth after every 30 steps",
            "Print your optimiser's lr before step 30 and after it. Did the exercise ask for a scheduler?",
            _rate_decays(loss, lambda i: 0.1 ** (i // 30)),
            LONG,
            teacher="StepLR(optimiser, step_size=30), as in PyTorch's documentation.",
            where="step",
        ),
        Misconception(
            "rate-drops-at-milestones",
            "The learning rate drops to a tenth after 40 steps, and again after 80",
            "Print your optimiser's lr before step 40 and after it. Did the exercise ask for a scheduler?",
            _rate_decays(loss, lambda i: 0.1 ** ((i >= 40) + (i >= 80))),
            LONG,
            teacher="MultiStepLR with milestones.",
            where="step",
        ),
        Misconception(
            "rate-halved-when-the-loss-rises",
            "The learning rate is halved whenever the loss has risen",
            "Try a learning rate above 1, where the loss rises. Print your optimiser's lr in every step.",
            _halved_when_the_loss_rises(loss),
            LONG,
            teacher="A rate that backs off: right as long as the loss falls, which it does below the rate 1.",
            where="step",
        ),
    )


def _halved_when_the_loss_rises(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        before = float("inf")
        for _ in range(number_steps):
            optimiser.zero_grad()
            value = loss(theta)
            value.backward()
            if value.item() > before:
                optimiser.param_groups[0]["lr"] /= 2
            before = value.item()
            optimiser.step()
        return theta.detach()

    return program


def _rate_over_steps(right: Descent) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        return right(initial_theta, learning_rate / max(number_steps, 1), number_steps)

    return program


def _rate_decays(loss: Loss, factor: Callable[[int], float]) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for i in range(number_steps):
            optimiser.param_groups[0]["lr"] = learning_rate * factor(i)
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
        return theta.detach()

    return program


# --- the optimiser ------------------------------------------------------------------------


def _options(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "momentum",
            "SGD runs with momentum 0.9",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, momentum=0.9)),
            LATER,
            teacher="momentum=0.9, as in most tutorials on networks.",
            where="optimiser",
        ),
        Misconception(
            "nesterov",
            "SGD runs with Nesterov momentum",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, momentum=0.9, nesterov=True)),
            MOVES,
            teacher="momentum=0.9 and nesterov=True.",
            where="optimiser",
        ),
        Misconception(
            "weight-decay",
            "SGD runs with weight decay 0.01",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, weight_decay=0.01)),
            MOVES,
            teacher="weight_decay, often copied from a training loop for networks.",
            where="optimiser",
        ),
        Misconception(
            "by-hand",
            "Theta is updated by hand, not by the optimiser",
            "The values are right. Which object of torch.optim can make this update for you?",
            _by_hand(right.loss),
            SGD_ONLY,
            teacher="theta - lr * theta.grad in the student's code; an optimiser may stand idle beside it.",
            where="step",
        ),
    )


def _by_hand(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = initial_theta.clone()
        for _ in range(number_steps):
            theta.requires_grad_()
            loss(theta).backward()
            assert theta.grad is not None
            theta = (theta - learning_rate * theta.grad).detach()
        return theta

    return program


OTHERS: tuple[type[Optimizer], ...] = (Adam, RMSprop, Adagrad)
"""Those that students take. Any other is told from its steps, which torch.optim shows."""


def _optimisers(right: Descent) -> tuple[Misconception, ...]:
    return tuple(_another(right, kind) for kind in OTHERS)


def _another(right: Descent, kind: Any) -> Misconception:
    return Misconception(
        kind.__name__.lower(),
        f"The optimiser is {kind.__name__}",
        "Which class of torch.optim does the exercise ask for?",
        replace(right, optimiser=lambda theta, lr: kind([theta], lr=lr)),
        MOVES | SGD_ONLY,
        teacher="Another class of torch.optim than SGD took the steps.",
        where="optimiser",
    )
