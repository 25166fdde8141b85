"""One step of SGD with momentum as PyTorch takes it: v = momentum * v + g, then p = p - learning_rate * v."""

from typing import Any

import torch
from _mistakes_sgd_momentum_step import HONEST, MISTAKES
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Criterion, Exercise

Tensors = list[torch.Tensor]


def sgd_momentum_step(
    parameters: Tensors, gradients: Tensors, velocities: Tensors, learning_rate: float, momentum: float
) -> Any:
    new_velocities = [momentum * v + g for v, g in zip(velocities, gradients, strict=True)]
    return [p - learning_rate * v for p, v in zip(parameters, new_velocities, strict=True)], new_velocities


@st.composite
def calls(draw: Any) -> dict[str, Any]:
    numbers = strategies.magnitudes([1.0, 2.0, -1.0, 0.5, 0.0], 0.1, 10.0)
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    shapes = draw(st.sampled_from([[(1,)], [(2,)], [(2,), ()], [(2, 2), (2,), ()]]))
    lists = [[draw(strategies.tensors([shape], [dtype], numbers)) for shape in shapes] for _ in range(3)]
    rate, momentum = draw(st.sampled_from([0.1, 0.5, 0.01])), draw(st.sampled_from([0.9, 0.5, 0.0]))
    names = ("parameters", "gradients", "velocities")
    return {**dict(zip(names, lists, strict=True)), "learning_rate": rate, "momentum": momentum}


EXERCISE = Exercise(
    name="sgd_momentum_step",
    title="A step of SGD with momentum",
    statement="Take one step in PyTorch's convention. Return (new_parameters, new_velocities), two lists of tensors.",
    reference=sgd_momentum_step,
    arguments=calls(),
    rubric=(
        Criterion("parameters", "The new parameters are right", 3, "values", part=0),
        Criterion("velocities", "The new velocities are right", 3, "values", part=1),
        Criterion("form", "Two lists of tensors of the same shapes and dtypes come back", 1, "return"),
        Criterion("inputs", "The tensors passed in stay as they were", 1, "unchanged"),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)
