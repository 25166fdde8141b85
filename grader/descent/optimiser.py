"""What traces show and no program reproduces: who took the steps, and slots that follow no rule.

A claim of the student's process, told as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from grader.descent.program import Slot
from grader.descent.reading import Rows, told
from grader.descent.rule import LANDMARKS
from grader.diagnosis.report import STEPS, VALUES, Candidate
from grader.kit import CriterionKind
from grader.records import Step
from grader.tensors import floats

if TYPE_CHECKING:
    from grader.descent.traces import Traces
    from grader.diagnosis.report import FailureReport

RANK: Final = 120
seen: Final = partial(Candidate, whole=False, rank=RANK, evidence="trace")
_BOTH: Final[frozenset[CriterionKind]] = frozenset({"optimiser", "values"})


def candidates(report: FailureReport) -> Iterator[Candidate]:
    asked = next((one.optimiser for one in report.exercise.rubric if one.optimiser), None)
    if asked is None or not report.traces:
        return
    traces = [trace for index, trace in report.traces.items() if index in report.failing]
    steps = [step for trace in traces for step in trace.steps]
    calls = sum(bool(trace.steps) for trace in traces)
    yield from _another(report, asked, steps, calls)
    if not any(step.classes for step in steps):
        yield from _by_hand(report, len(traces))
    yield from _without_gradient(report, steps, calls)
    yield from _idle(report, asked, steps, calls)


def _another(report: FailureReport, asked: str, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """Steps of another optimiser than the one asked for, and of no other."""
    names = sorted({step.classes[0] for step in steps if step.classes})
    if not names or any(asked in step.classes for step in steps):
        return
    rates = {step.options.get("lr") for step in steps}
    rate = rates.pop() if len(rates) == 1 else None
    with_rate = "" if rate is None else f" with lr {rate:g}"
    yield seen(
        id="another-optimiser",
        title=f"The steps are taken by {' and '.join(names)}{with_rate}, not by {asked}",
        hint="Which class of torch.optim does the exercise ask for?",
        explained=report.broken["optimiser"] | report.broken["values"],
        calls=calls,
        teacher="Read from the trace: the class whose step() was called.",
        where="optimiser",
        kinds=_BOTH,
    )


def _by_hand(report: FailureReport, calls: int) -> Iterator[Candidate]:
    """No optimiser took any step, and theta moved all the same."""
    if not report.outcomes.moved or not report.broken["optimiser"]:
        return
    yield seen(
        id="by-hand",
        title="Theta is updated by hand, not by the optimiser",
        hint="No optimiser took a step. Which object of torch.optim can make this update for you?",
        explained=report.broken["optimiser"],
        calls=calls,
        teacher="No optimiser's step() was called in any traced call.",
        where="step",
        kinds=STEPS,
    )


def _without_gradient(report: FailureReport, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """step() was called, but what it should have moved had no gradient."""
    gradients = [gradient for step in steps for gradient in step.gradients]
    if not gradients or any(one is not None and any(floats(one)) for one in gradients):
        return
    none = all(one is None for one in gradients)
    yield seen(
        id="steps-without-gradient",
        title="The optimiser's steps change nothing: its tensor has no gradient"
        if none
        else "The optimiser's steps change nothing: its gradient is zero",
        hint="Print .grad of the tensor that the optimiser has, just before step().",
        explained=_unmoved(report),
        calls=calls,
        teacher="No backward(), one into another tensor than the optimiser's, or gradients cleared between.",
        where="backward",
        kinds=STEPS if report.outcomes.moved else _BOTH,
    )


def _unmoved(report: FailureReport) -> frozenset[int]:
    """What a step that moves nothing explains: the values, too, where nothing else moved them."""
    values = frozenset[int]() if report.outcomes.moved else report.broken["values"]
    return report.broken["optimiser"] | values


def _idle(report: FailureReport, asked: str, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """The optimiser moves a tensor, and another one is returned."""
    moved = any(step.before != step.after for step in steps if asked in step.classes)
    wrong = bool(report.broken["values"]) and report.outcomes.moved
    if not moved or not report.broken["optimiser"] or wrong:
        return
    yield seen(
        id="another-tensor",
        title="The optimiser moves one tensor, and another one comes back",
        hint="Which tensor does the optimiser have, and which one do you return? Print both after a step.",
        explained=_unmoved(report),
        calls=calls,
        teacher="The optimiser has a copy of theta, or the function returns its argument.",
        where="return",
        kinds=STEPS if report.outcomes.moved else _BOTH,
    )


# --- slots that follow no rule ---------------------------------------------------------------


UNREAD: Final = 200  # rank
CLEAR: Final = 0.01  # relative


class _Words(NamedTuple):
    """{got} and {wanted} stand for what the slot held and should have held in the first such row."""

    id: str
    title: str
    hint: str


WORDS: Final[dict[Slot, _Words]] = {
    "start": _Words(
        "another-start", "The first step does not begin at the theta that is passed: at {got} for {wanted}",
        "Print theta just before the first step. Where does it come from?",
    ),
    "loss": _Words(
        "another-gradient", "The gradient is another one: {got} in place of {wanted}, for instance",
        "Print theta.grad just before step(). What is the derivative of the loss there?",
    ),
    "rate": _Words(
        "another-rate", "The optimiser's learning rate is not the one passed: it is {got} for {wanted}",
        "Print optimiser.param_groups before the first step.",
    ),
    "schedule": _Words(
        "another-schedule", "The optimiser's learning rate changes on the way: {got} in place of {wanted}",
        "Print optimiser.param_groups in each step. What changes the rate?",
    ),
    "direction": _Words(
        "another-step", "A step is not rate times gradient: as if that gradient were {got}, not {wanted}",
        "Print theta and theta.grad before and after step().",
    ),
    "between": _Words(
        "theta-between-steps", "Theta changes between the steps: from {wanted} to {got}, for instance",
        "Print theta after step(), and again before the next one. Which line changes it?",
    ),
    "count": _Words(
        "another-count", "Another number of steps is taken than asked for: {got} in place of {wanted}",
        "Count how often step() runs. What ends your loop?",
    ),
}  # fmt: skip


def unread(slots: Sequence[Slot], traces: Traces, report: FailureReport) -> Iterator[Candidate]:
    traced = frozenset(call.case for call in traces.stepping)
    for place, slot in enumerate(slots):
        rows = traces.rows(slot)
        if slot not in WORDS or rows is None:
            continue
        words, row = WORDS[slot], _clearest(rows)
        if row is None:
            continue
        yield Candidate(
            id=words.id,
            title=words.title.format(got=_vector(rows.y[row]), wanted=_vector(rows.x[row])),
            hint=words.hint,
            explained=traced & report.broken["values"],
            whole=False,
            rank=UNREAD + place,
            evidence="trace",
            calls=len(traced),
            cause="a random number, since the function draws some" if report.draws else "",
            teacher="Read from the traces; it follows no known rule.",
            where=LANDMARKS[slot],
            kinds=VALUES,
        )


def _clearest(rows: Rows) -> int | None:
    """The first of the rows that do not hold what they should, by more than a hundredth if there is one."""
    off = ~rows.follow(lambda x, _: x)
    clear = (abs(rows.y - rows.x) > CLEAR * np.maximum(abs(rows.x), abs(rows.y))).any(axis=1)
    seen = off & clear if (off & clear).any() else off
    return int(np.argmax(seen)) if seen.any() else None


def _vector(values: np.ndarray) -> str:
    numbers = [told(float(value)) for value in values]
    return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"
