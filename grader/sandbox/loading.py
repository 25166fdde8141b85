"""Child side: a submission's files into the functions that the exercises ask for.

One mechanism for .py files and notebooks: statement by statement. A statement that raises
becomes a note, and the next one runs: a demo that fails below a right function costs nothing.
Before each statement the parent is told, so that it knows which one did not end.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from grader import wire
from grader.records import Cell, Note, Place
from grader.sandbox import shell, totals, tracebacks
from grader.sandbox.channel import Channel
from grader.sandbox.jobs import WHOLE_FILE, File, Job, Target
from grader.sandbox.landmarks import Landmarks, landmarks
from grader.sandbox.remains import Space
from grader.sandbox.sources import Program, Statement, Unreadable, compiled, read_python

Function = Callable[..., Any]

_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)

NAMED: Final = 3  # files of several that answer the same exercise

_BELOW: Final = "What stands below it ran all the same."


class Loaded:
    """What the submission defines, once its statements have run."""

    def __init__(self, wanted: tuple[str, ...]) -> None:
        self._wanted = wanted
        self.spaces: list[Space] = []
        self.functions: dict[str, Function] = {}
        self.landmarks: dict[str, Landmarks] = {}

    def missing(self) -> list[str]:
        return [name for name in self._wanted if name not in self.functions]

    def take(self, module: ModuleType, lines: dict[str, Landmarks]) -> None:
        """Keep what is still missing of this module's functions."""
        self.spaces.append(Space(module.__name__, vars(module)))
        for name in self.missing():
            found = vars(module).get(name)
            if callable(found):
                self.functions[name] = found
                self.landmarks[name] = lines[name]

    def has_another(self, program: Program) -> bool:
        """Whether the program writes anew what is already taken from another file, not through an import."""
        return any(
            getattr(self.functions[name], "__module__", "") != program.name or program.name == "__main__"
            for name in program.writes(self.functions)
        )

    def nearest(self, name: str) -> str | None:
        """The most similar name of a callable that the submission itself defines for nothing else."""
        own = {
            key
            for space in self.spaces
            for key, value in space.shown().items()
            if getattr(value, "__module__", None) == space.module and callable(value)
        }
        spare = sorted(own.difference(self._wanted))
        return next(iter(difflib.get_close_matches(name, spare, n=1)), None)


