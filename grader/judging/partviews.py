"""A judged case of several parts, for reports: which part is shown, and what was expected of it and came.

Of a part with many numbers only the worst is shown beside the right one, with its place; all of them are
kept once for an exercise, for the picture of the smallest call.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final, NamedTuple

from grader import kit as kits
from grader.judging.leaves import SHOWN, cut, is_below, named, place, wrong
from grader.records import Leaf, Outcome, Part, Returned, Tensor
from grader.results import Difference, TensorView, number
from grader.tensors import floats

_EMPTY: Final = Leaf("", "")


class Pair(NamedTuple):
    """What was expected of a part and what came, where they have numbers; `place` of the only one shown."""

    expected: TensorView | None
    got: TensorView | None
    place: str = ""


def shown(criteria: Sequence[kits.Criterion], outcome: Outcome) -> Part | None:
    """The first part that some of the criteria find wrong: a value before a form."""
    own = [(one.kind, part) for one in criteria for part in wrong(one, outcome)]
    return next((part for kind in ("values", "return") for each, part in own if each == kind), None)


def nearest(criterion: kits.Criterion, outcome: Outcome) -> Part | None:
    """The part that a criterion finds wrong, else the one that it finds nearest to wrong."""
    own = [one for one in outcome.parts if is_below(one.path, criterion.part)]
    return shown([criterion], outcome) or max(own, key=lambda one: one.error_over_bound or 0.0, default=None)


def name(part: Part, case: kits.Case) -> str:
    """As one writes it; empty where it is the whole result and needs no name."""
    alone = len(case.leaves) == 1 and not part.path
    return "" if alone else named(part.path)


def pair(case: kits.Case, outcome: Outcome, part: Part) -> Pair:
    """The two to lay side by side."""
    leaf, expected, got = _both(case, outcome, part)
    if leaf.size <= SHOWN and (got is None or len(got.values) <= 2 * SHOWN):
        return Pair(expected, got)
    if not part.wrong or expected is None or got is None:
        return Pair(None, None)
    worst = part.wrong[0]
    return Pair(_only(expected, worst), _only(got, worst), place(worst, leaf))


def difference(case: kits.Case, outcome: Outcome, part: Part) -> Difference | None:
    """All numbers of a part that has many and differs in some."""
    leaf, expected, got = _both(case, outcome, part)
    if leaf.size <= SHOWN or not part.wrong or expected is None or got is None:
        return None
    shape = (*leaf.shape, 2) if leaf.size > prod(leaf.shape) else leaf.shape
    return Difference(name(part, case) or "result", shape, expected.values, got.values, part.wrong)


def _both(case: kits.Case, outcome: Outcome, part: Part) -> tuple[Leaf, TensorView | None, TensorView | None]:
    """The leaf that is expected, its numbers, and those that came."""
    leaf, answer = next((one for one in case.leaves if one.path == part.path), _EMPTY), outcome.answer
    right = (case.expected, *case.accepted)[outcome.accepted]
    got = _view(answer.leaves, answer.value, part.path) if isinstance(answer, Returned) else None
    return leaf, _view(case.leaves, right, part.path), got


def _view(leaves: Sequence[Leaf], value: Tensor | None, path: str) -> TensorView | None:
    """The numbers of the leaves at a path; None where there are none."""
    own = [
        (one, numbers)
        for one, numbers in cut(leaves, floats(value) if value else [])
        if is_below(one.path, path)
    ]
    flat = [x for _, numbers in own for x in numbers]
    if not flat:
        return None
    only = own[0][0] if len(own) == 1 and len(flat) == prod(own[0][0].shape) else None
    dtype, shape = (only.dtype, only.shape) if only else ("float64", (len(flat),))
    return TensorView(dtype, shape, tuple(map(number, flat)))


def _only(view: TensorView, index: int) -> TensorView:
    return TensorView(view.dtype, (), view.values[index : index + 1])
