"""Child side: whether calls leave something behind that a later call may meet, and whether they draw lots.

Neither is a fault, and nothing is told of it. But a counterexample is one call to paste, and where a
function remembers earlier calls that one alone may do something else. So the parent is given the hint
to try it.

Looked at are the names of the student's files, and what hangs on them: containers, objects, tensors,
defaults and closures of functions, caches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import _lru_cache_wrapper
from itertools import islice
from types import CellType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

import torch

MAX_VALUES: Final = 2_000  # that are looked at: an honest file has some dozen
DEPTH: Final = 4
WIDTH: Final = 50  # of one container
_PLAIN: Final = (bool, int, float, complex, type(None))
_CONTAINERS: Final = (list, tuple, set, frozenset, deque)

State = tuple[Any, ...]


class Space(NamedTuple):
    """The names of one of the student's modules, as they are at any moment."""

    module: str
    names: dict[str, Any]
    hidden: frozenset[str] = frozenset()  # those of an interactive session itself

    def shown(self) -> dict[str, Any]:
        """Without what Python itself keeps there, for instance of warnings."""
        return {
            name: value
            for name, value in self.names.items()
            if not name.startswith("__") and name not in self.hidden
        }


def state(spaces: Iterable[Space]) -> State:
    """What stands in the student's modules now; two that are equal are taken for the same."""
    roots = [space.shown() for space in spaces]
    own = {space.module for space in spaces}
    return tuple(islice(_marks(roots, own), MAX_VALUES))


def draws() -> bool:
    """Whether random numbers were drawn since the generator was seeded with 0, as it is before each call."""
    return not torch.equal(torch.default_generator.get_state(), _SEEDED)


_SEEDED: Final = torch.Generator().manual_seed(0).get_state()


def _marks(roots: list[Any], own: set[str]) -> Iterator[Any]:
    """Every value that is reached, as something that changes when it does."""
    waiting: list[tuple[Any, int]] = [(root, 0) for root in roots]
    seen: set[int] = set()
    while waiting:
        value, depth = waiting.pop()
        if type(value) in _PLAIN:
            yield repr(value)
            continue
        if depth:
            yield id(value)
        if id(value) in seen or depth > DEPTH:
            continue
        seen.add(id(value))
        inner = _inside(value, own)
        yield len(inner)
        waiting += [(one, depth + 1) for one in islice(inner, WIDTH)]


def _inside(value: Any, own: set[str]) -> list[Any]:
    """What hangs on a value, read without calling anything that the student wrote."""
    kind = type(value)
    if kind is dict:
        return [*value.keys(), *value.values()]
    if kind in _CONTAINERS:
        return list(value)
    if kind in (torch.Tensor, torch.nn.Parameter):
        return [value._version, value.grad]  # noqa: SLF001 -- counts the changes in place
    if kind is _lru_cache_wrapper:
        return [value.cache_info().currsize]
    if kind is FunctionType or isinstance(value, type):
        return _kept_by(value) if value.__module__ in own else []
    return [] if isinstance(value, ModuleType) else _attributes(value)


def _kept_by(function: FunctionType | type) -> list[Any]:
    if isinstance(function, type):
        return list(type.__getattribute__(function, "__dict__").values())  # a view of it is new each time
    cells = [cell.cell_contents for cell in function.__closure__ or () if cell != _EMPTY]
    return [function.__defaults__, function.__kwdefaults__, function.__dict__, *cells]


_EMPTY: Final = CellType()


def _attributes(value: Any) -> list[Any]:
    try:
        return [object.__getattribute__(value, "__dict__")]
    except AttributeError:
        return []
