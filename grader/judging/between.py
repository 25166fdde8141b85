"""What is done to theta between the steps of the optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.judging.reading import DRAWS, Reading, constant, number, plainness, ratio, same, vector
from grader.judging.walks import Taken, Vector, Walk, alike, handed_on

FEW: Final = 2
_HINT: Final = "Print theta after step() and again before the next one. Which line between them changes it?"


def between(read: Sequence[Walk], *, draws: bool) -> Reading | None:
    """What was done to theta after a step; the last step's is seen in what comes back."""
    gaps = [
        (walk, one, two.before) for walk in read for one, two in zip(walk.taken, walk.taken[1:], strict=False)
    ]
    odd = [gap for gap in gaps if not handed_on(gap[2], gap[1].after)]
    if not odd:
        return None
    if len(gaps) >= FEW and all(same(began, walk.start) for walk, _, began in gaps):
        return _between_reading("starts-again", "Every iteration starts again from the initial theta")
    by_hand = _by_hand_after(gaps)
    if by_hand is not None:
        return by_hand
    factors = [ratio(began, one.after) for _, one, began in gaps if any(one.after)]
    factor = constant([x for x in factors if x is not None])
    if factor is not None and None not in factors and len(factors) >= FEW:
        title = f"Theta is multiplied by {number(factor)} after each step"
        return _between_reading("theta-scaled-between", title)
    if len(odd) >= FEW and not any(x for _, _, began in odd for x in began):
        return _between_reading("theta-zeroed-between", "Theta is set to 0 between the steps", sure=False)
    _, one, began = min(odd, key=lambda gap: (gap[1].number, plainness(gap[1].after)))
    title = (
        f"Theta is changed between the steps{DRAWS if draws else ''}: "
        f"step {one.number + 1} left {vector(one.after)}, step {one.number + 2} began at {vector(began)}"
    )
    return _between_reading("theta-changed-between", title, sure=draws)


def _by_hand_after(gaps: Sequence[tuple[Walk, Taken, Vector]]) -> Reading | None:
    moved = [
        ([a - b for a, b in zip(one.after, began, strict=True)], one)
        for _, one, began in gaps
        if one.gradient is not None and any(one.gradient)
    ]
    return _by_hand(moved) if 2 * len(moved) >= len(gaps) else None


def by_hand_before(read: Sequence[Walk]) -> Reading | None:
    """The same between backward() and step(): each step begins where the one by hand led."""
    moved = [
        ([a - b for a, b in zip(earlier, one.before, strict=True)], one)
        for walk in read
        for earlier, one in zip([walk.start, *(x.after for x in walk.taken)], walk.taken, strict=False)
    ]
    return _by_hand([(gone, one) for gone, one in moved if one.gradient is not None and any(one.gradient)])


def _by_hand(moved: Sequence[tuple[Vector, Taken]]) -> Reading | None:
    """An update by hand besides the optimiser's: by the rate that is passed times the gradient."""
    if len(moved) < FEW:
        return None
    for extra in (1.0, -1.0):
        if all(_same_move(gone, one, extra) for gone, one in moved):
            title = (
                "A step by hand is taken besides the optimiser's: theta moves twice in each iteration"
                if extra > 0
                else "Each step of the optimiser is taken back by hand"
            )
            return _between_reading("by-hand-besides", title)
    return None


def _same_move(gone: Vector, one: Taken, extra: float) -> bool:
    size = [max(map(abs, one.before))] * len(gone)
    return alike(gone, [extra * one.passed * x for x in one.gradient or ()], size)


def _between_reading(id_: str, title: str, *, sure: bool = True) -> Reading:
    return Reading("between", id_, title, _HINT, "step", sure=sure)
