"""`grader.check`: what stands in a notebook's session, checked where it stands.

    import grader
    grader.check(gradient_descent)      # one function, with the nearest kit
    grader.check("homework.kit")        # every function that the kit asks for

The main path is the command line's; only what makes the calls is another: the kernel itself.
"""

from __future__ import annotations

import platform
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

import msgspec

import grader
from grader import kit as kits
from grader import nearby
from grader.diagnosis.prepared import Prepared
from grader.errors import GraderError, HarnessError
from grader.judging.evidence import CaseTexts
from grader.pipeline import Session, grade
from grader.records import Submission
from grader.report.head import Head
from grader.results import Assignment, Device, Environment, Graded, Isolation
from grader.sandbox.limits import as_numbers
from grader.sandbox.pool import Pool
from grader.text import clean, one_line

Function = Callable[..., Any]

WHERE: Final = "this notebook"


class Refused(GraderError):
    """Nothing was checked: what was found, and what to do. A notebook shows these words and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [clean(str(self))]


class Interrupted(KeyboardInterrupt):
    """By whoever sits before the notebook."""

    def __init__(self) -> None:
        super().__init__("The check was interrupted and says nothing. The session is as it was before.")

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True, repr=False)
class Result:
    """What a check came to. A notebook shows it as a page, everything else as text."""

    graded: Graded
    head: Head

    @property
    def passed(self) -> bool:
        """Whether every criterion passed on every device."""
        return all(row.outcome == "passed" for one in self.graded.result.exercises for row in one.criteria)

    @property
    def score(self) -> float:
        return self.graded.result.score or 0.0

    @property
    def max_score(self) -> float:
        return self.graded.result.max_score

    def __bool__(self) -> bool:
        """So that `assert grader.check(f)` holds once all is right."""
        return self.passed

    def __str__(self) -> str:
        return self._text(verbose=False)

    __repr__ = __str__

    @property
    def details(self) -> str:
        """The same with every failing case, the steps, all notes and what was printed."""
        return self._text(verbose=True)

    def _text(self, *, verbose: bool) -> str:
        from grader.report import terminal  # noqa: PLC0415 -- whoever shows the page needs no rich

        text = terminal.check(
            self.graded.result, self.graded.evidence, self.head, verbose=verbose, how=".details"
        )
        return text.plain.strip("\n")

    def _repr_html_(self) -> str:
        from grader.report.notebook import output  # noqa: PLC0415 -- whoever prints needs no jinja2

        name = f"torch-grader-{secrets.token_hex(4)}"
        return output(self.graded.result, self.graded.evidence, self.head, name)


def check(
    what: Function | str | PathLike[str] | None = None, *, kit: str | PathLike[str] | None = None
) -> Result:
    """Check a function or class of an exercise, or, given a kit, all that the kit asks for.

    Without a kit the nearest `*.kit` is taken, from the working folder upwards. Raises GraderError where
    nothing can be checked, with what to do.
    """
    names = sys._getframe(1).f_globals  # noqa: SLF001 -- a notebook's session is whoever calls
    try:
        return _checked(what, kit, names)
    except GraderError as error:
        raise Refused(error.message, error.hint) from None
    except KeyboardInterrupt:
        raise Interrupted from None


def _checked(what: Any, kit: str | PathLike[str] | None, names: dict[str, Any]) -> Result:
    if isinstance(what, str | PathLike):
        if kit is not None:
            raise GraderError("Two kits were named.", 'Say grader.check("homework.kit") for all functions.')
        what, kit = None, what
    loaded = _kit(nearby.kit_file(None if kit is None else Path(kit)))
    functions = _found(loaded.kit, names) if what is None else _named(what, loaded.kit, names)
    if what is not None:
        only = tuple(one for one in loaded.kit.exercises if one.name in functions)
        loaded = msgspec.structs.replace(loaded, kit=msgspec.structs.replace(loaded.kit, exercises=only))
    return _graded(loaded, functions, names)


def _kit(path: Path) -> kits.LoadedKit:
    """Read once for all checks of a session, as long as the file stays as it is."""
    try:
        found = path.stat()
        return _read(path.absolute(), found.st_mtime_ns, found.st_size)
    except OSError as error:
        message = f"{path}: cannot read the kit: {error.strerror}."
    except GraderError as error:
        message = error.message
    raise GraderError(
        message, f"Use the kit that your course hands out for torch-grader {grader.__version__}."
    )


@lru_cache(maxsize=2)
def _read(path: Path, _written: int, _size: int) -> kits.LoadedKit:
    return kits.load(path)


def _found(kit: kits.Kit, names: Mapping[str, Any]) -> dict[str, Function]:
    """What the session defines of all that is asked for."""
    return {one.name: names[one.name] for one in kit.exercises if callable(names.get(one.name))}


def _named(what: Any, kit: kits.Kit, names: Mapping[str, Any]) -> dict[str, Function]:
    """The exercise that a function answers: by the name it is bound to, else by its own."""
    asked = [one.name for one in kit.exercises]
    if not callable(what):
        raise GraderError(
            f"{_described(what)} is no function.",
            f"Pass the function itself, without calling it: grader.check({asked[0]}).",
        )
    bound = [name for name in asked if names.get(name) is what]
    name = next(iter(bound), getattr(what, "__name__", ""))
    if name not in asked:
        raise GraderError(
            f"{_described(what)}: the kit asks for no function of that name. It asks for {', '.join(asked)}.",
            f"Bind it to the name that is asked for, and check it by that name: {asked[0]} = ...",
        )
    return {name: what}


def _described(what: object) -> str:
    """Such as `a lambda`, `a functools.partial`, `the function descend`."""
    name = getattr(what, "__name__", "")
    kind = type(what)
    if name == "<lambda>":
        return "A lambda, which has no name of its own"
    if name:
        words = {"function": "The function", "method": "The method", "type": "The class"}
        return f"{words.get(kind.__name__, f'The {kind.__name__}')} {one_line(str(name))}"
    return f"An object of type {kind.__module__}.{kind.__qualname__}".replace("builtins.", "")


def _graded(loaded: kits.LoadedKit, functions: Mapping[str, Function], names: dict[str, Any]) -> Result:
    from grader.sandbox import kernel, session  # noqa: PLC0415 -- they import torch

    if kernel.is_calling():
        raise GraderError(
            "grader.check was called by what is being checked.", "Call it in a cell of its own, below."
        )
    found = session.Session(names)
    given = found.loaded(functions, tuple(one.name for one in loaded.kit.exercises))
    kit = loaded.kit
    pool = cast("Pool", kernel.Kernel(kit, given, found.cells(), found.named))
    devices = kernel.present(kit.devices)
    prepared = {one.name: Prepared(one) for one in kit.exercises}
    graded = grade(Submission("", WHERE), Session(kit, pool, devices, 1, CaseTexts(kit), prepared))
    if graded.result.status == "harness":
        raise HarnessError(graded.result.message or "The grader failed.", "This is no mistake of yours.")
    return Result(graded, _head(loaded, devices))


def _head(loaded: kits.LoadedKit, devices: tuple[Device, ...]) -> Head:
    from grader.sandbox.kernel import TORCH  # noqa: PLC0415 -- it imports torch

    kit = loaded.kit
    environment = Environment(
        grader=grader.__version__,
        python=platform.python_version(),
        torch=TORCH,
        platform=platform.platform(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        limits=as_numbers(kit.limits),
        isolation=Isolation("own", ("the session of whoever wrote it",), ()),
    )
    return Head(Assignment(kit.title, loaded.digest, kit.devices), environment, devices)
