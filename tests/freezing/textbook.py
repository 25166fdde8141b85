# mypy: disable-error-code="no-untyped-call, operator, union-attr, no-any-return"
"""References as a textbook has them, to derive mistakes from, and for each a call that shows what it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def gradient_descent(initial_theta: float, learning_rate: float, number_steps: int) -> float:
    """By hand: the derivative of theta^2 is 2 theta."""
    theta = np.float64(initial_theta)
    for _ in range(number_steps):
        gradient = 2 * theta
        theta = theta - learning_rate * gradient
    return theta


def gradient_descent_torch_autograd(
    initial_theta: torch.Tensor, learning_rate: float, number_steps: int
) -> torch.Tensor:
    theta = initial_theta.clone().requires_grad_()
    for _ in range(number_steps):
        loss = theta**2
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
            theta.grad.zero_()
    return theta.detach()


def fit_linear(
    X: torch.Tensor,  # noqa: N803 -- as mathematics writes a matrix
    y: torch.Tensor,
    learning_rate: float,
    number_epochs: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    b = torch.zeros((), dtype=X.dtype)
    for _ in range(number_epochs):
        error = X @ w + b - y
        w = w - learning_rate * 2 * (X.T @ error) / len(y)
        b = b - learning_rate * 2 * error.mean()
    return w, b


def momentum_step(
    parameters: list[torch.Tensor],
    gradients: list[torch.Tensor],
    velocities: list[torch.Tensor],
    learning_rate: float,
    momentum: float,
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    new_velocities = []
    new_parameters = []
    for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
        moved = momentum * velocity + gradient
        new_velocities.append(moved)
        new_parameters.append(parameter - learning_rate * moved)
    return new_parameters, new_velocities


class MLP(nn.Module):
    """One hidden layer with ReLU."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(start_dim=1)
        x = torch.relu(self.hidden(x))
        return self.output(x)


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


def train(
    X: torch.Tensor,  # noqa: N803 -- as mathematics writes a matrix
    y: torch.Tensor,
    number_epochs: int,
    learning_rate: float,
    batch_size: int,
    seed: int,
) -> list[float]:
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=generator)
    torch.manual_seed(seed)
    model = nn.Linear(X.shape[1], 1)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    losses = []
    for _ in range(number_epochs):
        total = 0.0
        for inputs, targets in loader:
            optimiser.zero_grad()
            loss = nn.functional.mse_loss(model(inputs).squeeze(1), targets)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(inputs)
        losses.append(total / len(X))
    return losses


def dropout(x: torch.Tensor, p: float, training: bool, generator: torch.Generator) -> torch.Tensor:
    if not training or p == 0:
        return x
    keep = torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device) >= p
    return x * keep / (1 - p)


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    d = q.shape[-1]
    scores = q @ k.transpose(-2, -1)
    scores = scores / math.sqrt(d)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v


# --- a call of each, and what comes of it -----------------------------------------------------


@dataclass(frozen=True)
class Reference:
    reference: Callable[..., Any] | type
    call: Callable[[Any], Any]
    """From a program all that a probe would compare."""


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def gradients(result: Any, inputs: Any) -> Any:
    """What flows to the inputs; None where nothing does."""
    if not result.requires_grad:
        return None
    return torch.autograd.grad(result.sum(), list(inputs), allow_unused=True)


def of_mlp(program: Any) -> Any:
    torch.manual_seed(0)
    model = program(3, 4, 2)
    for index, parameter in enumerate(model.parameters()):
        parameter.data = drawn(*parameter.shape, seed=index)
    result = model(drawn(5, 1, 3))
    return result, [tuple(p.shape) for p in model.parameters()], gradients(result, model.parameters())


def of_softplus(program: Any) -> Any:
    x = drawn(6).requires_grad_()
    before = x.detach().clone()
    result = program.apply(x)
    return result, gradients(result * drawn(6, seed=1), [x]), torch.equal(before, x)


def of_momentum(program: Any) -> Any:
    parts = [[drawn(2, 2, seed=3 * n + m) for n in range(2)] for m in range(3)]
    return *program(*parts, 0.1, 0.9), parts


def of_dropout(program: Any) -> Any:
    x = drawn(4, 5, dtype=torch.float64).requires_grad_()
    results = [
        program(x, p, training, torch.Generator().manual_seed(3))
        for p in (0.0, 0.5)
        for training in (True, False)
    ]
    return results, [gradients(result, [x]) for result in results]


def of_attention(program: Any) -> Any:
    q, k, v = (drawn(2, 4, 3, seed=n, dtype=torch.float64).requires_grad_() for n in range(3))
    results = program(q, k, v, torch.ones(4, 4).tril().bool()), program(q, k, v, None)
    return results, [gradients(result, (q, k, v)) for result in results]


def of_autograd(program: Any) -> Any:
    theta = torch.tensor(1.5, dtype=torch.float64)
    result = program(theta, 0.1, 3)
    return result, result.requires_grad, theta


def of_fit(program: Any) -> Any:
    return program(drawn(6, 2, dtype=torch.float64), drawn(6, seed=1, dtype=torch.float64), 0.1, 3)


def of_train(program: Any) -> Any:
    torch.manual_seed(5)
    return program(drawn(8, 2), drawn(8, seed=1), 2, 0.1, 3, 7)


TEXTBOOK: dict[str, Reference] = {
    "gradient_descent": Reference(gradient_descent, lambda program: program(1.5, 0.1, 3)),
    "gradient_descent_torch_autograd": Reference(gradient_descent_torch_autograd, of_autograd),
    "fit_linear": Reference(fit_linear, of_fit),
    "momentum_step": Reference(momentum_step, of_momentum),
    "MLP": Reference(MLP, of_mlp),
    "Softplus": Reference(Softplus, of_softplus),
    "train": Reference(train, of_train),
    "dropout": Reference(dropout, of_dropout),
    "attention": Reference(attention, of_attention),
}


def flat(value: Any) -> Iterator[Any]:
    """The leaves of a result as what can be compared: dtype, shape, numbers."""
    if isinstance(value, torch.Tensor):
        yield str(value.dtype), tuple(value.shape), repr(value.detach().tolist())
    elif isinstance(value, list | tuple):
        yield type(value).__name__, len(value)
        for item in value:
            yield from flat(item)
    else:
        yield type(value).__name__, repr(value)
