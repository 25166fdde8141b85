"""Child side: a kernel that lives on is left as it was found, whatever ran meanwhile and however that ended.

Put back is what our own calls change (what is printed to, seeds, hooks, how modules are loaded, handlers of
signals) and what a worker puts back between calls. What the student's functions do to the student's
own objects is theirs.
"""

from __future__ import annotations

import builtins
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Self

import numpy as np
import torch
from torch import overrides
from torch.optim import optimizer

from grader.sandbox import imports, settings, standins

_ABSENT: Final = object()
_MODES: Final[Any] = overrides
_PLACES: Final[tuple[tuple[Any, str], ...]] = (
    (builtins, "print"),
    (builtins, "input"),
    (sys, "stdout"),
    (sys, "stderr"),
    *imports.STEPS,
)
_DICTS: Final[tuple[Any, ...]] = (
    optimizer._global_optimizer_pre_hooks,  # noqa: SLF001 -- no public name leads to what is registered
    optimizer._global_optimizer_post_hooks,  # noqa: SLF001 -- likewise
)
_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGALRM", "SIGINT") if hasattr(signal, name))
"""SIGINT is the last: until then it is only noted, and nothing is left half put back."""


class Restored:
    """As it was on entering."""

    def __enter__(self) -> Self:
        self._attributes = [(place, name, vars(place).get(name, _ABSENT)) for place, name in _PLACES]
        self._dicts = [(one, dict(one)) for one in _DICTS]
        self._settings = settings.current()
        self._modes = _modes()
        self._seeds = _seeds()
        self._folder = _folder()
        self._trace = sys.gettrace()
        main = threading.current_thread() is threading.main_thread()
        self._handlers = [(number, signal.getsignal(number)) for number in _SIGNALS if main]
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._trace)
        _untrace(sys._getframe())  # noqa: SLF001 -- what ended a call may trace every frame of it
        for place, name, value in self._attributes:
            _put(place, name, value)
        for table, rows in self._dicts:
            if dict(table) != rows:
                table.clear()
                table.update(rows)
        standins.forget()
        settings.put_back(self._settings)
        while _modes() > self._modes:
            _MODES._pop_mode()  # noqa: SLF001 -- a mode that was not left has no other way out
        _seed(self._seeds)
        if self._folder is not None:
            with suppress(OSError):  # it is gone
                os.chdir(self._folder)
        for number, handler in self._handlers:
            signal.signal(number, handler)


def _put(place: Any, name: str, value: object) -> None:
    if value is _ABSENT:
        if name in vars(place):
            delattr(place, name)
    elif vars(place).get(name, _ABSENT) is not value:
        setattr(place, name, value)


def _untrace(frame: FrameType | None) -> None:
    while frame is not None and frame.f_trace is not None:
        frame.f_trace = None
        frame = frame.f_back


def _modes() -> int:
    return len(_MODES._get_current_function_mode_stack())  # noqa: SLF001 -- likewise


def _seeds() -> tuple[Any, ...]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), cuda  # noqa: NPY002 -- the old one is global


def _seed(seeds: tuple[Any, ...]) -> None:
    plain, numpy, cpu, cuda = seeds
    random.setstate(plain)
    np.random.set_state(numpy)  # noqa: NPY002 -- likewise
    torch.set_rng_state(cpu)
    if cuda:
        torch.cuda.set_rng_state_all(cuda)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 -- a text, as it has to come back
    except OSError:
        return None
