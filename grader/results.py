"""What is stored: results.json, the short truth, and evidence/<id>.json, the long one for each student.

Every report is made of these two alone, without torch. A number that JSON cannot hold is the
string "nan", "inf" or "-inf": `number` makes it, `as_float` reads it back (msgspec would write
null). Readers ignore unknown keys, so a later version may add some.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from grader.records import Cell, Failure, Note, Origin, Place

SCHEMA: Final = "grader/results/v1"
EVIDENCE_SCHEMA: Final = "grader/evidence/v1"

Number = float | Literal["nan", "inf", "-inf"]

Ground = Literal["proven", "trace", "error", "partial"]
"""What a finding rests on: a program that gives every value, the right ones too; steps that were recorded;
how calls ended; or less than all of the failing cases."""


def number(value: float) -> Number:
    """Write a float so that JSON can hold it."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def as_float(value: Number) -> float:
    """Read a number of results.json or evidence back."""
    return float(value)


def absent(name: str) -> str:
    """What is said where a submission lacks what is asked for; a class by its name, as PEP 8 has it."""
    return f"no {'class' if name[:1].isupper() else 'function'} named {name}"


class Stored(msgspec.Struct, frozen=True):
    """A frozen value on disk; unknown keys are ignored when one is read."""


class TensorView(Stored, frozen=True):
    """A tensor for reports: `values` flat in row-major order."""

    dtype: str
    shape: tuple[int, ...]
    values: tuple[Number, ...]


ArgumentView = TensorView | float | int | str
"""A text is a Number that is not finite, or how Python writes what is neither tensor nor number."""


class Isolation(Stored, frozen=True):
    level: Literal["strict", "standard", "none", "own"]  # own: where its author ran it, in a notebook
    layers: tuple[str, ...]
    missing: tuple[str, ...]


class Environment(Stored, frozen=True):
    grader: str
    python: str
    torch: str
    platform: str
    started: str  # ISO 8601, UTC
    limits: dict[str, float]
    isolation: Isolation


class Device(Stored, frozen=True):
    name: str
    graded: bool
    reason: str | None  # why not graded
    hardware: str | None


class Assignment(Stored, frozen=True):
    title: str
    digest: str
    devices: tuple[str, ...]


class CriterionResult(Stored, frozen=True):
    """One row a criterion and graded device."""

    id: str
    title: str
    kind: Literal["values", "optimiser", "return", "calls"]
    device: str
    outcome: Literal["passed", "failed"]
    failure: Failure | None
    points: float
    max_points: float
    cases: int
    failed_cases: int
    borderline: int
    message: str


class Counterexample(Stored, frozen=True):
    """The smallest call that shows the mistake. `call` can be pasted below the definitions."""

    device: str
    arguments: dict[str, ArgumentView]
    call: str
    expected: TensorView | None  # None where what is expected has no numbers
    got: TensorView | None
    raised: str | None
    error_over_bound: Number | None
    first_diverging_step: int | None
    part: str = ""  # of a result of several, the one that is shown: `result[1]`
    said: str = ""  # and what is wrong with it, as a sentence
    bound: Number | None = None  # how far that value may stray
    place: str = ""  # where it has many numbers, the one that is shown: `[3, 5]`
    support: str = ""  # what `call` begins with: the source of a probe, and of what makes arguments

    @property
    def bare(self) -> str:
        """The call without what it is pasted with."""
        return self.call.removeprefix(self.support)


class Quote(Stored, frozen=True):
    """A line of the student's own: a pointer beside behaviour, never a verdict."""

    file: str
    cell: int | None
    line: int
    text: str


class Diagnosis(Stored, frozen=True):
    """Mistakes that cannot be told apart, simplest first, and what they were found by."""

    misconceptions: tuple[str, ...]  # at most three; more than one where the suite cannot tell them apart
    title: str  # of the first
    hint: str
    explained: int  # failing cases that behave as if this were the mistake
    failing: int
    partial: bool = False  # some case behaves otherwise: there is more to find than this
    titles: tuple[str, ...] = ()  # one for each id
    teacher: str = ""  # a sentence for the instructor; on no student's page
    quote: Quote | None = None
    evidence: Ground = "partial"  # of what is stored without a word of it nothing is claimed
    calls: int = 0  # that it was read from; 0 where `explained` says it
    cause: str = ""  # a possible one, where the title says only what was seen
    others: tuple[str, ...] = ()  # titles of the mistakes that only with this one behave so


class ExerciseResult(Stored, frozen=True):
    name: str
    status: Literal["graded", "missing", "harness"]
    score: float | None
    max_score: float
    notes: tuple[str, ...]
    criteria: tuple[CriterionResult, ...]
    counterexample: Counterexample | None
    diagnosis: Diagnosis | None
    further: tuple[Diagnosis, ...] = ()  # what else was found, less fundamental
    behaviour: str = ""  # where no known mistake explains all: what `judging.behaviour` compares


