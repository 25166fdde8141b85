"""Mistakes at the two ends of the function: where theta comes in, and what goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from _program import EVERYTHING, FORM, LATER, MOVES, SGD_ONLY, VALUES, Descent, Loss, Program
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception


def end_mistakes(right: Descent, loss_form: frozenset[str]) -> tuple[Misconception, ...]:
    """`loss_form`: what a loss in theta's place costs by its form alone."""
    return (
        *_starts(right),
        *_results(right),
        *_too_early(right.loss),
        *_losses(right, VALUES | SGD_ONLY | loss_form),
        *_histories(right.loss),
        *_forms(right),
        *_devices(right),
    )


# --- where it starts ----------------------------------------------------------------------


def _starts(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "starts-at-one",
            "The descent starts at 1, not at the initial theta",
            "Call your function with two different initial thetas. Do the results differ?",
            replace(right, start=torch.ones_like),
            VALUES | SGD_ONLY,
            teacher="Theta is made anew, with ones.",
            where="optimiser",
        ),
        Misconception(
            "starts-at-zero",
            "Zero is returned whatever is passed: the descent starts there, or zeros are returned",
            "Print theta before the first step: is it the initial theta?",
            replace(right, start=torch.zeros_like),
            EVERYTHING,
            teacher="Theta is made anew, with zeros, where the gradient is 0.",
            where="optimiser",
        ),
        Misconception(
            "starts-at-random",
            "The descent starts at a random theta, drawn from the normal distribution",
            "Print theta before the first step: is it the initial theta?",
            replace(right, start=torch.randn_like),
            VALUES | SGD_ONLY,
            teacher="torch.randn; the random state is the same for every call here, so no result jumps.",
            where="optimiser",
        ),
        Misconception(
            "starts-at-random-in-the-unit-interval",
            "The descent starts at a random theta between 0 and 1",
            "Print theta before the first step: is it the initial theta?",
            replace(right, start=torch.rand_like),
            VALUES | SGD_ONLY,
            teacher="torch.rand; the random state is the same for every call here, so no result jumps.",
            where="optimiser",
        ),
    )


# --- what it returns ----------------------------------------------------------------------


def _results(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-nothing",
            "The function returns nothing",
            "What does a Python function give back when it ends without `return`?",
            replace(right, result=lambda _: None),
            EVERYTHING,
            teacher="No return, or print() in its place.",
            where="return",
        ),
        Misconception(
            "returns-the-gradient",
            "The last gradient is returned",
            "Which of your variables does the docstring ask for?",
            replace(right, result=lambda theta: theta.grad),
            VALUES | SGD_ONLY,
            teacher="theta.grad is returned; without a step it is None.",
            where="return",
        ),
        Misconception(
            "returns-rounded",
            "Theta is rounded to 2 decimals before it is returned",
            "Return theta with all its digits; round only what you print.",
            replace(right, result=lambda theta: theta.detach().round(decimals=2)),
            VALUES | SGD_ONLY,
            teacher="round() on the result.",
            where="return",
        ),
    )


