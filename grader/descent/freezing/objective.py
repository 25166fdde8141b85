"""Is the reference plain gradient descent, and on which loss? Asked once, when an exercise is frozen.

Constants in a student's mistake can be fitted only by somebody who knows what the function
should have minimised. The reference says it: one step of rate 1 from theta leaves theta - gradient(theta), so
a few starts give the gradient, here a polynomial of each component alone. Which float is the rate
and which int the number of steps is found by trying. Then the numpy run has to end where the
reference ends on every case, and to pass where its trace passes; where it does not (momentum,
components that mix, another loss), there is no objective and no constant is ever fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np

from grader import kit, tensors
from grader.descent.program import RIGHT, Array, Calls, Minimised, calls, run, theta_of
from grader.errors import GraderError
from grader.exercises import Exercise
from grader.freezing.casting import in_double
from grader.freezing.oracle import reference_value
from grader.records import Tensor, Value

FITTED: Final = (0.0, 1.0, -1.0, 2.0)  # starts: as many as a gradient of degree 3 has coefficients
TRIED: Final = (-2.0, 3.0)  # others, where a gradient of higher degree would show
DIGITS: Final = 11  # to which a coefficient is known that was found by subtraction
AGREEMENT: Final = 2.0**10  # times the rounding of a run: another order of operations, never another loss


def minimised(exercise: Exercise, cases: Sequence[kit.Case]) -> Minimised | None:
    """What the reference minimises by plain gradient descent, or None where it does something else."""
    names = cases[0].arguments.items()
    moves = next(name for name, value in names if isinstance(value, Tensor))
    rates = [name for name, value in names if isinstance(value, float)]
    counts = [name for name, value in names if isinstance(value, int)]
    alike: dict[tuple[int, str], list[kit.Case]] = {}  # of one size and dtype
    for case in cases:
        alike.setdefault((theta_of(case, moves).size, case.dtype), []).append(case)
    by_size = {size: group[0] for (size, _), group in alike.items()}
    for rate, steps in product(rates, counts):
        found = Minimised(moves, rate, steps, {})
        gradients = {size: _gradients(exercise, case, found) for size, case in by_size.items()}
        found.gradients.update({size: rows for size, rows in gradients.items() if rows is not None})
        if len(found.gradients) == len(by_size) and all(_same(found, group) for group in alike.values()):
            return found
    return None


# --- the gradient -------------------------------------------------------------------------


def _gradients(exercise: Exercise, case: kit.Case, names: Minimised) -> tuple[tuple[float, ...], ...] | None:
    """Each component's gradient as a polynomial; None where it is none."""
    slopes = [start - _one_step(exercise, case, names, start) for start in (*FITTED, *TRIED)]
    if any(len(one) != theta_of(case, names.moves).size for one in slopes):
        return None
    fitted = np.linalg.solve(np.vander(FITTED, increasing=True), np.array(slopes[: len(FITTED)]))
    coefficients = np.where(abs(fitted) < 10.0**-DIGITS, 0.0, fitted)
    there = np.vander(TRIED, len(FITTED), increasing=True) @ coefficients
    if not np.allclose(there, np.array(slopes[len(FITTED) :]), rtol=10.0**-DIGITS, atol=10.0**-DIGITS):
        return None
    return tuple(_trimmed(column) for column in coefficients.T)


def _one_step(exercise: Exercise, case: kit.Case, names: Minimised, start: float) -> Array:
    """Where one step of rate 1 takes every component from `start`; empty where the reference will not."""
    theta = case.arguments[names.moves]
    assert isinstance(theta, Tensor)
    there = tensors.float64([start] * len(tensors.numbers(theta)), theta.shape)
    own: dict[str, Value] = {names.moves: there, names.rate: 1.0, names.steps: 1}
    try:
        return tensors.numbers(reference_value(exercise, in_double(case.arguments) | own))
    except GraderError:
        return np.zeros(0)


def _trimmed(column: Array) -> tuple[float, ...]:
    """Without the leading zeros, each coefficient to the digits that are known."""
    row = [float(f"{value:.{DIGITS}g}") for value in column]
    while len(row) > 1 and row[-1] == 0:
        row.pop()
    return tuple(row)


# --- the proof ----------------------------------------------------------------------------


def _same(found: Minimised, cases: Sequence[kit.Case]) -> bool:
    """Whether plain gradient descent ends where the reference ends, and passes where it passes."""
    numbers = calls(cases, found)
    if numbers.steps.min(initial=0) < 0:
        return False
    with np.errstate(all="ignore"):
        path = run(RIGHT, numbers).path
    return all(_same_path(case, path[:, i], numbers, i) for i, case in enumerate(cases))


def _same_path(case: kit.Case, path: Array, numbers: Calls, index: int) -> bool:
    own = path[: int(numbers.steps[index, 0]) + 1]
    if not _close(tensors.numbers(case.expected), own[-1], own, 2.0**-53):
        return False
    u = 2.0**-24 if case.dtype == "float32" else 2.0**-53
    passed = case.trajectory
    dropped = case.trace.dropped if case.trace else 0
    return not passed or (
        len(passed) + dropped == len(own)
        and all(_close(tensors.numbers(one), two, own, u) for one, two in zip(passed, own, strict=False))
    )


def _close(one: Array, two: Array, path: Array, u: float) -> bool:
    """Within what rounding can do on a path that went so far out."""
    allowed = AGREEMENT * u * len(path) * float(abs(path).max(initial=0.0))
    return one.shape == two.shape and bool((abs(one - two) <= allowed).all())
