"""The mistakes that both exercises share and that are no rule of a descent: each the program that makes it.

What goes wrong in the numbers of a descent (its rate, its steps, its loss ...) nobody lists here: both
name the diagnoser "descent", which has a rule for each and fits its constants. Left are errors, other
types than a tensor, another dtype, and who takes the steps.

`costs` names the criteria that fail for the mistake: a test holds every one of them against the frozen suite,
in both directions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception

Loss = Callable[[torch.Tensor], torch.Tensor]
Program = Callable[[torch.Tensor, float, int], Any]

MOVES = frozenset({"one-step", "many-steps", "edge-rates"})
VALUES = MOVES | {"no-steps"}
LATER = frozenset({"many-steps", "edge-rates"})
SGD_ONLY = frozenset({"uses-sgd"})
FORM = frozenset({"returns-like-theta"})
EVERYTHING = VALUES | SGD_ONLY | FORM

TYPE_HINT = "Print type(...) of what your function returns."


def shared(reference: Program, loss: Loss) -> tuple[Misconception, ...]:
    """The mistakes on any loss, most of them in what the reference returns."""
    return (*_errors(loss), _steps(loss), *_starts(reference), *_results(reference), *_devices(reference))


def returning(reference: Program, change: Callable[[torch.Tensor], object]) -> Program:
    """The right function, with something done to its result."""
    return lambda theta, rate, steps: change(reference(theta, rate, steps))


# --- errors -----------------------------------------------------------------------------------


def _errors(loss: Loss) -> tuple[Misconception, ...]:
    return (
        Misconception("loss-computed-once",
                      "The loss is computed once, before the loop, so the second backward() raises",
                      "PyTorch frees the graph after backward(). Where is the loss built, and how often?",
                      loss_computed_once(loss), LATER | SGD_ONLY | FORM,
                      teacher="The forward pass stands outside the loop.", where="loss"),
        Misconception(
            "no-requires-grad",
            "Autograd finds nothing to differentiate: theta needs no gradient, or the loss lost it",
            "Which tensors does autograd follow? Look at theta.requires_grad and at loss.grad_fn.",
            stepping(loss, start=torch.clone), EVERYTHING, where="loss",
            teacher="requires_grad is missing, or lost by detach(), .data or no_grad before the loss.",
        ),
        Misconception("negative-rate", "The optimiser gets the negative learning rate, and refuses it",
                      "Read the last line of the error. Who takes care of the minus sign in"
                      " theta - lr * gradient?",
                      lambda theta, rate, steps: stepping(loss)(theta, -rate, steps), EVERYTHING,
                      teacher="The minus sign of the descent is written twice.", where="optimiser"),
        Misconception(
            "made-in-the-loop",
            "A variable that only the loop makes is returned, so a call without a step raises",
            "Follow your function by hand with no step at all: which line gives the result its value?",
            made_in_the_loop(loss), frozenset({"no-steps"}), where="return",
            teacher="Right but for zero steps: the name that is returned is bound inside the loop only.",
        ),
    )  # fmt: skip


def stepping(
    loss: Loss, start: Callable[[torch.Tensor], torch.Tensor] | None = None, **options: bool
) -> Program:
    """The plain descent on a loss, from another start than a parameter if one is given."""

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = start(initial_theta) if start else Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate, **options)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
        return theta.detach()

    return program


def loss_computed_once(loss: Loss) -> Program:
    """The loss is the same value each time that a call asks for it."""

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        return stepping(functools.cache(loss))(initial_theta, learning_rate, number_steps)

    return program


def made_in_the_loop(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        for _ in range(min(number_steps, 1)):
            final_theta = stepping(loss)(initial_theta, learning_rate, number_steps)
        return final_theta

    return program


# --- who takes the steps ------------------------------------------------------------------------


def _steps(loss: Loss) -> Misconception:
    return Misconception(
        "by-hand", "Theta is updated by hand, not by the optimiser",
        "The values are right. Which object of torch.optim can make this update for you?",
        by_hand(loss), SGD_ONLY, where="step",
        teacher="theta - lr * theta.grad in the student's code; an optimiser may stand idle beside it.",
    )  # fmt: skip


def by_hand(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = initial_theta.clone()
        for _ in range(number_steps):
            theta.requires_grad_()
            loss(theta).backward()
            assert theta.grad is not None
            theta = (theta - learning_rate * theta.grad).detach()
        return theta

    return program


def _starts(reference: Program) -> Iterator[Misconception]:
    ways = (
        ("", "random theta, drawn from the normal distribution", "randn", torch.randn_like),
        ("-in-the-unit-interval", "random theta between 0 and 1", "rand", torch.rand_like),
    )
    for name, words, function, draw in ways:
        yield Misconception(
            f"starts-at-random{name}", f"The descent starts at a {words}",
            "Print theta before the first step: is it the initial theta?",
            lambda theta, rate, steps, draw=draw: reference(draw(theta), rate, steps), VALUES | SGD_ONLY,
            where="optimiser",
            teacher=f"torch.{function}; the random state is the same for every call, so no result jumps.",
        )  # fmt: skip


# --- what comes back ------------------------------------------------------------------------------


def _results(reference: Program) -> tuple[Misconception, ...]:
    return (
        Misconception("returns-nothing", "The function returns nothing",
                      "What does a Python function give back when it ends without `return`?",
                      returning(reference, lambda _: None), EVERYTHING,
                      teacher="No return, or print() in its place.", where="return"),
        Misconception("returns-text", "A text is returned, not a tensor", TYPE_HINT,
                      returning(reference, str), EVERYTHING, teacher="A formatted string is returned.",
                      where="return"),
        Misconception("returns-numpy", "A NumPy array is returned, not a tensor", TYPE_HINT,
                      returning(reference, lambda theta: theta.numpy()), FORM, teacher=".numpy() at the end.",
                      where="return"),
        Misconception(
            "always-float32", "The result is float32, whatever theta's dtype is",
            "Call your function with a theta of dtype torch.float64. What does the result look like?",
            returning(reference, lambda theta: theta.float()), FORM, where="optimiser",
            teacher="torch.Tensor(...), .float() or dtype=torch.float32 somewhere.",
        ),
        Misconception("always-float64", "The result is float64, whatever theta's dtype is",
                      "Compare the dtype of the result with the one of the initial theta.",
                      returning(reference, lambda theta: theta.double()), FORM,
                      teacher=".double(), or a way through NumPy or Python numbers.", where="return"),
    )  # fmt: skip


def _devices(reference: Program) -> tuple[Misconception, ...]:
    return (
        Misconception("returns-on-the-cpu", "Theta comes back on the CPU, wherever it was",
                      "Compare the .device of the result with the one of the initial theta.",
                      returning(reference, lambda theta: theta.cpu()), FORM, needs="cuda",
                      teacher=".cpu() at the end; right on the CPU.", where="return"),
        Misconception("goes-through-numpy", "The result goes through NumPy, which a CUDA tensor refuses",
                      "Is the conversion needed? Theta is a tensor from beginning to end.",
                      returning(reference, lambda theta: torch.from_numpy(theta.numpy())), EVERYTHING,
                      needs="cuda", teacher="Right on the CPU; NumPy knows no other device.", where="return",
                      raises="numpy"),
    )  # fmt: skip
