"""View records -> what a notebook shows below a cell: the student's page, without what goes around it.

It stands among others in a page that is not ours: its style reaches nothing else, it needs no script, and it
is small, since a notebook keeps every output.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from msgspec.structs import replace

from grader.report import redaction, views
from grader.report.head import Head
from grader.report.html import Renderer
from grader.report.views import CriterionView, ExerciseView, StudentView
from grader.results import Evidence, SubmissionResult

MOST: Final = 40_000  # bytes
_MORE: Final = ".details shows the rest."


def output(result: SubmissionResult, evidence: Evidence | None, head: Head, name: str) -> str:
    """HTML of at most MOST bytes; `name`: of letters, digits and -, like no other in the notebook."""
    shown, found = redaction.for_student(result, evidence, hide_expected=head.hide_expected)
    whole = views.student(shown, found, head)
    unlinked = replace(whole, exercises=tuple(map(_unlinked, whole.exercises)))
    made = (_rendered(view, name, more) for view, more in _ever_smaller(unlinked))
    return next(html for html in made if len(html.encode()) <= MOST)


def _rendered(view: StudentView, name: str, more: str) -> str:
    return _renderer().fragment("notebook", view, name, more)


@cache
def _renderer() -> Renderer:
    return Renderer()


def _unlinked(exercise: ExerciseView) -> ExerciseView:
    """The source is in the notebook, and not here once more."""
    found = exercise.diagnosis
    if found is None or found.quote is None:
        return exercise
    return replace(exercise, diagnosis=replace(found, quote=replace(found.quote, anchor="")))


def _ever_smaller(view: StudentView) -> Iterator[tuple[StudentView, str]]:
    """Without pictures, then without tables, then without words."""
    yield view, ""
    plain = replace(view, exercises=tuple(replace(one, pictures=()) for one in view.exercises))
    yield plain, ""
    yield replace(plain, output="", exercises=tuple(map(_short, view.exercises))), _MORE
    bare = replace(view, notes=(), output="", exercises=tuple(map(_bare, view.exercises)))
    yield bare, _MORE
    yield replace(bare, exercises=()), _MORE


def _short(exercise: ExerciseView) -> ExerciseView:
    criteria = tuple(map(_untabled, exercise.criteria))
    return replace(exercise, pictures=(), steps=None, criteria=criteria)


def _untabled(criterion: CriterionView) -> CriterionView:
    return replace(criterion, parts=tuple(replace(part, rows=(), more="") for part in criterion.parts))


def _bare(exercise: ExerciseView) -> ExerciseView:
    short = _short(exercise)
    return replace(short, notes=(), further=(), counterexample=None, criteria=())
