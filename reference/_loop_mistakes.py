"""Mistakes in the loop: where the gradient comes from, and how often a step is taken."""

from __future__ import annotations

from dataclasses import replace

import torch
from _program import EVERYTHING, FORM, LATER, MOVES, SGD_ONLY, VALUES, Descent, Loss, Program
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception


def loop_mistakes(right: Descent) -> tuple[Misconception, ...]:
    return (*_gradients(right), *_counts(right))


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
