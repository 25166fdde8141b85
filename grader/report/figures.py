"""Numbers and lists as people read them: points, shares, and the values of two tensors side by side.

A value is the shortest decimal that reads back as the same number of its dtype, and a compared
value is never cut without the place where the two differ. No numpy here: a report must start at once.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from grader.results import Number, TensorView, as_float
from grader.text import one_line

DASH: Final = "\N{EN DASH}"
"""Where there is no number."""

MANY: Final = 24  # values of a tensor that are shown: about two lines of a terminal
_WHOLE: Final = ("int64", "int32", "int16", "int8", "uint8")
_SINGLE: Final = struct.Struct("<f")
_DIGITS: Final = range(6, 10)  # 6 always survive a float32, 9 always suffice


def points(value: float | None) -> str:
    """Points with at most two decimals: `3`, `1.5`, `0.67`; a dash where there is no mark."""
    if value is None:
        return DASH
    return f"{value:.2f}".rstrip("0").rstrip(".")


def out_of(value: float | None, most: float) -> str:
    return f"{points(value)} / {points(most)}"


def percent(value: float, whole: float) -> int:
    """A share in whole percent, rounded to the nearest: for the width of a bar."""
    return round(100 * value / whole) if whole > 0 else 0


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def limit(name: str, value: float) -> str:
    """A limit of results.json with its unit: `case cpu: 2 s`, `memory: 1,024 MiB`."""
    if name.endswith("_bytes"):
        return f"{name.removesuffix('_bytes').replace('_', ' ')}: {value / 2**20:,.0f} MiB"
    unit = " s" if name.endswith("_seconds") else ""
    return f"{name.removesuffix('_seconds').replace('_', ' ')}: {value:,.6g}{unit}"


def plural(count: int, noun: str) -> str:
    """`1 case`, `2 cases`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def together(told: Iterable[str]) -> str:
    """In one line, each once; what begins as a sentence does is one of its own."""
    line = ""
    for one in dict.fromkeys(told):
        joint = ". " if one[:1].isupper() else "; "
        line = f"{line.removesuffix('.')}{joint}{one}" if line else one
    return line


def single(value: float) -> str:
    """The shortest decimal that reads back as the same float32."""
    if not math.isfinite(value):
        return str(value)
    try:
        wanted = _SINGLE.pack(value)
        texts = (f"{value:.{digits}g}" for digits in _DIGITS)
        return repr(float(next(text for text in texts if _SINGLE.pack(float(text)) == wanted)))
    except (OverflowError, StopIteration):  # larger than a float32: it was computed in another dtype
        return repr(value)


def component(value: Number, dtype: str) -> str:
    number = as_float(value)
    if not math.isfinite(number):
        return str(number)
    if dtype == "float32":
        return single(number)
    if dtype == "bool":
        return str(bool(number))
    return str(int(number)) if dtype in _WHOLE else repr(number)


def values(tensor: TensorView, dtype: str | None = None) -> str:
    """A tensor's values as nested lists: `0.64`, `[0.64, -1.6]`."""
    if len(tensor.values) > MANY:
        first = _flat(tensor.values[:MANY], dtype or tensor.dtype)
        return f"{first} and {len(tensor.values) - MANY:,} more values"
    if math.prod(tensor.shape) != len(tensor.values):
        return f"[{_flat(tensor.values, dtype or tensor.dtype)}]"
    return _nested([component(value, dtype or tensor.dtype) for value in tensor.values], tensor.shape)


def plain(tensor: TensorView) -> str:
    """Values that are compared with nothing: in single precision, which is enough to read."""
    return values(tensor, "float32" if tensor.dtype == "float64" else None)


def pair(expected: TensorView, got: TensorView) -> tuple[str, str]:
    """Two tensors to compare; the expected one in the precision of the other, if that tells them apart."""
    coarse = "float32" if got.dtype == "float32" else None
    texts = values(expected, coarse), values(got)
    if texts[0] == texts[1] and expected.values != got.values:
        texts = values(expected), values(got, "float64")
    if max(len(expected.values), len(got.values)) <= MANY:
        return texts
    place = _first_difference(expected.values, got.values)
    return texts[0] + _at(expected, place), texts[1] + _at(got, place)


def kind(tensor: TensorView) -> str:
    """`float32, shape (2,)`."""
    return f"{one_line(tensor.dtype)}, shape {tensor.shape}"


def ratio(value: Number | None, bound: Number | None) -> str:
    """Error over bound as a sentence; empty where the two cannot be compared."""
    if value is None:
        return ""
    number = as_float(value)
    if math.isnan(number):
        return "The error is not a number."
    if math.isinf(number) and bound is not None and as_float(bound) == 0:
        return "No rounding is allowed for here: the value must be exact."
    if math.isinf(number):  # a value that is not finite, or a bound that is next to nothing
        return "The error is beyond all that honest rounding can explain."
    return f"The error is {magnitude(number)} times what honest rounding can explain."


def magnitude(value: float) -> str:
    """Three digits: `1.25`, `12,300`, `4.2e+08`."""
    if 1000 <= value < 1e6:  # noqa: PLR2004 -- where digits still read better than an exponent
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def short(value: Number | None) -> str:
    """A number in a table, three digits; a dash where there is none."""
    return DASH if value is None else magnitude(as_float(value))


def _flat(numbers: Sequence[Number], dtype: str) -> str:
    return ", ".join(component(value, dtype) for value in numbers)


def _nested(flat: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return flat[0]
    size = len(flat) // shape[0] if shape[0] else 0
    return "[" + ", ".join(_nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])) + "]"


def _first_difference(one: Sequence[Number], other: Sequence[Number]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _at(tensor: TensorView, place: int) -> str:
    if place >= len(tensor.values):
        return f"; it ends before value {place}"
    return f"; the two first differ in value {place}: {component(tensor.values[place], tensor.dtype)}"
