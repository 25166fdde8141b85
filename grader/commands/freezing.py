"""How far a freeze is: what is frozen, a bar on a terminal, and how long it took.

A kit that is cached is there at once, and then nothing is said.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import click


class Freezing:
    """Says that it begins, by `say`, and hears of each part that is done; without `say` it is silent."""

    def __init__(self, say: Callable[[], None] | None) -> None:
        self._say = say
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

    def begin(self) -> None:
        """Before any of the assignment's code is run."""
        if self._say is None:
            return
        self._say()
        self._began = time.monotonic()
        if sys.stderr.isatty():
            self._bar = _bar()

    def told(self, share: float, doing: str) -> None:
        """So much more of it is done, and this comes next."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=share, doing=doing)


def _bar() -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("freeze", total=1.0, doing="")
    bar.start()
    return bar
