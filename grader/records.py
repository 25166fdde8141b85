"""The values that cross the borders between the stages of grading.

Every stage takes some of these and returns the next, so this file and `results` are the
shortest true description of the program. All are frozen: a later stage may add to what an
earlier one found, never edit it. What is stored on disk is in `results`, what an
instructor's assignment becomes is in `kit`.
"""

from __future__ import annotations

from enum import StrEnum
from math import prod
from pathlib import Path
from typing import Final, Literal

import msgspec


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen value; unknown fields are refused when one is decoded."""


class Tensor(Record, frozen=True, tag="t", tag_field="k"):
    """A tensor's bytes, little-endian, in row-major order; `dtype` is torch's name for it."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class Items(Record, frozen=True, tag="i", tag_field="k"):
    """A list or a tuple of arguments."""

    items: tuple[Value, ...]
    fixed: bool = False  # a tuple


class Table(Record, frozen=True, tag="d", tag_field="k"):
    """A dict of arguments by name."""

    items: dict[str, Value]


class Made(Record, frozen=True, tag="m", tag_field="k"):
    """An argument that is made anew for each call: a module, a generator, a large tensor of a seed.

    `code` is an expression over torch, numpy as np, math and the names of the exercise's support.
    """

    code: str


Value = Tensor | Items | Table | Made | bool | int | float | str | None
"""An argument of a graded call."""


class Protocol(Record, frozen=True, omit_defaults=True):
    """How an exercise is called where that is more than its function on its arguments, and what is looked at.

    `support` is Python that the author wrote and that holds no solution: the probe, which takes what the
    student wrote and the arguments, and what makes arguments.
    """

    support: str = ""
    probe: str = ""  # its name in `support`; empty: the student's function itself is called
    leaves: bool = False  # what comes back is described leaf by leaf, not as one tensor
    gradients: bool = False  # whether gradients at the tensors given are among the leaves
    unchanged: bool = False  # whether the tensors given are among them as they are after the call
    watched: tuple[str, ...] = ()  # functions of PyTorch whose use in traced calls is noted: "backward|grad"


class Failure(StrEnum):
    """Why a case or a criterion earned nothing."""

    RAISED = "raised"
    WRONG_TYPE = "wrong_type"
    WRONG_SHAPE = "wrong_shape"
    WRONG_DTYPE = "wrong_dtype"
    WRONG_DEVICE = "wrong_device"
    NOT_FINITE = "not_finite"
    WRONG_VALUE = "wrong_value"
    BY_HAND = "by_hand"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    REFUSED = "refused"
    EXITED = "exited"
    FLOODED = "flooded"
    PROTOCOL = "protocol"
    NOT_RUN = "not_run"
    MISSING = "missing"
    LOAD_FAILED = "load_failed"


# --- what is graded ------------------------------------------------------------------------


class Note(Record, frozen=True):
    """Something that was found while loading or calling and costs nothing by itself."""

    text: str
    place: Place | None = None


class Carried(Record, frozen=True):
    """What one machine read of a submission, for another that runs it and has none of its files."""

    files: tuple[tuple[str, bytes], ...]  # name and bytes of each candidate that could be read
    further: tuple[tuple[bytes, bytes], ...]  # its folder, as far as it is copied: path in it, bytes
    whole: bool  # whether that is all of the folder
    sha256: str
    notes: tuple[Note, ...]
    problem: str | None
    gone: bool  # its files were found, and were gone when they were to be read


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who handed in, as a learning system or a roster knows them; empty where it does not say."""

    name: str = ""
    id: str = ""
    email: str = ""


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the system that a submission was downloaded from knows it by, so that marks find the way back.

    It is stored, too; as there, unknown keys are ignored when one is read.
    """

    layout: str  # "canvas", "moodle" ...
    id: str = ""  # Canvas's user, Moodle's participant, Gradescope's submission
    prefix: str = ""  # what feedback has to be named by: Canvas's name up to the attachment, Moodle's folder
    people: tuple[Person, ...] = ()  # a group has several
    late: bool = False
    earlier: tuple[str, ...] = ()  # files of earlier attempts, which do not count
    notebooks: tuple[str, ...] = ()  # by which nbgrader's feedback is named, those that cannot be read too


