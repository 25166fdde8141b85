"""`--watch`: the same work again after every change, in one warm session, until Ctrl-C.

What goes wrong meanwhile is said in a sentence, and the watch goes on: a file that is gone or half-written,
a folder that is away, a kit that cannot be read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from grader.commands.changes import Changes, Place
from grader.commands.common import load_kit, tell, tell_source
from grader.errors import GraderError
from grader.kit import LoadedKit
from grader.nearby import REFERENCE, Source
from grader.pipeline import Session
from grader.report.head import Head
from grader.run import Options, opened
from grader.sandbox.watch import Overtaken

INTERRUPTED: Final = 130  # as wherever Ctrl-C ends a command
GOES_ON: Final = "The watch goes on: what is saved next is looked at."

Show = Callable[[], None]
Work = Callable[[Session, Head], Show | None]
"""Does it, and returns what shows it; None where nothing is new."""


class Warm:
    """A session that stays as it is until its kit changes; a context manager."""

    def __init__(
        self, source: Source, loaded: LoadedKit, expect_digest: str | None, options: Options
    ) -> None:
        self.source = source
        self.trouble = ""
        self._expected = expect_digest
        self._options = options
        self._open(loaded)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self, loaded: LoadedKit) -> None:
        with ExitStack() as stack:
            self.session, self.head = stack.enter_context(opened(loaded, self._options))
            self._digest = loaded.digest
            self._stack = stack.pop_all()

    def renew(self) -> None:
        """Take the kit as it is now; where it cannot be taken, what was there goes on being used."""
        before = self._stack
        self.trouble = ""
        try:
            loaded = load_kit(self.source, self._expected)
            if loaded.digest != self._digest:
                self._open(loaded)
                before.close()
        except GraderError as error:
            self.trouble = f"{error.message}\n  help: It goes on with the kit as it was before."


def watch(
    path: Path,
    warm: Warm,
    work: Work,
    beside: tuple[Path, ...] = (),
    output: Path | None = None,
    *,
    whole: bool = False,
) -> int:
    """Work now and after every change, until Ctrl-C; return the exit code of that.

    `whole`: what has begun is not given up for what was saved meanwhile.
    """
    home = warm.source.path
    there = Changes(Place(path, home if warm.source.is_kit else home / REFERENCE, beside, output))
    before = None
    try:
        for seen in there:
            if before is not None and seen.kit != before:
                warm.renew()
            before = seen.kit
            warm.session.pool.overtaken = None if whole else there.overtaken
            with suppress(Overtaken):
                _round(path, warm, work)
    except KeyboardInterrupt:
        return INTERRUPTED
    raise AssertionError  # changes never end


def _round(path: Path, warm: Warm, work: Work) -> None:
    """Work and show what came of it, unless something else was saved before it could be shown."""
    began = time.monotonic()
    screen = sys.stdout.isatty()
    overtaken = warm.session.pool.overtaken
    if screen and overtaken is not None:  # a class has a bar
        tell("Working ...")
    try:
        show = work(warm.session, warm.head)
    except GraderError as error:
        show = _trouble(f"{error.message}\n  help: {GOES_ON}")
    if show is None or (overtaken is not None and overtaken()):
        return
    if screen:
        _clear()
        tell_source(warm.source)
    if warm.trouble:
        _trouble(warm.trouble)()
    show()
    sys.stdout.flush()
    seconds = time.monotonic() - began
    tell(f"{datetime.now().astimezone():%H:%M:%S}, {seconds:.1f} s. Watching {path}; Ctrl-C ends it.")


def _trouble(text: str) -> Show:
    return lambda: tell(f"error: {text}")


def _clear() -> None:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal

    Console().clear()
