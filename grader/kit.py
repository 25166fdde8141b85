"""The kit: a frozen assignment in one file. Reading one runs no code and imports no torch.

A kit holds what grading needs to know (inputs, expected values, bounds, rubric, what each
known misconception returns) and no solution code and no seed, so it can be handed to
students and CI. Its digest is the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Literal

import msgspec

from grader import decoders
from grader.errors import GraderError
from grader.records import Answer, Record, Tensor, Trace, Value
from grader.tensors import is_whole

SCHEMA: Final = "grader/kit/v3"

CriterionKind = Literal["values", "optimiser", "return"]


class Limits(Record, frozen=True):
    """What one submission may use; seconds are those of the reference machine of `grader.sandbox.pace`.

    Imports are never charged to it. What `limits.py` allows a statement, loading and a call that is made
    again are multiples of `case_cpu_seconds`.
    """

    case_cpu_seconds: float = 2.0  # one call, before it is made again by itself
    exercise_cpu_seconds: float = 20.0  # all calls of one exercise, in one worker
    wall_factor: float = 3.0  # the wall clock backstop, times the CPU limit
    memory_bytes: int = 1 << 30  # over the zygote's own


class Case(Record, frozen=True):
    """One drawn input with its oracle."""

    arguments: dict[str, Value]  # in the order of the call
    expected: Tensor  # float64, from the reference run in float64 on the exact inputs
    dtype: str  # what the reference returns for these arguments
    shape: tuple[int, ...]
    bounds: dict[str, Tensor]  # honest rounding error per component, float64, by the dtype it was computed in
    criterion: str  # the one `values` criterion it belongs to
    effort: float  # what it costs to run, as the exercise counts it
    origin: Literal["edge", "shrunk", "chosen", "random", "repeat", "ladder"]
    repeats: int | None = None  # the case whose call this one makes again, traced
    trace: Trace | None = None  # the reference's own steps, where a student's are to be laid beside them
    traced: bool = False  # whether each student's steps are recorded at once; else only if they are shown

    @property
    def trajectory(self) -> tuple[Tensor, ...]:
        """The reference's one parameter before the first step and after each; empty where it has none."""
        steps = self.trace.steps if self.trace else ()
        if not steps or any(len(step.before) != 1 for step in steps):
            return ()
        return (steps[0].before[0], *(step.after[0] for step in steps))


class Criterion(Record, frozen=True):
    """A line of the rubric; the family is resolved to the cases it judges."""

    id: str
    title: str
    points: float
    kind: CriterionKind
    cases: tuple[int, ...]
    optimiser: str | None = None  # kind "optimiser": the class of torch.optim that must take the steps


class Misconception(Record, frozen=True):
    """A known mistake by what it does on the suite; `costs` None: it need not cost points."""

    id: str
    title: str
    hint: str
    costs: tuple[str, ...]
    needs: str | None  # "cuda": only there does it differ
    answers: tuple[Answer, ...]  # one a case; tracebacks removed
    tolerances: tuple[
        Tensor | None, ...
    ]  # its own rounding per component, float64; None where it returned no value
    traces: dict[int, Trace]
    smallest: int | None  # the suite's case that Hypothesis shrank for it
    teacher: str = ""
    where: str | None = None  # a Landmark
    raises: str = ""  # with `needs`: a word of the error that it raises there
    diagnoser: str = ""  # that made it of a rule of its own, and recognises it with any constant


class Late(Record, frozen=True):
    """How late a mistake may begin and is caught still: after `caught` rounds of those that an int counts."""

    counter: str
    caught: int


