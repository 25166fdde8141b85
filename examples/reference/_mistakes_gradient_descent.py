"""Other programs than the reference: what goes wrong in a gradient descent by hand, and right ones in other styles."""

from itertools import accumulate
from typing import Any

import numpy as np

from grader.exercises import Misconception


def kept(theta: float, rate: float, steps: int, at: Any = lambda theta: theta) -> list[float]:
    """Every theta, the gradient taken at what `at` makes of the newest."""
    thetas = [theta]
    for _ in range(steps):
        thetas.append(thetas[-1] - rate * 2 * at(thetas[-1]))
    return thetas


def gradient_once(theta: float, rate: float, steps: int) -> Any:
    return np.array(kept(theta, rate, steps, at=lambda _: theta))


def one_object(theta: float, rate: float, steps: int) -> Any:
    current, thetas = np.array(theta), []
    for _ in range(steps):
        thetas.append(current)
        current -= rate * 2 * current
    return np.array([*thetas, current])


def returns_early(theta: float, rate: float, steps: int) -> Any:
    return np.array(kept(theta, rate, 1)) if steps else None


def leaves_zeros(theta: float, rate: float, steps: int) -> Any:
    return np.array(kept(theta, rate, 1) + [0.0] * (steps - 1)) if steps else None


MISTAKES = (
    Misconception(
        "start-missing", "The start is not kept: the array begins with the value after the first step",
        "Call it with number_steps = 0. How many values should come back?",
        lambda *given: np.array(kept(*given)[1:]), None,
        teacher="The list begins empty, and only updated values are appended.", where="loop",
    ),
    Misconception(
        "last-missing", "The last value is not kept: number_steps values come back",
        "Count for two steps on paper: how many values does theta take?",
        lambda *given: np.array(kept(*given)[:-1]), None,
        teacher="Each value is stored before the step, and what the last step gives is not.", where="loop",
    ),
    Misconception(
        "gradient-once", "Every step uses the gradient at the start",
        "Print the gradient in every step. On what does it depend, and where is it computed?",
        gradient_once, None, teacher="The gradient is computed once, before the loop.", where="loop",
    ),
    Misconception(
        "one-object", "All values are the last one: the same array was put into the list again and again",
        "Does `-=` make a new array, or change the one that already stands in your list?",
        one_object, None, teacher="An array is changed in place after it was appended.", where="loop",
    ),
    Misconception(
        "returns-early", "It comes back after the first step",
        "How deep is the line with `return` indented, and what does that mean for the loop?",
        returns_early, None, teacher="`return` stands inside the loop.", where="return",
    ),
    Misconception(
        "leaves-zeros", "It comes back after the first step, and the other values are still zero",
        "How deep is the line with `return` indented, and what does that mean for the loop?",
        leaves_zeros, None, teacher="`return` stands inside the loop that fills the array.", where="return",
    ),
    Misconception(
        "list", "A Python list comes back", "Print type(...) of what your function returns.",
        kept, None, teacher="Right values; the list is not made an array.", where="return",
    ),
    Misconception(
        "single", "The array is float32", "Print the .dtype of your array. How many digits does it keep?",
        lambda *given: np.array(kept(*given), dtype=np.float32), None, teacher="The array is made as float32.",
    ),
)  # fmt: skip


def filled(initial_theta: float, learning_rate: float, number_steps: int) -> Any:
    thetas = np.empty(number_steps + 1)
    thetas[0] = initial_theta
    for step in range(number_steps):
        thetas[step + 1] = (1 - 2 * learning_rate) * thetas[step]
    return thetas


def accumulated(initial_theta: float, learning_rate: float, number_steps: int) -> Any:
    step = lambda theta, _: theta - 2 * theta * learning_rate
    return np.fromiter(accumulate(range(number_steps), step, initial=initial_theta), dtype=float)


def in_closed_form(initial_theta: float, learning_rate: float, number_steps: int) -> Any:
    return initial_theta * (1 - 2 * learning_rate) ** np.arange(number_steps + 1)


HONEST = {"an array filled in": filled, "itertools": accumulated, "powers of the factor": in_closed_form}
