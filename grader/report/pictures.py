"""Which pictures an exercise has: one wherever its data exist, whatever the exercise is called."""

from __future__ import annotations

from grader.report import differencepicture, errorpicture, pathpictures, trajectory
from grader.report.drawing import PictureView
from grader.results import ExerciseEvidence, ExerciseResult


def pictures(
    exercise: ExerciseResult, evidence: ExerciseEvidence, *, several: bool
) -> tuple[PictureView, ...]:
    """Where the smallest call's result differs, the run that tells most, then the errors of all cases."""
    where = differencepicture.picture(evidence.difference) if evidence.difference else None
    run = trajectory.telling(evidence) if evidence.moved else None
    path = pathpictures.picture(run, evidence.moved) if run else None
    errors = errorpicture.picture(exercise.criteria, evidence, several=several)
    return tuple(one for one in (where, path, errors) if one)
