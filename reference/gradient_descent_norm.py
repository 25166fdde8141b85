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
from _mistakes import EVERYTHING, FORM, TYPE_HINT, returning, shared, stepping

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


OWN_MISTAKES = (
    Misconception("loss-is-a-vector", "The loss is a vector: backward() needs one number",
                  "Print the shape of your loss. What makes one number of a norm?",
                  stepping(lambda theta: theta**2), EVERYTHING, teacher="The squares are not summed.",
                  where="loss"),
    Misconception("returns-a-list", "A list of numbers is returned, not a tensor", TYPE_HINT,
                  returning(gradient_descent_norm_torch_optimiser, lambda theta: theta.tolist()), FORM,
                  teacher=".tolist() at the end.", where="return"),
    Misconception("returns-a-row", "The result has the shape (1, 2), not the one of theta",
                  "Compare the .shape of the result with the one of the initial theta.",
                  returning(gradient_descent_norm_torch_optimiser, lambda theta: theta.reshape(1, 2)), FORM,
                  teacher="A matrix with one row: unsqueeze, reshape or double brackets.", where="return"),
)  # fmt: skip


EXERCISE = Exercise(
    name="gradient_descent_norm_torch_optimiser",
    title="Gradient descent on the squared norm",
    statement="Minimise L(theta) = ||theta||_2^2, theta of two components, by gradient descent with"
    " torch.optim.SGD; return the final theta.",
    reference=gradient_descent_norm_torch_optimiser, arguments=arguments((2,)), edge_cases=EDGE_CASES,
    rubric=RUBRIC,
    misconceptions=(*shared(gradient_descent_norm_torch_optimiser, squared_norm), *OWN_MISTAKES),
    bound=rounding_bound, effort=steps, honest=in_other_styles(squared_norm), diagnosers=("descent",),
)  # fmt: skip
