"""Parent side: what one submission may use, and which walls stand around it."""

from __future__ import annotations

from typing import Final

from grader.kit import Limits
from grader.results import Isolation
from grader.sandbox import linux
from grader.sandbox.jobs import Level

KEPT_OUTPUT: Final = 64 << 10  # of what a submission prints, shown
MESSAGE: Final = 2_000  # characters of a message
NOTES: Final = 200  # of one submission or exercise, shown
FLOOD: Final = 64 << 20  # of what it prints, ended
MAX_FRAMES: Final = 128 << 20  # bytes of frames from one worker, what it prints included
PYTHON_FILE: Final = 1 << 20
NOTEBOOK: Final = 32 << 20
FOLDER_BYTES: Final = 64 << 20
FOLDER_FILES: Final = 1_000
FOLDER_DEPTH: Final = 32

# Limits of time in seconds of the reference machine's CPU, as multiples of the limit of one call (2 s).
# An endless call costs an exercise 12 s: 2 in its first worker, 10 when it is made again by itself. At most
# four workers are ended while loading (and one for each further file that cannot be read) and two in each
# exercise, so whatever it does, a submission with n exercises ends within (4 + 2n) * 25 + 2n * 20 s.
AGAIN: Final = 5.0  # a call that did not end is made again by itself, with so many times the limit of a case
STATEMENT: Final = 2.5  # likewise a top-level statement, which may train for a while
LOADING: Final = 5.0  # all of them in one worker, with the reading of its files
READING: Final = 5.0  # the parsing of a file: 32 MiB of notebook take about a second
IMPORTS: Final = 7.5  # what imports are excused in one worker; with the default, some 15 times PyTorch
SKIPPED_STATEMENTS: Final = 2
START_SECONDS: Final = 120.0  # wall time for a process to stand; only a broken machine needs it
COLD_START_SECONDS: Final = 600.0  # with the import of torch, from a slow disk

_EVERYWHERE: Final = (
    "a process of its own for each submission",
    "an own session and process group, ended together",
    "no inherited files or environment",
    "limits of CPU time, open files and file size; no core dumps",
)
_LINUX: Final = (
    "a limit of memory",
    "no new privileges",
    "no inspection of the grader's memory",
    "left-behind processes are ended",
    "limits of threads, and of files and bytes in its own folder",
)
_COUNTED: Final = "a limit of processes"
_CALLS: Final = "a filter of system calls (seccomp)"
_FILTERED: Final = ("no new processes", _CALLS)
_FILES: Final = ("no capabilities", "no files but Python's and its own (Landlock)")
_SPACES: Final = "user, process, mount, network, IPC, host name and control group namespaces"
_ROOT: Final = "a root of its own, read-only, with Python and its packages alone"
_OTHER_USER: Final = "an unused user for each submission"
CUDA: Final = "on CUDA: every layer but those of the level none; there is no network there"


def isolation_report(level: Level, *, privileged: bool = False, weaker: str = "") -> Isolation:
    """What is applied to each worker at a level on this system, and what is not."""
    applied: tuple[str, ...]
    missing: tuple[str, ...]
    applied, missing = (_LINUX, ()) if linux.ON_LINUX else ((), _LINUX)
    if linux.counts_processes():
        applied = (*applied, _COUNTED)
    else:
        missing = (*missing, _COUNTED)
    spaces = _SPACES.removeprefix("user, ") if privileged else _SPACES
    layers: tuple[str, ...] = ()
    lacking: tuple[str, ...] = (*_FILES, *_FILTERED, _SPACES, _ROOT)
    apart = (spaces, _ROOT, *((_OTHER_USER,) if privileged else ()))
    because = f" ({weaker})" if weaker else ""
    if level == "strict":
        layers, lacking = (*_FILES, *_FILTERED, *apart), ()
    elif level == "standard":
        layers, lacking = (*_FILES, *_FILTERED), (_SPACES + because, _ROOT)
    return Isolation(level=level, layers=(*_EVERYWHERE, *applied, *layers), missing=(*missing, *lacking))


def as_numbers(limits: Limits) -> dict[str, float]:
    """The limits as results.json tells them."""
    case = limits.case_cpu_seconds
    return {
        "case_cpu_seconds": case,
        "case_again_cpu_seconds": case * AGAIN,
        "exercise_cpu_seconds": limits.exercise_cpu_seconds,
        "statement_cpu_seconds": case * STATEMENT,
        "loading_cpu_seconds": case * LOADING,
        "import_cpu_seconds": case * IMPORTS,
        "wall_factor": limits.wall_factor,
        "memory_bytes": limits.memory_bytes,
    }


def worker_cpu_seconds(limits: Limits, exercises: int) -> float:
    """What one worker can use at most: a backstop where the parent cannot look any more."""
    return limits.case_cpu_seconds * (LOADING + IMPORTS) + exercises * limits.exercise_cpu_seconds


def submission_cpu_seconds(limits: Limits, exercises: int) -> float:
    """What a submission can use at most, in all its workers."""
    loading = limits.case_cpu_seconds * (LOADING + IMPORTS)
    return (4 + 2 * exercises) * loading + 2 * exercises * limits.exercise_cpu_seconds


def endless_cpu_seconds(limits: Limits) -> float:
    """What a function that never ends takes: one call, and the same again by itself."""
    return limits.case_cpu_seconds * (1 + AGAIN)
