"""What the formats are made of: stored results, corrections, and evidence when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Final

from grader.overrides import NONE, Mark, Overrides, mark
from grader.records import Place
from grader.report import redaction
from grader.report.classview import ClassView, classroom
from grader.report.head import Head, head_of
from grader.results import (
    SCHEMA,
    Evidence,
    ExerciseResult,
    Graded,
    Quote,
    Results,
    SubmissionResult,
)

_SOURCES: Final = (".py", ".ipynb")


@dataclass(frozen=True)
class Material:
    """A class, or `one` submission for whoever handed it in. `root`: what file names are relative to."""

    results: Results
    overrides: Overrides
    evidence: Callable[[str], Evidence | None]
    one: bool = False
    root: Path | None = None

    @cached_property
    def view(self) -> ClassView:
        """What is shown of the class, made once for all that show it."""
        return classroom(self.results, self.overrides, self.evidence)

    @property
    def head(self) -> Head:
        return head_of(self.results)

    def submissions(self) -> Iterator[tuple[SubmissionResult, Evidence | None, Mark]]:
        """Each with its evidence, which is read now and not kept, and what it is worth."""
        for result in self.results.submissions:
            yield result, self.evidence(result.student), mark(result, self.overrides)


def of_check(graded: Graded, head: Head, root: Path | None = None) -> Material:
    """One submission, without what only an instructor may see."""
    result, evidence = redaction.for_student(graded.result, graded.evidence, hide_expected=False)
    results = Results(SCHEMA, head.assignment, head.environment, head.devices, (), (result,))
    return Material(results, NONE, lambda _: evidence, one=True, root=root)


class Spot:
    """A line of a file, as tools that know files and lines only want it."""

    def __init__(self, path: str, place: Place | Quote | None, root: Path | None) -> None:
        self.file = _from_root(_file(path, place), root)
        # A line of a notebook's cell is no line of its file.
        self.line = place.line if place is not None and place.cell is None else 1


def spot(
    result: SubmissionResult, exercise: ExerciseResult, evidence: Evidence | None, root: Path | None
) -> Spot:
    """Where an exercise's mistake is: the line that its diagnosis quotes, else its function."""
    quote = exercise.diagnosis.quote if exercise.diagnosis else None
    found = evidence.exercises if evidence else ()
    place = next((one.place for one in found if one.name == exercise.name), None)
    return Spot(result.path, quote or place, root)


def _file(path: str, place: Place | Quote | None) -> str:
    """A folder's path leads to one of its files."""
    inside = place is not None and PurePath(path).suffix.lower() not in (*_SOURCES, ".zip")
    return f"{path.rstrip('/')}/{place.file}" if inside and place is not None else path


def _from_root(file: str, root: Path | None) -> str:
    """From the repository's root, wherever the grader was started; a file outside stays as it is."""
    if root is None:
        return file
    found = os.path.relpath(file, root)
    return file if found.startswith("..") else found
