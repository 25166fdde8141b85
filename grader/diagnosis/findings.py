"""Outcomes of one exercise on every device -> its finding: rubric, diagnosis, counterexample.

The first device that shows a failure is the one that is explained: a mistake that is on the
CPU too is no matter of devices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from grader import kit as kits
from grader.diagnosis import diagnose
from grader.diagnosis.diagnose import Named, Told
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.judging.award import Finding, marks
from grader.judging.counterexample import counterexample, rungs_to_climb
from grader.judging.evidence import JudgedRun
from grader.records import Cell, ExerciseOutcomes, ExerciseRun, Failure, Landmark, Place, Raised, Stopped
from grader.results import Diagnosis, Quote

Climb = Callable[[kits.Exercise, str, int], ExerciseRun | None]
"""Runs the student's function on the first rungs of an exercise's ladder on a device."""


def find(prepared: Prepared, ran: Sequence[JudgedRun], climb: Climb, cells: Sequence[Cell] = ()) -> Finding:
    """Apply the rubric on each device and explain what failed.

    `cells` are the student's source, which a line may be quoted from.
    """
    exercise = prepared.exercise
    finding = marks(exercise, ran)
    lost = [(row.device, row.id) for row in finding.criteria if row.outcome == "failed"]
    devices = {device for device, _ in lost}
    first = next((i for i, (_, outcomes) in enumerate(ran) if outcomes.device in devices), None)
    if first is None or not ran[first][0].found:
        return finding
    run, outcomes = ran[first]
    failed = frozenset(name for device, name in lost if device == outcomes.device)
    report = FailureReport(outcomes, prepared, failed, run.traces, draws=run.draws)
    told = on_one_device(report, ran[0][1].device) if first else diagnose.explain(report)
    known = told.first.diagnosis if told.first else None
    unknown = (known is None or known.partial) and not report.stopped  # which would only be waited for again
    most = rungs_to_climb(outcomes, exercise, failed) if unknown else 0
    climbed = climb(exercise, outcomes.device, most) if most else None
    shown = counterexample(outcomes, exercise, run, failed, known, climbed)
    return msgspec.structs.replace(
        finding, counterexample=shown.counterexample, steps=shown.steps, difference=shown.difference,
        diagnosis=_quoting(told.first, run, cells, shown.raised) if told.first else None,
        further=tuple(_quoting(one, run, cells, None) for one in told.further),
    )  # fmt: skip


def _quoting(named: Named, run: ExerciseRun, cells: Sequence[Cell], raised: Place | None) -> Diagnosis:
    """With the student's own line that the mistake points at."""
    return msgspec.structs.replace(named.diagnosis, quote=quote(named.where, run, cells, raised))


# --- the student's own line ------------------------------------------------------------------


NEIGHBOURS: Final[Mapping[Landmark, tuple[Landmark, ...]]] = {
    "zero_grad": ("backward", "loop", "definition"),
    "backward": ("loss", "step", "loop", "definition"),
    "loss": ("backward", "definition"),
    "step": ("optimiser", "backward", "loop", "definition"),
    "optimiser": ("step", "loop", "definition"),
    "loop": ("step", "backward", "definition"),
    "return": ("definition",),
    "definition": (),
}
"""Where to look for a line that is not there: a missing zero_grad belongs beside the backward pass."""


def quote(
    where: str | None, run: ExerciseRun, cells: Sequence[Cell], raised: Place | None = None
) -> Quote | None:
    """The line to show for a mistake at the landmark `where`; None where no line can be named.

    `raised` is where the call raised that is shown: no line says more.
    """
    return next(filter(None, (_line(place, cells) for place in _places(where, run, raised))), None)


def _places(where: str | None, run: ExerciseRun, raised: Place | None) -> Iterator[Place]:
    if raised is not None:
        yield raised
    landmark = next((one for one in NEIGHBOURS if one == where), None)
    if landmark is None:
        return
    yield from (run.landmarks[one] for one in (landmark, *NEIGHBOURS[landmark]) if one in run.landmarks)
    if run.place is not None:
        yield run.place


def _line(place: Place, cells: Sequence[Cell]) -> Quote | None:
    """What stands there, without its indentation; None where there is no such line, or nothing in it."""
    cell = next((one for one in cells if (one.file, one.cell) == (place.file, place.cell)), None)
    lines = cell.text.split("\n") if cell is not None else []
    if not 1 <= place.line <= len(lines):
        return None
    text = lines[place.line - 1].strip()
    return Quote(place.file, place.cell, place.line, text) if text else None


# --- right on one device, wrong on another ---------------------------------------------------


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


def on_one_device(report: FailureReport, right: str) -> Told:
    """Of a function that is right on the device `right` and fails here; nothing where a call was ended."""
    outcomes, exercise, failing = report.outcomes, report.exercise, report.failing
    way = _way(outcomes, failing)
    if way is None:
        return Told()
    known = [one for one in exercise.misconceptions if _is_this_way(one, report, way)]
    title, hint = (one.format(right=right, here=outcomes.device, moves=exercise.moves) for one in _WORDS[way])
    if known:
        title, hint = known[0].title, known[0].hint
    found = Diagnosis(
        tuple(one.id for one in known), title, hint, explained=len(failing), failing=len(failing),
        titles=tuple(one.title for one in known), teacher=known[0].teacher if known else "",
        evidence="error",
    )  # fmt: skip
    return Told(Named(found))


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
