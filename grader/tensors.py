"""Tensors as bytes: to numbers, to what JSON can hold, and to code that a person can paste.

The parent has no torch. `numbers` is for arithmetic on many values, `floats` for the few of an
answer, where a numpy array costs more than what is done with it. bfloat16, which neither numpy
nor struct knows, is the upper half of a float32.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Final

import numpy as np

from grader.records import Items, Made, Table, Tensor, Value
from grader.results import ArgumentView, TensorView, number

ITEM_SIZES: Final = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
_CODES: Final = {
    "float64": "d", "float32": "f", "float16": "e",
    "int64": "q", "int32": "i", "int16": "h", "int8": "b", "uint8": "B", "bool": "?",
}  # fmt: skip
FLOATS: Final = ("float32", "float64", "float16", "bfloat16")
_LONG: Final = 120  # characters of a call in a sentence
_SHORT: Final = 30  # and of one argument, where the call is longer
_SINGLE: Final = struct.Struct("<f")


def is_whole(tensor: Tensor) -> bool:
    """Whether the bytes are as many as dtype and shape say, and these can be."""
    size = ITEM_SIZES.get(tensor.dtype)
    whole = size is not None and len(tensor.data) == size * math.prod(tensor.shape)
    return whole and all(side >= 0 for side in tensor.shape)


def numbers(tensor: Tensor) -> np.ndarray:
    """The tensor's values as a flat float64 array, exact for every dtype but int64 beyond 2^53."""
    if tensor.dtype == "bfloat16":
        upper = np.frombuffer(tensor.data, dtype="<u2").astype("<u4") << 16
        return upper.view("<f4").astype(np.float64)
    dtype = np.dtype(tensor.dtype).newbyteorder("<")
    return np.frombuffer(tensor.data, dtype=dtype).astype(np.float64)


def floats(tensor: Tensor) -> list[float]:
    """The same as a list."""
    items = _items(tensor)
    return list(items) if tensor.dtype in FLOATS else [float(item) for item in items]


def _items(tensor: Tensor) -> tuple[float | int | bool, ...]:
    """The values as Python's own numbers, all exact."""
    count = len(tensor.data) // ITEM_SIZES[tensor.dtype]
    if tensor.dtype == "bfloat16":
        halves = struct.unpack(f"<{count}H", tensor.data)
        return struct.unpack(f"<{count}f", b"".join(b"\0\0" + half.to_bytes(2, "little") for half in halves))
    return struct.unpack(f"<{count}{_CODES[tensor.dtype]}", tensor.data)


def single(value: float) -> float:
    """The float32 nearest to a float64."""
    try:
        return float(_SINGLE.unpack(_SINGLE.pack(value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def float64(values: object, shape: tuple[int, ...]) -> Tensor:
    """A float64 tensor record of the given values."""
    array = np.asarray(values, dtype="<f8")
    return Tensor(dtype="float64", shape=shape, data=array.tobytes())


def view(tensor: Tensor) -> TensorView:
    """For reports; floats keep every digit."""
    return TensorView(tensor.dtype, tensor.shape, tuple(map(number, floats(tensor))))


def argument_view(value: Value) -> ArgumentView:
    """For reports; what is neither tensor nor number as Python writes it."""
    if isinstance(value, Tensor):
        return view(value)
    if isinstance(value, float):
        return number(value)
    return value if type(value) is int else literal(value)


def text(values: list[float], dtype: str, shape: tuple[int, ...]) -> str:
    """A tensor's values for people, as nested lists, each the shortest decimal that reads back the same."""
    return _nested([_short(value, dtype) for value in values], shape)


def shortest(value: float, dtype: str) -> float:
    """The number of fewest decimals that reads back as the same value of this dtype."""
    return float(_short(value, dtype)) if dtype in FLOATS else value


def literal(value: Value, device: str = "cpu") -> str:
    """Python that makes this argument after `import torch`: `torch.tensor([1.0, -2.5])`, `0.1`, `3`."""
    if isinstance(value, Made):
        return value.code
    if isinstance(value, Items):
        inner = [literal(one, device) for one in value.items]
        comma = "," if value.fixed and len(inner) == 1 else ""
        return f"({', '.join(inner)}{comma})" if value.fixed else f"[{', '.join(inner)}]"
    if isinstance(value, Table):
        return "{" + ", ".join(f"{name!r}: {literal(one, device)}" for name, one in value.items.items()) + "}"
    if not isinstance(value, Tensor):
        return _code(value, "float64") if isinstance(value, float) else repr(value)
    extra = "" if value.dtype == "float32" else f", dtype=torch.{value.dtype}"
    extra += "" if device == "cpu" else f", device={device!r}"
    if not value.data:  # lists cannot say (0, 2)
        return f"torch.empty({value.shape}{extra})"
    return f"torch.tensor({_nested([_code(x, value.dtype) for x in _items(value)], value.shape)}{extra})"


def call(name: str, arguments: Mapping[str, Value], device: str = "cpu") -> str:
    """The call as one would paste it below the definitions, by position; `name` may be its beginning."""
    head = name if "(" in name else f"{name}("
    return f"{head}{', '.join(literal(value, device) for value in arguments.values())})"


def brief(arguments: Mapping[str, Value]) -> str:
    """A call's arguments for a sentence: as one would paste them, or by name where that were too long."""
    whole = call("", arguments)
    if len(whole) <= _LONG and ": " not in whole:
        return whole
    return f"({', '.join(_named(name, value) for name, value in arguments.items())})"


def _named(name: str, value: Value) -> str:
    if isinstance(value, Tensor) and math.prod(value.shape) > 1:
        return f"{name} of shape {value.shape}"
    told = literal(value)
    if len(told) <= _SHORT and ": " not in told:
        return f"{name}={told}"
    if isinstance(value, Items | Table):
        return f"{name} of length {len(value.items)}"
    return f"{name}={told.partition('(')[0][:_SHORT]}(...)" if isinstance(value, Made) else f"{name}=..."


def _nested(flat: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return flat[0]
    size = len(flat) // shape[0] if shape[0] else 0
    return "[" + ", ".join(_nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])) + "]"


def _code(value: float, dtype: str) -> str:
    """A value as Python reads it: `nan` alone is no name there."""
    short = _short(value, dtype)
    return short if math.isfinite(value) else f"float({short!r})"


def _short(value: float, dtype: str) -> str:
    """The shortest decimal that reads back as the same value of this dtype."""
    if dtype == "bool":
        return str(bool(value))
    if not dtype.startswith(("float", "bfloat")):
        return str(int(value)) if math.isfinite(value) else repr(value)  # a claim may say anything
    return _short_single(value) if dtype == "float32" else repr(value)


def _short_single(value: float) -> str:
    rounded = single(value)
    if not math.isfinite(rounded):
        return repr(value)  # finite, it was computed in another dtype
    short = repr(float(str(np.float32(rounded))))
    return short if single(float(short)) == rounded else repr(rounded)
