"""A training loop: a loader that shuffles by a seed, one step of SGD a batch, the loss before each step."""

from collections.abc import Callable
from typing import Any

import torch
from _mistakes_train import HONEST, MISTAKES
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from grader import strategies
from grader.exercises import Criterion, Exercise


def train(
    model: nn.Module, X: torch.Tensor, y: torch.Tensor, loss_function: Callable[..., torch.Tensor],
    learning_rate: float, number_epochs: int, batch_size: int, seed: int,
) -> list[float]:
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=generator)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(number_epochs):
        for inputs, targets in loader:
            loss = loss_function(model(inputs), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def network(features: int, seed: int) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(features, 3), nn.Tanh(), nn.Linear(3, 1))
    for parameter in model.parameters():
        parameter.data = torch.randint(-512, 513, parameter.shape, generator=generator) / 512
    return model


def asymmetric_loss(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Too much costs three times what too little does, so the order of its arguments shows."""
    return torch.where(prediction > target, 3 * (prediction - target), target - prediction).mean()


def probe(
    student: Any, model: nn.Module, X: torch.Tensor, y: torch.Tensor, loss_function: Any,
    learning_rate: float, number_epochs: int, batch_size: int, seed: int,
) -> Any:
    losses = student(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed)
    return {"losses": losses, "weights": dict(model.named_parameters())}


@st.composite
def calls(draw: Any) -> dict[str, Any]:
    rows, features = draw(st.integers(4, 6)), draw(st.integers(1, 2))
    return {
        "model": draw(strategies.made_by(network, features=st.just(features), seed=st.integers(0, 99))),
        "X": draw(strategies.large(rows, features)), "y": draw(strategies.large(rows, 1)),
        "loss_function": draw(strategies.ready(nn.functional.mse_loss, asymmetric_loss)),
        "learning_rate": draw(st.sampled_from([0.1, 0.05])), "number_epochs": draw(st.integers(1, 3)),
        "batch_size": draw(st.integers(2, 3)), "seed": draw(st.integers(0, 99)),
    }


EXERCISE = Exercise(
    name="train",
    title="A training loop",
    statement="Train model in place by torch.optim.SGD on shuffled batches. Return each batch's loss before its step.",
    reference=train,
    probe=probe,
    support=(network, asymmetric_loss),
    arguments=calls(),
    effort=lambda a: float(a["number_epochs"]),
    rubric=(
        Criterion("losses", "The losses are right", 4, "values", part="losses"),
        Criterion("floats", "They are a list of floats", 1, "return", part="losses"),
        Criterion("weights", "The model is trained", 3, "values", part="weights"),
        Criterion("sgd", "torch.optim.SGD takes the steps", 1, "optimiser"),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
