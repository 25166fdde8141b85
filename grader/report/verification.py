"""What `grader verify` says: the mutation score and the matrix misconception x criterion, at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from grader.judging.verify import ExerciseVerification, Row, Verification

WIDTH = 80


def text(found: Verification, digest: str) -> str:
    """The whole verification; `x` marks a criterion that fails for a mistake."""
    return "\n".join(_lines(found, digest)) + "\n"


def _lines(found: Verification, digest: str) -> Iterator[str]:
    for exercise in found.exercises:
        yield from _exercise(exercise)
        yield ""
    counted = sum(one.counted for one in found.exercises)
    caught = sum(one.caught for one in found.exercises)
    score = f"{100 * found.mutation_score:.4g} %"
    yield f"Mutation score: {score} ({caught} of {counted} mistakes that must cost points)"
    yield f"The suites cost {found.effort:g} SGD steps a submission. Kit {digest}."
    yield "Fit to grade." if found.fit else "Not fit to grade: see above."


def _exercise(exercise: ExerciseVerification) -> Iterator[str]:
    yield exercise.name
    yield f"  {exercise.cases} cases, {exercise.effort:g} steps; {exercise.rungs} rungs on the ladder"
    yield ""
    width = max((len(row.id) for row in exercise.rows), default=0)
    for number, criterion in enumerate(exercise.criteria):
        yield "  " + " " * width + " " + " |" * number + f" {criterion}"
    for row in exercise.rows:
        marks = "".join(" x" if criterion in row.fails else " ." for criterion in exercise.criteria)
        yield f"  {row.id:<{width}} {marks}{_remark(row)}"
    yield from _told(exercise)


def _remark(row: Row) -> str:
    if not row.judged:
        return f"  not judged: {row.reason}"
    if row.missed:
        return f"  NOT CAUGHT: must fail {', '.join(row.missed)}"
    if row.extra:
        return f"  fails beyond its costs: {', '.join(row.extra)}"
    return "" if row.costs else "  costs nothing, as declared"


def _told(exercise: ExerciseVerification) -> Iterator[str]:
    if exercise.alike:
        yield ""
        yield "  The suite cannot tell apart:"
        for one, other in exercise.alike:
            yield from textwrap.wrap(
                f"{one} and {other}", WIDTH, initial_indent="    ", subsequent_indent="      "
            )
    for idle in exercise.idle:
        if idle.points:
            yield f"  A program that {idle.title} gets {idle.points:g} points; it must get none."
