"""Grading for pytest: one warm session a kit and process, and what is said of what came out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

from grader import kit as kits
from grader import nearby
from grader.commands.common import tell
from grader.errors import GraderError
from grader.intake.submissions import open_submissions
from grader.kit import LoadedKit
from grader.pipeline import Session, grade
from grader.records import Submission
from grader.report import terminal, views
from grader.report.github import harmless
from grader.report.head import Head
from grader.results import Evidence, ExerciseResult, Graded, SubmissionResult
from grader.run import Options, opened
from grader.text import clean


def words(error: GraderError) -> str:
    """As the command line says it."""
    return harmless(clean(error.message + (f"\n  help: {error.hint}" if error.hint else "")))


@contextmanager
def refusing() -> Iterator[None]:
    """Wrong use of the grader is wrong use of pytest."""
    try:
        yield
    except GraderError as error:
        raise pytest.UsageError(words(error)) from None


def fault(text: str) -> NoReturn:
    """In a test's setup this is an error of the test, never a failure: nobody loses a point."""
    raise pytest.fail.Exception(text, pytrace=False) from None


class Warm:
    """A kit, and from the first submission on a session that stays until pytest ends."""

    def __init__(self, loaded: LoadedKit, config: pytest.Config) -> None:
        self.loaded = loaded
        self._config = config
        self._opened: tuple[Session, Head] | GraderError | None = None

    def grade(self, submission: Submission) -> tuple[Graded, Head]:
        """Raises GraderError, each time alike, where this machine cannot do what the kit asks for."""
        if self._opened is None:
            self._opened = self._open()
        if isinstance(self._opened, GraderError):
            raise self._opened
        session, head = self._opened
        return grade(submission, session), head

    def _open(self) -> tuple[Session, Head] | GraderError:
        stack = ExitStack()
        self._config.add_cleanup(stack.close)
        try:
            with _uncaptured(self._config):  # what is less than asked for is told, whatever comes out
                session, head = stack.enter_context(opened(self.loaded, Options()))
                _tell_absent(head)
        except GraderError as error:
            return error
        return session, head


def _tell_absent(head: Head) -> None:
    for device in views.devices(head):
        if not device.graded:
            tell(f"note: {device.name}: {device.words}")


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    capture = config.pluginmanager.getplugin("capturemanager")
    with ExitStack() as stack:
        if capture is not None:
            stack.enter_context(capture.global_and_fixture_disabled())
        yield


# --- the fixture `graded` -------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Answer:
    """What a submission came to in one exercise; as a text, what `grader check` says of it."""

    exercise: ExerciseResult
    submission: SubmissionResult  # with all exercises
    evidence: Evidence
    head: Head

    @property
    def passed(self) -> bool:
        """Whether every criterion passed on every device."""
        return all(row.outcome == "passed" for row in self.exercise.criteria)

    @property
    def score(self) -> float:
        return self.exercise.score or 0.0

    @property
    def max_score(self) -> float:
        return self.exercise.max_score

    def __str__(self) -> str:
        text = terminal.exercise(self.submission, self.evidence, self.head, self.exercise.name)
        return harmless(text.plain.strip("\n"))

    def __repr__(self) -> str:
        return f"<{self.exercise.name} of {self.submission.path}: {self.score:g} / {self.max_score:g} points>"


_WARM: Final = pytest.StashKey[dict[Path, Warm]]()
_GRADED: Final = pytest.StashKey[dict[tuple[Path, Path], tuple[Graded, Head]]]()


def answer(config: pytest.Config, name: str, kit: Path, submission: Path) -> Answer:
    """Grade it, once for all its exercises, and pick this one."""
    done = config.stash.setdefault(_GRADED, {})
    key = (config.rootpath / nearby.kit_file(kit), config.rootpath / submission)
    try:
        if key not in done:
            done[key] = _grade(config, *key)
        return _picked(*done[key], name, key[0])
    except GraderError as error:
        fault(words(error))


def _grade(config: pytest.Config, kit: Path, path: Path) -> tuple[Graded, Head]:
    warm = config.stash.setdefault(_WARM, {})
    if kit not in warm:
        warm[kit] = Warm(kits.load(kit), config)
    with open_submissions(path, one=True) as discovery:
        return warm[kit].grade(discovery.submissions[0])


def _picked(graded: Graded, head: Head, name: str, kit: Path) -> Answer:
    """Raises GraderError for an exercise that is not in the kit."""
    result = graded.result
    found = next((one for one in result.exercises if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in result.exercises)
        raise GraderError(f"{kit}: the kit has no exercise {name!r}.", f"It has {names}.")
    if found.status == "harness":
        fault(harmless(terminal.exercise(result, graded.evidence, head, name).plain))
    return Answer(found, result, graded.evidence, head)
