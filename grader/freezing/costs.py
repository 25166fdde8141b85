"""What a misconception is seen to cost: the criteria that inputs of theirs can show it in.

The suite must then catch it in each of these. Only for misconceptions that say nothing of their costs: those
that a diagnoser makes of its rules. Such a one that shows nowhere is a right program in this exercise; and
of two that no value and no step tells apart here (a mean of two components, half their sum) the first stays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace as changed

from grader import kit
from grader.exercises import Criterion, Exercise, Misconception
from grader.freezing.trials import Trials, key
from grader.judging import compare
from grader.judging.behaviour import form, same, same_steps
from grader.judging.chains import chain, used
from grader.records import Tensor, Value

CHAINS: Final = 6  # calls whose steps are looked at: the shortest that a criterion judges
SEVERAL: Final = 2  # steps, where one step may look like another


def with_costs(
    trials: Trials, cases: Sequence[kit.Case]
) -> tuple[tuple[Misconception, ...], tuple[kit.Unseen, ...]]:
    """The misconceptions that show on these cases, each with what it costs; and what shows nowhere new."""
    kept: list[Misconception] = []
    unseen: list[kit.Unseen] = []
    for one in trials.exercise.misconceptions:
        if one.costs is not None:
            kept.append(one)
            continue
        seen = costs(trials, one, cases)
        rivals = [
            other for other in kept if (other.idle or other.costs == seen if one.derived else other.diagnoser)
        ]
        alike = _look_alike if one.derived else _alike
        like = next((other.id for other in rivals if alike(trials, other, one, cases)), "") if seen else ""
        if seen and not like:
            kept.append(dataclasses.replace(one, costs=seen))
        elif one.derived:
            unseen.append(kit.Unseen(one.id, one.teacher, like))
    return tuple(kept), tuple(unseen)


def _alike(trials: Trials, first: Misconception, second: Misconception, cases: Sequence[kit.Case]) -> bool:
    """Whether the two do the same in each of the cases, step by step in some."""
    if not all(same(trials.behaviour(first, case), trials.behaviour(second, case)) for case in cases):
        return False
    moving = sorted((case for case in cases if case.effort >= SEVERAL), key=lambda case: case.effort)
    return all(
        same_steps(trials.traced(first, case)[1], trials.traced(second, case)[1]) for case in moving[:CHAINS]
    )


def _look_alike(
    trials: Trials, first: Misconception, second: Misconception, cases: Sequence[kit.Case]
) -> bool:
    """Whether a derived mistake looks like another in every case, as students see it: values and form."""
    return all(
        same(trials.behaviour(first, case), trials.behaviour(second, case))
        and form(trials.answer(first, case)) == form(trials.answer(second, case))
        for case in cases
    )


def costs(trials: Trials, mistake: Misconception, cases: Sequence[kit.Case]) -> frozenset[str]:
    """The criteria that it fails on these cases; all, where it never moves anything."""
    rubric = trials.exercise.rubric
    moves = bool(cases) and bool(_moves(trials, cases[0]))
    if moves and not any(
        compare.moved(case, trials.answer(mistake, case), _moves(trials, case)) for case in cases
    ):
        return frozenset(one.id for one in rubric)
    return frozenset(one.id for one in rubric if any(_fails(trials, mistake, one, cases)))


def _fails(
    trials: Trials, mistake: Misconception, criterion: Criterion, cases: Sequence[kit.Case]
) -> Iterator[bool]:
    own = [case for case in cases if criterion.id in trials.families(case.arguments)]
    if criterion.kind in ("optimiser", "calls"):
        moving = sorted((case for case in own if case.effort > 0), key=lambda case: case.effort)
        return (breaks(trials, mistake, criterion, case) for case in moving[:CHAINS])
    return (trials.fails(mistake, criterion, case) for case in own)


def breaks(trials: Trials, mistake: Misconception, criterion: Criterion, case: kit.Case) -> bool:
    """Whether what it returns is not what the optimiser's steps left."""
    answer, trace = trials.traced(mistake, case)
    if criterion.kind == "calls":
        return not used(0, trials.frozen(criterion, case), trace, answer).holds
    return not chain(0, case, trace, answer, _moves(trials, case), criterion.optimiser).holds


def _moves(trials: Trials, case: kit.Case) -> str:
    return moves_of(trials.exercise, case.arguments)


def moves_of(exercise: Exercise, arguments: Mapping[str, Value]) -> str:
    """The argument that it moves: the one it names, else the first tensor where steps are asked for."""
    if exercise.moves is not None:
        return exercise.moves
    steps = exercise.diagnosers or any(one.kind == "optimiser" for one in exercise.rubric)
    first = (name for name, value in arguments.items() if isinstance(value, Tensor))
    return next(first, "") if steps and exercise.probe is None else ""


def distinct(cases: Iterable[kit.Case]) -> list[kit.Case]:
    return list({key(case.arguments): changed(case, repeats=None) for case in cases}.values())
