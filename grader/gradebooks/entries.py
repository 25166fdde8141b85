"""Stored results and corrections -> what is exported: each submission's mark, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.kept import Made
from grader.overrides import Mark, Overrides, mark
from grader.records import Origin, Person
from grader.results import Results, SubmissionResult
from grader.store import spelled


@dataclass(frozen=True)
class Entry:
    """One submission. `people` are those who get its mark: one, or a group."""

    result: SubmissionResult
    mark: Mark
    people: tuple[Person, ...]

    @property
    def student(self) -> str:
        return self.result.student

    @property
    def origin(self) -> Origin:
        return self.result.origin or Origin("")

    def id_from(self, layout: str) -> str:
        """What this system knows the submission by; empty where it was not downloaded from there."""
        return self.origin.id if self.origin.layout == layout else ""

    def prefix_from(self, layout: str) -> str:
        return self.origin.prefix if self.origin.layout == layout else ""


def entries(results: Results, corrections: Overrides) -> Sequence[Entry]:
    """Corrected marks, in the order of the report."""
    return Made(lambda result: Entry(result, mark(result, corrections), _people(result)), results.submissions)


def _people(result: SubmissionResult) -> tuple[Person, ...]:
    """Whoever is known; else a file's or folder's name is an id or a name."""
    known = result.origin.people if result.origin else ()
    student = spelled(result.student)
    return known or (Person(student, student),)
