"""Gradient descent on theta^2 by hand: the derivative is 2 theta, and every value on the way is kept."""

from typing import Any

import numpy as np
from _mistakes_gradient_descent import HONEST, MISTAKES
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Criterion, Exercise


def gradient_descent(initial_theta: float, learning_rate: float, number_steps: int) -> Any:
    thetas = [initial_theta]
    for _ in range(number_steps):
        thetas.append(thetas[-1] - learning_rate * 2 * thetas[-1])
    return np.array(thetas)


EXERCISE = Exercise(
    name="gradient_descent",
    title="Gradient descent by hand",
    statement="Minimise theta ** 2 with NumPy alone. Return all values of theta as an array, the start first.",
    reference=gradient_descent,
    arguments=strategies.calls(
        initial_theta=strategies.magnitudes([1.0, 2.0, -1.0, 3.0], 0.1, 100.0),
        learning_rate=strategies.learning_rates([0.1, 0.25, 0.75, 1.0], largest=1.1),
        number_steps=st.one_of(st.integers(1, 6), st.sampled_from([0, 20])),
    ),
    edge_cases=({"initial_theta": 3.0, "learning_rate": 0.01, "number_steps": 150},),
    effort=lambda a: float(a["number_steps"]),
    rubric=(
        Criterion("steps", "Every value of theta is right", 4, "values", lambda a: a["number_steps"] > 0),
        Criterion("start", "Without a step the start alone comes back", 1, "values",
                  lambda a: a["number_steps"] == 0),
        Criterion("array", "A float64 NumPy array comes back", 1, "return"),
        Criterion("numpy", "PyTorch is not used", 1, "calls", avoids=("torch",)),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
