"""The kit: a frozen assignment in one file. Reading one runs no code and imports no torch.

A kit holds what grading needs to know (inputs, expected values, bounds, rubric, what each
known misconception returns) and no solution code and no seed, so it can be handed to
students and CI. Its digest is the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from grader import decoders
from grader.errors import GraderError
from grader.records import Answer, Items, Leaf, Protocol, Record, Returned, Step, Table, Tensor, Trace, Value
from grader.tensors import FLOATS, ITEM_SIZES, is_whole

SCHEMA: Final = "grader/kit/v4"
PACKED: Final = b"\x78"  # how zlib's streams begin, and no kit that is not packed
MAX_BYTES: Final = 256 << 20

QUICK: Final = "frozen with --quick: not for grading"
"""Stands in the title of a kit that was frozen to try an exercise, and in `made_with`."""

CriterionKind = Literal["values", "optimiser", "return", "calls"]


Seconds = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
Factor = Annotated[float, msgspec.Meta(ge=1, le=1_000)]
Bytes = Annotated[int, msgspec.Meta(gt=0, le=1 << 50)]


class Limits(Record, frozen=True):
    """What one submission may use; seconds are those of the reference machine of `grader.sandbox.pace`.

    Imports are never charged to it. What `limits.py` allows a statement, loading and a call that is made
    again are multiples of `case_cpu_seconds`.
    """

    case_cpu_seconds: Seconds = 2.0  # one call, before it is made again by itself
    exercise_cpu_seconds: Seconds = 20.0  # all calls of one exercise, in one worker
    wall_factor: Factor = 3.0  # the wall clock backstop, times the CPU limit
    memory_bytes: Bytes = 1 << 30  # over the zygote's own


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
    leaves: tuple[Leaf, ...] = ()  # where the exercise asks for leaves: what the numbers expected belong to
    accepted: tuple[Tensor, ...] = ()  # other right answers, of the same leaves

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
    part: str = ""  # kinds "values" and "return": the path of the leaves it judges; empty: all
    uses: tuple[str, ...] = ()  # kind "calls": functions that must be called, and those that must not
    avoids: tuple[str, ...] = ()


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
    idle: bool = False  # a program that does nothing of what is asked: whoever behaves so earns nothing
    derived: bool = False  # from the reference's source
    others: tuple[str, ...] = ()  # of two mistakes at once: the title of the second


class Unseen(Record, frozen=True):
    """A derived program that no input told from the reference, or from a misconception before it: its id."""

    id: str
    teacher: str
    like: str = ""


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
    moves: (
        str  # the tensor argument that an optimiser moves, and that "other than its input" speaks of, if any
    )
    rubric: tuple[Criterion, ...]
    cases: tuple[Case, ...]
    ladder: tuple[Case, ...]
    misconceptions: tuple[Misconception, ...]
    either_shape: bool = (
        False  # the shapes drawn are two ways to write one input: values criteria count the better
    )
    diagnosers: dict[str, bytes] = {}  # noqa: RUF012 -- msgspec copies it; what the freezer found for each
    late: Late | None = None  # None: no int says how far a call runs
    protocol: Protocol = Protocol()
    unseen: tuple[Unseen, ...] = ()
    pairs: tuple[Misconception, ...] = ()  # two mistakes at once
    warnings: tuple[str, ...] = ()  # what its author should know
    room: float = 0.0  # the largest share of a bound that the right programs stray
    devices: tuple[str, ...] = ()  # of the assignment's those that it is graded on; none named: all

    @property
    def called(self) -> str:
        """What a call of it begins with: `probe(MLP, `."""
        return f"{self.protocol.probe}({self.name}, " if self.protocol.probe else f"{self.name}("

    @property
    def moved(self) -> str:
        """What the argument that moves is called on its way: `theta`, where `initial_theta` is passed."""
        return self.moves.removeprefix("initial_")

    def judged_by(self, kind: CriterionKind) -> frozenset[int]:
        """The cases that the criteria of a kind look at."""
        return frozenset(index for one in self.rubric if one.kind == kind for index in one.cases)

    @property
    def max_score(self) -> float:
        return sum(criterion.points for criterion in self.rubric)

    @property
    def effort(self) -> float:
        return sum(case.effort for case in self.cases)


def graded_on(exercise: Exercise, devices: Sequence[str]) -> list[str]:
    """Of the devices of a run those that the exercise is graded on; where none of its own is there, all."""
    return [one for one in devices if one in exercise.devices] or list(devices)


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

    @property
    def quick(self) -> bool:
        """Whether it was frozen to try the exercise: no mark should come of it."""
        return self.made_with.get("suite") == QUICK


class LoadedKit(Record, frozen=True):
    """A kit with the digest of the bytes it was read from."""

    kit: Kit
    digest: str  # "sha256:..."


class _Head(msgspec.Struct):
    schema: str


def encode(kit: Kit) -> bytes:
    """Packed, for what many known mistakes return is much alike. Equal kits are equal bytes."""
    return zlib.compress(msgspec.msgpack.encode(kit), 6)  # dicts keep their order


def decode(data: bytes, where: str) -> LoadedKit:
    """Read a kit's bytes. Raises GraderError where they are no kit of this version."""
    again = "Freeze the assignment again with this version: grader freeze -o FILE."
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    try:
        data = _unpacked(data)
        head = decoders.msgpack(_Head).decode(data)
    except (*decoders.BROKEN, zlib.error):
        raise GraderError(f"{where}: this is not a kit.", again) from None
    if head.schema != SCHEMA:
        raise GraderError(
            f"{where}: the kit has the format {head.schema[:40]!r}, this grader reads {SCHEMA!r}.", again
        )
    try:
        kit = decoders.msgpack(Kit).decode(data)
    except decoders.BROKEN as error:
        raise GraderError(f"{where}: the kit is damaged: {error}.", again) from None
    broken = _inconsistency(kit)
    if broken:
        raise GraderError(f"{where}: the kit is damaged: {broken}.", again)
    return LoadedKit(kit=kit, digest=digest)


