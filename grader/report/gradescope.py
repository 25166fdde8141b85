"""Stored results -> results.json as Gradescope's autograder platform reads it, for one submission.

Every text is declared to be `text`, so nothing of a student's is read as markup. Every test is visible:
one hidden test would hide the total. A fault of the grader has neither score nor tests, which Gradescope
reports as a failed autograder: it is never a zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from grader.overrides import mark
from grader.report import views
from grader.report.counterview import CounterView
from grader.report.material import Material
from grader.report.views import ExerciseView, StudentView
from grader.results import CriterionResult, SubmissionResult
from grader.text import clean, one_line

_OUTPUT: Final = 10_000  # characters
_NAME: Final = 200  # characters


def document(material: Material) -> str:
    """results.json of the one submission."""
    (result,) = material.results.submissions
    view = views.student(result, material.evidence(result.student), material.head, material.overrides)
    told: dict[str, Any] = {
        "output": _output(view),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": result.seconds,
        "extra_data": {
            "suite": material.results.assignment.digest,
            "grader": material.results.environment.grader,
        },
    }
    score = mark(result, material.overrides).score
    if score is not None:
        told |= {"score": score, "tests": list(_tests(result, view))}
    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode() + "\n"


def _output(view: StudentView) -> str:
    lines = [view.headline, view.banner, view.message]
    lines += [f"{one.name}: {one.words}" for one in view.devices if not one.graded]
    lines += [f"Note: {note}" for note in view.notes]
    return clean("\n".join(filter(None, lines)), _OUTPUT)


def _tests(result: SubmissionResult, view: StudentView) -> Iterator[dict[str, Any]]:
    """One a criterion and device, in the rubric's order; of a function that is not there too."""
    for number, (exercise, shown) in enumerate(zip(result.exercises, view.exercises, strict=True), 1):
        failed = False
        for place, row in enumerate(exercise.criteria, 1):
            first = row.outcome == "failed" and not failed
            failed = failed or first
            yield _test(row, shown, f"{number}.{place}", explained=first)


def _test(row: CriterionResult, shown: ExerciseView, number: str, *, explained: bool) -> dict[str, Any]:
    """`explained`: the first failed criterion says what the smallest call and the likely mistake are."""
    lines = [row.message, *(_explained(shown) if explained else ())]
    return {
        "name": one_line(f"{shown.name}: {row.title} ({row.device})", _NAME),
        "number": number,
        "score": row.points,
        "max_score": row.max_points,
        "status": row.outcome,
        "output": clean("\n".join(filter(None, lines)), _OUTPUT),
        "visibility": "visible",
    }


def _explained(shown: ExerciseView) -> Iterator[str]:
    if shown.counterexample:
        yield from _call(shown.counterexample)
    found = shown.diagnosis
    if found:
        yield f"\nLikely mistake: {found.title}\n{found.ground}"
        yield f"Hint: {found.hint}"
        if found.quote:
            yield f"Where: {found.quote.where}: {found.quote.text}"


def _call(found: CounterView) -> Iterator[str]:
    yield f"\nThe smallest call that shows it:\n{found.call}"
    yield from found.compared
    if found.support:
        yield f"It needs this above it:\n{found.support}"