class Exercise(Record, frozen=True):
    """One exercise, frozen."""

    name: str
    title: str
    statement: str
    parameters: tuple[str, ...]
    moves: str  # the first tensor argument: "other than its input" speaks of it, and an optimiser moves it
    rubric: tuple[Criterion, ...]
    cases: tuple[Case, ...]
    ladder: tuple[Case, ...]
    misconceptions: tuple[Misconception, ...]
    either_shape: bool = (
        False  # the shapes drawn are two ways to write one input: values criteria count the better
    )
    diagnosers: dict[str, bytes] = {}  # noqa: RUF012 -- msgspec copies it; what the freezer found for each
    late: Late | None = None  # None: no int says how far a call runs

    @property
    def moved(self) -> str:
        """What the argument that moves is called on its way: `theta`, where `initial_theta` is passed."""
        return self.moves.removeprefix("initial_")

    @property
    def max_score(self) -> float:
        return sum(criterion.points for criterion in self.rubric)

    @property
    def effort(self) -> float:
        return sum(case.effort for case in self.cases)


class Kit(Record, frozen=True):
    """A frozen assignment."""

    schema: str
    title: str
    devices: tuple[str, ...]
    limits: Limits
    exercises: tuple[Exercise, ...]
    made_with: dict[str, str]  # versions of grader, torch and hypothesis, for people

    @property
    def max_score(self) -> float:
        return sum(exercise.max_score for exercise in self.exercises)


class LoadedKit(Record, frozen=True):
    """A kit with the digest of the bytes it was read from."""

    kit: Kit
    digest: str  # "sha256:..."


class _Head(msgspec.Struct):
    schema: str


def encode(kit: Kit) -> bytes:
    return msgspec.msgpack.encode(kit)  # dicts keep their order, so equal kits are equal bytes


def decode(data: bytes, where: str) -> LoadedKit:
    """Read a kit's bytes. Raises GraderError where they are no kit of this version."""
    again = "Freeze the assignment again with this version: grader freeze -o FILE."
    try:
        head = decoders.msgpack(_Head).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise GraderError(f"{where}: this is not a kit.", again) from None
    if head.schema != SCHEMA:
        raise GraderError(
            f"{where}: the kit has the format {head.schema[:40]!r}, this grader reads {SCHEMA!r}.", again
        )
    try:
        kit = decoders.msgpack(Kit).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise GraderError(f"{where}: the kit is damaged: {error}.", again) from None
    for exercise in kit.exercises:
        broken = _inconsistency(exercise)
        if broken:
            raise GraderError(f"{where}: the kit is damaged: {exercise.name}: {broken}.", again)
    return LoadedKit(kit=kit, digest="sha256:" + hashlib.sha256(data).hexdigest())


def _inconsistency(exercise: Exercise) -> str:
    """What does not fit together in an exercise; empty where all does. Grading relies on it."""
    cases, rubric = exercise.cases, {one.id for one in exercise.rubric if one.kind == "values"}
    indices = [
        *(index for criterion in exercise.rubric for index in criterion.cases),
        *(case.repeats for case in cases if case.repeats is not None),
        *(one.smallest for one in exercise.misconceptions if one.smallest is not None),
    ]
    if not all(0 <= index < len(cases) for index in indices):
        return "it speaks of a case that is not there"
    if any(not len(one.answers) == len(one.tolerances) == len(cases) for one in exercise.misconceptions):
        return "a misconception does not answer every case"
    for case in (*cases, *exercise.ladder):
        if case.criterion not in rubric or not case.bounds:
            return "a case has no criterion or no bound"
        if not isinstance(case.arguments.get(exercise.moves), Tensor):
            return f"a case has no tensor {exercise.moves}"
        held = [one for one in case.arguments.values() if isinstance(one, Tensor)]
        if not all(is_whole(tensor) for tensor in (*held, case.expected, *case.bounds.values())):
            return "a tensor's bytes do not fit its shape"
    return ""


def load(path: Path) -> LoadedKit:
    """Read a kit file. Raises GraderError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GraderError(
            f"{path}: cannot read the kit: {error.strerror}.", "Name a file made by: grader freeze -o FILE."
        ) from None
    return decode(data, str(path))
