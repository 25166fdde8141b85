"""Two exercises that `grader/` knows nothing of: one of some forty lines, and the smallest there is."""

from __future__ import annotations

SMALLEST = """
import torch
from hypothesis import strategies as st
from grader.exercises import Criterion, Exercise

EXERCISE = Exercise(name="double", title="Double", statement="Double it.", reference=lambda x: 2 * x,
                    arguments=st.fixed_dictionaries({"x": st.sampled_from([1.0, 2.0]).map(torch.tensor)}),
                    rubric=(Criterion("value", "Right", 1, "values"),))
"""
SMALLEST_HANDED_IN = "def double(x):\n    return x + x\n"

# Three dimensions, momentum.
FORTY_LINES = """
import torch
from hypothesis import strategies as st
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception

TARGET = [1.0, -2.0, 0.5]


def fit(start, rate, steps, momentum=0.9, target=TARGET, make=torch.optim.SGD):
    theta = torch.nn.Parameter(start.clone())
    optimiser = make([theta], lr=rate, **({"momentum": momentum} if make is torch.optim.SGD else {}))
    for _ in range(steps):
        optimiser.zero_grad()
        ((theta - torch.tensor(target, dtype=theta.dtype)) ** 2).sum().backward()
        optimiser.step()
    return theta.detach()


def reference(start, rate, steps):
    return fit(start, rate, steps)


EXERCISE = Exercise(
    name="fit", title="Momentum", statement="Move theta to the target.", reference=reference,
    arguments=st.fixed_dictionaries({
        "start": strategies.tensors([(3,)], [torch.float32, torch.float64],
                                    strategies.magnitudes([3.0, -1.0, 0.25], 0.01, 100.0)),
        "rate": strategies.learning_rates([0.1, 0.2, 0.05], largest=0.3),
        "steps": strategies.step_counts(short=4, long=8)}),
    rubric=(Criterion("moves", "Theta is right", 3, "values", lambda a: a["steps"] > 0),
            Criterion("stays", "Theta stays without a step", 1, "values", lambda a: a["steps"] == 0),
            Criterion("sgd", "SGD", 1, "optimiser", lambda a: a["steps"] > 1)),
    misconceptions=(
        Misconception("no-momentum", "No momentum", "Print the optimiser.",
                      lambda s, r, n: fit(s, r, n, momentum=0.0), frozenset({"moves"})),
        Misconception("half-momentum", "Half the momentum", "Print the optimiser.",
                      lambda s, r, n: fit(s, r, n, momentum=0.45), frozenset({"moves"})),
        Misconception("origin", "Goes to 0", "Where is the target?",
                      lambda s, r, n: fit(s, r, n, target=[0.0] * 3), frozenset({"moves"})),
        Misconception("adam", "Adam", "Which optimiser?",
                      lambda s, r, n: fit(s, r, n, make=torch.optim.Adam), frozenset({"moves", "sgd"}))),
    effort=lambda a: a["steps"],
)
"""

_RIGHT = """\
import torch

def fit(start, rate, steps):
    theta = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.SGD([theta], lr=rate, momentum=0.9)
    target = torch.tensor([1.0, -2.0, 0.5], dtype=theta.dtype)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.sum((theta - target) ** 2)
        loss.backward()
        optimiser.step()
    return theta.detach()
"""

FORTY_LINES_HANDED_IN = {
    "s01": _RIGHT,
    "s02": _RIGHT.replace(", momentum=0.9", ""),
    "s03": _RIGHT.replace("optimiser.step()", "theta.data -= rate * theta.grad"),
}
