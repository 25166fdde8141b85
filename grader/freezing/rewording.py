"""A kit and the assignment with other words -> the kit with these, and nothing is drawn or run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader import kit
from grader.errors import GraderError
from grader.exercises import Misconception
from grader.freezing.assignment import Assignment


def readable(path: Path) -> kit.Kit | None:
    """None where the file is no kit: then everything is made anew."""
    try:
        return kit.load(path).kit
    except GraderError:
        return None


def alike(loaded: Assignment, like: kit.Kit) -> bool:
    """Whether the kit has the same exercises, criteria and misconceptions."""
    frozen = {one.name: (_ids(one.rubric), _ids(_written(one))) for one in like.exercises}
    return frozen == {one.name: (_ids(one.rubric), _ids(one.misconceptions)) for one in loaded.exercises}


def _written(exercise: kit.Exercise) -> tuple[kit.Misconception, ...]:
    """The misconceptions that stand in the instructor's file; the words of the others are not from there."""
    return tuple(one for one in exercise.misconceptions if not (one.derived or one.idle or one.diagnoser))


def _ids(parts: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(one.id for one in parts)


def reworded(loaded: Assignment, like: kit.Kit) -> Iterator[kit.Exercise]:
    """The exercises of a kit that differs in words alone, with the words of today."""
    frozen = {one.name: one for one in like.exercises}
    for exercise in loaded.exercises:
        own = frozen[exercise.name]
        words = {one.id: one for one in exercise.misconceptions}
        criteria = zip(own.rubric, exercise.rubric, strict=True)
        yield msgspec.structs.replace(
            own,
            title=exercise.title,
            statement=exercise.statement,
            rubric=tuple(msgspec.structs.replace(old, title=new.title) for old, new in criteria),
            misconceptions=tuple(_reworded(old, words.get(old.id)) for old in own.misconceptions),
        )


def _reworded(old: kit.Misconception, new: Misconception | None) -> kit.Misconception:
    if new is None:
        return old
    return msgspec.structs.replace(old, title=new.title, hint=new.hint, teacher=new.teacher)