class SubmissionResult(Stored, frozen=True):
    student: str
    path: str
    sha256: str
    status: Literal["graded", "load_failed", "harness"]
    message: str | None
    score: float | None
    max_score: float
    seconds: float
    notes: tuple[str, ...]
    exercises: tuple[ExerciseResult, ...]
    lacking: tuple[str, ...] = ()  # modules that its code asked for and that are not here
    origin: Origin | None = None  # where it was downloaded from


class Results(Stored, frozen=True):
    """results.json."""

    schema: str
    assignment: Assignment
    environment: Environment
    devices: tuple[Device, ...]
    unmatched: tuple[str, ...]
    submissions: Sequence[SubmissionResult]  # a tuple, or `kept` on the disk where they are many
    hide_expected: bool = False  # students' pages say nothing of expected values
    command: str = ""  # where a package is missing: what grades again with the same options
    alike: tuple[tuple[str, ...], ...] = ()  # students whose names can be taken for one another's

    def __post_init__(self) -> None:
        if isinstance(self.submissions, list):  # as msgspec reads any sequence
            msgspec.structs.force_setattr(self, "submissions", tuple(self.submissions))


# --- the long truth of one student ---------------------------------------------------------


class CaseEvidence(Stored, frozen=True):
    """One case on one device, judged; of several parts once for each criterion that looks at it."""

    index: int
    device: str
    criterion: str  # the `values` criterion it belongs to; with parts the one it is judged for
    origin: str
    call: str
    expected: TensorView | None  # None where what is expected has no numbers, or so many that none are kept
    got: TensorView | None
    returned: str | None  # the type that came back, or why its value could not be read
    raised: str | None
    traceback: str
    error: Number | None
    bound: Number | None
    error_over_bound: Number | None
    failure: Failure | None
    form: Failure | None
    borderline: bool
    message: str
    form_message: str
    part: str = ""  # of a result of several, the one that its criterion finds furthest off: `result[1]`
    place: str = ""  # where it has many numbers, the one that is kept: `[3, 5]`


class StepEvidence(Stored, frozen=True):
    optimiser: str
    options: dict[str, Number]
    before: tuple[TensorView, ...]
    after: tuple[TensorView, ...]


class TraceEvidence(Stored, frozen=True):
    """A traced call: the student's steps; the reference's parameter before the first step and after each.

    Where a criterion asks which functions are called: these, and no steps.
    """

    case: int
    device: str
    call: str
    steps: tuple[StepEvidence, ...]
    dropped: int
    reference: tuple[TensorView, ...]
    holds: bool
    message: str
    criterion: str = ""  # of kind "calls"; empty for one that asks who took the steps
    functions: tuple[str, ...] = ()  # those asked about that were called


class StepRow(Stored, frozen=True):
    """One step of the student's run beside the reference's; None where a run took no such step."""

    step: int  # from 1; row 0 is where both begin, without gradient and change
    value: tuple[Number, ...] | None  # of what is moved, after the step
    gradient: tuple[Number, ...] | None  # the step was taken with it
    change: tuple[Number, ...] | None
    reference_value: tuple[Number, ...] | None
    reference_gradient: tuple[Number, ...] | None
    reference_change: tuple[Number, ...] | None
    apart: bool


class StepTable(Stored, frozen=True):
    """The counterexample's call step by step, up to the first difference and one beyond. A claim."""

    call: str
    device: str
    rows: tuple[StepRow, ...]
    diverges: int | None  # the first step, from 1, that leaves another value
    shows: tuple[str, ...]  # sentences: which optimiser took how many steps, with which options
    more: int  # steps beyond the last row that either took


class Difference(Stored, frozen=True):
    """All numbers of the counterexample's part, where they are too many to read."""

    part: str
    shape: tuple[int, ...]
    expected: tuple[Number, ...]
    got: tuple[Number, ...]
    wrong: tuple[int, ...]  # from 0, the one furthest off first


class ExerciseEvidence(Stored, frozen=True):
    name: str
    cases: tuple[CaseEvidence, ...]
    traces: tuple[TraceEvidence, ...]
    place: Place | None = None  # where the graded definition stands
    steps: StepTable | None = None
    moved: str = "the parameter"  # what its steps move, in the exercise's own word
    difference: Difference | None = None
    by_part: bool = False  # its cases are told once for each criterion that looks at them


class Evidence(Stored, frozen=True):
    """evidence/<id>.json."""

    schema: str
    student: str
    source: tuple[Cell, ...]
    notes: tuple[Note, ...]
    output: str
    exercises: tuple[ExerciseEvidence, ...]


class Graded(Stored, frozen=True):
    """What grading one submission comes to: both truths."""

    result: SubmissionResult
    evidence: Evidence


class Written(Stored, frozen=True):
    """The same from another machine, its evidence as it will stand on the disk."""

    result: SubmissionResult
    evidence: bytes
