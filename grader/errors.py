"""What can go wrong that is not a student's mistake: where, what was found, what to do.

A student's mistake is a value (`records.Answer`, `records.Outcome`) and never one of these.
`cli` is the only place where an error becomes text; the classes carry the exit code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class GraderError(Exception):
    """Wrong use or configuration: exit code 2."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}\n  {hint}" if hint else message)


class NothingToGrade(GraderError):
    """No submission was found: exit code 5."""

    exit_code = 5


class HarnessError(GraderError):
    """A fault of the grader or of this machine: exit code 3, and never a point lost."""

    exit_code = 3


@contextmanager
def unwritable_told(path: Path) -> Iterator[None]:
    """What the system says of a file that cannot be written, as a GraderError with what to do."""
    try:
        yield
    except OSError as error:
        raise GraderError(
            f"{path}: cannot be written: {error.strerror}.",
            "Name a place that you may write to and that has room: -o.",
        ) from None
