"""Child side: tell the parent while something installed is being imported, so that nobody is charged for it.

A first call may import as much code as PyTorch has, wherever the import stands: at the top, in a function,
or in a library that fetches its parts when they are needed. What that takes says nothing about the student.
So the loaders of Python's own import system say when the outermost module begins and ends. A module of the
student's own is no import in this sense: what it computes is the student's work.

This is a claim like all that a worker says: the parent excuses no more than `limits.IMPORTS`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader, SourceFileLoader, SourcelessFileLoader
from types import ModuleType
from typing import Any, Final

from grader import wire

STEPS: Final = (
    (SourceFileLoader, "exec_module"),
    (SourcelessFileLoader, "exec_module"),
    (ExtensionFileLoader, "create_module"),
    (ExtensionFileLoader, "exec_module"),
)
"""In which a module's code runs."""


def tell(say: Callable[[wire.Importing], None], own: str) -> None:
    """From now on, in the thread that calls this; `own` is the folder with the student's own modules."""
    announced = _Announced(say, own)
    for loader, step in STEPS:
        setattr(loader, step, announced.whole(getattr(loader, step)))


class _Announced:
    """Counts how deep in imports the thread is."""

    def __init__(self, say: Callable[[wire.Importing], None], own: str) -> None:
        self._tell = say
        self._own = own
        self._here = _here()
        self._depth = 0

    def whole(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The same step of loading a module, announced where it is the outermost."""

        def announced(loader: Any, module: ModuleType) -> Any:
            if _here() != self._here or str(loader.path).startswith(self._own):
                return step(loader, module)
            with self._told():
                return step(loader, module)

        return announced

    @contextmanager
    def _told(self) -> Iterator[None]:
        self._depth += 1
        if self._depth == 1:
            self._say(begins=True)
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._say(begins=False)

    def _say(self, *, begins: bool) -> None:
        self._tell(wire.Importing(begins))


def _here() -> tuple[int, int]:
    """A thread of a process: neither another thread nor a forked child speaks for the worker."""
    return os.getpid(), threading.get_ident()
