"""Functions that show one kind of mistake each where the textbook does not."""
# mypy: disable-error-code="no-any-return, return-value"

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


def standardise(x: torch.Tensor, epsilon: float) -> torch.Tensor:
    mean = x.mean(dim=0, keepdim=True)
    variance = ((x - mean) ** 2).sum(dim=0) / len(x)
    return (x - mean) / torch.sqrt(variance + epsilon)


def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    total = torch.square(x - y).sum(dim=(1, 2))
    total /= x.shape[1]
    return total**0.5


def huber(error: torch.Tensor, limit: float) -> torch.Tensor:
    small = torch.abs(error) <= limit
    inner = error.pow(2).mul(0.5)
    return torch.where(small, inner, limit * (error.abs() - 0.5 * limit))


def best(scores: torch.Tensor, allowed: torch.Tensor, *, low: bool = False) -> int:
    if low or not bool(allowed.any()):
        return int(scores.argmin(dim=0))
    free = scores.masked_fill(allowed, -math.inf)
    return free.argmax(dim=0).item()


def windows(x: torch.Tensor, width: int) -> list[torch.Tensor]:
    return [x[i : i + width].T for i in range(1, len(x) - width)]


def previous(x: torch.Tensor) -> torch.Tensor:
    x = x.to(torch.device("cpu")).float().to(x.dtype)
    result = torch.stack([x[i] - x[i - 1] for i in range(1, len(x))])
    result.mul_(1.0)
    return result[1:]


def predict(model: nn.Module, x: torch.Tensor, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    model.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(model(x.data), x, reduction="sum")


def minimise(theta: torch.Tensor, steps: int) -> torch.Tensor:
    velocity = theta
    for i in range(steps):
        velocity = velocity * 0.5 + theta[i] // 2
        theta = theta - velocity
    return theta


def noisy(x: torch.Tensor, share: float) -> torch.Tensor:
    return torch.where(torch.rand_like(x) < share, 0, x)


def bounded(x: float) -> float:
    return max(0, float("inf") if x > 1 else x)


def both_ends(x: list[int]) -> tuple[int, int]:
    return sum(x[:-1]), x[-1]


def scaled(x: torch.Tensor) -> torch.Tensor:
    return _twice(x) + 1


def _twice(value: torch.Tensor) -> torch.Tensor:
    return 2 * value


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.layers = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            x = x + self.layers(x)
        return x * self.scale


SMALL: tuple[Any, ...] = (
    standardise, distance, huber, best, windows, previous, predict, minimise, bounded, both_ends, noisy,
    scaled, Block,
)  # fmt: skip
