"""Child side: values into fresh arguments, and what came back into bytes.

No method of a class that the student wrote is called here: exact types are checked first, and
sizes before anything is materialised.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import torch

from grader.records import Items, Made, Returned, Table, Tensor, Value
from grader.sandbox import devices, support
from grader.tensors import ITEM_SIZES

MAX_ELEMENTS: Final = 1024  # far above any expected value, far below what would cost anything to send
MAX_NESTING: Final = 3  # [[x], [y]] is still readable as two numbers
SMALL: Final = 8  # elements that go faster as Python's numbers than as bytes
CODES: Final = {torch.float32: ("float32", "f"), torch.float64: ("float64", "d")}


def build(value: Value, device: str = "cpu", source: str = "") -> Any:
    """A fresh argument: a tensor on the device, what `source` makes, a list of such, or the value itself."""
    if not isinstance(value, Tensor):
        if isinstance(value, Made):
            return support.made(value, device, source)
        if isinstance(value, Items | Table):
            return support.opened(value, lambda one: build(one, device, source))
        return value
    dtype = getattr(torch, value.dtype)
    if not value.data:
        return devices.place(torch.empty(value.shape, dtype=dtype), device)
    flat = torch.frombuffer(bytearray(value.data), dtype=dtype)
    shaped = flat if len(value.shape) == 1 else flat.reshape(value.shape)  # it costs more than all else here
    return devices.place(shaped, device)


def describe(returned: object) -> Returned:
    """What came back, as bytes; no method of a class that the student wrote is called."""
    name = type(returned).__name__
    if isinstance(returned, torch.Tensor):
        return _describe_tensor(returned, name)
    if type(returned) is np.ndarray or isinstance(returned, np.generic):
        return _describe_array(np.asarray(returned), name)
    if type(returned) in (bool, int, float, list, tuple):
        return _describe_numbers(returned, name)
    return Returned(
        type=name, value=None, problem="None" if returned is None else f"an object of type {name}"
    )


def record(tensor: torch.Tensor) -> Tensor:
    """A small plain tensor as a record. The caller has checked dtype, layout and size."""
    if is_simple(tensor):
        return packed(tensor.dtype, tuple(tensor.shape), torch.Tensor.tolist(tensor))
    flat = devices.home(tensor).resolve_conj().resolve_neg().contiguous().reshape(-1)
    data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return Tensor(dtype=str(tensor.dtype).removeprefix("torch."), shape=tuple(tensor.shape), data=data)


def is_simple(tensor: torch.Tensor) -> bool:
    """What nearly every tensor is: some single or double precision numbers in the CPU's memory."""
    return (
        type(tensor) in (torch.nn.Parameter, torch.Tensor)
        and tensor.dtype in CODES
        and tensor.is_cpu
        and tensor.layout is torch.strided
        and tensor.dim() <= 1
        and tensor.numel() <= SMALL
    )


def packed(dtype: torch.dtype, shape: tuple[int, ...], numbers: Any) -> Tensor:
    """A simple tensor's record, of its numbers as `tolist` gives them."""
    name, code = CODES[dtype]
    flat = numbers if shape else (numbers,)
    return Tensor(name, shape, struct.pack("<" + code * len(flat), *flat))


def obstacle(tensor: torch.Tensor, most: int = MAX_ELEMENTS, dtypes: Collection[str] = ITEM_SIZES) -> str:
    """Why a tensor cannot be read as a small block of numbers, as a phrase; empty where it can."""
    if not devices.is_plain(tensor):
        return f"a {type(tensor).__name__}, a class of its own below torch.Tensor"
    if tensor.layout is not torch.strided or tensor.is_nested or tensor.is_quantized:
        return f"a tensor that is not dense (layout {tensor.layout})"
    if tensor.is_meta:
        return "a tensor on the device 'meta', which holds no values"
    if tensor.numel() > most:
        return f"a tensor of {tensor.numel()} elements"
    if str(tensor.dtype).removeprefix("torch.") not in dtypes:
        return f"a tensor of dtype {tensor.dtype}"
    return ""


def _describe_tensor(tensor: torch.Tensor, name: str) -> Returned:
    problem = obstacle(tensor)
    if problem:
        return Returned(type=name, value=None, problem=problem)
    return Returned(type=name, value=record(tensor), device=devices.device_of(tensor))


def _describe_array(array: np.ndarray, name: str) -> Returned:
    if array.size > MAX_ELEMENTS or array.dtype.name not in ITEM_SIZES:
        return Returned(type=name, value=None, problem=f"a NumPy array of {array.size} {array.dtype.name}")
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return Returned(type=name, value=Tensor(array.dtype.name, array.shape, little.tobytes()))


def _describe_numbers(returned: object, name: str) -> Returned:
    flat = _flatten(returned, MAX_NESTING)
    if flat is None:
        return Returned(type=name, value=None, problem=f"a {name} that holds more than a few numbers")
    shape = () if type(returned) in (bool, int, float) else (len(flat),)
    return Returned(type=name, value=Tensor("float64", shape, np.asarray(flat, dtype="<f8").tobytes()))


def _flatten(item: object, depth: int) -> list[float] | None:
    """The numbers in a list of numbers and small tensors; None where there is anything else in it."""
    if type(item) in (bool, int, float) or isinstance(item, np.number):
        return [float(item)]  # type: ignore[arg-type]
    if isinstance(item, torch.Tensor):
        return None if obstacle(item) else devices.home(item).double().reshape(-1).tolist()
    if type(item) not in (list, tuple) or depth == 0:
        return None
    flat: list[float] = []
    for part in item:  # type: ignore[attr-defined]
        numbers = _flatten(part, depth - 1)
        if numbers is None or len(flat) + len(numbers) > MAX_ELEMENTS:
            return None
        flat += numbers
    return flat
