"""What both exercises share: their inputs, their families of cases, and how large honest rounding can be.

Gradient descent on a sum of squares treats each component of theta alone: the gradient of
theta^2 is 2 theta, so one step with the learning rate lr multiplies theta by

    rho = 1 - 2 lr,          and n steps by rho^n.

That closed form is what makes these exercises a good first assignment: a right program can
be told from a wrong one down to the last few bits. Which last bits may differ is said by
`rounding_bound`.

Files that begin with an underscore are helpers; the exercises import them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Criterion

Arguments = Mapping[str, Any]

UNIT_ROUNDOFF = {torch.float32: Fraction(1, 2**24), torch.float64: Fraction(1, 2**53)}

EDGE_RATES = (0.0, 0.5, 1.0)
"""No movement at all, straight to the minimum, and a jump across it that never ends."""


# --- inputs -------------------------------------------------------------------------------


def arguments(*shapes: tuple[int, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Calls a teacher would try, the simplest first: theta 1.0, rate 0.1, one step.

    Theta is 0 or 1e-3 <= |theta| <= 1e3: a float32 norm() ** 2 overflows at 1e20.
    """
    rates = [0.1, 0.25, 0.3, 0.05, 0.75, 0.5, 1.0, 0.0]
    elements = strategies.magnitudes([1.0, 2.0, -1.0, 3.0, -0.5, 10.0, 0.0], smallest=1e-3, largest=1e3)
    return st.fixed_dictionaries(
        {
            "initial_theta": strategies.tensors(shapes, (torch.float32, torch.float64), elements),
            "learning_rate": strategies.learning_rates(rates, largest=1.1),
            "number_steps": strategies.step_counts(short=5, long=20),
        }
    )


def call(
    theta: float | list[float], rate: float, steps: int, dtype: torch.dtype = torch.float32
) -> dict[str, Any]:
    """One edge case, written as a call."""
    return {"initial_theta": torch.tensor(theta, dtype=dtype), "learning_rate": rate, "number_steps": steps}


def steps(arguments: Arguments) -> float:
    """What a case costs to run."""
    return float(arguments["number_steps"])


# --- the rubric ---------------------------------------------------------------------------


def is_edge(arguments: Arguments) -> bool:
    """A special rate, or a start at the minimum, with at least one step."""
    special = arguments["learning_rate"] in EDGE_RATES or not bool(arguments["initial_theta"].any())
    return special and arguments["number_steps"] > 0


def is_ordinary(arguments: Arguments) -> bool:
    """At least one step, an ordinary rate, a theta that has to move."""
    return arguments["number_steps"] > 0 and not is_edge(arguments)


def is_short(arguments: Arguments) -> bool:
    """A few ordinary steps, to be looked at one by one.

    Not a single one, lest a step too few look like none.
    """
    return is_ordinary(arguments) and 2 <= arguments["number_steps"] <= 5


RUBRIC = (
    Criterion("one-step", "One step gives the right theta", 2, "values",
              lambda a: is_ordinary(a) and a["number_steps"] == 1),
    Criterion("many-steps", "Several steps give the right theta", 3, "values",
              lambda a: is_ordinary(a) and a["number_steps"] > 1),
    Criterion("no-steps", "Without a step, theta comes back unchanged", 1, "values",
              lambda a: a["number_steps"] == 0),
    Criterion("edge-rates", "Learning rates 0, 0.5 and 1, and theta 0, are right", 1, "values", is_edge),
    Criterion("uses-sgd", "Theta is updated by torch.optim.SGD", 2, "optimiser", is_short),
    Criterion("returns-like-theta", "A tensor of theta's shape, dtype and device comes back", 1, "return",
              is_ordinary),
)  # fmt: skip
"""Ten points. A crash without steps costs `no-steps` alone, so the last two look at ordinary calls only."""


# --- how close is close enough ------------------------------------------------------------


def component_bound(theta: float, rate: float, count: int, u: Fraction, c: int) -> Fraction:
    """The largest honest error of one component after `count` steps, without underflow.

    One step of any sane program errs by at most c u (1 + 2 lr) |theta|, u the unit roundoff. With
    a = |rho| + c u (1 + 2 lr) the errors of all steps, each carried through the later ones, sum to

        (a^n - |rho|^n) |theta_0|.

    Fractions, because a^n and |rho|^n agree in almost every digit: floats would leave nothing.
    """
    lr = Fraction(rate)
    rho = abs(1 - 2 * lr)
    a = rho + c * u * (1 + 2 * lr)
    return (a**count - rho**count) * abs(Fraction(theta))


def rounding_bound(arguments: Arguments, dtype: torch.dtype, c: int = 8) -> torch.Tensor:
    """The largest honest error of each component, for a program that computes in `dtype`.

    Measured over many ways to write the loss, honest programs stay below 1.2 times the bound with
    c = 1; c = 8 leaves room, and still catches a rate that is wrong by 1e-5. The floor is there
    for norm() ** 2: its gradient is 0 once |theta| is below the root of the smallest normal number.
    Without a step nothing is computed, so theta must come back exactly, or rounded
    once where it was cast to a coarser dtype.
    """
    theta, count = arguments["initial_theta"], arguments["number_steps"]
    u = UNIT_ROUNDOFF[dtype]
    values = [float(x) for x in theta.double().flatten()]
    if count == 0:
        cast = u if torch.finfo(dtype).eps > torch.finfo(theta.dtype).eps else Fraction(0)
        bounds = [float(cast * abs(Fraction(x))) for x in values]
    else:
        floor = 4 * torch.finfo(dtype).tiny ** 0.5
        bounds = [float(component_bound(x, arguments["learning_rate"], count, u, c)) + floor for x in values]
    return torch.tensor(bounds, dtype=torch.float64).reshape(theta.shape)
