"""Stored results -> result.json as Classroom 50 collects it (`classroom50/result/v1`), for one submission.

Its runner refuses scores that are no whole numbers, so where a rubric has halves all points are multiplied
by one number: the share that was earned stays. Whose it is stands in the environment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

import msgspec

from grader.errors import GraderError
from grader.overrides import mark
from grader.report.material import Material
from grader.results import Stored, SubmissionResult
from grader.text import one_line

SCHEMA: Final = "classroom50/result/v1"
_NAME: Final = 200  # characters
_FINEST: Final = 1_000  # into so many parts a point may be divided
_ROUNDING: Final = 1e-9  # of a sum of such parts
_NEEDED: Final = ("CLASSROOM", "ASSIGNMENT", "USERNAME", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")
_HINT: Final = (
    "Classroom 50's runner sets them: run this from its autograder.py, or use grader check, which needs none."
)


class Place(Stored, frozen=True, rename={"kind": "assignment_type"}):
    """Whose submission it is, of which assignment, and where to look at it."""

    classroom: str
    assignment: str
    kind: str
    owner: str
    submission: str
    commit: str
    release: str
    review: str


def place(environment: Mapping[str, str]) -> Place:
    """As the runner tells it. Raises GraderError for variables that are not there, or empty."""
    missing = [name for name in _NEEDED if not environment.get(name)]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise GraderError(f"{', '.join(missing)} {are} not set in the environment.", _HINT)
    classroom, assignment, user, submission, commit, release = (environment[name] for name in _NEEDED)
    return Place(
        classroom=classroom,
        assignment=assignment,
        kind=environment.get("ASSIGNMENT_TYPE") or "individual",
        owner=environment.get("OWNER") or user,
        submission=submission,
        commit=commit,
        release=release,
        review=environment.get("REVIEW_URL") or commit,
    )


def document(material: Material, where: Place) -> str:
    """result.json of the one submission, which has a mark. Raises GraderError for points of odd parts."""
    (result,) = material.results.submissions
    times = factor(result)
    worth = mark(result, material.overrides)
    assert worth.score is not None  # a fault of the grader writes nothing
    started = datetime.fromisoformat(material.head.environment.started).astimezone(UTC)
    told = {
        "schema": SCHEMA,
        **msgspec.to_builtins(where),
        "datetime": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": _whole(worth.score, times),
        "max-score": _whole(worth.max_score, times),
        "tests": list(_tests(result, times)),
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def factor(result: SubmissionResult) -> int:
    """What all points are multiplied by to be whole."""
    rows = [row for exercise in result.exercises for row in exercise.criteria]
    points = {one for row in rows for one in (row.points, row.max_points)}
    points |= {result.max_score, result.score or 0.0}
    parts = [_part(one) for one in points]
    times = math.lcm(*(part.denominator for part in parts))
    if times > _FINEST or any(abs(part - one) > _ROUNDING for part, one in zip(parts, points, strict=True)):
        raise GraderError(
            "Classroom 50 takes whole points, and no small multiple of this rubric's is whole.",
            "Give each criterion whole points, or halves, thirds or tenths of one.",
        )
    return times


def _part(points: float) -> Fraction:
    """A tenth, not the number that stands for it."""
    return Fraction(points).limit_denominator(_FINEST)


def _whole(points: float, times: int) -> int:
    return round(_part(points) * times)


def _tests(result: SubmissionResult, times: int) -> Iterator[dict[str, Any]]:
    for exercise in result.exercises:
        for row in exercise.criteria:
            yield {
                "test-name": one_line(f"{exercise.name}: {row.title} ({row.device})", _NAME),
                "passed": row.outcome == "passed",
                "score": _whole(row.points, times),
                "max-score": _whole(row.max_points, times),
            }
