"""The suite of an exercise: what is drawn, shrunk and chosen for it, and what its mistakes cost there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Literal

import msgspec

from grader import kit
from grader.exercises import Exercise, Misconception
from grader.freezing import author
from grader.freezing.choose import cover
from grader.freezing.costs import distinct, with_costs
from grader.freezing.diagnosers import Freezing
from grader.freezing.drawing import pool, simplest
from grader.freezing.oracle import finite
from grader.freezing.repeats import every_form, repeats
from grader.freezing.trials import Trials, key, recorded
from grader.records import Value

POOL: Final = 1200  # drawn, a third of them distinct; the ladder is made of these
TRYING: Final = 60  # in their place, where an exercise is only tried
CANDIDATES: Final = 60  # of these the suite is chosen: each is run by every misconception
SIMULATED: Final = 300  # of these the cases that tell fitted mistakes: no program but the reference runs them
EFFORT: Final = 650.0  # of a suite, repeats included, as the exercise counts it
LONG_SHARE: Final = 2 / 3  # of it for the runs that go far
RANDOM_CASES: Final = 10  # beyond what the known mistakes need, for the unknown ones

Origin = Literal["edge", "shrunk", "chosen", "random", "repeat", "ladder"]


def draw(exercise: Exercise, seed: int, size: int = POOL) -> list[dict[str, Value]]:
    """Distinct inputs: the simplest, then the others shuffled, for Hypothesis draws them in clusters."""
    drawn = author.drawn(exercise, lambda: pool(exercise.arguments, size, seed), recorded)
    first, *others = {key(one): one for one in drawn}.values()
    Random(seed).shuffle(others)  # noqa: S311 -- chooses inputs, guards nothing
    return [first, *others]


def shrink(
    trials: Trials, drawn: list[dict[str, Value]], long: list[kit.Case], seed: int
) -> dict[str, dict[str, Value]]:
    """For each misconception the simplest input on which it shows, where there is one.

    Most show on the very first input, the simplest that Hypothesis can draw: no search is needed there, nor
    for what shows in the long runs alone.
    """
    first = drawn[0]
    visible = {one.id for one in trials.exercise.rubric if one.kind not in ("optimiser", "calls")}
    found = {}
    for mistake in trials.mistakes:
        if mistake.costs and not mistake.costs & visible:
            continue  # shows in its steps alone
        if trials.leaves(mistake, trials.case(first)):
            found[mistake.id] = first
            continue
        known = [one for one in found.values() if _nearly(one, first)]
        shown = [one for one in known if trials.leaves(mistake, trials.case(one))]
        if shown:
            found[mistake.id] = min(shown, key=trials.effort)
            continue
        late = [case for case in long if trials.leaves(mistake, case)]
        if late and not any(trials.leaves(mistake, trials.case(one)) for one in drawn[:CANDIDATES]):
            found[mistake.id] = min(late, key=lambda case: case.effort).arguments
            continue
        simple = simplest(trials.exercise.arguments, lambda a, m=mistake: _shows(trials, m, a), seed)  # type: ignore[misc]
        if simple is not None:
            found[mistake.id] = recorded(simple, trials.exercise)
    return found


def _nearly(one: dict[str, Value], first: dict[str, Value]) -> bool:
    """Whether an input differs from the simplest in one argument: what shows there needs no search."""
    return sum(one[name] != first[name] for name in first) == 1


def _shows(trials: Trials, mistake: Misconception, drawn: dict[str, object]) -> bool:
    arguments = recorded(drawn, trials.exercise)
    return not trials.like_the_reference(mistake, arguments) and trials.leaves(
        mistake, trials.case(arguments)
    )


def suite(
    trials: Trials,
    shrunk: list[dict[str, Value]],
    long: list[kit.Case],
    drawn: list[dict[str, Value]],
    budget: float,
    diagnosers: Mapping[str, Freezing],
) -> list[kit.Case]:
    """Long, shrunk and edge cases, the fewest others that do the work, some at random, and the repeats.

    Calls that have nothing to do come last, so that one that never ends there takes no other case with it,
    and the simple ones first, so that one that never ends is shown simply.
    """
    edges = [recorded(one, trials.exercise) for one in trials.exercise.edge_cases]
    given = list(long)
    given += _distinct(trials, shrunk, "shrunk", given)
    given += _distinct(trials, edges, "edge", given)
    candidates = _distinct(trials, drawn[:CANDIDATES], "chosen", given)
    given += every_form(trials, [case for case in given if case not in long], candidates)
    candidates = [case for case in candidates if case not in given]
    cases = given + cover(trials, given, candidates)
    far = [] if trials.protocol.leaves and not diagnosers else drawn[CANDIDATES:SIMULATED]
    others = _distinct(trials, far, "chosen", cases)
    cases += cover(trials, cases, others, once=True)
    short = [case for case in cases if case not in long]
    cases = short + long
    moving = [case for case in cases if case.effort > 0]
    again = repeats(trials, moving)
    left = budget - sum(case.effort for case in (*cases, *again))
    others = [case for case in others if case not in cases]
    more = told_apart(diagnosers, short, others, left)
    left -= sum(case.effort for case in more)
    cases += more
    cases += fill(cases, candidates, left)
    moving = [case for case in cases if case.effort > 0]
    return moving + again + [case for case in cases if case.effort <= 0]


def told_apart(
    diagnosers: Mapping[str, Freezing], given: list[kit.Case], others: list[kit.Case], left: float
) -> list[kit.Case]:
    """Of the other cases those that diagnosers need to read the constants of their rules."""
    found: list[kit.Case] = []
    for one in diagnosers.values():
        more = one.telling([*given, *found], [case for case in others if case not in found], left)
        left -= sum(case.effort for case in more)
        found += more
    return found


def with_known_costs(
    trials: Trials, drawn: list[dict[str, Value]], long: list[kit.Case]
) -> tuple[Exercise, tuple[kit.Unseen, ...]]:
    """The exercise with the misconceptions that show in it, each with what it costs."""
    exercise = trials.exercise
    edges = [recorded(one, exercise) for one in exercise.edge_cases]
    cases = distinct([*long, *filter(finite, map(trials.case, [*edges, *drawn[:CANDIDATES]]))])
    kept, unseen = with_costs(trials, cases)
    return dataclasses.replace(exercise, misconceptions=kept), unseen


def fill(cases: list[kit.Case], candidates: list[kit.Case], left: float) -> list[kit.Case]:
    """Some more at random for the mistakes that nobody knows, within what is left of the budget."""
    taken = {key(case.arguments) for case in cases}
    filled: list[kit.Case] = []
    for case in candidates:
        if len(filled) < RANDOM_CASES and key(case.arguments) not in taken and case.effort <= left:
            filled.append(msgspec.structs.replace(case, origin="random"))
            left -= case.effort
    return filled


def _distinct(
    trials: Trials, inputs: Sequence[dict[str, Value]], origin: Origin, already: list[kit.Case]
) -> list[kit.Case]:
    """Cases for the inputs that are new, and whose result does not overflow."""
    seen = {key(case.arguments) for case in already}
    cases = []
    for arguments in inputs:
        if key(arguments) in seen:
            continue
        seen.add(key(arguments))
        case = trials.case(arguments)
        if finite(case):
            cases.append(msgspec.structs.replace(case, origin=origin))
    return cases
