"""A network with one hidden layer. A probe builds it, gives it known weights, and looks at all that it does."""

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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(torch.relu(self.hidden(x)))


def probe(student: Any, in_features: int, hidden_features: int, out_features: int, batch: int, seed: int) -> Any:
    model = student(in_features, hidden_features, out_features)
    shapes = {name: tuple(one.shape) for name, one in sorted(model.named_parameters())}
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randint(-1024, 1025, shape, generator=generator) / 512
    x = draw(batch, in_features).to(torch.get_default_dtype())
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
    statement="Write MLP(in_features, hidden_features, out_features) with the linear layers `hidden` and `output` and a ReLU between.",
    reference=MLP,
    probe=probe,
    arguments=strategies.calls(
        in_features=st.integers(1, 4), hidden_features=st.integers(1, 5), out_features=st.integers(1, 3),
        batch=st.integers(1, 4), seed=st.integers(0, 999),
    ),
    rubric=(
        Criterion("output", "The output is right", 4, "values", part="output"),
        Criterion("form", "It has shape (batch, out_features)", 1, "return", part="output"),
        Criterion("layers", "hidden and output are the only layers, each with its bias", 1, "values", part="shapes"),
        Criterion("gradients", "Gradients reach every weight", 2, "values", part="gradients"),
        Criterion("evaluation", "It gives the same in evaluation", 1, "values", part="in evaluation"),
    ),
)  # fmt: skip
