"""How far a class is: a bar on a terminal, a line every few seconds elsewhere, or one a student."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import click

from grader.commands.common import tell
from grader.results import SubmissionResult

EVERY: Final = 5.0  # seconds between two lines where there is no terminal


class Progress:
    """Hears of every submission that is done; on an interruption says how to go on."""

    def __init__(self, waiting: int, done: int, folder: Path, *, verbose: bool = False) -> None:
        self._waiting = waiting
        self._before = done
        self._folder = folder
        self._verbose = verbose
        self._scores: list[float] = []
        self._count = 0
        self._began = self._last = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        if self._before:
            click.echo(f"{self._before} graded before and unchanged, {self._waiting} to grade", err=True)
        if sys.stderr.isatty() and not self._verbose:
            self._bar = _bar(self._waiting)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            left = self._waiting - self._count
            tell(
                f"Interrupted with at most {left} to grade; what is done is kept in {self._folder}.\n"
                "  Go on with the same command and --resume."
            )

    def done(self, result: SubmissionResult) -> None:
        """One more is done."""
        self._count += 1
        if result.score is not None and result.max_score:
            self._scores.append(100 * result.score / result.max_score)
        if self._verbose:
            tell(f"{self._count} of {self._waiting}: {result.student}: {scored(result)}")
        elif self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, pace=self._pace())
        elif time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            click.echo(f"{self._count} of {self._waiting} graded, {self._pace()}", err=True)

    def _pace(self) -> str:
        return pace(self._count, self._waiting, time.monotonic() - self._began, self._scores)


def scored(result: SubmissionResult) -> str:
    return "no score" if result.score is None else f"{result.score:g} / {result.max_score:g}"


def pace(count: int, of: int, seconds: float, scores: Sequence[float]) -> str:
    """`2.5 a second, 12 s left, mean 61 %`: how fast, how long yet, the marks (in percent) so far."""
    mean = f"mean {sum(scores) / len(scores):.0f} %" if scores else "no marks yet"
    left = f"{(of - count) * seconds / count:.0f} s left" if count else "time unknown"
    return f"{count / max(seconds, 0.001):.1f} a second, {left}, {mean}"


def _bar(total: int) -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = ("Grading", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("grade", total=total, pace="")
    bar.start()
    return bar
