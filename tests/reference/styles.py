"""Honest ways to write the exercises: every one of these must get full marks.

Each takes the exercise's loss and gives a program. Those in `reference/_honest.py` are tried beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import SGD

Loss = Callable[[torch.Tensor], torch.Tensor]
Program = Callable[[torch.Tensor, float, int], Any]

LOSSES: dict[str, Loss] = {
    "product": lambda theta: (theta * theta).sum(),
    "power": lambda theta: (theta**2).sum(),
    "torch.pow": lambda theta: torch.pow(theta, 2).sum(),
    "square": lambda theta: torch.square(theta).sum(),
    "norm squared": lambda theta: torch.norm(theta) ** 2,
    "linalg.norm squared": lambda theta: torch.linalg.vector_norm(theta).pow(2),
    "dot": lambda theta: torch.dot(theta.reshape(-1), theta.reshape(-1)),
    "einsum": lambda theta: torch.einsum("i,i->", theta.reshape(-1), theta.reshape(-1)),
    "matrix product": lambda theta: theta.reshape(-1) @ theta.reshape(-1),
    "mean times n": lambda theta: torch.mean(theta**2) * theta.numel(),
    "component by component": lambda theta: sum((x**2 for x in theta.reshape(-1)), torch.zeros(())),
    "mse_loss": lambda theta: torch.nn.functional.mse_loss(theta, torch.zeros_like(theta), reduction="sum"),
}


def plain(loss: Loss, **options: Any) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = initial_theta.clone().detach().requires_grad_(True)
        optimiser = SGD([theta], lr=learning_rate, **options)
        for _ in range(number_steps):
            optimiser.zero_grad()
            loss(theta).backward()
            optimiser.step()
        return theta.detach()

    return program


def course(loss: Loss) -> Program:
    """The course's own: a Parameter around the argument, printed in every step, returned as it is."""

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        tensor = Parameter(initial_theta, requires_grad=True)
        optimizer = SGD(params=[tensor], lr=learning_rate)
        for _ in range(number_steps):
            optimizer.zero_grad()
            loss(tensor).backward()
            optimizer.step()
            print(tensor)  # noqa: T201 -- as on the course page
        return tensor

    return program


def an_optimiser_for_each_component(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        parts = [Parameter(x.clone()) for x in initial_theta.reshape(-1)]
        optimisers = [SGD([part], lr=learning_rate) for part in parts]
        for _ in range(number_steps):
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss(torch.stack(tuple(parts))).backward()
            for optimiser in optimisers:
                optimiser.step()
        return torch.stack(tuple(parts)).detach().reshape(initial_theta.shape)

    return program


def cleared_after_the_step(loss: Loss) -> Program:
    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(initial_theta.clone())
        optimiser = SGD([theta], lr=learning_rate)
        for _ in range(number_steps):
            loss(theta).backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=False)
        return theta.detach()

    return program


SQUARES: Loss = LOSSES["product"]

STYLES: dict[str, Program] = {
    **{f"loss as {name}": plain(loss) for name, loss in LOSSES.items()},
    "the course's own": course(SQUARES),
    "an optimiser for each component": an_optimiser_for_each_component(SQUARES),
    "cleared after the step": cleared_after_the_step(SQUARES),
    "foreach": plain(SQUARES, foreach=True),
    "fused": plain(SQUARES, fused=True),
    "explicit defaults": plain(SQUARES, momentum=0.0, weight_decay=0.0, nesterov=False),
}
