"""Gradient descent on L(theta) = ||theta||_2^2 with torch.optim.SGD, theta a vector of two components.

The squared norm is theta_1^2 + theta_2^2, so its gradient is 2 theta, and each component goes its own
way as in the first exercise: n steps take it to (1 - 2 lr)^n times where it began.

Only the loss changes. What can go wrong with it can be seen where the components differ: a mean
halves the gradient, a norm without the square gives it length 1, a square of the sum mixes the two.
"""

from __future__ import annotations

import torch
from _descent import RUBRIC, arguments, call, rounding_bound, steps
from _honest import in_other_styles
from _mistakes import shared
from _program import EVERYTHING, FORM, MOVES, SGD_ONLY, VALUES, Descent

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
    call([0.5, 2.0], 0.0, 1, torch.float64),
    call([-1.0, 4.0], 0.0, 3),
    call([-1.5, 4.0], 0.5, 1, torch.float64),
    call([0.7, -0.2], 0.5, 3),
    call([0.7, -0.2], 1.0, 2),
    call([0.3, 0.6], 1.0, 4),
    call([-2.0, 0.5], 1.0, 3, torch.float64),
    call([0.0, 0.0], 0.1, 2),
    call([0.0, 0.0], 0.3, 1, torch.float64),
)


# --- mistakes of this exercise alone ---------------------------------------------------------


