"""Mistakes in the gradient: when it is cleared, where it is computed, and of what."""

from __future__ import annotations

from dataclasses import replace

import torch
from _program import EVERYTHING, FORM, LATER, MOVES, SGD_ONLY, Descent, Loss, Program
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception


def gradient_mistakes(right: Descent) -> tuple[Misconception, ...]:
    return (*_clearing(right), *_places(right.loss), *_sizes(right), *_losses(right))


# --- when it is cleared -------------------------------------------------------------------


def _clearing(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "no-zero-grad",
            "The gradients of all steps add up: they are never cleared between steps",
            "backward() adds to .grad. What is in .grad when the second step begins?",
            replace(right, clears=lambda i: i == 0),
            LATER,
            teacher="zero_grad() is missing, stands before the loop, or lacks its parentheses.",
            where="zero_grad",
        ),
        Misconception(
            "zero-grad-sometimes",
            "The gradient is cleared in every other step only",
            "Print theta.grad before each backward(): is it always empty?",
            replace(right, clears=lambda i: i % 2 == 0),
            LATER,
            teacher="zero_grad() stands under a condition.",
            where="zero_grad",
        ),
        Misconception(
            "step-without-gradient",
            "The optimiser steps, but its tensor has no gradient then, so theta never moves",
            "Print the .grad of the optimiser's tensor just before step(). Who fills it, and who empties it?",
            replace(right, adjust=lambda theta: setattr(theta, "grad", None)),
            EVERYTHING,
            teacher="backward() is missing, zero_grad() stands between it and step(), or the optimiser has"
            " a copy of the tensor that the loss is made of.",
            where="backward",
        ),
        Misconception(
            "step-with-a-cleared-gradient",
            "The gradient is set to zero between backward() and step(), so theta never moves",
            "Print theta.grad just before step(). Which line empties it?",
            replace(right, adjust=lambda theta: theta.grad.zero_()),  # type: ignore[union-attr]
            EVERYTHING,
            teacher="zero_grad(set_to_none=False), or grad.zero_(), stands between backward() and step().",
            where="zero_grad",
        ),
    )


# --- where it is computed -----------------------------------------------------------------


def _places(loss: Loss) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "gradient-of-the-start",
            "Every step uses the gradient at the initial theta: it is computed once, before the loop",
            "Theta moves, so its gradient changes. Which lines have to run again for each step?",
            _gradient_of_the_start(loss),
            LATER,
            teacher="Loss and backward() stand before the loop; only step() is repeated.",
            where="backward",
        ),
        Misconception(
            "step-after-the-loop",
            "The gradients are added up in the loop, and a single step is taken after it",
            "How far is the line with step() indented? How often does it run?",
            _step_after_the_loop(loss, clears=False),
            LATER,
            teacher="step() stands outside the loop, and nothing clears the gradient inside.",
            where="step",
        ),
        Misconception(
            "one-step-after-the-loop",
            "Only one step is taken, after the loop",
            "How far is the line with step() indented? How often does it run?",
            _step_after_the_loop(loss, clears=True),
            LATER,
            teacher="step() stands outside the loop; the loop computes the same gradient again and again.",
            where="step",
        ),
        Misconception(
            "loss-computed-once",
            "The loss is computed once, before the loop, so the second backward() raises",
            "PyTorch frees the graph after backward(). Where is the loss built, and how often?",
            _loss_computed_once(loss),
            LATER | SGD_ONLY | FORM,
            teacher="The forward pass stands outside the loop.",
            where="loss",
        ),
        Misconception(
            "no-requires-grad",
            "Autograd finds nothing to differentiate: theta needs no gradient, or the loss lost it",
            "Which tensors does autograd follow? Look at theta.requires_grad and at loss.grad_fn.",
            _no_requires_grad(loss),
            EVERYTHING,
            teacher="requires_grad is missing, or lost by detach(), .data or no_grad before the loss.",
            where="loss",
        ),
        Misconception(
            "loss-with-the-start",
            "The loss multiplies theta with the initial theta, not with itself",
            "Print theta.grad in each step. Does it follow theta?",
            _loss_with_the_start,
            MOVES,
            teacher="The loss is built of two names, one of which is still the function's argument.",
            where="loss",
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


def _step_after_the_loop(loss: Loss, *, clears: bool) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            if clears:
                optimiser.zero_grad()
            loss(theta).backward()
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


def _loss_with_the_start(
    initial_theta: torch.Tensor, learning_rate: float, number_steps: int
) -> torch.Tensor:
    wrong = Descent(lambda theta: torch.sum(theta * initial_theta))
    return wrong(initial_theta, learning_rate, number_steps)  # type: ignore[no-any-return]


# --- how large it is ----------------------------------------------------------------------


def _sizes(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "clipped-gradient",
            "The gradient is clipped to length 1",
            "Does the size of each step still follow the gradient when theta is large?",
            replace(right, adjust=lambda theta: torch.nn.utils.clip_grad_norm_([theta], 1.0)),
            MOVES,
            teacher="clip_grad_norm_, often copied from a training loop for networks.",
            where="backward",
        ),
        Misconception(
            "ascent",
            "Theta climbs: the sign of the gradient is turned",
            "Does the loss get smaller from one step to the next?",
            replace(right, loss=lambda theta: -right.loss(theta)),
            MOVES,
            teacher="The loss is negated, or the optimiser maximises.",
            where="loss",
        ),
        Misconception(
            "doubled-gradient",
            "Every step is twice as long as it should be: the loss or its gradient is counted twice",
            "Compare theta.grad after one backward() with the derivative on paper.",
            replace(right, loss=lambda theta: 2 * right.loss(theta)),
            MOVES,
            teacher="A factor 2 in the loss, backward() twice, or the derivative multiplied by 2 once more.",
            where="loss",
        ),
        Misconception(
            "step-twice",
            "The optimiser steps twice in each iteration",
            "How often does theta change in one iteration of your loop?",
            replace(right, steps=2),
            MOVES,
            teacher="Two calls of step() with one gradient: each step is twice as long.",
            where="step",
        ),
    )


# --- of what ------------------------------------------------------------------------------


def _losses(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "squared-loss",
            "The loss is squared once more",
            "Which power of theta does the exercise ask for? Compare the loss at theta = 2.",
            replace(right, loss=lambda theta: right.loss(theta) ** 2),
            MOVES,
            teacher="The fourth power: a square of the squared norm.",
            where="loss",
        ),
        Misconception(
            "loss-is-the-derivative",
            "The loss is 2 theta, which is the derivative already",
            "Who computes the derivative: you, or backward()? Print theta.grad at two different thetas.",
            replace(right, loss=lambda theta: torch.sum(2 * theta)),
            MOVES,
            teacher="The derivative was worked out on paper and written where the loss belongs.",
            where="loss",
        ),
        Misconception(
            "root-trap",
            "Right except where theta reaches 0: there the result is nan",
            "Print theta.grad once theta is 0. Which operation of your loss has no finite derivative there?",
            replace(right, loss=lambda theta: torch.sqrt(right.loss(theta)) ** 2),
            frozenset({"edge-rates"}),
            teacher="sqrt(sum) ** 2 is right on paper, but the root's derivative at 0 is infinite, and"
            " infinity times 0 is nan. PyTorch's own norm has no such trap.",
            where="loss",
        ),
    )
