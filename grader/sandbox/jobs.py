"""What the parent tells the child: the suites' inputs once, then a job for each worker.

Inputs only: no expected value, no misconception, no rubric and no other submission is ever in
one of these records, so none can be found in a worker's memory.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from grader.records import Protocol, Record, Value
from grader.text import opens_json

Calls = Literal["suite", "ladder", "picked"]
Level = Literal["strict", "standard", "none"]
Wanted = Literal["auto", "strict", "standard", "none"]

EXIT_FAILED: Final = 97  # of a worker that could not be confined, or met a fault of ours
EXIT_NO_MEMORY: Final = 96  # of one that the student's code has left no memory to go on


class Call(Record, frozen=True):
    """The arguments of a graded call, in order.

    A traced one is watched by optimiser hooks. A call that is made `again` is judged by its steps, so more
    of them are kept, and what it prints.
    """

    arguments: dict[str, Value]
    traced: bool = False
    again: bool = False


class Inputs(Record, frozen=True):
    """What a worker knows of an exercise."""

    name: str
    parameters: tuple[str, ...]
    suite: tuple[Call, ...]
    ladder: tuple[Call, ...]
    keyword: int | None = (
        None  # the suite's cheapest case that has something to do: called once more by keyword
    )
    protocol: Protocol = Protocol()

    def calls(self, kind: Calls, rungs: int | None, picked: tuple[int, ...] = ()) -> tuple[Call, ...]:
        """The suite, the ladder's first rungs, or those of the suite that are picked, in that order.

        What is picked is to be shown, and so traced.
        """
        if kind == "picked":
            return tuple(replace(self.suite[index], traced=True) for index in picked)
        return self.suite if kind == "suite" else self.ladder[:rungs]


class Setup(Record, frozen=True):
    """What a zygote is given before it serves."""

    exercises: tuple[Inputs, ...]
    warm: bool  # import and warm torch before the first fork; never for CUDA
    level: Wanted = "auto"  # of the walls; auto: the strongest that can be had, but never none
    compares: bool = False  # its workers run nothing: they read code into fingerprints, without torch


class File(Record, frozen=True):
    """A candidate file as it lies on disk: the parent has not looked into it."""

    name: str
    data: bytes

    @property
    def is_notebook(self) -> bool:
        """By its name, or because its bytes are those of a notebook that was saved under another."""
        return self.named_notebook or (opens_json(self.data[:64]) and b'"nbformat"' in self.data)

    @property
    def named_notebook(self) -> bool:
        return self.name.lower().endswith(".ipynb")


WHOLE_FILE: Final = -1


class Target(Record, frozen=True):
    """A top-level statement: the `index`-th of the job's `file`-th file, or WHOLE_FILE."""

    file: int
    index: int


class Skip(Record, frozen=True):
    """A statement that ended an earlier worker, and how."""

    target: Target
    why: str


class Job(Record, frozen=True):
    """What one single-use worker does."""

    files: tuple[File, ...]
    folder: str  # the worker's own working folder, importable after everything that is installed
    exercises: tuple[int, ...]  # indices into the setup
    calls: Calls
    rungs: int | None  # of the ladder, how many calls from the first
    picked: dict[int, tuple[int, ...]] = msgspec.field(
        default_factory=dict
    )  # of each exercise, which of its suite's calls
    skip: tuple[Skip, ...] = ()
    stop_at: Skip | None = None  # from this one on only definitions and imports are run
    first: int = 0  # of the first exercise, the call to begin with: those before it were answered


class Batch(Record, frozen=True):
    """What a worker that compares does: the files of each of several submissions."""

    submissions: tuple[tuple[File, ...], ...]
    texts: bool  # whether their lines are asked for, to be shown


class Part(Record, frozen=True):
    """A file, or a code cell of a notebook, as it is shown; cut where it is too long."""

    file: str
    cell: int | None
    text: str


class Prints(Record, frozen=True):
    """One submission's fingerprints, as arrays of bytes: the parent reads numbers and nothing else.

    `hashes`: uint64. `spans`: uint32, three for each hash: the index of its part, its first and last line.
    """

    hashes: bytes
    spans: bytes
    problem: str = ""  # why a file gave none
    parts: tuple[Part, ...] = ()  # where texts are asked for


# --- between the parent and the zygote ------------------------------------------------------


class Start(Record, frozen=True):
    """Fork a worker. Its four files come with the message: job, frames, output, status."""

    device: str
    memory_bytes: int  # over what the zygote has
    cpu_seconds: float  # more than the parent's clock will ever allow
    folder: str  # the parent's, with the submission's own files; it is empty where there are none
    warm: tuple[str, ...] = ()  # modules to import before any student code, once where possible


class Ready(Record, frozen=True, tag="ready"):
    """The zygote serves."""

    python: str
    torch: str
    platform: str
    torch_cuda: str | None
    level: Level
    pace: float  # what limits of time are to be multiplied by on this machine
    weaker: str = ""  # why it is not the strongest that was asked for
    privileged: bool = False  # strict: another user instead of a user namespace


class Refused(Record, frozen=True, tag="refused"):
    """The level that was asked for cannot be had: a fault of nobody, and a choice for the user."""

    text: str
    hint: str


class Trouble(Record, frozen=True, tag="trouble"):
    """The zygote cannot serve, or a worker could not be started: a fault of ours."""

    text: str


class Forked(Record, frozen=True, tag="forked"):
    """A worker stands. Hanging up its status socket, or only the sending half, ends it."""

    pid: int


class Ended(Record, frozen=True, tag="ended"):
    """A worker is gone with all that it left behind."""

    status: int  # as os.waitpid gives it
    cpu_seconds: float
    excess: str = ""  # what it took too much of, a phrase, where that ended it


Report = Ready | Refused | Trouble | Forked | Ended


# --- what `grader doctor` asks ----------------------------------------------------------------


class Finding(Record, frozen=True):
    """What became of an experiment with one layer of the walls."""

    layer: str
    verdict: Literal["works", "unknown", "missing"]
    why: str  # what each half said, where the layer does not stand
    remedy: str  # how to get what is missing
