"""`--grader-kit`: submissions as tests, `s07.ipynb::gradient_descent::one-step`, one for each criterion.

Paths are found and kits are read before pytest collects, so that what is wrong with them is wrong use. What
is collected comes from the kit and from names of files alone; a submission is graded at its first test.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import Any

import pytest

from grader import kit as kits
from grader import nearby
from grader.errors import GraderError
from grader.intake.submissions import open_submissions
from grader.kit import Exercise, LoadedKit
from grader.pytest.grading import Warm, fault, refusing, words
from grader.records import Submission
from grader.report import terminal
from grader.report.github import harmless
from grader.report.head import Head
from grader.results import ExerciseResult, Graded

Told = Mapping[tuple[str, str], str]
"""Of a submission's criteria, by exercise and id, those that failed: what is said of each."""


class Submissions:
    """What `--grader-kit` registers: collects from the paths that were named, and nothing else."""

    def __init__(self, config: pytest.Config, kit: Path) -> None:
        self._stack = ExitStack()  # the files of a zip
        config.add_cleanup(self._stack.close)
        with refusing():
            self.loaded: LoadedKit = kits.load(nearby.kit_file(kit))
            named = [Path(argument.partition("::")[0]) for argument in config.args]
            self._found = {_as_pytest_has_it(path): self._in(path, config) for path in named}
        self._kit = kit
        self._warm = Warm(self.loaded, config)
        self._told: dict[Submission, Told] = {}

    def _in(self, path: Path, config: pytest.Config) -> Sequence[Submission]:
        """Raises GraderError where there are none, or where settings of pytest lie among them."""
        found = self._stack.enter_context(open_submissions(path)).submissions
        place = nearby.handed_in(path, one=False)
        if config.inipath is not None and place.whole and place.holds(config.inipath):
            raise GraderError(
                f"{config.inipath}: pytest's settings stand in what is graded, where a student could have "
                "put them.",
                "Move the file away, or name other settings with -c FILE (/dev/null for none).",
            )
        return found

    def pytest_report_header(self) -> str:
        return harmless(f"grader: {self._kit}, {self.loaded.digest}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Directory:
        """Never a package: pytest runs its `__init__.py`."""
        if path in self._found:
            return Class.from_parent(parent, path=path, found=self._found[path], graded=self)
        return pytest.Dir.from_parent(parent, path=path)

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, object, list[pytest.Collector]]:
        """In the place of what else would be collected: pytest imports each `.py` that is named."""
        yield None
        found = self._found.get(file_path)
        if found is None:
            return []
        if file_path.suffix.lower() == ".zip":
            return [Class.from_parent(parent, path=file_path, found=found, graded=self)]
        return [File.from_parent(parent, path=file_path, submission=found[0], graded=self)]

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """With `-n`: all tests of a submission in one worker, so that it is graded once."""
        if config.getoption("dist") != "load":
            return None
        from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 -- pytest-xdist calls this

        return LoadFileScheduling(config, log)

    def told(self, submission: Submission, verbose: bool) -> Told:
        """Grade it if it was not yet. Raises GraderError where this machine cannot."""
        if submission not in self._told:
            self._told[submission] = _told(*self._warm.grade(submission), verbose)
        return self._told[submission]


class Class(pytest.Directory):
    """A folder or a zip of a class."""

    def __init__(self, *, found: Sequence[Submission], graded: Submissions, **given: Any) -> None:
        super().__init__(**given)
        self._found = found
        self._graded = graded

    def collect(self) -> Iterator[File]:
        for one in self._found:
            path = self.path / _harmless_name(one)
            yield File.from_parent(self, path=path, submission=one, graded=self._graded)


class File(pytest.File):
    """A submission: a file, or a student's folder or zip."""

    def __init__(self, *, submission: Submission, graded: Submissions, **given: Any) -> None:
        super().__init__(**given)
        self.submission = submission
        self.graded = graded

    def collect(self) -> Iterator[Function]:
        for exercise in self.graded.loaded.kit.exercises:
            yield Function.from_parent(self, name=exercise.name, file=self, exercise=exercise)


class Function(pytest.Collector):
    """An exercise of a submission."""

    def __init__(self, *, file: File, exercise: Exercise, **given: Any) -> None:
        super().__init__(**given)
        self._file = file
        self._exercise = exercise

    def collect(self) -> Iterator[Check]:
        for criterion in self._exercise.rubric:
            yield Check.from_parent(self, name=criterion.id, file=self._file, exercise=self._exercise.name)


class Wrong(Exception):
    """A criterion that failed, in the words of `grader check`."""


class Check(pytest.Item):
    """A criterion, on all devices."""

    def __init__(self, *, file: File, exercise: str, **given: Any) -> None:
        super().__init__(**given)
        self._file = file
        self._exercise = exercise
        self._told = ""

    def setup(self) -> None:
        """Grade: what goes wrong here is an error, never a failure."""
        try:
            told = self._file.graded.told(self._file.submission, verbose=self.config.get_verbosity() > 0)
        except GraderError as error:
            fault(words(error))
        if (self._exercise, "") in told:
            fault(told[self._exercise, ""])
        self._told = told.get((self._exercise, self.name), "")

    def runtest(self) -> None:
        if self._told:
            raise Wrong(self._told)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:  # of pytest's own types, which have no public names
        return str(excinfo.value) if excinfo.errisinstance(Wrong) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self._file.path.name}  {self._exercise}::{self.name}"


def _as_pytest_has_it(path: Path) -> Path:
    """Absolute, its links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 -- resolve follows links


def _harmless_name(submission: Submission) -> str:
    """The name of the file or folder; pytest begins lines with it and divides it at `::`."""
    return harmless(PurePath(submission.path).name).replace("::", ": :")


def _told(graded: Graded, head: Head, verbose: bool) -> Told:
    wanted = [(one.name, id_) for one in graded.result.exercises for id_ in _failed(one)]

    def say(name: str, id_: str) -> str:
        text = terminal.exercise(graded.result, graded.evidence, head, name, id_, verbose=verbose)
        return harmless(text.plain.strip("\n"))

    return {(name, id_): say(name, id_) for name, id_ in wanted}


def _failed(exercise: ExerciseResult) -> list[str]:
    """Ids of criteria; one that is empty where the grader failed."""
    if exercise.status == "harness":
        return [""]
    return list(dict.fromkeys(row.id for row in exercise.criteria if row.outcome != "passed"))
