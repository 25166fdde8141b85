"""Tensors as bytes: to numbers, to what JSON can hold, and to code that a person can paste.

The parent has no torch; numpy reads every dtype here but bfloat16, which is the upper half
of a float32.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from grader.records import Tensor, Value
from grader.results import ArgumentView, TensorView, number

ITEM_SIZES: Final = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


def numbers(tensor: Tensor) -> np.ndarray:
    """The tensor's values as a flat float64 array, exact for every dtype but int64 beyond 2^53."""
    if tensor.dtype == "bfloat16":
        upper = np.frombuffer(tensor.data, dtype="<u2").astype("<u4") << 16
        return upper.view("<f4").astype(np.float64)
    dtype = np.dtype(tensor.dtype).newbyteorder("<")
    return np.frombuffer(tensor.data, dtype=dtype).astype(np.float64)


def float64(values: object, shape: tuple[int, ...]) -> Tensor:
    """A float64 tensor record of the given values."""
    array = np.asarray(values, dtype="<f8")
    return Tensor(dtype="float64", shape=shape, data=array.tobytes())


def view(tensor: Tensor) -> TensorView:
    """For reports; floats keep every digit."""
    return TensorView(tensor.dtype, tensor.shape, tuple(number(float(x)) for x in numbers(tensor)))


def argument_view(value: Value) -> ArgumentView:
    if isinstance(value, Tensor):
        return view(value)
    return number(value) if isinstance(value, float) else value


def _short(value: float, dtype: str) -> str:
    """The shortest decimal that reads back as the same value of this dtype."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 -- nan
        return f"float('{value}')"
    if dtype == "float32":
        return repr(float(str(np.float32(value))))
    if dtype in ("float64", "float16", "bfloat16"):
        return repr(value)
    return str(bool(value)) if dtype == "bool" else str(int(value))


def _nested(flat: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return flat[0]
    size = len(flat) // shape[0] if shape[0] else 0
    return "[" + ", ".join(_nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])) + "]"


def text(values: list[float], dtype: str, shape: tuple[int, ...]) -> str:
    """A tensor's values as nested lists, each the shortest decimal that reads back the same."""
    return _nested([_short(x, dtype) for x in values], shape)


def literal(value: Value, device: str = "cpu") -> str:
    """Python that makes this argument: `torch.tensor([1.0, -2.5])`, `0.1`, `3`."""
    if not isinstance(value, Tensor):
        return repr(value)
    extra = "" if value.dtype == "float32" else f", dtype=torch.{value.dtype}"
    extra += "" if device == "cpu" else f", device={device!r}"
    return f"torch.tensor({text([float(x) for x in numbers(value)], value.dtype, value.shape)}{extra})"


def call(name: str, arguments: dict[str, Value], device: str = "cpu") -> str:
    """The call as one would paste it below the definitions, by position."""
    return f"{name}({', '.join(literal(value, device) for value in arguments.values())})"
