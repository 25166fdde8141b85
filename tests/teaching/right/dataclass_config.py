from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class TrainingConfig:
    learning_rate: float
    number_steps: int
    zero_grad_kwargs: dict = field(default_factory=lambda: {"set_to_none": True})


@dataclass
class Trainer:
    config: TrainingConfig
    objective: Callable[[Tensor], Tensor]

    def fit(self, theta: Tensor) -> Tensor:
        theta = theta.detach().clone().requires_grad_(True)
        optimiser = torch.optim.SGD(params=[theta], lr=self.config.learning_rate)
        for _ in range(self.config.number_steps):
            self._one_step(theta, optimiser)
        return theta.detach()

    def _one_step(self, theta: Tensor, optimiser: torch.optim.Optimizer) -> None:
        optimiser.zero_grad(**self.config.zero_grad_kwargs)
        self.objective(theta).backward()
        optimiser.step()


def gradient_descent_torch_optimiser(initial_theta: Tensor, learning_rate: float, number_steps: int) -> Tensor:
    return Trainer(TrainingConfig(learning_rate, number_steps), lambda theta: theta**2).fit(initial_theta)


def gradient_descent_norm_torch_optimiser(initial_theta: Tensor, learning_rate: float, number_steps: int) -> Tensor:
    return Trainer(TrainingConfig(learning_rate, number_steps), lambda theta: (theta**2).sum()).fit(initial_theta)
