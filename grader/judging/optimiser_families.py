"""Families of the optimiser: what it remembers of earlier gradients, and another class of torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging import optimisers
from grader.judging.descent import RIGHT, Array, Descent, Update
from grader.judging.family import OPTIONS_HINT, Family, Guess, decided, named, single
from grader.judging.gradient_families import with_update
from grader.judging.readings import Constant, Points, View, agreed, told

_CLASS: Final = "Which class of torch.optim does the exercise ask for?"
_ADD_UP: Final = "The gradients of all steps add up: they are never cleared between steps"


# --- what is remembered ----------------------------------------------------------------------


def _momentum_and_dampening(view: View) -> Iterator[Guess]:
    """E = mu first + (1 - d) gradient in the second step: two unknowns, least squares."""
    p = view.twos.only((view.twos.rate > 0) & (view.twos.gradient != 0))
    if len(p.case) < 3:  # noqa: PLR2004
        return
    weight = p.rate / p.tolerance
    matrix = np.stack([p.first, p.gradient], axis=1) * weight[:, None]
    inverse = np.linalg.pinv(matrix.T @ matrix)
    mu, rest = inverse @ matrix.T @ (p.effective * weight)
    doubt = 32 * np.sqrt(np.diag(inverse))
    if np.isfinite(mu) and np.isfinite(rest) and mu > 0 and rest < 1 - 1e-6:
        yield Constant(float(mu), float(doubt[0])), Constant(float(1 - rest), float(doubt[1]))


def _periods(view: View) -> Iterator[Guess]:
    """Runs of at most k steps are right where the gradient is cleared every k... or were never seen."""
    yield from ((Constant(k),) for k in range(2, min(view.longest, 12) + 1))


def _previous_title(share: float) -> str:
    if share == 0.5:  # noqa: PLR2004
        return "Every step uses the mean of its gradient and the one before"
    return f"Every step mixes its gradient with {told(share)} of the one before"


MEMORIES: Final = (
    Family(
        "gradient-mixed-with-the-previous",
        _previous_title,
        "Print theta.grad after each backward(), and what the step uses after it.",
        "later",
        lambda view: single(agreed(lambda p: (p.effective - p.gradient) / (p.first - p.gradient), view.twos)),
        lambda c: with_update(lambda: optimisers.with_previous(c, from_zero=False)),
        rank=24,
        where="step",
    ),
    Family(
        "gradient-mixed-with-the-previous",
        _previous_title,
        "Print theta.grad after each backward(), and what the step uses after it.",
        "first",
        lambda view: single(agreed(lambda p: 1 - p.effective / p.gradient, view.ones)),
        lambda c: with_update(lambda: optimisers.with_previous(c, from_zero=True)),
        rank=24,
        teacher="Before the first step the kept gradient is 0.",
        where="step",
    ),
    Family(
        "momentum",
        named("The descent runs with momentum {0}", {1.0: _ADD_UP}),
        OPTIONS_HINT,
        "later",
        lambda view: single(
            c for c in agreed(lambda p: (p.effective - p.gradient) / p.first, view.twos) if c.value > 0
        ),
        lambda c: with_update(lambda: optimisers.momentum(c)),
        rank=14,
        teacher="Momentum 1 is a missing zero_grad(); scaling .grad without clearing it looks the same.",
        options=lambda c: {"momentum": 0.0} if c == 1 else {},
        where="optimiser",
        samples=((0.85,), (0.5,), (0.99,), (0.3,), (0.1,)),
    ),
    Family(
        "momentum-dampened",
        "The descent runs with momentum {0} and dampening {1}",
        OPTIONS_HINT,
        "later",
        _momentum_and_dampening,
        lambda c, d: with_update(lambda: optimisers.momentum(c, d)),
        rank=20,
        where="optimiser",
        samples=((0.9, 0.1), (0.5, 0.5), (0.9, 0.9)),
    ),
    Family(
        "nesterov",
        "The descent runs with Nesterov momentum {0}",
        OPTIONS_HINT,
        "first",
        lambda view: single(
            c for c in agreed(lambda p: p.effective / p.gradient - 1, view.ones) if c.value > 0
        ),
        lambda c: with_update(lambda: optimisers.momentum(c, nesterov=True)),
        rank=18,
        where="optimiser",
        samples=((0.85,), (0.5,), (0.99,), (0.3,), (0.1,)),
    ),
    Family(
        "momentum-averaged",
        "Steps follow an average of the gradients that starts at 0 and keeps {0} of itself",
        "Print the direction of the first step beside theta.grad.",
        "first",
        lambda view: single(
            c for c in agreed(lambda p: 1 - p.effective / p.gradient, view.ones) if 0 < c.value < 1 - 1e-6
        ),
        lambda c: with_update(lambda: optimisers.averaging(c)),
        rank=20,
        teacher="Momentum by hand, v = c v + (1 - c) gradient.",
        where="step",
        samples=((0.9,), (0.5,), (0.8,), (0.1,), (0.99,)),
    ),
    Family(
        "gradients-cleared-sometimes",
        "The gradient is cleared every {0} steps only",
        "Print theta.grad before each backward(): is it always empty?",
        "later",
        _periods,
        lambda k: with_update(lambda: optimisers.accumulating(int(k))),
        rank=22,
        where="zero_grad",
        samples=((3,), (2,), (4,), (5,)),
    ),
    Family(
        "steps-sometimes",
        "A step is taken every {0} iterations only, with the gradients of all of them",
        "How often does the line with step() run for number_steps = 4?",
        "first",
        lambda view: () if (view.ones.got != view.ones.theta).any() else _periods(view),
        lambda k: with_update(lambda: optimisers.every(int(k))),
        rank=26,
        where="step",
        samples=((2,), (3,), (4,)),
    ),
    Family(
        "gradient-averaged",
        "Every step uses the mean of all gradients so far",
        "Print theta.grad before each backward(), and what the step uses after it.",
        "later",
        decided,
        lambda: with_update(optimisers.mean_gradient),
        rank=26,
        where="step",
        samples=((),),
    ),
)

# --- another optimiser ------------------------------------------------------------------------

_FIRST_STEPS: Final[dict[str, tuple[Callable[[], Update], Callable[[Array], Array]]]] = {
    "Adam": (optimisers.adam, lambda g: g / (abs(g) + 1e-8)),
    "AdamW": (lambda: optimisers.adam(decay=0.01), lambda g: g / (abs(g) + 1e-8)),
    "Adamax": (optimisers.adamax, lambda g: g / (abs(g) + 1e-8)),
    "RMSprop": (optimisers.rmsprop, lambda g: g / (0.1 * abs(g) + 1e-8)),
    "Adagrad": (optimisers.adagrad, lambda g: g / (abs(g) + 1e-10)),
    "Adadelta": (optimisers.adadelta, lambda g: np.sqrt(1e-6 / (0.1 * g**2 + 1e-6)) * g),
    "Rprop": (optimisers.rprop, np.sign),
}
"""The optimisers and their first step at rate 1, without what AdamW takes off besides."""


def _other(name: str, *, fixed: bool) -> Family:
    make, unit_step = _FIRST_STEPS[name]
    decay = 0.01 if name == "AdamW" else 0.0

    def read(points: Points) -> Array:
        rate = points.step / (unit_step(points.gradient) + decay * points.theta)
        return rate if fixed else rate / points.rate

    def descent(c: float) -> Descent:
        return replace(
            RIGHT, rate=lambda cases, _: np.full_like(cases.rate, c) if fixed else c * cases.rate, update=make
        )

    ways = (
        f"The optimiser is {name} with the rate {{0}}, whatever is passed",
        named(f"The optimiser is {name} with {{0}} times the rate", {1.0: f"The optimiser is {name}"}),
    )
    return Family(
        f"{name.lower()}-{'fixed' if fixed else 'scaled'}",
        ways[0] if fixed else ways[1],
        _CLASS,
        "first",
        lambda view: single(agreed(read, view.sloping)),
        descent,
        rank=32,
        where="optimiser",
        samples=((0.05,), (0.01,), (0.001,), (0.5,)) if fixed else ((1.0,), (0.5,), (2.0,)),
    )


OTHERS: Final = (
    *(_other(name, fixed=fixed) for name in _FIRST_STEPS for fixed in (True, False)),
    Family(
        "asgd",
        "The optimiser is ASGD",
        _CLASS,
        "first",
        decided,
        lambda: with_update(optimisers.asgd),
        rank=32,
        where="optimiser",
        samples=((),),
    ),
)
