"""What traces show and no program reproduces: who took the steps, and slots that follow no rule.

A claim of the student's process, told as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from grader.descent.program import Slot
from grader.descent.reading import Rows, told
from grader.descent.rule import LANDMARKS
from grader.diagnosis.report import STEPS, VALUES, Candidate
from grader.records import Step
from grader.tensors import floats

if TYPE_CHECKING:
    from grader.descent.traces import Traces
    from grader.diagnosis.report import FailureReport

RANK: Final = 120
UNREAD: Final = 200  # rank
CLEAR: Final = 0.01  # relative

_seen: Final = partial(Candidate, whole=False, rank=RANK, evidence="trace")


def candidates(report: FailureReport) -> Iterator[Candidate]:
    """Steps of another optimiser, of none, of one that changes nothing, of one that has another tensor."""
    asked = next((one.optimiser for one in report.exercise.rubric if one.optimiser), None)
    if asked is None or not report.traces:
        return
    traces = [trace for index, trace in report.traces.items() if index in report.failing]
    steps = [step for trace in traces for step in trace.steps]
    calls = sum(bool(trace.steps) for trace in traces)
    by_asked = [one for one in steps if asked in one.classes]
    chains, values, came = report.broken["optimiser"], report.broken["values"], report.outcomes.moved
    if any(step.classes for step in steps) and not by_asked:
        yield _seen(
            "another-optimiser", f"The steps are taken by {_optimisers(steps)}, not by {asked}",
            "Which class of torch.optim does the exercise ask for?", chains | values, calls=calls,
            teacher="Read from the trace: the class whose step() was called.",
            where="optimiser", kinds=STEPS | VALUES,
        )  # fmt: skip
    if not any(step.classes for step in steps) and came and chains:
        yield _seen(
            "by-hand", "Theta is updated by hand, not by the optimiser",
            "No optimiser took a step. Which object of torch.optim can make this update for you?", chains,
            calls=len(traces), teacher="No optimiser's step() was called in any traced call.",
            where="step", kinds=STEPS,
        )  # fmt: skip
    # What moves nothing explains the values, too, where nothing else moved them.
    unmoved = partial(
        _seen, explained=chains if came else chains | values, calls=calls,
        kinds=STEPS if came else STEPS | VALUES,
    )  # fmt: skip
    gradients = [gradient for step in steps for gradient in step.gradients]
    if gradients and not any(one is not None and any(floats(one)) for one in gradients):
        none = all(one is None for one in gradients)
        which = "tensor has no gradient" if none else "gradient is zero"
        yield unmoved(
            "steps-without-gradient", f"The optimiser's steps change nothing: its {which}",
            "Print .grad of the tensor that the optimiser has, just before step().",
            where="backward", teacher="No backward(), one into another tensor than the optimiser's,"
            " or gradients cleared between.",
        )  # fmt: skip
    if chains and not (values and came) and any(step.before != step.after for step in by_asked):
        yield unmoved(
            "another-tensor", "The optimiser moves one tensor, and another one comes back",
            "Which tensor does the optimiser have, and which one do you return? Print both after a step.",
            where="return",
            teacher="The optimiser has a copy of theta, or the function returns its argument.",
        )  # fmt: skip


def _optimisers(steps: Sequence[Step]) -> str:
    """`Adam with lr 0.1`, where all steps have one rate."""
    names = sorted({step.classes[0] for step in steps if step.classes})
    rates = {step.options.get("lr") for step in steps}
    rate = rates.pop() if len(rates) == 1 else None
    return " and ".join(names) + ("" if rate is None else f" with lr {rate:g}")


# --- slots that follow no rule ------------------------------------------------------------------

WORDS: Final[dict[Slot, tuple[str, str, str]]] = {
    "start": (
        "another-start", "The first step does not begin at the theta that is passed: at {got} for {wanted}",
        "Print theta just before the first step. Where does it come from?",
    ),
    "loss": (
        "another-gradient", "The gradient is another one: {got} in place of {wanted}, for instance",
        "Print theta.grad just before step(). What is the derivative of the loss there?",
    ),
    "rate": (
        "another-rate", "The optimiser's learning rate is not the one passed: it is {got} for {wanted}",
        "Print optimiser.param_groups before the first step.",
    ),
    "schedule": (
        "another-schedule", "The optimiser's learning rate changes on the way: {got} in place of {wanted}",
        "Print optimiser.param_groups in each step. What changes the rate?",
    ),
    "direction": (
        "another-step", "A step is not rate times gradient: as if that gradient were {got}, not {wanted}",
        "Print theta and theta.grad before and after step().",
    ),
    "between": (
        "theta-between-steps", "Theta changes between the steps: from {wanted} to {got}, for instance",
        "Print theta after step(), and again before the next one. Which line changes it?",
    ),
    "count": (
        "another-count", "Another number of steps is taken than asked for: {got} in place of {wanted}",
        "Count how often step() runs. What ends your loop?",
    ),
}  # fmt: skip
"""Id, title and hint; {got} and {wanted}: what the slot held, and should have, in the first such row."""


def unread(slots: Sequence[Slot], traces: Traces, report: FailureReport) -> Iterator[Candidate]:
    traced = frozenset(call.case for call in traces.stepping)
    for place, slot in enumerate(slots):
        rows = traces.rows(slot)
        if slot not in WORDS or rows is None:
            continue
        (name, title, hint), row = WORDS[slot], _clearest(rows)
        if row is None:
            continue
        yield _seen(
            name, title.format(got=_vector(rows.y[row]), wanted=_vector(rows.x[row])), hint,
            traced & report.broken["values"], rank=UNREAD + place, calls=len(traced),
            cause="a random number, since the function draws some" if report.draws else "",
            teacher="Read from the traces; it follows no known rule.", where=LANDMARKS[slot],
        )  # fmt: skip


def _clearest(rows: Rows) -> int | None:
    """The first of the rows that do not hold what they should, by more than a hundredth if there is one."""
    off = ~rows.follow(lambda x, _: x)
    clear = (abs(rows.y - rows.x) > CLEAR * np.maximum(abs(rows.x), abs(rows.y))).any(axis=1)
    seen = off & clear if (off & clear).any() else off
    return int(np.argmax(seen)) if seen.any() else None


def _vector(values: np.ndarray) -> str:
    numbers = [told(float(value)) for value in values]
    return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"
