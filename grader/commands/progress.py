"""How far a class is: a bar on a terminal, elsewhere a line every few seconds, a student or an event.

It is told in one of three forms, and of grading kept for `grader status`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import click

from grader import progress, store
from grader.commands.common import tell
from grader.progress import Tracker
from grader.results import SubmissionResult

COLUMNS: Final = 80  # of a line where there is no terminal
_BAR: Final = 10  # columns, so that the words beside it fit


class Done(Protocol):
    """Says that one more is done, and how it was graded where it was."""

    def __call__(self, result: SubmissionResult | None = None, /) -> None: ...


class Work:
    """Hears of every submission that is done; `done` is what they are then."""

    def __init__(self, tracker: Tracker, done: str, form: str) -> None:
        self.tracker = tracker
        self._what, self._done = tracker.work.capitalize(), done
        self._form = form
        self._count = 0
        self._last = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Done:
        if sys.stderr.isatty() and self._form == "text":
            self._bar = _bar(self._what, self.tracker.left)
        self._tell(self.tracker.now())
        return self.done

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._tell(self.tracker.now("done" if kind is None else "interrupted"))

    def done(self, result: SubmissionResult | None = None) -> None:
        """One more is done."""
        self._count += 1
        if self.tracker.done(result):
            self._tell(self.tracker.now())
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])

    def _pace(self, now: progress.Progress) -> Iterator[str]:
        return speed(now)

    def _tell(self, now: progress.Progress) -> None:
        if self._form == "json":
            click.echo(store.encode(now), err=True)
        elif self._bar is not None:
            room = self._bar.console.width - len(f"{self._what}  {now.left}/{now.left} ") - _BAR
            self._bar.update(self._bar.task_ids[0], pace=fitted(self._pace(now), room))
        elif self._form == "text" and self._is_time():
            of = self._count + now.left
            click.echo(fitted([f"{self._count} of {of} {self._done}", *self._pace(now)]), err=True)

    def _is_time(self) -> bool:
        due = self._count > 0 and time.monotonic() - self._last >= progress.EVERY
        if due:
            self._last = time.monotonic()
        return due


class Progress(Work):
    """Of grading; on an interruption says how to go on."""

    def __init__(
        self, tracker: Tracker, before: int, folder: Path, *, form: str = "text", verbose: bool = False
    ) -> None:
        super().__init__(tracker, "graded", "none" if verbose and form == "text" else form)
        self._before = before  # as many as are said to stand
        self._folder = folder
        self._verbose = verbose

    def __enter__(self) -> Done:
        if self._before:
            click.echo(f"{self._before} graded before and unchanged, {self.tracker.left} to grade", err=True)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, where)
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            left = self.tracker.left
            tell(
                f"Interrupted with at most {left} to grade; what is done is kept in {self._folder}.\n"
                "  Go on with the same command and --resume."
            )

    def done(self, result: SubmissionResult | None = None) -> None:
        super().done(result)  # first, so that an interruption counts whoever was told of
        if self._verbose and result is not None:
            of = self._count + self.tracker.left
            tell(f"{self._count} of {of}: {result.student}: {scored(result)}")

    def _pace(self, now: progress.Progress) -> Iterator[str]:
        return pace(now)

    def _tell(self, now: progress.Progress) -> None:
        progress.keep(self._folder, now)
        super()._tell(now)


def scored(result: SubmissionResult) -> str:
    return "no score" if result.score is None else f"{result.score:g} / {result.max_score:g}"


def speed(now: progress.Progress) -> Iterator[str]:
    """`2.5 a second`, `12 s left`."""
    yield f"{now.rate:.1f} a second"
    yield "time unknown" if now.seconds_left is None else f"{lasting(now.seconds_left)} left"


def pace(now: progress.Progress) -> Iterator[str]:
    """How fast, how long yet, what failed, the marks, what it takes."""
    yield from speed(now)
    if now.load_failed + now.harness:
        yield f"{now.load_failed + now.harness} failed"
    yield "no marks yet" if now.mean is None else f"mean {now.mean:.0f} %"
    if now.memory is not None:
        yield f"{now.memory >> 20} MiB"
    if now.workers is not None:
        yield f"{now.workers} worker{'s' if now.workers != 1 else ''}"


def fitted(parts: Iterable[str], room: int = COLUMNS) -> str:
    """As many of the parts, from the first, as there is room for."""
    line = ""
    for part in parts:
        longer = f"{line}, {part}" if line else part
        if len(longer) > room:
            break
        line = longer
    return line


def lasting(seconds: float) -> str:
    """`12 s`, `34 min`, `3 h 05 min`."""
    minutes = round(seconds / 60)
    if seconds < 99.5:  # noqa: PLR2004 -- as long as two digits say it
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004


def _bar(what: str, total: int) -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (
        what,
        BarColumn(bar_width=_BAR),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=total, pace="")
    bar.start()
    return bar
