"""Failing outcomes + kit -> the name of the mistake.

Truth comes first: a mistake is named only where every case behaves as it does, and unknown
stays unknown. A function that is right on one device and wrong on another is told what keeps
it there, as far as what it did shows that.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from grader import kit as kits
from grader.judging.matching import matches
from grader.records import ExerciseOutcomes, Failure, Raised, Stopped
from grader.results import Diagnosis

Way = Literal["returned", "numpy", "mixed", "other"]
"""How a function fails that is right elsewhere."""

_TITLES: Final[dict[Way, str]] = {
    "returned": "Right on the {right}, but on {here} the result comes back on another device",
    "numpy": "Right on the {right}, but a tensor on {here} goes through NumPy, which refuses it",
    "mixed": "Right on the {right}, but on {here} tensors of two devices meet",
    "other": "Right on the {right}, wrong on {here}",
}
_HINTS: Final[dict[Way, str]] = {
    "returned": "Compare the .device of the result with the one of {moves}.",
    "numpy": "Is the conversion needed? PyTorch computes on the tensor itself.",
    "mixed": "Which tensors does the function make itself? They need device={moves}.device.",
    "other": "Which lines name a device, or make a tensor without saying where?",
}


def explain(outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]) -> Diagnosis | None:
    """Name the mistake behind the criteria that failed on one device; None where none fits."""
    known = matches(outcomes, exercise, failed)
    if not known:
        return None
    values = {criterion.id for criterion in exercise.rubric if criterion.kind == "values"}
    explained = failing_cases(outcomes, exercise, {*known[0].costs, *values} & set(failed))
    return Diagnosis(
        misconceptions=tuple(one.id for one in known),
        title=known[0].title,
        hint=known[0].hint,
        explained=len(explained),
        failing=len(failing_cases(outcomes, exercise, failed)),
    )


def tied_to_device(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str], right: str
) -> Diagnosis | None:
    """For a function that is right on the device `right` and fails here; None where a call was ended."""
    failing = failing_cases(outcomes, exercise, failed)
    way = _way(outcomes, failing)
    if way is None:
        return None
    known = [one for one in exercise.misconceptions if _is_this_way(one, exercise, way, failed)]
    names = {"right": right, "here": outcomes.device, "moves": exercise.moves}
    return Diagnosis(
        misconceptions=tuple(one.id for one in known),
        title=known[0].title if known else _TITLES[way].format_map(names),
        hint=known[0].hint if known else _HINTS[way].format_map(names),
        explained=len(failing),
        failing=len(failing),
    )


def failing_cases(
    outcomes: ExerciseOutcomes, exercise: kits.Exercise, failed: Collection[str]
) -> frozenset[int]:
    """The cases that are wrong in what the failed criteria look at."""
    cases: set[int] = set()
    for criterion in exercise.rubric:
        if criterion.id not in failed:
            continue
        if criterion.kind == "optimiser":
            broken = {one.case for one in outcomes.chains if not one.holds}
        else:
            form = criterion.kind == "return"
            broken = {one.case for one in outcomes.outcomes if (one.form if form else one.failure)}
        cases |= broken.intersection(criterion.cases)
    return frozenset(cases)


def _way(outcomes: ExerciseOutcomes, failing: Collection[int]) -> Way | None:
    judged = [outcomes.outcomes[index] for index in failing]
    if not judged or any(isinstance(one.answer, Stopped) for one in judged):
        return None
    raised = [one.answer.message for one in judged if isinstance(one.answer, Raised)]
    returned = [one for one in judged if not isinstance(one.answer, Raised)]
    if any(one.failure or one.form is not Failure.WRONG_DEVICE for one in returned):
        return "other"
    if not raised:
        return "returned"
    if all("numpy" in message for message in raised):
        return "numpy"
    return "mixed" if all("same device" in message for message in raised) else "other"


def _is_this_way(one: kits.Misconception, exercise: kits.Exercise, way: Way, failed: Collection[str]) -> bool:
    """Whether a mistake that shows on a device alone costs what failed, and fails in this way.

    The kit holds only what it does on the CPU, where it is right, so what it costs has to speak for it,
    and where it costs what any exception would, its title.
    """
    if one.needs is None or set(one.costs) != set(failed):
        return False
    kinds = {criterion.kind for criterion in exercise.rubric if criterion.id in one.costs}
    return kinds == {"return"} if way == "returned" else way == "numpy" and "numpy" in one.title.lower()
