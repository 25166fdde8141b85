"""Is the reference plain gradient descent, and on which loss? Asked once, when an exercise is frozen.

Constants in a student's mistake can be fitted only by somebody who knows what the function
should have minimised. The reference says it: one step of rate 1 from theta leaves theta - gradient(theta), so
a few starts give the gradient, here a polynomial of each component alone. Which float is the rate
and which int the number of steps is found by trying. Then the numpy run has to end where the
reference ends on every case, and to pass where its trace passes; where it does not (momentum,
components that mix, another loss), there is no objective and no constant is ever fitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

import numpy as np

from grader import kit, tensors
from grader.descent.program import RIGHT, Array, Calls, Minimised, calls, run
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
    moves = next(name for name, value in cases[0].arguments.items() if isinstance(value, Tensor))
    names = cases[0].arguments.items()
    rates = [name for name, value in names if isinstance(value, float)]
    counts = [name for name, value in names if isinstance(value, int)]
    for rate, steps in product(rates, counts):
        found = Minimised(moves, rate, steps, {})
        for size, case in _by_size(cases, moves).items():
            rows = _gradients(exercise, case, moves, found)
            if rows is None:
                break
            found.gradients[size] = rows
        else:
            if all(_same(found, group) for group in _alike(cases, moves)):
                return found
    return None


def _by_size(cases: Iterable[kit.Case], moves: str) -> dict[int, kit.Case]:
    """One case for each number of components."""
    return {len(tensors.numbers(_start(case, moves))): case for case in cases}


def _alike(cases: Sequence[kit.Case], moves: str) -> list[list[kit.Case]]:
    """The cases of one size and dtype together."""
    groups: dict[tuple[int, str], list[kit.Case]] = {}
    for case in cases:
        groups.setdefault((len(tensors.numbers(_start(case, moves))), case.dtype), []).append(case)
    return list(groups.values())


def _start(case: kit.Case, moves: str) -> Tensor:
    value = case.arguments[moves]
    assert isinstance(value, Tensor)
    return value


# --- the gradient -------------------------------------------------------------------------


def _gradients(
    exercise: Exercise, case: kit.Case, moves: str, names: Minimised
) -> tuple[tuple[float, ...], ...] | None:
    """Each component's gradient as a polynomial; None where it is none."""
    starts = (*FITTED, *TRIED)
    slopes = []
    for start in starts:
        stepped = _one_step(exercise, case, moves, names, start)
        if stepped is None:
            return None
        slopes.append(start - stepped)
    fitted = np.linalg.solve(np.vander(FITTED, increasing=True), np.array(slopes[: len(FITTED)]))
    coefficients = np.where(abs(fitted) < 10.0**-DIGITS, 0.0, fitted)
    there = np.vander(TRIED, len(FITTED), increasing=True) @ coefficients
    if not np.allclose(there, np.array(slopes[len(FITTED) :]), rtol=10.0**-DIGITS, atol=10.0**-DIGITS):
        return None
    return tuple(_trimmed(column) for column in coefficients.T)


def _one_step(exercise: Exercise, case: kit.Case, moves: str, names: Minimised, start: float) -> Array | None:
    """Where one step of rate 1 takes every component from `start`; None where the reference will not."""
    theta = _start(case, moves)
    size = len(tensors.numbers(theta))
    arguments: dict[str, Value] = {
        **in_double(case.arguments),
        moves: tensors.float64([start] * size, theta.shape),
        names.rate: 1.0,
        names.steps: 1,
    }
    try:
        value = tensors.numbers(reference_value(exercise, arguments))
    except GraderError:
        return None
    return value if len(value) == size else None


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
