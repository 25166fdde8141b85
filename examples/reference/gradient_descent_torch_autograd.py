"""Gradient descent on the sum of squares: autograd knows the gradient, the update is written by hand."""

from typing import Any

import torch
from _mistakes_gradient_descent_torch_autograd import HONEST, MISTAKES

from grader import strategies
from grader.exercises import Criterion, Exercise


def gradient_descent_torch_autograd(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    theta = initial_theta.detach().clone().requires_grad_()
    for _ in range(number_steps):
        (gradient,) = torch.autograd.grad((theta**2).sum(), theta)
        theta = (theta - learning_rate * gradient).detach().requires_grad_()
    return theta.detach()


def probe(student: Any, initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
    theta = student(initial_theta, learning_rate, number_steps)
    touched = initial_theta.requires_grad or initial_theta.grad is not None
    return {"theta": theta, "carries a graph": getattr(theta, "grad_fn", None) is not None, "initial_theta needs a gradient": touched}


EXERCISE = Exercise(
    name="gradient_descent_torch_autograd",
    title="Gradient descent by autograd",
    statement="Minimise the sum of theta ** 2. Autograd gives the gradient, the update is yours: no torch.optim.",
    reference=gradient_descent_torch_autograd,
    probe=probe,
    moves="initial_theta",
    arguments=strategies.calls(
        initial_theta=strategies.tensors(
            [(1,), (), (3,), (2, 2)], [torch.float32, torch.float64],
            strategies.magnitudes([1.0, 2.0, -1.0], 0.1, 100.0),
        ),
        learning_rate=strategies.learning_rates([0.1, 0.25, 0.75], largest=1.1),
        number_steps=strategies.step_counts(short=5, long=20),
    ),
    edge_cases=({"initial_theta": torch.tensor([3.0, -2.0]), "learning_rate": 0.01, "number_steps": 150},),
    effort=lambda a: float(a["number_steps"]),
    rubric=(
        Criterion("theta", "The last theta is right", 4, "values", part="theta"),
        Criterion("form", "It has the shape and dtype of initial_theta", 1, "return", part="theta"),
        Criterion("graph", "It carries no graph", 1, "values", part="carries a graph"),
        Criterion("untouched", "initial_theta stays as it was", 1, "unchanged"),
        Criterion("flags", "and needs no gradient", 1, "values", part="initial_theta needs a gradient"),
        Criterion("autograd", "Autograd gives the gradient", 1, "calls", lambda a: a["number_steps"] > 0,
                  uses=("backward|grad",), avoids=("torch.optim",)),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
