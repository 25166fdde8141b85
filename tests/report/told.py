"""One submission with all that a diagnosis may say: a quoted line, the steps, a further finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from grader.overrides import NONE, Overrides
from grader.records import Place
from grader.report.material import Material, of_check
from grader.results import Evidence, Graded, Number, Quote, Results, StepRow, StepTable, SubmissionResult
from tests.report import samples

replace: Final = msgspec.structs.replace
Values = tuple[Number, ...] | None

QUOTE: Final = Quote("s02.ipynb", 3, 6, "        loss.backward()")
DIAGNOSIS: Final = replace(samples.DIAGNOSIS, quote=QUOTE, teacher="Ask what .grad holds.")
FURTHER: Final = replace(
    samples.DIAGNOSIS,
    title="The rate is halved",
    explained=4,
    partial=True,
    evidence="partial",
    teacher="Ask for the rate.",
)


def row(number: int, mine: tuple[Values, Values, Values], theirs: tuple[Values, Values, Values]) -> StepRow:
    return StepRow(number, *mine, *theirs, apart=mine != theirs)


STEPS: Final = StepTable(
    call=samples.COUNTEREXAMPLE.call,
    device="cpu",
    rows=(
        row(0, ((1.0, 1.0), None, None), ((1.0, 1.0), None, None)),
        row(1, ((0.8, 0.8), (2.0, 2.0), (-0.2, -0.2)), ((0.8, 0.8), (2.0, 2.0), (-0.2, -0.2))),
        row(2, ((0.44, 0.44), (3.6, 3.6), (-0.36, -0.36)), ((0.64, 0.64), (1.6, 1.6), (-0.16, -0.16))),
    ),
    diverges=2,
    shows=("torch.optim.SGD took 2 steps with lr=0.1.",),
    more=0,
)
CRITERIA: Final = tuple(
    replace(one, message=one.message.partition(": ")[0] + ": expected [0.64, 0.64], got [0.44, 0.44]")
    if one.outcome == "failed"
    else one
    for one in samples.WRONG_EXERCISE.criteria
)
WRONG: Final = replace(
    samples.WRONG,
    exercises=(
        samples.WRONG.exercises[0],
        replace(samples.WRONG_EXERCISE, criteria=CRITERIA, diagnosis=DIAGNOSIS, further=(FURTHER,)),
    ),
)
EVIDENCE: Final = replace(
    samples.EVIDENCE,
    exercises=(
        samples.EVIDENCE.exercises[0],
        replace(samples.EVIDENCE.exercises[1], steps=STEPS, place=Place("s02.ipynb", 3, 1)),
    ),
)
CLASS: Final = replace(
    samples.RESULTS, submissions=tuple(WRONG if one is samples.WRONG else one for one in samples.CLASS)
)


def checked(result: SubmissionResult = WRONG, evidence: Evidence = EVIDENCE) -> Material:
    """As `grader check` has it."""
    return of_check(Graded(result, evidence), samples.HEAD)


def graded(results: Results = CLASS, overrides: Overrides = NONE) -> Material:
    """As `grader grade` has it."""
    found: Callable[[str], Evidence | None] = {"s02": EVIDENCE}.get
    return Material(results, overrides, found)
