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
STATEMENT: Final = 2.5  # a top-level statement may train for a while: times the limit of a case
READING: Final = 5.0  # likewise the parsing of a file: 32 MiB of notebook take about a second
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
    return {
        "case_cpu_seconds": limits.case_cpu_seconds,
        "statement_cpu_seconds": limits.case_cpu_seconds * STATEMENT,
        "submission_cpu_seconds": limits.submission_cpu_seconds,
        "wall_factor": limits.wall_factor,
        "memory_bytes": limits.memory_bytes,
        "workers": limits.workers,
    }
