"""A network with one hidden layer. A probe builds it, gives it known weights, and looks at what it does."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

from grader import strategies
from grader.exercises import Criterion, Exercise


class MLP(nn.Module):
    def __init__(self, in_features: int, hidden_features: int, out_features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_features, hidden_features)
        self.output = nn.Linear(hidden_features, out_features)

    def forward(self, x: torch.Tensor) -> Any:
        return self.output(torch.relu(self.hidden(x)))


def probe(
    student: Any, in_features: int, hidden_features: int, out_features: int, batch: int, seed: int
) -> Any:
    model = student(in_features, hidden_features, out_features)
    shapes = {name: tuple(one.shape) for name, one in sorted(model.named_parameters())}
    generator = torch.Generator().manual_seed(seed)
    draw: Any = lambda *shape: torch.randint(-1024, 1025, shape, generator=generator) / 512
    x = draw(batch, in_features)
    state = {"hidden.weight": draw(hidden_features, in_features), "hidden.bias": draw(hidden_features),
             "output.weight": draw(out_features, hidden_features), "output.bias": draw(out_features)}
    model.load_state_dict(state)
    y = model(x)
    y.sum().backward()
    gradients = {name: one.grad for name, one in sorted(model.named_parameters())}
    return {"output": y, "shapes": shapes, "gradients": gradients, "in evaluation": model.eval()(x)}


EXERCISE = Exercise(
    name="MLP",
    title="A network with one hidden layer",
    statement="Write MLP(in_features, hidden_features, out_features): nn.Linear `hidden`, a ReLU, nn.Linear `output`.",
    reference=MLP,
    probe=probe,
    arguments=strategies.calls(
        in_features=st.integers(1, 4), hidden_features=st.integers(1, 5), out_features=st.integers(1, 3),
        batch=st.integers(1, 4), seed=st.integers(0, 999),
    ),
    rubric=(
        Criterion("output", "The output is right", 4, "values", part="output"),
        Criterion("form", "It has shape (batch, out_features)", 1, "return", part="output"),
        Criterion("layers", "hidden and output are its layers, each with a bias", 1, "values", part="shapes"),
        Criterion("gradients", "Gradients reach every weight", 2, "values", part="gradients"),
        Criterion("evaluation", "It gives the same in evaluation", 1, "values", part="in evaluation"),
    ),
)  # fmt: skip
