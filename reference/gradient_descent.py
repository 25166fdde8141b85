"""Gradient descent on L(theta) = theta^2 with torch.optim.SGD.

The derivative is 2 theta, so a step with the learning rate lr takes theta to

    theta - lr * 2 theta  =  (1 - 2 lr) theta,

and n steps to (1 - 2 lr)^n theta. Below lr = 0.5 theta glides to the minimum at 0; at 0.5 it is there
after one step; between 0.5 and 1 it jumps from side to side, ever closer; at 1 it jumps for ever.

Theta may come as a 0-dim tensor or as one of a single element: two ways to write one number.
"""

from __future__ import annotations

import torch
from _descent import RUBRIC, arguments, call, rounding_bound, steps
from _honest import in_other_styles
from _mistakes import FORM, TYPE_HINT, returning, shared, stepping

from grader.exercises import Exercise, Misconception


def gradient_descent_torch_optimiser(
    initial_theta: torch.Tensor, learning_rate: float, number_steps: int
) -> torch.Tensor:
    """Take `number_steps` steps of SGD on theta^2 and return the final theta."""
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = theta * theta
        loss.backward()
        optimiser.step()
    return theta.detach()


def square(theta: torch.Tensor) -> torch.Tensor:
    return theta * theta


EDGE_CASES = (
    call(1.0, 0.1, 1),
    call([1.0], 0.1, 1),
    call(-2.125, 0.1, 0),
    call([0.375], 0.25, 0, torch.float64),
    call(2.0, 0.25, 2, torch.float64),
    call([-3.0], 0.25, 3),
    call(3.0, 0.0, 2),
    call([3.0], 0.0, 1, torch.float64),
    call(-1.5, 0.5, 1, torch.float64),
    call([0.7], 0.5, 3),
    call(0.703, 1.0, 2),
    call([0.614], 1.0, 2),
    call(-2.0, 1.0, 3, torch.float64),
    call([-2.0], 1.0, 3, torch.float64),
    call(0.0, 0.1, 2),
    call([0.0], 0.3, 1, torch.float64),
)


# --- mistakes of this exercise alone ---------------------------------------------------------


OWN_MISTAKES = (
    Misconception("returns-a-number", "A Python number is returned, not a tensor", TYPE_HINT,
                  returning(gradient_descent_torch_optimiser, lambda theta: theta.item()), FORM,
                  teacher=".item() or float() at the end.", where="return"),
    Misconception("only-one-element-tensors", "Theta is indexed, which a tensor without dimensions refuses",
                  "Try both torch.tensor(1.0) and torch.tensor([1.0]). Look at their .shape.",
                  stepping(lambda theta: theta[0] ** 2), FORM,
                  teacher="Right for one-element tensors; theta[0] raises for 0-dim ones.", where="loss"),
    Misconception("always-one-element",
                  "The result always has the shape (1,), for a theta without dimensions too",
                  "Try both torch.tensor(1.0) and torch.tensor([1.0]). Look at their .shape.",
                  returning(gradient_descent_torch_optimiser, lambda theta: theta.reshape(1)), FORM,
                  teacher="torch.tensor([...]) or reshape at one of the ends.", where="return"),
    Misconception("always-without-dimensions",
                  "The result never has a dimension, for a theta of shape (1,) neither",
                  "Try both torch.tensor(1.0) and torch.tensor([1.0]). Look at their .shape.",
                  returning(gradient_descent_torch_optimiser, lambda theta: theta.squeeze()), FORM,
                  teacher="squeeze(), sum() or theta[0] at the end.", where="return"),
)  # fmt: skip


EXERCISE = Exercise(
    name="gradient_descent_torch_optimiser",
    title="Gradient descent with torch.optim.SGD",
    statement="Minimise L(theta) = theta^2 by gradient descent with torch.optim.SGD; return the final theta.",
    reference=gradient_descent_torch_optimiser, arguments=arguments((), (1,)), edge_cases=EDGE_CASES,
    rubric=RUBRIC,
    misconceptions=(*shared(gradient_descent_torch_optimiser, square), *OWN_MISTAKES),
    bound=rounding_bound, effort=steps, either_shape=True, diagnosers=("descent",),
    honest=in_other_styles(square),
)  # fmt: skip