def components_in_turn(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        optimiser.zero_grad()
        (theta[i % 2] ** 2).backward()
        optimiser.step()
    return theta.detach()


OWN_MISTAKES = (
    Misconception(
        "norm-not-squared",
        "The gradient has length 1: the loss is the norm itself, or the gradient is divided by its length",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        Descent(torch.linalg.vector_norm),
        MOVES,
        teacher="norm() without a square, or a gradient divided by its length.",
        where="loss",
    ),
    Misconception(
        "mean-for-sum",
        "Every step is half as long: a mean of the squares, a factor 1/2, or half of the loss detached",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        Descent(lambda theta: torch.mean(theta * theta)),
        MOVES,
        teacher="mean() for sum(), MSELoss, or 1/2 before the norm: of two components they are the same.",
        where="loss",
    ),
    Misconception(
        "sum-of-absolutes",
        "The loss is the sum of the absolute values",
        "Which norm does the index 2 stand for? Compare your loss at theta = [3, 4].",
        Descent(lambda theta: theta.abs().sum()),
        MOVES,
        teacher="The norm with index 1, or the sign of the gradient.",
        where="loss",
    ),
    Misconception(
        "square-of-the-absolutes",
        "The absolute values are added first and squared afterwards",
        "Which norm does the index 2 stand for? Compare your loss at theta = [3, 4].",
        Descent(lambda theta: theta.abs().sum() ** 2),
        MOVES,
        teacher="The norm with index 1, squared.",
        where="loss",
    ),
    Misconception(
        "square-of-the-sum",
        "The components are added first and squared afterwards",
        "Compare your loss at theta = [1, -1] with the one on paper.",
        Descent(lambda theta: theta.sum() ** 2),
        MOVES,
        teacher="sum() and ** 2 in the wrong order.",
        where="loss",
    ),
    Misconception(
        "first-component-only",
        "Only the first component of theta moves",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: theta[0] ** 2),
        MOVES,
        teacher="theta[0] ** 2, or the gradient of the first component alone.",
        where="loss",
    ),
    Misconception(
        "first-component-twice",
        "Only the first component of theta moves, and its steps are twice as long",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: theta[0] ** 2 + theta[0] ** 2),
        MOVES,
        teacher="theta[0] ** 2 + theta[0] ** 2: an index was not changed when the term was copied.",
        where="loss",
    ),
    Misconception(
        "second-component-only",
        "Only the second component of theta moves",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: theta[1] ** 2),
        MOVES,
        teacher="theta[1] ** 2, or the last component alone.",
        where="loss",
    ),
    Misconception(
        "second-component-twice",
        "Only the second component of theta moves, and its steps are twice as long",
        "Print theta.grad: which components does your loss look at?",
        Descent(lambda theta: 2 * theta[1] ** 2),
        MOVES,
        teacher="theta[1] ** 2 + theta[1] ** 2: an index was not changed when the term was copied.",
        where="loss",
    ),
    Misconception(
        "difference-of-squares",
        "The second square is subtracted from the first, not added to it",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        Descent(lambda theta: theta[0] ** 2 - theta[1] ** 2),
        MOVES,
        teacher="A minus sign between the squares.",
        where="loss",
    ),
    Misconception(
        "loss-is-the-sum",
        "The loss is the sum of the components, without squares",
        "Print theta.grad at two different thetas. What is the gradient of the loss there?",
        Descent(torch.sum),
        MOVES,
        teacher="The squares are missing.",
        where="loss",
    ),
    Misconception(
        "loss-is-the-product",
        "The loss is the product of the components",
        "Compare your loss at theta = [3, 0] with the one on paper.",
        Descent(torch.prod),
        MOVES,
        teacher="theta[0] * theta[1], or prod().",
        where="loss",
    ),
    Misconception(
        "loss-is-twice-the-product",
        "The loss is twice the product of the components",
        "Compare your loss at theta = [3, 0] with the one on paper.",
        Descent(lambda theta: 2 * torch.prod(theta)),
        MOVES,
        teacher="A dot product of theta with itself turned round, or only the mixed term of (a + b) ** 2.",
        where="loss",
    ),
    Misconception(
        "largest-component",
        "The loss is the square of the largest component: the maximum norm",
        "Which norm does the index 2 stand for? Print theta.grad.",
        Descent(lambda theta: theta.abs().max() ** 2),
        MOVES,
        teacher="max(), or a norm with ord=inf.",
        where="loss",
    ),
    Misconception(
        "components-in-turn",
        "Each step moves one component only, the first and the second in turn",
        "Print theta.grad in each step: which components does your loss look at?",
        components_in_turn,
        MOVES,
        teacher="theta[i % 2], or a loop over the components where one over the steps was meant.",
        where="loss",
    ),
    Misconception(
        "loss-is-a-vector",
        "The loss is a vector: backward() needs one number",
        "Print the shape of your loss. What makes one number of a norm?",
        Descent(lambda theta: theta**2),
        EVERYTHING,
        teacher="The squares are not summed.",
        where="loss",
    ),
    Misconception(
        "returns-a-list",
        "A list of numbers is returned, not a tensor",
        "Print type(...) of what your function returns.",
        Descent(squared_norm, result=lambda theta: theta.tolist()),
        FORM,
        teacher=".tolist() at the end.",
        where="return",
    ),
    Misconception(
        "returns-the-norm",
        "The norm of the final theta is returned",
        "How many elements does the result have, and how many should it have?",
        Descent(squared_norm, result=lambda theta: theta.detach().norm()),
        VALUES | SGD_ONLY | FORM,
        teacher="norm() on the result.",
        where="return",
    ),
    Misconception(
        "returns-the-first-component",
        "Only the first component of theta is returned",
        "How many elements does the result have, and how many should it have?",
        Descent(squared_norm, result=lambda theta: theta.detach()[0]),
        VALUES | FORM,
        teacher="theta[0] is returned, as if theta were in a list.",
        where="return",
    ),
    Misconception(
        "returns-a-row",
        "The result has the shape (1, 2), not the one of theta",
        "Compare the .shape of the result with the one of the initial theta.",
        Descent(squared_norm, result=lambda theta: theta.detach().reshape(1, 2)),
        FORM,
        teacher="A matrix with one row: unsqueeze, reshape or double brackets.",
        where="return",
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
    misconceptions=(*shared(squared_norm, FORM), *OWN_MISTAKES),
    bound=rounding_bound,
    effort=steps,
    honest=in_other_styles(squared_norm),
)