def _unpacked(data: bytes) -> bytes:
    """The kit's bytes; those of an earlier version are not packed. Never more than MAX_BYTES."""
    if data[:1] != PACKED:
        return data
    reader = zlib.decompressobj()
    unpacked = reader.decompress(data, MAX_BYTES)
    if not reader.eof or reader.unused_data:
        raise zlib.error("not one whole kit of a size that a kit may have")
    return unpacked


def _inconsistency(kit: Kit) -> str:
    """What does not fit together; empty where all does. Grading relies on it."""
    if not kit.devices:
        return "it names no device"
    if len({exercise.name for exercise in kit.exercises}) < len(kit.exercises):
        return "two exercises have one name"
    found = ((one.name, why) for one in kit.exercises for why in _misfits(one))
    return next((f"{name}: {why}" for name, why in found), "")


def _misfits(exercise: Exercise) -> Iterator[str]:
    """What does not fit together in an exercise."""
    cases = exercise.cases
    indices = [
        *(index for criterion in exercise.rubric for index in criterion.cases),
        *(case.repeats for case in cases if case.repeats is not None),
        *(one.smallest for one in exercise.misconceptions if one.smallest is not None),
        *(index for one in exercise.misconceptions for index in one.traces),
    ]
    if not all(0 <= index < len(cases) for index in indices):
        yield "it speaks of a case that is not there"
    known = (*exercise.misconceptions, *exercise.pairs)
    if any(not len(one.answers) == len(one.tolerances) == len(cases) for one in known):
        yield "a misconception does not answer every case"
    rubric = {one.id for one in exercise.rubric if one.kind == "values"}
    if not all(case.criterion in rubric and case.bounds for case in (*cases, *exercise.ladder)):
        yield "a case has no criterion or no bound"
    if any(one.kind == "optimiser" and one.optimiser is None for one in exercise.rubric):
        yield "a criterion names no optimiser"
    if exercise.moves and not all(
        isinstance(one.arguments.get(exercise.moves), Tensor) for one in (*cases, *exercise.ladder)
    ):
        yield f"a case has no tensor {exercise.moves}"
    if not all(map(is_whole, _tensors(exercise))):
        yield "a tensor's bytes do not fit its shape"
    if not all(map(_has_bounds, (*cases, *exercise.ladder))):
        yield "a case has no bound for each number that is expected"
    if not all(_has_tolerance(*pair) for one in known for pair in _values(one)):
        yield "a misconception has no tolerance for each of its numbers"
    if not all(len(step.before) == len(step.after) for step in _steps(exercise)):
        yield "a step has other parameters after it than before"


def _tensors(exercise: Exercise) -> Iterator[Tensor]:
    for case in (*exercise.cases, *exercise.ladder):
        yield from (one for given in case.arguments.values() for one in tensors_in(given))
        yield from (case.expected, *case.bounds.values(), *case.accepted)
    for step in _steps(exercise):
        yield from (one for one in (*step.before, *step.after, *step.gradients) if one is not None)
    for misconception in (*exercise.misconceptions, *exercise.pairs):
        yield from (one for pair in _values(misconception) for one in pair if one is not None)


def tensors_in(value: Value) -> Iterator[Tensor]:
    """The tensors that an argument holds."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Items | Table):
        items = value.items if isinstance(value, Items) else value.items.values()
        for one in items:
            yield from tensors_in(one)


def _steps(exercise: Exercise) -> Iterator[Step]:
    for case in (*exercise.cases, *exercise.ladder):
        yield from case.trace.steps if case.trace else ()
    for misconception in exercise.misconceptions:
        yield from (step for trace in misconception.traces.values() for step in trace.steps)


def _values(one: Misconception) -> Iterator[tuple[Tensor | None, Tensor | None]]:
    """What each answer came to, and its tolerance."""
    for answer, tolerance in zip(one.answers, one.tolerances, strict=True):
        yield (answer.value if isinstance(answer, Returned) else None), tolerance


def _has_bounds(case: Case) -> bool:
    """Whether the oracle fits together: what a case comes to, and how far each number of it may stray."""
    size = len(case.expected.data)
    numbers = (*case.bounds.values(), *case.accepted)
    fitting = all(one.dtype == "float64" and len(one.data) == size for one in numbers)
    if case.leaves and sum(one.size for one in case.leaves) * ITEM_SIZES["float64"] != size:
        return False
    named = case.dtype in ITEM_SIZES and all(dtype in FLOATS for dtype in case.bounds)
    return fitting and named and (case.expected.dtype, case.expected.shape) == ("float64", case.shape)


def _has_tolerance(value: Tensor | None, tolerance: Tensor | None) -> bool:
    if value is None or tolerance is None:
        return True
    return tolerance.dtype == "float64" and prod(tolerance.shape) == prod(value.shape)


def load(path: Path) -> LoadedKit:
    """Read a kit file. Raises GraderError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GraderError(
            f"{path}: cannot read the kit: {error.strerror}.", "Name a file made by: grader freeze -o FILE."
        ) from None
    return decode(data, str(path))
