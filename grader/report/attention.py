"""Stored results -> what an instructor has to look after: our own faults first, then what needs a look.

A submission needs a look where the grader cannot say what is wrong with it: it could not be loaded, no
known mistake fits, one explains only a part, a function was found under nearly another name, or an
answer was accepted close to the bound. What the instructor has corrected has been looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Literal

from grader.overrides import Mark, Overrides
from grader.report import views
from grader.report.figures import plural
from grader.report.head import head_of
from grader.report.mistakes import LinkView
from grader.report.views import NAME, View
from grader.results import CriterionResult, ExerciseResult, Results, SubmissionResult
from grader.store import file_name
from grader.text import one_line


class ItemView(View, frozen=True):
    """A sentence, behind the student whom it is about, if anyone."""

    student: LinkView | None
    text: str


class AlertView(View, frozen=True):
    """Something that stands on top of the page: `fault` is red, `warning` is not."""

    level: Literal["fault", "warning"]
    title: str
    items: tuple[ItemView, ...]


class LookView(View, frozen=True):
    """Why a submission needs a look, a sentence a reason."""

    student: LinkView
    reasons: tuple[str, ...]


def alerts(results: Results, overrides: Overrides) -> Iterator[AlertView]:
    faults = tuple(_fault(one) for one in results.submissions if one.status == "harness")
    if faults:
        yield AlertView("fault", "The grader failed on these; it costs nobody a point", faults)
    banner = views.banner(head_of(results))
    if banner:
        yield AlertView("fault", "No isolation", (ItemView(None, banner),))
    unmatched = tuple(ItemView(None, one_line(path, NAME)) for path in results.unmatched)
    if unmatched:
        yield AlertView("warning", "Files that belong to nobody and were not graded", unmatched)
    if overrides.warnings:
        told = tuple(ItemView(None, views.sentence(text)) for text in overrides.warnings)
        yield AlertView("warning", "Corrections", told)


def looks(results: Results, marks: Mapping[str, Mark]) -> dict[str, LookView]:
    """By student, in the order of the results."""
    several = sum(device.graded for device in results.devices) > 1
    found = {one.student: tuple(_reasons(one, marks[one.student], several)) for one in results.submissions}
    return {
        student: LookView(_link(student), tuple(map(views.sentence, dict.fromkeys(reasons))))
        for student, reasons in found.items()
        if reasons
    }


def _fault(result: SubmissionResult) -> ItemView:
    return ItemView(_link(result.student), views.sentence(result.message or "no reason was given"))


def _link(student: str) -> LinkView:
    return LinkView(one_line(student, NAME), f"students/{file_name(student)}.html")


def _reasons(result: SubmissionResult, worth: Mark, several: bool) -> Iterator[str]:
    corrected = {one.name for one in worth.exercises if one.override}
    left = [exercise for exercise in result.exercises if exercise.name not in corrected]
    if result.status == "load_failed" and left:
        yield f"could not be loaded: {result.message or 'no reason was given'}"
    elif result.status == "graded":
        for exercise in left:
            yield from (f"{exercise.name}: {reason}" for reason in _unclear(exercise))
            yield from (
                f"{exercise.name}: {_close(row, several)}" for row in exercise.criteria if row.borderline
            )


def _unclear(exercise: ExerciseResult) -> Iterator[str]:
    if exercise.status == "missing":
        told = exercise.criteria[0].message if exercise.criteria else ""
        if told and told != f"no function named {exercise.name}":
            yield told
        return
    found = exercise.diagnosis
    if found is None:
        yield from (f"no known mistake fits: {told}" for told in first_failure(exercise))
    elif found.partial:
        yield f"“{found.title}” explains {found.explained} of {plural(found.failing, 'failing case')}"


def first_failure(exercise: ExerciseResult) -> Iterator[str]:
    """What the first criterion that failed says, or what it is called; nothing where all passed."""
    failed = (row for row in exercise.criteria if row.outcome == "failed")
    yield from (row.message.partition(": ")[2] or row.message or row.title for row in islice(failed, 1))


def _close(row: CriterionResult, several: bool) -> str:
    where = f" on {row.device}" if several else ""
    return (
        f"{plural(row.borderline, 'case')} of “{row.title}”{where} accepted, but above a quarter of the bound"
    )
