"""What diagnosis needs of an exercise and has from its kit alone: made once, with the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from grader import kit as kits
from grader.descent.diagnoser import Descent
from grader.diagnosis.matching import Known, known
from grader.diagnosis.partitions import Partition, partitions

if TYPE_CHECKING:
    from grader.diagnosis.candidates import Diagnoser


DIAGNOSERS: Final[Mapping[str, Callable[[kits.Exercise, bytes], Diagnoser]]] = {"descent": Descent}
"""By the name that an exercise asks with; each is made from what the freezer put into the kit for it."""


class Prepared:
    """One exercise. Each part is made when the first student needs it, and then kept."""

    def __init__(self, exercise: kits.Exercise) -> None:
        self.exercise = exercise

    @cached_property
    def known(self) -> tuple[Known, ...]:
        return known(self.exercise)

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        return partitions(self.exercise)

    @cached_property
    def diagnosers(self) -> tuple[Diagnoser, ...]:
        return tuple(
            DIAGNOSERS[name](self.exercise, frozen) for name, frozen in self.exercise.diagnosers.items()
        )