def _too_early(loss: Loss) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-the-theta-before",
            "The theta before the last step is returned, so without a step there is none",
            "In which order do the last update and the line that keeps the result run?",
            _returns_the_theta_before(loss),
            VALUES,
            teacher="The result is put aside before step(); without a step there is none.",
            where="return",
        ),
        Misconception(
            "returns-the-theta-before-or-the-initial-one",
            "The theta before the last step is returned",
            "In which order do the last update and the line that keeps the result run?",
            _watching(loss, _theta, lambda kept, start: kept[-1] if kept else start),
            MOVES,
            teacher="Its values are those of one step too few, but the trace shows all steps.",
            where="return",
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


def _theta(theta: Parameter, _: torch.Tensor) -> torch.Tensor:
    return theta.detach().clone()


def _watching(
    loss: Loss,
    keep: Callable[[Parameter, torch.Tensor], Any],
    result: Callable[[list[Any], torch.Tensor], Any],
    *,
    after: bool = False,
) -> Program:
    """A right descent that keeps something of every step, before it or after it, and returns what it kept."""

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        kept = []
        for _ in range(number_steps):
            optimiser.zero_grad()
            value = loss(theta)
            value.backward()
            if not after:
                kept.append(keep(theta, value))
            optimiser.step()
            if after:
                kept.append(keep(theta, value))
        return result(kept, initial_theta)

    return program


# --- the loss in its place ------------------------------------------------------------------


def _losses(right: Descent, costs: frozenset[str]) -> tuple[Misconception, ...]:
    hint = "Which of your variables does the docstring ask for: the loss, or theta?"
    return (
        Misconception(
            "returns-the-loss",
            "The loss is returned, not theta: the loss at the final theta",
            hint,
            replace(right, result=lambda theta: right.loss(theta).detach()),
            costs,
            teacher="The loss is computed once more after the loop, and returned.",
            where="return",
        ),
        Misconception(
            "returns-the-loss-of-the-last-step",
            "The loss is returned, not theta: the loss of the last step, before theta moved",
            hint,
            _watching(
                right.loss,
                lambda _, value: value.detach(),
                lambda kept, start: kept[-1] if kept else right.loss(start),
            ),
            costs,
            teacher="`return loss` after the loop; there is one before it too, so zero steps do not raise.",
            where="return",
        ),
        Misconception(
            "returns-the-loss-that-the-loop-made",
            "The loss is returned, not theta: that of the last step, so without a step there is none",
            hint,
            _returns_the_loss_that_the_loop_made(right.loss),
            costs,
            teacher="`return loss` after the loop, which raises without a step.",
            where="return",
        ),
        Misconception(
            "returns-all-losses",
            "The losses of all steps are returned, not theta",
            hint,
            _watching(right.loss, lambda _, value: value.item(), lambda kept, _: kept),
            VALUES | SGD_ONLY | FORM,
            teacher="A list for a plot is returned.",
            where="return",
        ),
    )


def _returns_the_loss_that_the_loop_made(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            value = loss(theta)
            value.backward()
            optimiser.step()
        return value.detach()

    return program


# --- more than the last theta ---------------------------------------------------------------


def _histories(loss: Loss) -> tuple[Misconception, ...]:
    hint = "How many elements does the result have, and how many should it have?"

    return (
        Misconception(
            "returns-all-thetas",
            "The thetas of all steps are returned, with the initial one, not the last one alone",
            hint,
            _watching(loss, _theta, lambda kept, start: torch.stack([start, *kept]), after=True),
            MOVES | SGD_ONLY | FORM,
            teacher="The whole path, with the initial theta, is returned.",
            where="return",
        ),
        Misconception(
            "returns-all-thetas-but-the-last",
            "The thetas before each step are returned, not the last one",
            hint,
            _watching(loss, _theta, lambda kept, _: kept),
            VALUES | SGD_ONLY | FORM,
            teacher="A list that is filled before step(): the initial theta is in it, the last one is not.",
            where="return",
        ),
        Misconception(
            "returns-all-thetas-but-the-initial-one",
            "The thetas after each step are returned, not the last one alone",
            hint,
            _watching(loss, _theta, lambda kept, _: kept, after=True),
            LATER | SGD_ONLY | FORM | {"no-steps"},
            teacher="A list of the theta after each step: empty without a step, and with one it looks right.",
            where="return",
        ),
    )


# --- the right theta in the wrong form ------------------------------------------------------


def _forms(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-numpy",
            "A NumPy array is returned, not a tensor",
            "Print type(...) of what your function returns.",
            replace(right, result=lambda theta: theta.detach().numpy()),
            FORM,
            teacher=".numpy() at the end.",
            where="return",
        ),
        Misconception(
            "always-float32",
            "The result is float32, whatever theta's dtype is",
            "Call your function with a theta of dtype torch.float64. What does the result look like?",
            replace(right, result=lambda theta: theta.detach().float()),
            FORM,
            teacher="torch.Tensor(...), .float() or dtype=torch.float32 somewhere.",
            where="optimiser",
        ),
        Misconception(
            "always-float64",
            "The result is float64, whatever theta's dtype is",
            "Compare the dtype of the result with the one of the initial theta.",
            replace(right, result=lambda theta: theta.detach().double()),
            FORM,
            teacher=".double(), or a way through NumPy or Python numbers.",
            where="return",
        ),
        Misconception(
            "returns-text",
            "A text is returned, not a tensor",
            "Print type(...) of what your function returns.",
            replace(right, result=str),
            EVERYTHING,
            teacher="A formatted string is returned.",
            where="return",
        ),
    )


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
            teacher=".cpu() at the end; right on the CPU.",
            where="return",
        ),
        Misconception(
            "goes-through-numpy",
            "The result goes through NumPy, which a CUDA tensor refuses",
            "Is the conversion needed? Theta is a tensor from beginning to end.",
            replace(right, result=lambda theta: torch.from_numpy(theta.detach().numpy())),
            EVERYTHING,
            needs="cuda",
            teacher="Right on the CPU; NumPy knows no other device.",
            where="return",
            raises="numpy",
        ),
    )
