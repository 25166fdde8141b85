"""Inputs from Hypothesis: a pool drawn once, and the simplest input on which a mistake shows.

All of it happens while an assignment is frozen; nothing is drawn or shrunk while grading. The
same seed draws the same inputs on the same versions.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy, tuples

BATCH: Final = 40  # inputs a draw: Hypothesis spends longer on varying an example than on drawing one
SHRINK_EXAMPLES: Final = 100  # a mistake that a hundred draws do not show is none that these inputs can show

Drawn = dict[str, Any]


def pool(strategy: SearchStrategy[Drawn], size: int, random_seed: int) -> list[Drawn]:
    """Draw inputs, the simplest among them."""
    drawn: list[Drawn] = []

    @seed(random_seed)
    @settings(
        max_examples=-(-size // BATCH),
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(tuples(*[strategy] * BATCH))
    def collect(batch: tuple[Drawn, ...]) -> None:
        drawn.extend(batch)

    collect()
    return drawn[:size]


def simplest(
    strategy: SearchStrategy[Drawn], shows: Callable[[Drawn], bool], random_seed: int
) -> Drawn | None:
    """The simplest input on which `shows` holds, None where none was found."""
    try:
        return find(
            strategy,
            shows,
            settings=settings(
                max_examples=SHRINK_EXAMPLES,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
            random=Random(random_seed),  # noqa: S311 -- draws inputs, guards nothing
        )
    except NoSuchExample:
        return None
