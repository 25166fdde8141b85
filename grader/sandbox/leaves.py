"""Child side: what came back as its leaves, whatever it is made of.

Lists, tuples, dicts, named tuples and dataclasses are opened; a list of plain numbers is one leaf. Numbers of
all leaves stand one after another in one float64 tensor, a complex one as two; an integer that a float64
cannot hold is a text. Whatever is none of these is a leaf without numbers that says what it is. No more is
looked at than may be sent, so a result without end costs nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from math import prod
from typing import Any, Final

import numpy as np
import torch
from msgspec.structs import replace

from grader.records import Leaf, Returned, Tensor
from grader.sandbox import devices, values
from grader.tensors import ITEM_SIZES
from grader.wire import MAX_LEAVES, MAX_NUMBERS

MAX_DEPTH: Final = 8
MAX_TEXT: Final = 1000
BEGINNING: Final = 60  # of a text that is longer
EXACT: Final = 2**53  # integers up to here are float64 numbers
DIGITS: Final = 1000  # bits of an integer that is written out
COMPLEX: Final = ("complex64", "complex128")
ARRAYS: Final = frozenset({*ITEM_SIZES, *COMPLEX, "uint16", "uint32", "uint64"})
PLAIN_TEXTS: Final = ("NoneType", "str", "dtype", "device")  # types whose text is all that they are
INTEGERS: Final = "integers "
_PLAIN: Final = (bool, int, float)

Read = tuple[Leaf, list[float]]


def describe(returned: object, besides: Mapping[str, object]) -> Returned:
    """All leaves of what came back, then those of what the call did besides, by name."""
    name = type(returned).__name__
    found: list[Read] = []
    rows = [("", returned, False), *((path, value, True) for path, value in besides.items())]
    for path, value, ours in rows:
        for leaf, numbers in _said(value, path) if ours and type(value) is str else _walk(value, path, ()):
            found.append((leaf, numbers))
            if len(found) > MAX_LEAVES:
                return Returned(type=name, value=None, problem=f"more than {MAX_LEAVES} values")
    flat = [x for _, numbers in found for x in numbers]
    if len(flat) > MAX_NUMBERS:
        return Returned(type=name, value=None, problem=f"{len(flat)} numbers, more than {MAX_NUMBERS}")
    packed = Tensor("float64", (len(flat),), np.asarray(flat, dtype="<f8").tobytes())
    device = next((leaf.device for leaf, _ in found if leaf.device), None)
    return Returned(type=name, value=packed, device=device, leaves=tuple(leaf for leaf, _ in found))


def _said(text: str, path: str) -> Iterator[Read]:
    """What we say of what a call did, in no quotes: it is no text that came back."""
    yield _told(text, path, text)


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
        items = islice(dict.items(value), MAX_LEAVES + 1)
        return [(f"[{_key(key, i)}]", one) for i, (key, one) in enumerate(items)]
    if isinstance(value, tuple) and isinstance(getattr(type(value), "_fields", None), tuple):
        names: tuple[str, ...] = type(value)._fields  # type: ignore[attr-defined]
        return [(f".{name}", one) for name, one in zip(names, tuple.__iter__(value), strict=False)]
    if isinstance(value, list | tuple):
        parts = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
        return [(f"[{i}]", one) for i, one in enumerate(islice(parts, MAX_LEAVES + 1))]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f".{one.name}", getattr(value, one.name)) for one in dataclasses.fields(value)]
    return None


def _key(key: object, place: int) -> str:
    """A text in double quotes, whatever Python would choose: paths are compared."""
    if type(key) is str:
        return '"' + key[:100].replace("\\", "\\\\").replace('"', '\\"') + '"'
    plain = type(key) in (*_PLAIN, type(None)) or (type(key) is tuple and all(type(x) in _PLAIN for x in key))
    return repr(key) if plain else f"key {place}, a {type(key).__name__}"


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


def is_text(leaf: Leaf) -> bool:
    """Whether a leaf without numbers can be compared: it is no mere word about something unreadable."""
    return leaf.type in PLAIN_TEXTS or leaf.text.startswith(INTEGERS)


def _told(value: object, path: str, text: str) -> Read:
    return Leaf(path, type(value).__name__, text=_short(text)), []


def _short(text: str) -> str:
    """Two long texts that differ anywhere stay two."""
    if len(text) <= MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{text[:BEGINNING]}... ({len(text)} characters of SHA-256 {digest[:16]})"


def _tensor(tensor: torch.Tensor, path: str) -> Read:
    problem = values.obstacle(tensor, MAX_NUMBERS, (*ITEM_SIZES, *COMPLEX))
    if problem:
        return _told(tensor, path, problem)
    plain = devices.home(tensor).detach().resolve_conj().resolve_neg().reshape(-1)
    dtype, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
    numbers = (torch.view_as_real(plain).reshape(-1) if plain.is_complex() else plain).tolist()
    leaf = Leaf(path, type(tensor).__name__, dtype, shape, devices.device_of(tensor))
    return _exact(leaf, numbers)


def _array(array: np.ndarray, name: str, path: str) -> Read:
    if array.size > MAX_NUMBERS or array.dtype.name not in ARRAYS:
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
        shape = f" of shape {leaf.shape}" if len(leaf.shape) > 1 else ""
        text = INTEGERS + ", ".join(map(_digits, numbers)) + shape
        return Leaf(leaf.path, leaf.type, text=_short(text)), []
    assert len(numbers) == leaf.size or prod(leaf.shape) == 0, "a leaf says how many numbers it has"
    return leaf, [float(one) for one in numbers]


def _digits(number: Any) -> str:
    """Python refuses to write an integer of thousands of digits, but for those of base 16."""
    return hex(number) if type(number) is int and number.bit_length() > DIGITS else str(number)
