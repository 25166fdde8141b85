"""Inputs from Hypothesis: a pool drawn once, and the simplest input on which a mistake shows.

All of it happens while an assignment is frozen; nothing is drawn or shrunk while grading. The
same seed draws the same inputs on the same versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, TypeVar

import torch
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy, tuples

from grader.freezing.labels import stable_labels

BATCH: Final = 40  # inputs a draw: Hypothesis spends longer on varying an example than on drawing one
LIGHT: Final = 8  # numbers in an input; of larger ones, forty do not fit into one example
DISTINCT: Final = 3  # of a batch a third is new, of inputs drawn one by one nearly all
LOOKED_AT: Final = 10  # inputs, to see how large they are
SHRINK_EXAMPLES: Final = 100  # a mistake that a hundred draws do not show is none that these inputs can show

Drawn = dict[str, Any]
T = TypeVar("T")


def pool(strategy: SearchStrategy[Drawn], size: int, random_seed: int) -> list[Drawn]:
    """Draw inputs, the simplest among them; of large ones fewer, of which as many are distinct."""
    looked_at = _drawn(strategy, LOOKED_AT, random_seed)
    if max(map(_numbers, looked_at), default=0) > LIGHT:
        return _drawn(strategy, max(size // DISTINCT, min(size, LOOKED_AT)), random_seed)
    batches = _drawn(tuples(*[strategy] * BATCH), -(-size // BATCH), random_seed)
    return [one for batch in batches for one in batch][:size]


def _drawn(strategy: SearchStrategy[T], examples: int, random_seed: int) -> list[T]:
    drawn: list[T] = []

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

    with stable_labels():
        collect()
    return drawn


def _numbers(value: object) -> int:
    """How many numbers an input is made of."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, Mapping):
        return sum(map(_numbers, value.values()))
    return sum(map(_numbers, value)) if isinstance(value, list | tuple) else 1


def simplest(
    strategy: SearchStrategy[Drawn], shows: Callable[[Drawn], bool], random_seed: int
) -> Drawn | None:
    """The simplest input on which `shows` holds, None where none was found."""
    try:
        with stable_labels():
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
