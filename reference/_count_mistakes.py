"""Mistakes in the number of steps: how often the loop runs, and what it does once only."""

from __future__ import annotations

from dataclasses import replace

import torch
from _program import EVERYTHING, LATER, LONG, MOVES, SGD_ONLY, VALUES, Descent, Loss, Program
from torch.nn import Parameter
from torch.optim import SGD

from grader.exercises import Misconception


def count_mistakes(right: Descent) -> tuple[Misconception, ...]:
    return (*_counts(right), *_loops(right.loss))


def _counts(right: Descent) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "one-step-too-many",
            "One step too many is taken",
            "Call your function with number_steps = 0. How often does the loop run?",
            replace(right, count=lambda n: n + 1),
            VALUES,
            teacher="range(number_steps + 1), or a while loop with <=.",
            where="loop",
        ),
        Misconception(
            "one-step-too-few",
            "One step too few is taken",
            "Call your function with number_steps = 1. How often is theta updated?",
            replace(right, count=lambda n: n - 1),
            MOVES,
            teacher="range(1, number_steps), or a counter that begins at 1.",
            where="loop",
        ),
        Misconception(
            "twice-the-steps",
            "Twice as many steps are taken as asked for",
            "Count the updates of theta for number_steps = 1.",
            replace(right, count=lambda n: 2 * n),
            MOVES,
            teacher="Two loops, or loss, backward and step twice in each iteration.",
            where="loop",
        ),
        Misconception(
            "ten-steps",
            "Always 10 steps are taken, whatever is passed",
            "Where in your function is number_steps used?",
            replace(right, count=lambda _: 10),
            VALUES,
            teacher="The number of steps is written into the loop.",
            where="loop",
        ),
        Misconception(
            "at-most-50-steps",
            "Never more than 50 steps are taken, however many are asked for",
            "Call your function with number_steps = 60. How often does the loop run?",
            replace(right, count=lambda n: min(n, 50)),
            LONG,
            teacher="A cap such as min(number_steps, 50), or a break at the iteration of that number.",
            where="loop",
        ),
        Misconception(
            "at-most-100-steps",
            "Never more than 100 steps are taken, however many are asked for",
            "Call your function with number_steps = 101. How often does the loop run?",
            replace(right, count=lambda n: min(n, 100)),
            LONG,
            teacher="A cap such as min(number_steps, 100), often a default for the largest number of steps.",
            where="loop",
        ),
        Misconception(
            "no-step",
            "Theta comes back as it went in: no step is ever taken",
            "Print theta and theta.grad in the loop. Which line is meant to change theta, and does it run?",
            replace(right, count=lambda _: 0),
            EVERYTHING,
            teacher="step() is missing or lacks its parentheses, or the loop is never entered.",
            where="step",
        ),
        Misconception(
            "arguments-swapped",
            "Learning rate and number of steps are exchanged",
            "In which order does the exercise pass the learning rate and the number of steps?",
            _arguments_swapped(right),
            MOVES | SGD_ONLY,
            teacher="The parameters are in another order than the exercise's.",
            where="definition",
        ),
    )


def _arguments_swapped(right: Descent) -> Program:
    def program(initial_theta: torch.Tensor, number_steps: float, learning_rate: int) -> object:
        return right(initial_theta, learning_rate, int(number_steps))

    return program


def _loops(loss: Loss) -> tuple[Misconception, ...]:
    return (
        Misconception(
            "returns-in-the-loop",
            "The function ends in its first iteration",
            "How far is the line with `return` indented?",
            _returns_in_the_loop(loss),
            LATER | {"no-steps"},
            teacher="`return` stands inside the loop, so there is nothing to return without a step.",
            where="return",
        ),
        Misconception(
            "made-in-the-loop",
            "A variable that only the loop makes is returned, so a call without a step raises",
            "Follow your function by hand with no step at all: which line gives the result its value?",
            _made_in_the_loop(loss),
            frozenset({"no-steps"}),
            teacher="Right but for zero steps: the name that is returned is bound inside the loop only.",
            where="return",
        ),
        Misconception(
            "starts-again",
            "Every iteration starts again from the initial theta",
            "Which lines are there to run once, and which once a step?",
            _starts_again(loss),
            LATER,
            teacher="Theta is made inside the loop.",
            where="loop",
        ),
        Misconception(
            "another-tensor",
            "The optimiser keeps the first tensor, while the loop goes on with a copy: another comes back",
            "Which tensor does the optimiser have after the first step, and which one do you go on with?",
            _another_tensor(loss),
            LATER | SGD_ONLY,
            teacher="theta = theta.detach().clone() in the loop; the optimiser keeps the first tensor.",
            where="loop",
        ),
        Misconception(
            "stops-early",
            "The loop ends as soon as theta is close to the minimum",
            "Does your function always take number_steps steps?",
            _stops_early(loss),
            LATER,
            teacher="A test for convergence ends the loop.",
            where="loop",
        ),
        Misconception(
            "returns-its-argument",
            "The initial theta is returned, not the tensor that the optimiser moved",
            "Which tensor does the optimiser have, and which one do you return? Print both after a step.",
            _returns_its_argument(loss),
            VALUES | SGD_ONLY | {"returns-like-theta"},
            teacher="A copy was optimised, and the argument is returned.",
            where="return",
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


def _made_in_the_loop(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
            final_theta = theta.detach()
        return final_theta

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


def _another_tensor(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = initial_theta.clone().requires_grad_()
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            loss(theta).backward()
            optimiser.step()
            theta = theta.detach().clone().requires_grad_()
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


def _returns_its_argument(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        Descent(loss)(initial_theta, learning_rate, number_steps)
        return initial_theta

    return program
