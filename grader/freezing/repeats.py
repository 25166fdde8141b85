"""Which calls are made again with their steps recorded: order must not matter, and steps lead to what comes.

Some of each form of input; and where a mistake that must lose the steps' points breaks their chain in some
calls alone (a sign that is dropped), one in which it does.
"""

from __future__ import annotations

from typing import Final

import msgspec

from grader import kit
from grader.exercises import Criterion, Misconception
from grader.freezing.choose import form_of, shape_of
from grader.freezing.costs import CHAINS, breaks
from grader.freezing.trials import Trials

REPEATS_EACH: Final = 2  # for each form of input
TRACED_EFFORT: Final = 3  # few enough steps to look at one by one, enough to see a chain


def traceable(trials: Trials, cases: list[kit.Case]) -> dict[str, list[int]]:
    """The cases worth tracing by form of input, best first: the optimiser criteria's, if there are any."""
    optimiser = {one.id for one in trials.exercise.rubric if one.kind in ("optimiser", "calls")}
    forms: dict[str, list[int]] = {_form(trials, case): [] for case in cases}
    for index in sorted(range(len(cases)), key=lambda i: (abs(cases[i].effort - TRACED_EFFORT), i)):
        if not optimiser or optimiser & set(trials.families(cases[index].arguments)):
            forms[_form(trials, cases[index])].append(index)
    return forms


def _form(trials: Trials, case: kit.Case) -> str:
    """Where shapes are drawn as any other number, only dtypes are forms."""
    if not trials.protocol.leaves:
        return form_of(case.arguments)
    return str([one.dtype for value in case.arguments.values() for one in kit.tensors_in(value)][:1])


def every_form(trials: Trials, cases: list[kit.Case], candidates: list[kit.Case]) -> list[kit.Case]:
    """The candidates that are needed for each form of input to have cases worth tracing."""
    have, could = traceable(trials, cases), traceable(trials, candidates)
    needed = {form: max(REPEATS_EACH - len(have.get(form, [])), 0) for form in could}
    return [candidates[i] for form, indices in could.items() for i in indices[: needed[form]]]


def repeats(trials: Trials, cases: list[kit.Case]) -> list[kit.Case]:
    """For each form of input a few cases again, traced, the last first: order must not matter."""
    forms = traceable(trials, cases)
    picked = {i for form in forms.values() for i in form[:REPEATS_EACH]}
    for mistake in trials.mistakes:
        for criterion in trials.exercise.rubric:
            if criterion.kind in ("optimiser", "calls") and criterion.id in (mistake.costs or ()):
                picked |= _breaking(trials, mistake, criterion, cases, picked)
    return [
        msgspec.structs.replace(cases[i], origin="repeat", repeats=i) for i in sorted(picked, reverse=True)
    ]


def _breaking(
    trials: Trials, mistake: Misconception, criterion: Criterion, cases: list[kit.Case], picked: set[int]
) -> set[int]:
    """For each shape in which none of those picked breaks the mistake's chain, a case that does."""
    shapes: dict[str, list[int]] = {}
    for i in sorted(range(len(cases)), key=lambda i: (i not in picked, cases[i].effort)):
        if criterion.id in trials.families(cases[i].arguments):
            shapes.setdefault(shape_of(cases[i].arguments, trials.exercise), []).append(i)
    found = set()
    for own in shapes.values():
        tried = [i for i in own if i in picked] + [i for i in own if i not in picked][:CHAINS]
        found.update([i for i in tried if breaks(trials, mistake, criterion, cases[i])][:1])
    return found