class Loader:
    """Runs the files of one job."""

    def __init__(self, job: Job, wanted: tuple[str, ...], channel: Channel) -> None:
        self._job = job
        self._wanted = wanted
        self._channel = channel
        self._skip = {skip.target: skip.why for skip in job.skip}
        self._stopped = False
        self._cells = self._source = 0  # how many there are to show, and how many bytes

    def load(self) -> Loaded | None:
        """Run the files; None where not one of them could be read, and the parent has been told why."""
        programs, unreadable = self._read()
        if not programs:
            first = unreadable[0] if unreadable else Unreadable("The submission has no files.")
            self._channel.point(wire.Unloadable(first.text, first.place))
            return None
        for error in unreadable:
            self._channel.note(Note(f"This file was not run. {error.text}", error.place))
        loaded = Loaded(self._wanted)
        passed_over: list[str] = []
        for position, (index, program) in enumerate(programs):
            if position and not program.defines(loaded.missing()):
                if loaded.has_another(program):
                    passed_over.append(self._job.files[index].name)
                continue
            lines = {name: landmarks(program, name) for name in loaded.missing()}
            loaded.take(self._run(index, program), lines)
        if passed_over:
            self._channel.note(_passed_over(self._job.files[programs[0][0]].name, passed_over))
        return loaded

    def _read(self) -> tuple[list[tuple[int, Program]], list[Unreadable]]:
        """The files that can run, the one with most of the wanted functions first."""
        programs: list[tuple[int, Program]] = []
        unreadable: list[Unreadable] = []
        for index, file in enumerate(self._job.files):
            why = self._skip.get(Target(index, WHOLE_FILE))
            if why is not None:
                unreadable.append(Unreadable(f"Reading it: {why}.", Place(file.name, None, 1)))
                continue
            self._channel.point(wire.Reading(index))
            try:
                programs.append((index, read(file)))
            except Unreadable as error:
                unreadable.append(Unreadable(error.text, error.place or Place(file.name, None, 1)))
                if error.cells:
                    self._show(error.cells)
        programs.sort(key=lambda item: -len(item[1].defines(self._wanted)))
        return programs, unreadable

    def _run(self, file: int, program: Program) -> ModuleType:
        module = _module(program)
        self._show(program.cells)
        for note in program.notes:
            self._channel.note(note)
        for index, statement in enumerate(program.statements):
            target = Target(file, index)
            if self._job.stop_at is not None and target == self._job.stop_at.target:
                text = f"From here on only definitions and imports were run: {self._job.stop_at.why}."
                self._channel.note(Note(text, statement.place))
                self._stopped = True
                sys.stdout = sys.stderr = self._channel.printed  # in the middle of a %%capture, perhaps
            if self._stopped and not isinstance(statement.node, _DEFINITIONS):
                continue
            if target in self._skip:
                text = f"This statement was skipped: {self._skip[target]}. {_BELOW}"
                self._channel.note(Note(text, statement.place))
                continue
            self._channel.point(wire.Statement(file, index, statement.place))
            self._execute(statement, module)
        return module

    def _show(self, cells: tuple[Cell, ...]) -> None:
        """Send the source for the report, as far as there is room for it there."""
        self._cells += len(cells)
        self._source += sum(len(cell.text.encode("utf-8", "replace")) for cell in cells)
        if self._cells <= totals.CELLS and self._source <= totals.SOURCE:
            self._channel.send(wire.Source(cells))
        else:
            self._channel.note(Note("There is too much source to be shown; it ran all the same."))

    def _execute(self, statement: Statement, module: ModuleType) -> None:
        before = {name: vars(module).get(name) for name in self._wanted}
        try:
            exec(compiled(statement), vars(module))  # noqa: S102 -- this is what a submission is for
        except BaseException as error:  # noqa: BLE001 -- the student's code: SystemExit and KeyboardInterrupt too
            self._channel.note(_failed(error, statement))
        for name, old in before.items():
            if callable(old) and vars(module).get(name) is not old:
                self._channel.note(
                    Note(f"{name} is defined again here: the last definition counts.", statement.place)
                )


def read(file: File) -> Program:
    """The file's statements. Raises Unreadable, whatever it is that its reader meets."""
    try:
        return _read(file)
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 -- what no reader has thought of is odd in the file all the same
        found = f"{type(error).__name__}: {tracebacks.message(error)}"
        raise Unreadable(f"It cannot be read ({found}).", Place(file.name, None, 1)) from None


def _read(file: File) -> Program:
    if not file.is_notebook:
        return read_python(file)
    from grader.sandbox.notebooks import read_notebook  # noqa: PLC0415 -- nbformat only where there is a notebook

    return read_notebook(file)


def _passed_over(first: str, others: list[str]) -> Note:
    """Said of a folder in which several files answer the same exercise, or that is a whole class."""
    named = ", ".join(others[:NAMED]) + (f" and {len(others) - NAMED} more" if len(others) > NAMED else "")
    return Note(
        f"What {first} defines was graded. The same is also defined in {named}, which counted for nothing; "
        "where each is a submission of its own, use `grader grade`."
    )


def _failed(error: BaseException, statement: Statement) -> Note:
    place = tracebacks.student_lines(error)[1] or statement.place
    if isinstance(error, SystemExit):
        return Note(f"The program ends itself here (SystemExit). {_BELOW}", place)
    text = f"{type(error).__name__}: {tracebacks.message(error)}".removesuffix(": ")
    if isinstance(error, EOFError):
        text += " (nobody answers input() while a submission is graded)"
    return Note(f"This statement raised {text}. {_BELOW}", place)


def _module(program: Program) -> ModuleType:
    """A fresh module, importable under its name unless something that is installed has that name."""
    module = ModuleType(program.name)
    module.__file__ = program.cells[0].file if program.cells else program.name
    if program.name == "__main__" or not _taken(program.name):
        sys.modules[program.name] = module
    if program.name == "__main__":
        vars(module).update(shell.names(module))
    return module


def _taken(name: str) -> bool:
    return name in sys.modules or name in sys.stdlib_module_names
