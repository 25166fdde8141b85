"""Two mistakes at once: derived ones in pairs, as far as they are worth their place in the kit.

A factor that stands in two lines is forgotten in both, a mean of two results is a sum in both: so pairs of
one kind come first. A pair that no case tells from one mistake, or from the reference, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from grader import kit
from grader.exercises import Misconception
from grader.freezing.mutants import Mutant, combined
from grader.freezing.trials import Trials
from grader.judging.behaviour import Behaviour, same
from grader.records import Returned

MOST: Final = 400  # pairs
ANSWERS: Final = 2_500  # of them, on all cases
BYTES: Final = 1_500_000  # that they may add to a kit, about
TRIED: Final = 3  # cases: a pair that returns nothing there is not run on the others


def pairs(
    trials: Trials, mutants: Mapping[str, Mutant], cases: list[kit.Case]
) -> Iterator[tuple[Misconception, str]]:
    """Pairs of misconceptions that show, as one program each, with the title of the second."""
    own = [one for one in trials.exercise.misconceptions if one.id in mutants]
    known = [_behaviours(trials, one, cases) for one in own]
    room, count = BYTES, 0
    size = 2 * sum(len(case.expected.data) for case in cases) + 100 * len(cases)
    for first, second in sorted(combinations(own, 2), key=lambda pair: _kind(pair[0]) != _kind(pair[1])):
        if room < size or count == MOST or count * len(cases) > ANSWERS:
            return
        both = combined(mutants[first.id], mutants[second.id])
        if both is None:
            continue
        mistake = Misconception(
            f"{first.id}+{second.id}", first.title, first.hint, both.program, None, teacher=both.teacher
        )
        if not _returns(trials, mistake, cases[:TRIED]):
            continue
        came = _behaviours(trials, mistake, cases)
        if _right(trials, mistake, cases) or any(_alike(came, one) for one in known):
            continue
        known.append(came)
        room, count = room - size, count + 1
        yield mistake, second.title


def _kind(mutant: Misconception) -> str:
    """`mutant-factor-12-1` is a factor."""
    return mutant.id.rsplit("-", 2)[0]


def _returns(trials: Trials, mistake: Misconception, cases: list[kit.Case]) -> bool:
    return all(isinstance(trials.answer(mistake, case), Returned) for case in cases)


def _behaviours(trials: Trials, mistake: Misconception, cases: list[kit.Case]) -> list[Behaviour]:
    return [trials.behaviour(mistake, case) for case in cases]


def _alike(one: list[Behaviour], other: list[Behaviour]) -> bool:
    return all(map(same, one, other))


def _right(trials: Trials, mistake: Misconception, cases: list[kit.Case]) -> bool:
    return not any(trials.leaves(mistake, case) for case in cases)