class Submission(Record, frozen=True):
    """One student's files, found but not yet read."""

    student: str  # unique in a class
    path: str  # as the user would type it, for people to read
    files: tuple[Path, ...] = ()  # every .py and .ipynb that may define the functions, best guess first
    folder: Path | None = None  # the student's own folder, importable and readable; None for a flat file
    problem: str | None = (
        None  # why nothing of it can be read (a FIFO, a symlink ...): what, where, what to do
    )
    notes: tuple[str, ...] = ()
    origin: Origin | None = None
    carried: Carried | None = None  # in place of `files` and `folder`, on a machine that has them not


# --- what a student's functions did: a claim by untrusted code --------------------------------


class Place(Record, frozen=True):
    """A line of a student's file, counted from 1; cells too. `cell` is None in a .py file."""

    file: str
    cell: int | None
    line: int


Landmark = Literal["definition", "loop", "loss", "optimiser", "zero_grad", "backward", "step", "return"]
"""A line of a function that a mistake can be pointed at."""


class Cell(Record, frozen=True):
    """A piece of a student's source as the student wrote it: a whole .py file, or one code cell."""

    file: str
    cell: int | None
    text: str


class Leaf(Record, frozen=True, omit_defaults=True):
    """A part of what came back: a tensor, numbers, a text or None.

    `path` is how one writes it behind the result: `[1]`, `["loss"]`, `.mean`, nothing for the whole. What a
    call did besides has a name instead: `the gradient at x`.
    """

    path: str
    type: str  # "Tensor", "float", "list" of plain numbers, "str", "NoneType" ...
    dtype: str = ""  # of its numbers; empty where it has none
    shape: tuple[int, ...] = ()
    device: str | None = None
    text: str = ""  # where it has no numbers, what it is
    inside: str = ""  # what it stands in, outermost first: "tuple/list"

    @property
    def size(self) -> int:
        """How many of the flat numbers are its own; a complex one is two."""
        if not self.dtype:
            return 0
        return prod(self.shape) * (2 if self.dtype.startswith("complex") else 1)


class Returned(Record, frozen=True, tag="returned", tag_field="is"):
    """A call came back. `value` is None where what came back is no small strided tensor, number or list.

    Where an exercise asks for leaves, `value` is the numbers of all of them, one after another.
    """

    type: str  # "Tensor", "Parameter", "float", "list", "ndarray" ...
    value: Tensor | None
    device: str | None = None  # a tensor's device type, None for everything else
    problem: str = ""  # why `value` is None, as a phrase: "a tensor of 1000000000000 elements"
    leaves: tuple[Leaf, ...] = ()


class Raised(Record, frozen=True, tag="raised", tag_field="is"):
    """A call raised; traceback lines speak of the student's file only."""

    type: str
    message: str
    traceback: str = ""
    place: Place | None = None
    failure: Failure = Failure.RAISED  # or OUT_OF_MEMORY, EXITED, REFUSED

    @property
    def line(self) -> str:
        """`TypeError: unsupported ...`, as Python ends a traceback."""
        return f"{self.type}: {self.message}" if self.message else self.type


class Stopped(Record, frozen=True, tag="stopped", tag_field="is"):
    """No answer: the process was ended, or never reached this case. Made by the parent only."""

    failure: Failure
    message: str


Answer = Returned | Raised | Stopped


MAX_STEPS: Final = 1_000  # of one call: an honest one asks for a handful
MAX_PARAMETERS: Final = 16  # of one optimiser


class Step(Record, frozen=True, omit_defaults=True):
    """One optimiser step as the hooks of torch.optim saw it."""

    classes: tuple[str, ...]  # the optimiser's class and its bases in torch.optim, most derived first
    options: dict[str, float]  # lr, momentum, dampening, weight_decay, nesterov, maximize, where present
    before: tuple[Tensor, ...]  # each parameter
    after: tuple[Tensor, ...]
    gradients: tuple[Tensor | None, ...] = ()  # that the step was taken with
    each: tuple[dict[str, float], ...] = ()  # the options for each parameter, where they are not all alike


