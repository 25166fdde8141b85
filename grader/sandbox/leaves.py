"""Child side: what came back as its leaves, whatever it is made of.

Lists, tuples, dicts, named tuples and dataclasses are opened; a list of plain numbers is one leaf. Numbers of
all leaves stand one after another in one float64 tensor, a complex one as two; an integer that a float64
cannot hold is a text. Whatever is none of these is a leaf without numbers that says what it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, Final

import numpy as np
import torch
from msgspec.structs import replace

from grader.records import Leaf, Returned, Tensor
from grader.sandbox import devices, values
from grader.wire import MAX_LEAVES, MAX_NUMBERS

MAX_DEPTH: Final = 8
MAX_TEXT: Final = 1000
EXACT: Final = 2**53  # integers up to here are float64 numbers
COMPLEX: Final = (torch.complex64, torch.complex128)
_PLAIN: Final = (bool, int, float)

Read = tuple[Leaf, list[float]]


def describe(returned: object, besides: Mapping[str, object]) -> Returned:
    """All leaves of what came back, then those of what the call did besides, by name."""
    name = type(returned).__name__
    found: list[Read] = []
    for path, value in (("", returned), *besides.items()):
        for leaf, numbers in _walk(value, path, ()):
            found.append((leaf, numbers))
            if len(found) > MAX_LEAVES:
                return Returned(type=name, value=None, problem=f"more than {MAX_LEAVES} values")
    flat = [x for _, numbers in found for x in numbers]
    if len(flat) > MAX_NUMBERS:
        return Returned(type=name, value=None, problem=f"{len(flat)} numbers, more than {MAX_NUMBERS}")
    packed = Tensor("float64", (len(flat),), np.asarray(flat, dtype="<f8").tobytes())
    device = next((leaf.device for leaf, _ in found if leaf.device), None)
    return Returned(type=name, value=packed, device=device, leaves=tuple(leaf for leaf, _ in found))


def _walk(value: object, path: str, inside: tuple[str, ...]) -> Iterator[Read]:
    found = _leaf(value, path)
    parts = None if found or len(inside) == MAX_DEPTH else opened(value)
    if found is None and not parts:
        empty = Leaf(path, type(value).__name__, "float64", (0,)), list[float]()
        found = _told(value, path, f"an object of type {type(value).__name__}") if parts is None else empty
    if found is not None:
        leaf, numbers = found
        yield replace(leaf, inside="/".join(inside)), numbers
        return
    kind = next((one.__name__ for one in (dict, list, tuple) if isinstance(value, one)), type(value).__name__)
    for step, part in parts or ():
        yield from _walk(part, path + step, (*inside, kind))


def opened(value: Any) -> list[tuple[str, object]] | None:
    """What it holds, each with what one writes behind it to get there; None where it is nothing to open."""
    if isinstance(value, dict):
        return [(f"[{_key(key)}]", one) for key, one in dict.items(value)]
    if isinstance(value, tuple) and isinstance(getattr(type(value), "_fields", None), tuple):
        names: tuple[str, ...] = type(value)._fields  # type: ignore[attr-defined]
        return [(f".{name}", one) for name, one in zip(names, tuple.__iter__(value), strict=False)]
    if isinstance(value, list | tuple):
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        return [(f"[{i}]", one) for i, one in enumerate(items)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f".{one.name}", getattr(value, one.name)) for one in dataclasses.fields(value)]
    return None


def _key(key: object) -> str:
    """A text in double quotes, whatever Python would choose: paths are compared."""
    if type(key) is str:
        return '"' + key[:100].replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(key) if type(key) in _PLAIN else f"a {type(key).__name__}"


def _leaf(value: object, path: str) -> Read | None:
    """What is no container, and a list of plain numbers."""
    if isinstance(value, torch.Tensor):
        return _tensor(value, path)
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return _array(np.asarray(value), type(value).__name__, path)
    if type(value) in (*_PLAIN, complex):
        return _number(value, path)
    if type(value) in (list, tuple, torch.Size):
        return _numbers(value, path)
    if value is None or type(value) in (str, torch.dtype, torch.device):
        text = repr(value) if type(value) is str else str(value)
        return _told(value, path, text)
    return None


def _told(value: object, path: str, text: str) -> Read:
    return Leaf(path, type(value).__name__, text=text[:MAX_TEXT]), []


def _tensor(tensor: torch.Tensor, path: str) -> Read:
    problem = "" if tensor.dtype in COMPLEX else values.obstacle(tensor)
    if problem or tensor.numel() > MAX_NUMBERS:
        return _told(tensor, path, problem or f"a tensor of {tensor.numel()} elements")
    plain = devices.home(tensor).detach().resolve_conj().resolve_neg().reshape(-1)
    dtype, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
    numbers = (torch.view_as_real(plain).reshape(-1) if plain.is_complex() else plain).tolist()
    leaf = Leaf(path, type(tensor).__name__, dtype, shape, devices.device_of(tensor))
    return _exact(leaf, numbers)


def _array(array: np.ndarray, name: str, path: str) -> Read:
    if array.size > MAX_NUMBERS or array.dtype.kind not in "biufc":
        return _told(array, path, f"a NumPy array of {array.size} {array.dtype.name}")
    flat = array.reshape(-1)
    numbers = flat.view(flat.real.dtype).tolist() if array.dtype.kind == "c" else flat.tolist()
    return _exact(Leaf(path, name, array.dtype.name, array.shape), numbers)


def _number(value: Any, path: str) -> Read:
    if type(value) is complex:
        return Leaf(path, "complex", "complex128"), [value.real, value.imag]
    dtype = {bool: "bool", int: "int64"}.get(type(value), "float64")
    return _exact(Leaf(path, type(value).__name__, dtype), [value])


def _numbers(value: Any, path: str) -> Read | None:
    """A list of plain numbers; None where it holds anything else, or nothing."""
    kinds = {type(one) for one in value} if len(value) <= MAX_NUMBERS else {list}
    if not kinds or not kinds <= set(_PLAIN):
        return None
    dtype = "bool" if kinds == {bool} else "int64" if float not in kinds else "float64"
    return _exact(Leaf(path, type(value).__name__, dtype, (len(value),)), list(value))


def _exact(leaf: Leaf, numbers: list[Any]) -> Read:
    if any(type(one) is int and abs(one) > EXACT for one in numbers):
        return Leaf(leaf.path, leaf.type, text=f"integers as {max(numbers, key=abs)}"[:MAX_TEXT]), []
    assert len(numbers) == leaf.size or prod(leaf.shape) == 0, "a leaf says how many numbers it has"
    return leaf, [float(one) for one in numbers]
