"""A network with one hidden layer. A probe builds it, gives it known weights, and looks at what it does."""

from typing import Any

import torch
from _mistakes_mlp import HONEST, MISTAKES
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


def probe(student: Any, x: torch.Tensor, weights: dict[str, torch.Tensor]) -> Any:
    (out_features, hidden_features), in_features = weights["output.weight"].shape, x.shape[1]
    model = student(in_features, hidden_features, out_features).to(x.device, x.dtype)
    own = {name: model.get_parameter(name) for name in weights}
    with torch.no_grad():
        for name, one in own.items():
            one.copy_(weights[name])
    y = model(x)
    y.sum().backward()
    layers = {"shapes": {name: tuple(one.shape) for name, one in own.items()},
              "numbers": sum(one.numel() for one in model.parameters())}
    gradients = {name: one.grad for name, one in own.items()}
    return {"output": y, "layers": layers, "gradients": gradients, "in evaluation": model.eval()(x)}


@st.composite
def calls(draw: Any) -> dict[str, Any]:
    batch, features, hidden, out = (draw(st.integers(1, most)) for most in (4, 4, 5, 3))
    shapes = {"hidden.weight": (hidden, features), "hidden.bias": (hidden,),
              "output.weight": (out, hidden), "output.bias": (out,)}
    weights = {name: draw(strategies.large(*shape)) for name, shape in shapes.items()}
    return {"x": draw(strategies.large(batch, features)), "weights": weights}


EXERCISE = Exercise(
    name="MLP",
    title="A network with one hidden layer",
    statement="Write MLP(in_features, hidden_features, out_features): nn.Linear `hidden`, a ReLU, nn.Linear `output`.",
    reference=MLP,
    probe=probe,
    arguments=calls(),
    rubric=(
        Criterion("output", "The output is right", 4, "values", part="output"),
        Criterion("form", "It has shape (batch, out_features)", 1, "return", part="output"),
        Criterion("layers", "hidden and output are its layers, each with a bias, and nothing else", 1, "values", part="layers"),
        Criterion("gradients", "Gradients reach every weight", 2, "values", part="gradients"),
        Criterion("evaluation", "It gives the same in evaluation", 1, "values", part="in evaluation"),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
