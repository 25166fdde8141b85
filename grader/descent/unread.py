"""Slots whose traced calls follow no rule: what can still be said, with the first row that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from grader.descent.program import Slot
from grader.descent.reading import Rows, told
from grader.descent.rule import LANDMARKS
from grader.diagnosis.candidates import VALUES, Candidate

if TYPE_CHECKING:
    from grader.descent.traces import Traces
    from grader.diagnosis.report import FailureReport

RANK: Final = 200
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
            rank=RANK + place,
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
