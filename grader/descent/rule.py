"""One row a rule: a mistake in one slot of a descent, with all that is known of it.

A row is used three ways. Its `samples` are the misconceptions that the freezer runs with PyTorch and that the
suite must catch; `f` is what the fit runs; `read` finds its constants, in rows that traces show or, where
nothing was traced, in rows that values allow. The rest are the words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grader.descent.program import Slot
from grader.descent.reading import Reader, Rows, nothing, told
from grader.exercises import Landmark


def worded(words: Mapping[float, str], otherwise: str, sentence: str = "{}") -> Callable[..., str]:
    """A title with words of its own for some values of the first constant."""

    def title(*constants: float) -> str:
        return sentence.format(words.get(constants[0], otherwise.format(*map(told, constants))))

    return title


LANDMARKS: Final[Mapping[Slot, Landmark]] = {
    "start": "definition", "loss": "loss", "accumulate": "zero_grad", "clip": "backward", "rate": "optimiser",
    "schedule": "step", "direction": "optimiser", "update": "optimiser", "between": "step", "count": "loop",
    "stop": "loop", "result": "return", "empty": "return",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rule:
    """A mistake in one slot.

    `title` has {0}, {1} for the constants, or makes the sentence of them itself. `f(x, at, *constants)`
    is what the slot holds in place of the right value `x`. `rank`: plainer mistakes have a lower one;
    of two that fit alike the plainer is told.
    """

    id: str
    slot: Slot
    title: str | Callable[..., str]
    hint: str
    f: Callable[..., Any]
    read: Reader = nothing
    teacher: str = ""
    rank: int = 20
    samples: tuple[tuple[float, ...], ...] = ((),)  # constants as students have them; the suite must tell all
    plain: tuple[tuple[float, ...], ...] = ()  # constants to try where what is done later hides them
    known: int = 1  # of the samples, the first so many are run by the freezer as misconceptions
    landmark: Landmark | None = None  # the slot's own where None
    options: tuple[str, ...] = ()  # slots direction, update: the constants' names in torch.optim
    optimiser: str = "SGD"  # slot update: the class of torch.optim
    fixed: Mapping[str, Any] = field(default_factory=dict)  # further options of it
    remembers: bool = False  # looks at other steps: cannot be held to one row alone
    spreads: Callable[[Mapping[Slot, Rows]], bool] | None = None  # do traces show it? where in several slots

    def titled(self, *constants: float) -> str:
        return self.title(*constants) if callable(self.title) else self.title.format(*map(told, constants))

    @property
    def where(self) -> Landmark:
        return self.landmark or LANDMARKS[self.slot]
