"""What a misconception is seen to cost: the criteria that inputs of theirs can show it in.

The suite must then catch it in each of these. Only for misconceptions that say nothing of their costs: those
that a diagnoser makes of its rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace as changed

from grader import kit
from grader.exercises import Criterion, Misconception
from grader.freezing.trials import Trials, key
from grader.judging import compare
from grader.judging.chains import chain
from grader.records import Tensor

CHAINS: Final = 6  # calls whose steps are looked at: the shortest that a criterion judges


def costs(trials: Trials, mistake: Misconception, cases: Sequence[kit.Case]) -> frozenset[str]:
    """The criteria that it fails on these cases; all, where it never moves anything."""
    rubric = trials.exercise.rubric
    moves = next(name for name, value in cases[0].arguments.items() if isinstance(value, Tensor))
    if not any(compare.moved(case, trials.answer(mistake, case), moves) for case in cases):
        return frozenset(one.id for one in rubric)
    return frozenset(one.id for one in rubric if any(_fails(trials, mistake, one, cases, moves)))


def _fails(
    trials: Trials, mistake: Misconception, criterion: Criterion, cases: Sequence[kit.Case], moves: str
) -> Iterator[bool]:
    own = [case for case in cases if criterion.id in trials.families(case.arguments)]
    if criterion.kind == "optimiser":
        for case in sorted((one for one in own if one.effort > 0), key=lambda one: one.effort)[:CHAINS]:
            answer, trace = trials.traced(mistake, case)
            yield not chain(0, case, trace, answer, moves, criterion.optimiser).holds
        return
    for case in own:
        outcome = trials.outcome(mistake, case)
        yield (outcome.form if criterion.kind == "return" else outcome.failure) is not None


def distinct(cases: Iterable[kit.Case]) -> list[kit.Case]:
    return list({key(case.arguments): changed(case, repeats=None) for case in cases}.values())
