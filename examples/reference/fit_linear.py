"""Linear regression by gradient descent on the mean squared error of X @ w + b."""

from typing import Any

import torch
from _mistakes_fit_linear import HONEST, MISTAKES
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Criterion, Exercise


def fit_linear(X: torch.Tensor, y: torch.Tensor, learning_rate: float, number_epochs: int) -> Any:
    w, b = X.new_zeros(X.shape[1]), X.new_zeros(())
    for _ in range(number_epochs):
        residual = X @ w + b - y
        w = w - learning_rate * 2 * X.T @ residual / len(y)
        b = b - learning_rate * 2 * residual.mean()
    return w, b


@st.composite
def calls(draw: Any) -> dict[str, Any]:
    numbers = strategies.magnitudes([1.0, 2.0, -1.0, 0.5], 0.1, 2.0)
    X = draw(strategies.tensors([(3, 2), (4, 1), (5, 3)], [torch.float32, torch.float64], numbers))
    y = draw(strategies.tensors([(len(X),)], [X.dtype], numbers))
    epochs = draw(st.one_of(st.integers(1, 4), st.sampled_from([0, 10])))
    return {"X": X, "y": y, "learning_rate": draw(st.sampled_from([0.1, 0.05, 0.01])), "number_epochs": epochs}


EXERCISE = Exercise(
    name="fit_linear",
    title="Linear regression",
    statement="Fit X @ w + b to y by gradient descent on the mean squared error, from zeros. Return (w, b).",
    reference=fit_linear,
    arguments=calls(),
    edge_cases=tuple(
        {"X": torch.tensor([[1.0, 0.5], [2.0, -1.0], [0.5, 1.0]]), "y": torch.tensor([1.0, 2.0, -1.0]),
         "learning_rate": 0.05, "number_epochs": n} for n in (100, 150)
    ),
    effort=lambda a: float(a["number_epochs"]),
    rubric=(
        Criterion("w", "The weights are right", 3, "values", part=0),
        Criterion("b", "The bias is right", 3, "values", part=1),
        Criterion("form", "A tuple of w of shape (d,) and b of shape () comes back", 1, "return"),
        Criterion("data", "X and y stay as they were", 1, "unchanged"),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
