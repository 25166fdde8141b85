"""Inputs from Hypothesis: a pool drawn once, and the simplest input on which a mistake shows.

All of it happens while an assignment is frozen; nothing is drawn or shrunk while grading. The
same seed draws the same inputs on the same versions.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.control import current_build_context
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy, tuples

from grader.freezing.reproducible import reproducible

BATCH: Final = 40  # inputs a draw: Hypothesis spends longer on varying an example than on drawing one
LIGHT: Final = 100  # bytes of choices in an input; of larger ones, forty do not fit into one example of 8 KiB
FEWEST: Final = 150  # inputs drawn one by one: nearly all are distinct, of a batch a third is
MOST: Final = 400
CHOICES: Final = 60_000  # bytes in all, between these: about a second
LOOKED_AT: Final = 10  # inputs, to see how large they are
SHRINK_EXAMPLES: Final = 100  # a mistake that a hundred draws do not show is none that these inputs can show

Drawn = dict[str, Any]
T = TypeVar("T")


def pool(strategy: SearchStrategy[Drawn], size: int, random_seed: int) -> list[Drawn]:
    """Draw inputs, the simplest among them; of large ones fewer."""
    _, sizes = _drawn(strategy, LOOKED_AT, random_seed)
    largest = max(sizes, default=0)
    if largest > LIGHT:
        many = min(max(CHOICES // largest, FEWEST), MOST, size)
        return _drawn(strategy, many, random_seed)[0]
    batches, _ = _drawn(tuples(*[strategy] * BATCH), -(-size // BATCH), random_seed)
    return [one for batch in batches for one in batch][:size]


def few(strategy: SearchStrategy[Drawn], random_seed: int) -> list[Drawn]:
    """Some inputs, the simplest among them."""
    return _drawn(strategy, LOOKED_AT, random_seed)[0]


def _drawn(strategy: SearchStrategy[T], examples: int, random_seed: int) -> tuple[list[T], list[int]]:
    """Examples, and how many bytes of choices each is made of."""
    drawn: list[T] = []
    sizes: list[int] = []

    @seed(random_seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: T) -> None:
        drawn.append(one)
        sizes.append(current_build_context().data.length)

    with reproducible():
        collect()
    return drawn, sizes


def simplest(
    strategy: SearchStrategy[Drawn], shows: Callable[[Drawn], bool], random_seed: int
) -> Drawn | None:
    """The simplest input on which `shows` holds, None where none was found."""
    try:
        with reproducible():
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
