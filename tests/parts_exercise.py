"""A class to write, called by a probe that returns a matrix, a number, a text and an int; no optimiser."""

from __future__ import annotations

from typing import Final

LAYER: Final = """
import torch
from hypothesis import strategies as st
from torch import nn
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 3) / 2)

    def forward(self, x):
        return torch.relu(x @ self.weight.T)


class Linear(Layer):
    def forward(self, x):
        return x @ self.weight.T


def probe(Written, width, x):
    layer = Written(width)
    out = layer(x).detach()
    return {
        "output": out,
        "mean": float(out.mean()),
        "mode": "train" if layer.training else "eval",
        "parameters": sum(one.numel() for one in layer.parameters()),
    }


EXERCISE = Exercise(
    name="Layer", mutants=False, title="A layer", statement="Write a layer.", reference=Layer, probe=probe,
    arguments=st.fixed_dictionaries({
        "width": st.just(5),
        "x": strategies.tensors([(3, 3)], [torch.float32],
                                strategies.magnitudes([1.0, -1.0, 2.0], 0.1, 9.0))}),
    rubric=(Criterion("output", "The output is right", 3, "values", part="output"),
            Criterion("mean", "Its mean is right", 1, "values", part="mean"),
            Criterion("mode", "It is left in training", 1, "values", part="mode"),
            Criterion("parameters", "It has as many parameters", 1, "values", part="parameters"),
            Criterion("form", "What comes back is of the right kind", 1, "return"),
            Criterion("relu", "relu is called", 1, "calls", uses=("relu",))),
    misconceptions=(Misconception("no-activation", "There is no activation", "What makes a layer more than a"
                                  " product?", Linear, None),),
)
"""

_RIGHT: Final = """\
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 3) / 2)

    def forward(self, x):
        return torch.relu(x @ self.weight.T)
"""

LAYERS_HANDED_IN: Final = {
    "right": _RIGHT,
    "one-off": _RIGHT.replace(
        "return torch.relu(x @ self.weight.T)",
        "out = torch.relu(x @ self.weight.T)\n        out[2, 1] = out[2, 1] + 1\n        return out",
    ),
    "eval": _RIGHT.replace("super().__init__()", "super().__init__()\n        self.eval()"),
    "double": _RIGHT.replace(
        "return torch.relu(x @ self.weight.T)", "return torch.relu(x @ self.weight.T).double()"
    ),
    "by-hand": _RIGHT.replace(
        "torch.relu(x @ self.weight.T)", "(x @ self.weight.T) * (x @ self.weight.T > 0)"
    ),
    "raises": _RIGHT.replace("def forward(self, x)", "def forward(self, x, y)"),
}
"""By what is wrong with it."""

PAIR: Final = """
import torch
from hypothesis import strategies as st
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception


def split(x, factor):
    return x * factor, x.sum()


EXERCISE = Exercise(
    name="split", mutants=False, title="Split", statement="Return x times the factor, and the sum of x.",
    reference=split,
    arguments=st.fixed_dictionaries({
        "x": strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, 2.0, 0.5], 0.1, 9.0)),
        "factor": st.sampled_from([2.0, 3.0])}),
    rubric=(Criterion("scaled", "x is scaled", 2, "values", part=0),
            Criterion("sum", "The sum is right", 1, "values", part=1),
            Criterion("form", "Two tensors come back", 1, "return")),
    misconceptions=(
        Misconception("mean", "The mean is returned, not the sum", "Which function adds up?",
                      lambda x, factor: (x * factor, x.mean()), None),),
)
"""

_SPLIT: Final = "import torch\n\n\ndef split(x, factor):\n    return "

PAIRS_HANDED_IN: Final = {
    "right": f"{_SPLIT}x * factor, x.sum()\n",
    "mean": f"{_SPLIT}x * factor, x.mean()\n",
    "alone": f"{_SPLIT}x * factor\n",
    "dict": f'{_SPLIT}{{"scaled": x * factor, "sum": x.sum()}}\n',
    "list": f"{_SPLIT}[x * factor, x.sum()]\n",
    "numpy": f"{_SPLIT}(x * factor).numpy(), float(x.sum())\n",
    "more": f"{_SPLIT}x * factor, x.sum(), x\n",
    "nothing": f"{_SPLIT.replace('return', 'value =')}x * factor, x.sum()\n",
    "long": f"{_SPLIT}x * factor, x.sum().reshape(1)\n",
}
