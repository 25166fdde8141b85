"""How far a freeze is: a bar on a terminal, elsewhere one line when it begins and one when it is done.

A kit that is cached is there at once, and then nothing is said.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

import click


class Freezing:
    """Hears of each part that is done. `silent` says nothing, whatever happens."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._began: float | None = None
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._began is not None and kind is None:
            click.echo(f"Frozen in {time.monotonic() - self._began:.0f} s.", err=True)

    def told(self, share: float, doing: str) -> None:
        """So much more of it is done, and this comes next."""
        if self._silent:
            return
        if self._began is None:
            self._begin()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=share, doing=doing)

    def _begin(self) -> None:
        self._began = time.monotonic()
        if sys.stderr.isatty():
            self._bar = _bar()
        else:
            click.echo(
                "Freezing the assignment, once: cases are drawn, and every known mistake is run on them…",
                err=True,
            )


def _bar() -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        "Freezing the assignment, once",
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("freeze", total=1.0, doing="")
    bar.start()
    return bar
