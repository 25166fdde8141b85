"""The mistakes that both exercises share: each is the program that makes it, beside its hint.

Nearly all of them are a right gradient descent with one decision taken otherwise, so that
descent is written once, as `Descent`, and a mistake names the decision. A few have another
structure (they stop early, start again, look at an old gradient); those are written out.

`costs` names the criteria that fail for the mistake: a test holds every one of them against
the frozen suite, in both directions. Worth noting while reading:

- A rate hard-coded to 0.1 passes every case whose rate is 0.1, so no suite may have only that one.
- One step hides everything that happens between steps: forgotten zero_grad, momentum, decay.
- A start at theta 0 hides nearly everything; so does theta 1 for programs that start there.
- A program that never moves theta would pass without steps and with rate 0; the rubric gives
  nothing for that unless some call moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import SGD, Adagrad, Adam, Optimizer, RMSprop

from grader.exercises import Misconception

Loss = Callable[[torch.Tensor], torch.Tensor]
Program = Callable[[torch.Tensor, float, int], Any]

MOVES = frozenset({"one-step", "many-steps", "edge-rates"})
VALUES = MOVES | {"no-steps"}
LATER = frozenset({"many-steps", "edge-rates"})
SGD_ONLY = frozenset({"uses-sgd"})
FORM = frozenset({"returns-like-theta"})
EVERYTHING = VALUES | SGD_ONLY | FORM


def sgd(theta: Parameter, rate: float) -> Optimizer:
    return SGD([theta], lr=rate)


@dataclass(frozen=True)
class Descent:
    """A gradient descent as the decisions it is made of; as it stands, all are right."""

    loss: Loss
    start: Callable[[torch.Tensor], torch.Tensor] = torch.clone
    rate: Callable[[float], float] = float
    count: Callable[[int], int] = int
    optimiser: Callable[[Parameter, float], Optimizer] = sgd
    clears: Callable[[int], bool] = lambda _: True  # is the gradient cleared in iteration i?
    adjust: Callable[[Parameter], object] = lambda _: None  # between backward and step
    result: Callable[[Parameter], Any] = torch.Tensor.detach

    def __call__(self, initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(self.start(initial_theta))
        optimiser = self.optimiser(theta, self.rate(learning_rate))
        for i in range(self.count(number_steps)):
            if self.clears(i):
                optimiser.zero_grad()
            self.loss(theta).backward()
            self.adjust(theta)
            optimiser.step()
        return self.result(theta)


def shared(loss: Loss) -> tuple[Misconception, ...]:
    """The mistakes that can be made on any loss."""
    right = Descent(loss)
    return (
        *_gradients(right),
        *_counts(right),
        *_rates(right),
        *_optimisers(right),
        *_starts_and_results(right),
        *_devices(right),
    )


# --- the gradient -------------------------------------------------------------------------


def _gradients(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "no-zero-grad",
            "The gradients of all steps add up: they are never cleared between steps",
            "backward() adds to .grad. What is in .grad when the second step begins?",
            replace(right, clears=lambda i: i == 0),
            LATER,
        ),
        Misconception(
            "zero-grad-sometimes",
            "The gradient is cleared in every other step only",
            "Print theta.grad before each backward(): is it always empty?",
            replace(right, clears=lambda i: i % 2 == 0),
            LATER,
        ),
        Misconception(
            "gradient-of-the-start",
            "Every step uses the gradient at the initial theta: it is computed once, before the loop",
            "Theta moves, so its gradient changes. Which lines have to run again for each step?",
            _gradient_of_the_start(right.loss),
            LATER,
        ),
        Misconception(
            "loss-computed-once",
            "The loss is computed once, before the loop, so the second backward() raises",
            "PyTorch frees the graph after backward(). Where is the loss built, and how often?",
            _loss_computed_once(right.loss),
            LATER | SGD_ONLY | FORM,
        ),
        Misconception(
            "no-requires-grad",
            "Theta does not require a gradient, so backward() raises",
            "Which tensors does autograd follow? Look at theta.requires_grad.",
            _no_requires_grad(right.loss),
            EVERYTHING,
        ),
        Misconception(
            "clipped-gradient",
            "The gradient is clipped to length 1",
            "Does the size of each step still follow the gradient when theta is large?",
            replace(right, adjust=lambda theta: torch.nn.utils.clip_grad_norm_([theta], 1.0)),
            MOVES,
        ),
        Misconception(
            "ascent",
            "Theta climbs: the sign of the gradient is turned",
            "Does the loss get smaller from one step to the next?",
            replace(right, loss=lambda theta: -right.loss(theta)),
            MOVES,
        ),
        Misconception(
            "doubled-gradient",
            "Every step is twice as long: the factor 2 of the derivative is counted twice",
            "Compare theta.grad after one backward() with the derivative on paper.",
            replace(right, loss=lambda theta: 2 * right.loss(theta)),
            MOVES,
        ),
        Misconception(
            "squared-loss",
            "The loss is squared once more",
            "Which power of theta does the exercise ask for? Compare the loss at theta = 2.",
            replace(right, loss=lambda theta: right.loss(theta) ** 2),
            MOVES,
        ),
    )


def _gradient_of_the_start(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        loss(theta).backward()
        for _ in range(number_steps):
            optimiser.step()
        return theta.detach()

    return program


def _loss_computed_once(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        value = loss(theta)
        for _ in range(number_steps):
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
        return theta.detach()

    return program


def _no_requires_grad(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = initial_theta.clone()
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
        return theta

    return program


# --- the number of steps ------------------------------------------------------------------


def _counts(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "one-step-too-many",
            "One step too many is taken",
            "Call your function with number_steps = 0. How often does the loop run?",
            replace(right, count=lambda n: n + 1),
            VALUES,
        ),
        Misconception(
            "one-step-too-few",
            "One step too few is taken",
            "Call your function with number_steps = 1. How often is theta updated?",
            replace(right, count=lambda n: n - 1),
            MOVES,
        ),
        Misconception(
            "twice-the-steps",
            "Twice as many steps are taken as asked for",
            "Count the updates of theta for number_steps = 1.",
            replace(right, count=lambda n: 2 * n),
            MOVES,
        ),
        Misconception(
            "ten-steps",
            "Always 10 steps are taken, whatever is passed",
            "Where in your function is number_steps used?",
            replace(right, count=lambda _: 10),
            VALUES,
        ),
        Misconception(
            "no-step",
            "Theta comes back as it went in",
            "Print theta and theta.grad in the loop. Which line is meant to change theta?",
            replace(right, count=lambda _: 0),
            EVERYTHING,
        ),
        Misconception(
            "returns-in-the-loop",
            "The function ends in its first iteration",
            "How far is the line with `return` indented?",
            _returns_in_the_loop(right.loss),
            LATER | {"no-steps"},
        ),
        Misconception(
            "starts-again",
            "Every iteration starts again from the initial theta",
            "Which lines are there to run once, and which once a step?",
            _starts_again(right.loss),
            LATER,
        ),
        Misconception(
            "stops-early",
            "The loop ends as soon as theta is close to the minimum",
            "Does your function always take number_steps steps?",
            _stops_early(right.loss),
            LATER,
        ),
    )


def _returns_in_the_loop(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor | None:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
            return theta.detach()
        return None

    return program


def _starts_again(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = initial_theta.clone()
        for _ in range(number_steps):
            theta = Parameter(initial_theta.clone())
            optimiser = SGD([theta], lr=learning_rate)
            loss(theta).backward()
            optimiser.step()
        return theta.detach()

    return program


def _stops_early(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            value = loss(theta)
            value.backward()
            optimiser.step()
            if value.item() < 1.0:
                break
        return theta.detach()

    return program


# --- the learning rate --------------------------------------------------------------------


def _rates(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "rate-0.1",
            "Every step uses the rate 0.1, whatever is passed",
            "Call your function twice with different learning rates. Do the results differ?",
            replace(right, rate=lambda _: 0.1),
            MOVES,
        ),
        Misconception(
            "rate-0.01",
            "Every step uses the rate 0.01, whatever is passed",
            "Call your function twice with different learning rates. Do the results differ?",
            replace(right, rate=lambda _: 0.01),
            MOVES,
        ),
        Misconception(
            "default-rate",
            "The optimiser uses its own default rate, 0.001",
            "Print your optimiser: which lr does it show?",
            replace(right, optimiser=lambda theta, _: SGD([theta])),
            MOVES,
        ),
        Misconception(
            "negative-rate",
            "The optimiser gets the negative learning rate, and refuses it",
            "Read the last line of the error. Who takes care of the minus sign in theta - lr * gradient?",
            replace(right, rate=lambda lr: -lr),
            EVERYTHING,
        ),
        Misconception(
            "rate-twice",
            "The learning rate is applied twice: once to the loss, once by the optimiser",
            "Which line multiplies with the learning rate? Is it the only one?",
            _rate_twice(right),
            MOVES,
        ),
        Misconception(
            "rate-over-steps",
            "The learning rate is divided by the number of steps",
            "Print the lr of your optimiser for number_steps = 10.",
            _rate_over_steps(right),
            LATER,
        ),
        Misconception(
            "rate-decays",
            "The learning rate shrinks from step to step like 1, 1/2, 1/3",
            "Print the lr of your optimiser in every step.",
            _rate_decays(right.loss, lambda i: 1 / (i + 1)),
            LATER,
        ),
        Misconception(
            "rate-decays-exponentially",
            "The learning rate shrinks by a factor 0.9 in every step",
            "Print the lr of your optimiser in every step. Did the exercise ask for a scheduler?",
            _rate_decays(right.loss, lambda i: 0.9**i),
            LATER,
        ),
    )


def _rate_twice(right: Descent) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        scaled = replace(right, loss=lambda theta: learning_rate * right.loss(theta))
        return scaled(initial_theta, learning_rate, number_steps)

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


def _optimisers(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "momentum",
            "SGD runs with momentum 0.9",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, momentum=0.9)),
            LATER,
        ),
        Misconception(
            "nesterov",
            "SGD runs with Nesterov momentum",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, momentum=0.9, nesterov=True)),
            MOVES,
        ),
        Misconception(
            "weight-decay",
            "SGD runs with weight decay 0.01",
            "Print your optimiser: which options differ from their defaults?",
            replace(right, optimiser=lambda theta, lr: SGD([theta], lr=lr, weight_decay=0.01)),
            MOVES,
        ),
        Misconception(
            "maximise",
            "SGD runs with maximize=True on half the loss",
            "Does the loss get smaller from one step to the next?",
            replace(
                right,
                loss=lambda theta: right.loss(theta) / 2,
                optimiser=lambda theta, lr: SGD([theta], lr=lr, maximize=True),
            ),
            MOVES,
        ),
        Misconception(
            "adam",
            "The optimiser is Adam",
            "Which class of torch.optim does the exercise ask for?",
            replace(right, optimiser=lambda theta, lr: Adam([theta], lr=lr)),
            MOVES | SGD_ONLY,
        ),
        Misconception(
            "rmsprop",
            "The optimiser is RMSprop",
            "Which class of torch.optim does the exercise ask for?",
            replace(right, optimiser=lambda theta, lr: RMSprop([theta], lr=lr)),
            MOVES | SGD_ONLY,
        ),
        Misconception(
            "adagrad",
            "The optimiser is Adagrad",
            "Which class of torch.optim does the exercise ask for?",
            replace(right, optimiser=lambda theta, lr: Adagrad([theta], lr=lr)),
            MOVES | SGD_ONLY,
        ),
        Misconception(
            "by-hand",
            "Theta is updated by hand, not by the optimiser",
            "The values are right. Which object of torch.optim can make this update for you?",
            _by_hand(right.loss),
            SGD_ONLY,
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


# --- where it starts and what it returns ----------------------------------------------------


def _starts_and_results(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "starts-at-one",
            "The descent starts at 1, not at the initial theta",
            "Call your function with two different initial thetas. Do the results differ?",
            replace(right, start=torch.ones_like),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "starts-at-zero",
            "The descent starts at 0, where it cannot move",
            "Print theta before the first step: is it the initial theta?",
            replace(right, start=torch.zeros_like),
            EVERYTHING,
        ),
        Misconception(
            "returns-nothing",
            "The function returns nothing",
            "What does a Python function give back when it ends without `return`?",
            replace(right, result=lambda _: None),
            EVERYTHING,
        ),
        Misconception(
            "returns-the-gradient",
            "The last gradient is returned",
            "Which of your variables does the docstring ask for?",
            replace(right, result=lambda theta: theta.grad),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "returns-rounded",
            "Theta is rounded before it is returned",
            "Return theta with all its digits; round only what you print.",
            replace(right, result=lambda theta: theta.detach().round(decimals=2)),
            VALUES | SGD_ONLY,
        ),
        Misconception(
            "returns-the-theta-before",
            "The theta before the last step is returned",
            "In which order do the last update and the line that keeps the result run?",
            _returns_the_theta_before(right.loss),
            VALUES | SGD_ONLY,
        ),
    )


def _returns_the_theta_before(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            final_theta = theta.detach().clone()
            optimiser.step()
        return final_theta

    return program


# --- the device ---------------------------------------------------------------------------


def _devices(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-on-the-cpu",
            "Theta comes back on the CPU, wherever it was",
            "Compare the .device of the result with the one of the initial theta.",
            replace(right, result=lambda theta: theta.detach().cpu()),
            FORM,
            needs="cuda",
        ),
        Misconception(
            "goes-through-numpy",
            "The result goes through NumPy, which a CUDA tensor refuses",
            "Is the conversion needed? Theta is a tensor from beginning to end.",
            replace(right, result=lambda theta: torch.from_numpy(theta.detach().numpy())),
            EVERYTHING,
            needs="cuda",
        ),
    )
