"""A function that is right on one device and wrong on another: what keeps it there.

The kit holds only what a misconception does on the CPU, where such a one is right. So what it costs speaks
for it, and where that is what any exception would cost, a word of the error that it `raises`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from grader import kit as kits
from grader.diagnosis.report import FailureReport
from grader.records import ExerciseOutcomes, Failure, Raised, Stopped
from grader.results import Diagnosis

Way = Literal["returned", "numpy", "mixed", "other"]
"""How a function fails that is right elsewhere."""

_WORDS: Final[dict[Way, tuple[str, str]]] = {
    "returned": ("Right on the {right}, but on {here} the result comes back on another device",
                 "Compare the .device of the result with the one of {moves}."),
    "numpy": ("Right on the {right}, but a tensor on {here} goes through NumPy, which refuses it",
              "Is the conversion needed? PyTorch computes on the tensor itself."),
    "mixed": ("Right on the {right}, but on {here} tensors of two devices meet",
              "Which tensors does the function make itself? They need device={moves}.device."),
    "other": ("Right on the {right}, wrong on {here}",
              "Which lines name a device, or make a tensor without saying where?"),
}  # fmt: skip
"""Title and hint."""


def on_one_device(report: FailureReport, right: str) -> Diagnosis | None:
    """For a function that is right on the device `right` and fails here; None where a call was ended."""
    outcomes, exercise, failing = report.outcomes, report.exercise, report.failing
    way = _way(outcomes, failing)
    if way is None:
        return None
    known = [one for one in exercise.misconceptions if _is_this_way(one, report, way)]
    title, hint = (one.format(right=right, here=outcomes.device, moves=exercise.moves) for one in _WORDS[way])
    if known:
        title, hint = known[0].title, known[0].hint
    return Diagnosis(
        tuple(one.id for one in known), title, hint, explained=len(failing), failing=len(failing),
        titles=tuple(one.title for one in known), teacher=known[0].teacher if known else "",
        evidence="error",
    )  # fmt: skip


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


def _is_this_way(one: kits.Misconception, report: FailureReport, way: Way) -> bool:
    """Whether a mistake that shows on a device alone costs what failed, and fails in this way."""
    if one.needs is None or set(one.costs) != report.failed:
        return False
    if way == "returned":
        return {criterion.kind for criterion in report.exercise.rubric if criterion.id in one.costs} == {
            "return"
        }
    messages = [report.raised[index].message for index in report.failing & report.raised.keys()]
    return bool(one.raises and messages) and all(one.raises in message for message in messages)
