"""Gradient descent on L(theta) = ||theta||_2^2 with torch.optim.SGD, theta a vector of two components.

The squared norm is theta_1^2 + theta_2^2, so its gradient is 2 theta, and each component goes its own
way as in the first exercise: n steps take it to (1 - 2 lr)^n times where it began.

Only the loss changes. What can go wrong with it can be seen where the components differ: a mean
halves the gradient, a norm without the square gives it length 1, a square of the sum mixes the two.
"""

from __future__ import annotations

import torch
from _descent import RUBRIC, arguments, call, rounding_bound, steps
from _mistakes import shared
from _program import FORM, MOVES, SGD_ONLY, VALUES, Descent

from grader.exercises import Exercise, Misconception


def gradient_descent_norm_torch_optimiser(
    initial_theta: torch.Tensor, learning_rate: float, number_steps: int
) -> torch.Tensor:
    """Take `number_steps` steps of SGD on the squared norm of theta and return the final theta."""
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = torch.sum(theta * theta)
        loss.backward()
        optimiser.step()
    return theta.detach()


def squared_norm(theta: torch.Tensor) -> torch.Tensor:
    return torch.sum(theta * theta)


EDGE_CASES = (
    call([1.0, -1.0], 0.2, 20),
    call([1.0, 2.0], 0.1, 1),
    call([-2.125, 0.3], 0.1, 0),
    call([0.3, -7.0], 0.25, 0, torch.float64),
    call([2.0, -1.0], 0.25, 2, torch.float64),
    call([3.0, 0.0], 0.25, 3),
    call([2.0, 2.0], 0.1, 2),
    call([3.0, -1.0], 0.0, 2),
    call([-1.5, 4.0], 0.5, 1, torch.float64),
    call([0.7, -0.2], 0.5, 3),
    call([0.7, -0.2], 1.0, 2),
    call([0.3, 0.6], 1.0, 4),
    call([-2.0, 0.5], 1.0, 3, torch.float64),
    call([0.0, 0.0], 0.1, 2),
    call([0.0, 0.0], 0.3, 1, torch.float64),
)


# --- mistakes of this exercise alone ---------------------------------------------------------


def all_thetas(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
    every = [Descent(squared_norm)(initial_theta, learning_rate, n) for n in range(number_steps + 1)]
    return torch.stack(every)


OWN_MISTAKES = (
    Misconception(
        "norm-not-squared",
        "The loss is the norm itself, not its square",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        Descent(torch.linalg.vector_norm),
        MOVES,
    ),
    Misconception(
        "mean-for-sum",
        "Every step is half as long: the loss is the mean of the squares, not their sum",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        Descent(lambda theta: torch.mean(theta * theta)),
        MOVES,
    ),
    Misconception(
        "sum-of-absolutes",
        "The loss is the sum of the absolute values",
        "Which norm does the index 2 stand for? Compare your loss at theta = [3, 4].",
        Descent(lambda theta: theta.abs().sum()),
        MOVES,
    ),
    Misconception(
        "square-of-the-sum",
        "The components are added first and squared afterwards",
        "Compare your loss at theta = [1, -1] with the one on paper.",
        Descent(lambda theta: theta.sum() ** 2),
        MOVES,
    ),
    Misconception(
        "first-component-only",
        "Only the first component of theta moves",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: theta[0] ** 2),
        MOVES,
    ),
    Misconception(
        "second-component-only",
        "Only the second component of theta moves",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: theta[1] ** 2),
        MOVES,
    ),
    Misconception(
        "loss-is-the-sum",
        "The loss is the sum of the components, without squares",
        "Print theta.grad at two different thetas. What is the gradient of the loss there?",
        Descent(torch.sum),
        MOVES,
    ),
    Misconception(
        "loss-is-the-product",
        "The loss is the product of the components",
        "Compare your loss at theta = [3, 0] with the one on paper.",
        Descent(torch.prod),
        MOVES,
    ),
    Misconception(
        "largest-component",
        "The loss is the square of the largest component: the maximum norm",
        "Which norm does the index 2 stand for? Print theta.grad.",
        Descent(lambda theta: theta.abs().max() ** 2),
        MOVES,
    ),
    Misconception(
        "returns-the-loss",
        "The loss at the final theta is returned",
        "Which of your variables does the docstring ask for?",
        Descent(squared_norm, result=lambda theta: squared_norm(theta).detach()),
        VALUES | SGD_ONLY | FORM,
    ),
    Misconception(
        "returns-a-list",
        "A list of numbers is returned, not a tensor",
        "Print type(...) of what your function returns.",
        Descent(squared_norm, result=lambda theta: theta.tolist()),
        FORM,
    ),
    Misconception(
        "returns-the-norm",
        "The norm of the final theta is returned",
        "How many elements does the result have, and how many should it have?",
        Descent(squared_norm, result=lambda theta: theta.detach().norm()),
        VALUES | SGD_ONLY | FORM,
    ),
    Misconception(
        "returns-all-thetas",
        "The thetas of all steps are returned, not the last one",
        "How many elements does the result have, and how many should it have?",
        all_thetas,
        MOVES | SGD_ONLY | FORM,
    ),
)


EXERCISE = Exercise(
    name="gradient_descent_norm_torch_optimiser",
    title="Gradient descent on the squared norm",
    statement="Minimise L(theta) = ||theta||_2^2, theta of two components, by gradient descent with"
    " torch.optim.SGD; return the final theta.",
    reference=gradient_descent_norm_torch_optimiser,
    arguments=arguments((2,)),
    edge_cases=EDGE_CASES,
    rubric=RUBRIC,
    misconceptions=(*shared(squared_norm), *OWN_MISTAKES),
    bound=rounding_bound,
    effort=steps,
)
