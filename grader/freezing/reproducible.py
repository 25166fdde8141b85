"""What Hypothesis draws hangs on the strategy and the seed alone, however this is installed.

Hypothesis varies an example by exchanging parts with the same label, and makes a label of `hash(value)`. For
a tensor that is its address, and for text it changes from process to process; so which parts of an example
are alike would be a matter of luck, and the digest of a kit with it. Plain numbers keep the label that they
have, everything else is known by what it is made of.

Hypothesis also draws constants that it finds in the source of whatever is outside of `site-packages`: this
package's own where it is installed to be edited, and no exercise's whose path has a folder `tests`. Here it
looks into nothing: what an input may be is what the author's strategy says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.utils import calc_label_from_name, combine_labels
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies import SearchStrategy
from hypothesis.strategies._internal import core, flatmapped
from hypothesis.strategies._internal.strategies import SampledFromStrategy

_BY_HASH = SampledFromStrategy.calc_label


@contextmanager
def reproducible() -> Iterator[None]:
    """While inputs are drawn; these are parts of Hypothesis that no setting of its own reaches."""
    with ExitStack() as patches:
        patches.enter_context(patch.object(SampledFromStrategy, "calc_label", _of_values))
        for module in (core, flatmapped):
            patches.enter_context(patch.object(module, "calc_label_from_callable", _of_callable))
        patches.enter_context(patch.object(providers, "_get_local_constants", Constants))
        patches.enter_context(patch.object(providers, "CONSTANTS_CACHE", LRUCache(1024)))
        yield


def _of_values(strategy: SampledFromStrategy[Any]) -> int:
    if all(map(_plain, strategy.elements)):
        return _BY_HASH(strategy)
    return combine_labels(strategy.class_label, *map(_of_value, strategy.elements))


def _plain(value: object) -> bool:
    """Whether its hash is the same in every process."""
    return all(map(_plain, value)) if type(value) is tuple else type(value) in (bool, int, float)


def _of_value(value: object) -> int:
    if isinstance(value, SearchStrategy):
        return value.label
    text = repr(value) if type(value) in (bool, int, float, str, bytes) else ""
    return calc_label_from_name(f"{type(value).__qualname__} {text}")


def _of_callable(function: Callable[..., Any]) -> int:
    """By where it is written: what it closes over is made anew for each example."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return calc_label_from_name(f"{name} {code.co_filename} {code.co_firstlineno}" if code else name)