class Trace(Record, frozen=True):
    """The optimiser steps of one call, in order. A claim: it can be forged."""

    steps: tuple[Step, ...]
    dropped: int = 0  # steps beyond the cap, not recorded
    functions: tuple[str, ...] = ()  # those of the protocol's `watched` that were called


class ExerciseRun(Record, frozen=True):
    """What one exercise's function did. Answers and traces are keyed by the case's index in the suite."""

    name: str
    found: bool
    nearest: str | None = None  # where not found: the most similar name that the submission defines
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    place: Place | None = None  # where the graded definition stands
    landmarks: dict[Landmark, Place] = {}  # where its lines stand
    keeps: bool = False  # a call may have left something behind that a later one met
    draws: bool = False  # a call drew random numbers; each was seeded with 0
    notes: tuple[Note, ...] = ()


class Execution(Record, frozen=True):
    """What one submission did on one device."""

    device: str
    loaded: bool  # False: nothing of it could run; `message` says why
    message: str | None
    failure: Failure | None  # LOAD_FAILED, or the kind of stop that ended loading
    cells: tuple[Cell, ...]
    notes: tuple[Note, ...]
    output: str  # captured while loading and in calls made again, capped and cleaned
    exercises: tuple[ExerciseRun, ...]  # in the kit's order
    cpu_seconds: float
    sha256: str  # of the files read, in order
    harness: str | None = None  # a fault of ours: what failed; the rest then means nothing


# --- judged -------------------------------------------------------------------------------


def is_borderline(failure: Failure | None, error_over_bound: float | None) -> bool:
    """Accepted, but above a quarter of the bound: it counts, and the instructor is told."""
    return failure is None and error_over_bound is not None and error_over_bound > 0.25  # noqa: PLR2004


class Part(Record, frozen=True):
    """One leaf of a case, judged as the whole is."""

    path: str
    failure: Failure | None
    form: Failure | None
    error: float | None
    bound: float | None
    error_over_bound: float | None
    message: str = ""
    form_message: str = ""
    wrong: tuple[
        int, ...
    ] = ()  # its numbers, from 0, that are beyond their bounds; the one furthest off is the first

    @property
    def borderline(self) -> bool:
        return is_borderline(self.failure, self.error_over_bound)


class Outcome(Record, frozen=True):
    """One case, judged twice: its values, and its form (type, shape, dtype, device)."""

    case: int
    answer: Answer
    failure: Failure | None  # of the values
    form: Failure | None  # of the form
    error: (
        float | None
    )  # the component's |got - expected| whose error_over_bound is largest; None where not comparable
    bound: float | None  # that component's bound
    error_over_bound: (
        float | None
    )  # error / bound, 0 where both are 0, inf where only the bound is; None as above
    message: str = ""  # one sentence for people; empty where all is right
    form_message: str = ""
    parts: tuple[Part, ...] = ()  # where the exercise asks for leaves
    accepted: int = 0  # of several right answers the one that fits best; 0 is the reference's

    @property
    def borderline(self) -> bool:
        return is_borderline(self.failure, self.error_over_bound)


class Chain(Record, frozen=True):
    """One traced case: whether the optimiser, or the functions, asked for made what came back."""

    case: int
    holds: bool
    steps: int  # of the optimiser asked for
    message: str = ""
    optimiser: str = ""  # the one asked for: two criteria may ask for two
    criterion: str = ""  # of kind "calls": the one that asks which functions are used


class ExerciseOutcomes(Record, frozen=True):
    """One exercise on one device, judged."""

    name: str
    device: str
    found: bool
    outcomes: tuple[Outcome, ...]  # in the suite's order; empty where not found
    chains: tuple[Chain, ...]
    moved: bool  # some call that has something to do returned something other than its input and zero
    notes: tuple[str, ...] = ()
