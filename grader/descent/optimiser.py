"""Who took the steps: what the traces of torch.optim show. A claim of the student's process, told as that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from grader.diagnosis.candidates import STEPS, Candidate
from grader.kit import CriterionKind
from grader.records import Step
from grader.tensors import floats

if TYPE_CHECKING:
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
