"""Right gradient descents in other styles than the reference's: `grader verify` runs each of them.

They round elsewhere, make their optimiser elsewhere, and take their steps by other ways of PyTorch. If one
of them loses a point, the bound or the rubric asks for a style and not for a right answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from _mistakes import Loss, Program, stepping
from torch.nn import Module, Parameter
from torch.optim import SGD


def in_other_styles(loss: Loss) -> Mapping[str, Program]:
    """By what is different in each."""
    right, tripled = stepping(loss), stepping(lambda theta: 3 * loss(theta))
    return {
        "with a closure": with_closure(loss),
        "an optimiser made in the loop": optimiser_in_the_loop(loss),
        "an nn.Module": module(loss),
        "three times the loss, a third of the rate": lambda theta, rate, steps: tripled(
            theta, rate / 3, steps
        ),
        "float64 inside": lambda theta, rate, steps: right(theta.double(), rate, steps).to(theta.dtype),
        "torch.autograd.grad": by_autograd(loss),
        "maximises the negated loss": stepping(lambda theta: -loss(theta), maximize=True),
    }


def with_closure(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)

        def again() -> torch.Tensor:
            optimiser.zero_grad()
            value = loss(theta)
            value.backward()
            return value

        for _ in range(number_steps):
            optimiser.step(again)
        return theta.data

    return program


def optimiser_in_the_loop(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = initial_theta
        for _ in range(number_steps):
            theta = theta.clone().detach().requires_grad_(True)
            optimiser = SGD([theta], lr=learning_rate)
            loss(theta).backward()
            optimiser.step()
        return theta.detach()

    return program


def module(loss: Loss) -> Program:
    class Model(Module):
        def __init__(self, start: torch.Tensor) -> None:
            super().__init__()
            self.theta = Parameter(start.clone())

        def forward(self) -> torch.Tensor:
            return loss(self.theta)

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        model = Model(initial_theta)
        optimiser = SGD(model.parameters(), lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            model().backward()
            optimiser.step()
        return model.theta.detach()

    return program


def by_autograd(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            (theta.grad,) = torch.autograd.grad(loss(theta), theta)
            optimiser.step()
        return theta.detach()

    return program
