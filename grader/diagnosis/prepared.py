"""What diagnosis needs of an exercise and has from its kit alone: made once, with the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from grader import decoders
from grader import kit as kits
from grader.descent.diagnoser import Descent
from grader.diagnosis.matching import Known, known, pairs
from grader.diagnosis.partitions import Partition, partitions
from grader.errors import GraderError
from grader.text import one_line

if TYPE_CHECKING:
    from grader.diagnosis.report import Diagnoser

AGAIN: Final = "Freeze the assignment again with this version: grader freeze -o FILE."
DIAGNOSERS: Final[Mapping[str, Callable[[kits.Exercise, bytes], Diagnoser]]] = {"descent": Descent}
"""By the name that an exercise asks with; each is made from what the freezer put into the kit for it."""


class Prepared:
    """One exercise. Raises GraderError where a diagnoser is not there, or its part of the kit is damaged."""

    def __init__(self, exercise: kits.Exercise) -> None:
        self.exercise = exercise
        self.diagnosers = tuple(_made(exercise, *one) for one in exercise.diagnosers.items())

    @cached_property
    def known(self) -> tuple[Known, ...]:
        return known(self.exercise)

    @cached_property
    def pairs(self) -> tuple[Known, ...]:
        return pairs(self.exercise)

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        return partitions(self.exercise)


def _made(exercise: kits.Exercise, name: str, frozen: bytes) -> Diagnoser:
    if name not in DIAGNOSERS:
        raise GraderError(f"{exercise.name}: the kit asks for a diagnoser {one_line(name, 40)!r}.", AGAIN)
    try:
        return DIAGNOSERS[name](exercise, frozen)
    except (*decoders.BROKEN, LookupError, TypeError, ValueError):  # whatever the bytes say
        raise GraderError(f"{exercise.name}: the kit's part for {name!r} is damaged.", AGAIN) from None
