"""A gradient descent as the decisions it is made of, and what a mistake in one of them costs.

Nearly every mistake is a right gradient descent with one decision taken otherwise. So the descent
is written once, here, and a mistake names the decision: `replace(right, rate=lambda _: 0.1)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import SGD, Optimizer

Loss = Callable[[torch.Tensor], torch.Tensor]
Program = Callable[[torch.Tensor, float, int], Any]

MOVES = frozenset({"one-step", "many-steps", "edge-rates"})
VALUES = MOVES | {"no-steps"}
LATER = frozenset({"many-steps", "edge-rates"})
LONG = frozenset({"many-steps"})  # only the long runs show it, and these are ordinary
SGD_ONLY = frozenset({"uses-sgd"})
FORM = frozenset({"returns-like-theta"})
EVERYTHING = VALUES | SGD_ONLY | FORM


def sgd(theta: Parameter, rate: float) -> Optimizer:
    return SGD([theta], lr=rate)


@dataclass(frozen=True)
class Descent:
    """A gradient descent as the decisions it is made of; as it stands, all are right."""

    loss: Loss
    start: Callable[[torch.Tensor], torch.Tensor] = torch.clone
    rate: Callable[[float], float] = float
    count: Callable[[int], int] = int
    optimiser: Callable[[Parameter, float], Optimizer] = sgd
    clears: Callable[[int], bool] = lambda _: True  # is the gradient cleared in iteration i?
    adjust: Callable[[Parameter], object] = lambda _: None  # between backward and step
    steps: int = 1  # in each iteration
    result: Callable[[Parameter], Any] = torch.Tensor.detach

    def __call__(self, initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> Any:
        theta = Parameter(self.start(initial_theta))
        optimiser = self.optimiser(theta, self.rate(learning_rate))
        for i in range(self.count(number_steps)):
            if self.clears(i):
                optimiser.zero_grad()
            self.loss(theta).backward()
            self.adjust(theta)
            for _ in range(self.steps):
                optimiser.step()
        return self.result(theta)
