"""Outcomes -> the mistakes with a constant of their own that they show, fitted and then held to every case.

A constant that nobody listed is read off few numbers: theta after one step says which rate was used,
theta after two what the first left behind. It is rounded to the roundest number that it may be. Then the
whole run is made with it and has to behave as the student's does on every case that came back with a value,
within the run's own rounding; and enough wrong cases have to agree so closely that it cannot be chance.
Nothing is claimed otherwise.

What fits cannot always be told apart: on a loss that is a square, weight decay is a factor on the loss.
Then all that fit are returned, the simplest first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import msgspec
import numpy as np

from grader import kit as kits
from grader.diagnosis.candidates import Candidate
from grader.judging.bound_families import BOUNDS
from grader.judging.count_families import COUNTS, ENDLESS
from grader.judging.decay_families import DECAYS
from grader.judging.descent import Descent
from grader.judging.end_families import MORE_ENDS
from grader.judging.family import Family, Guess
from grader.judging.gradient_families import GRADIENTS
from grader.judging.loss_families import LOSSES_BY_GRADIENT
from grader.judging.optimiser_families import MEMORIES, OTHERS
from grader.judging.rate_families import RATES
from grader.judging.readings import Constant, View, rounded, told, view
from grader.judging.recorded import by_descent
from grader.judging.stop_families import STOPS
from grader.judging.value_families import ENDS
from grader.records import ExerciseOutcomes

FAMILIES: Final = (
    *RATES, *GRADIENTS, *LOSSES_BY_GRADIENT, *MEMORIES, *DECAYS, *COUNTS, *ENDLESS, *ENDS, *MORE_ENDS,
    *BOUNDS, *OTHERS, *STOPS,
)  # fmt: skip

CONVINCING: Final = 3  # wrong cases that agree closely, beyond those that fixed the constants


def fit(
    outcomes: ExerciseOutcomes,
    exercise: kits.Exercise,
    failed: Collection[str],
    among: Collection[int] | None = None,
) -> tuple[Candidate, ...]:
    """The fitted mistakes behind wrong values, simplest first; none where no constant fits them all.

    `among`: the cases of a part, where the others behave otherwise; what fits there is not whole.
    """
    values = {criterion.id for criterion in exercise.rubric if criterion.kind == "values"}
    if not values & set(failed):
        return ()
    with np.errstate(all="ignore"):
        seen = view(outcomes, exercise, among)
        if seen is None or int((seen.wrong & seen.fresh).sum()) < CONVINCING:
            return ()
        found = list(_fitting(seen))
    whole = among is None
    found = [msgspec.structs.replace(one, whole=whole) for one in _without_twins(found)]
    return tuple(sorted(found, key=lambda one: one.rank))


def _fitting(seen: View) -> Iterator[Candidate]:
    for family in FAMILIES:
        if not possible(family, seen):
            continue
        for guess in family.guess(seen):
            candidate = confirmed(family, guess, seen)
            if candidate is not None:
                yield candidate
                break


def possible(family: Family, seen: View) -> bool:
    """Whether the family shows where the mistake shows."""
    if family.when == "first":
        return not seen.first_right
    return family.when != "later" or seen.first_right


def confirmed(family: Family, guess: Guess, seen: View) -> Candidate | None:
    """The guess as a candidate, if every case behaves so and enough of them could not by chance."""
    try:
        return _confirmed(family, [rounded(one) for one in guess], seen)
    except ArithmeticError:  # a constant read off nonsense, for which Python has no number
        return None


def _confirmed(family: Family, constants: list[Constant], seen: View) -> Candidate | None:
    descent = family.descent(*(one.value for one in constants))
    nearby = _nearby(family, constants)
    if family.roundoff is None and not seen.promising(descent, nearby):
        return None
    agree, telling = seen.agreeing(descent, nearby, family.roundoff)
    if not agree.all() or int(telling.sum()) < CONVINCING + len(constants):
        return None
    values = [one.value for one in constants]
    options = family.options(*values)
    return Candidate(
        id=family.id,
        title=title(family, values),
        hint=family.hint,
        explained=frozenset(int(i) for i in seen.index[seen.wrong]),
        whole=True,
        rank=family.rank + sum(map(_oddness, values)),
        evidence="proven",
        program=by_descent(seen.exercise, descent, options, lengths=family.lengths)
        if not family.roundoff
        else None,
        lengths=family.lengths,
        teacher=family.teacher,
        where=family.where,
    )


def _nearby(family: Family, constants: list[Constant]) -> Descent | None:
    """The same mistake at the edge of what is known of its constants."""
    if not any(one.doubt for one in constants):
        return None
    return family.descent(*(one.value + one.doubt for one in constants))


def title(family: Family, values: list[float]) -> str:
    if callable(family.title):
        return family.title(*values)
    return family.title.format(*map(told, values))


def _oddness(value: float) -> int:
    """How far from round a constant is: of two mistakes that fit alike, the rounder is the likelier."""
    digits = len(f"{abs(value):.6g}".replace(".", "").strip("0"))
    return 0 if "/" in told(value) else 4 * max(digits - 1, 0)


def _without_twins(found: list[Candidate]) -> list[Candidate]:
    return list({one.title: one for one in reversed(found)}.values())
