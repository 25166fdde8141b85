"""Child side: what an exercise's author lets run beside the student's code: probes, and what makes arguments.

It is the author's, holds no solution, and comes with the kit. It is run anew in each process that calls.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

import numpy as np
import torch

from grader.records import Items, Made, Protocol, Table, Value
from grader.sandbox import devices, tracebacks

Function = Callable[..., Any]

PLAIN: Final = Protocol()
SUPPORT: Final = "<frozen probe>"
"""The file that support is compiled under: its frames are shown to nobody."""

SCALE: Final = (1.0, -0.5, 0.25, 0.75, -1.25)
"""A cotangent's numbers in turn: exact in every dtype, and none a multiple of its neighbour."""

GRADIENT: Final = "the gradient at "
UNREACHED: Final = "nothing that comes back depends on it for autograd"
AFTER: Final = "the argument "


@lru_cache(maxsize=16)
def namespace(source: str) -> dict[str, Any]:
    """The names of a support. Raises whatever its statements raise: the freezer has tried them."""
    module = ModuleType(f"frozen_probe_{zlib.crc32(source.encode())}")
    sys.modules[module.__name__] = module  # dataclasses look theirs up
    names = vars(module)
    names |= {"torch": torch, "np": np, "numpy": np, "math": math}
    names |= {
        "cast": lambda code, dtype: _cast(_evaluated(code, names), dtype),
        "moved": lambda code, draw: _moved(_evaluated(code, names), draw),
    }
    exec(compile(source, SUPPORT, "exec"), names)  # noqa: S102 -- the author's
    return names


def probed(function: Function, protocol: Protocol) -> Function:
    """What is to be called in the student's place: the probe with what the student wrote."""
    if not protocol.probe:
        return function
    probe = namespace(protocol.support)[protocol.probe]
    return lambda *arguments: probe(function, *arguments)


def made(value: Made, device: str, source: str) -> Any:
    """What an author's expression makes, on the device where it can be moved there."""
    fresh = _evaluated(value.code, namespace(source))
    if isinstance(fresh, torch.Tensor):
        return devices.place(fresh, device)
    return fresh.to(device) if isinstance(fresh, torch.nn.Module) else fresh


def _evaluated(code: str, names: dict[str, Any]) -> Any:
    """What an expression makes, whatever the default dtype is: a module of a seed has one set of weights."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        return eval(code, names)  # noqa: S307 -- the author's
    finally:
        torch.set_default_dtype(default)


def _cast(made: Any, dtype: torch.dtype) -> Any:
    floating = isinstance(made, torch.Tensor) and made.is_floating_point()
    return made.to(dtype) if floating or isinstance(made, torch.nn.Module) else made


def _moved(made: Any, draw: int) -> Any:
    """A float32 tensor, each number one unit in the last place up or down."""
    if not isinstance(made, torch.Tensor) or made.dtype != torch.float32:
        return made
    signs = torch.randint(0, 2, made.shape, generator=torch.Generator().manual_seed(draw)) * 2 - 1
    return torch.nextafter(made, signs.to(made) * math.inf)


def floats_in(value: object, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Floating tensors in an argument or a result, with where they stand."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point():
            yield path, value
    elif isinstance(value, dict):
        for name, one in dict.items(value):
            yield from floats_in(one, f'{path}["{name}"]')
    elif isinstance(value, list | tuple):
        for i, one in enumerate(value):
            yield from floats_in(one, f"{path}[{i}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from floats_in(getattr(value, field.name), f"{path}.{field.name}")


def gradients(function: Function, arguments: Mapping[str, Any]) -> dict[str, object]:
    """What a fixed cotangent through all that comes back leaves at each floating tensor given.

    A text where there is none: nothing flows there, or asking for it raised.
    """
    given = [(name + path, one) for name, value in arguments.items() for path, one in floats_in(value)]
    for _, one in given:
        one.requires_grad_(True)
    try:
        found = _pulled_back(function(*arguments.values()), [one for _, one in given])
    except Exception as error:  # noqa: BLE001 -- the student's code; that it raises costs the gradients alone
        why = f"asking for it raised {type(error).__name__}: {tracebacks.message(error)}"
        return {GRADIENT + name: why for name, _ in given}
    return {
        GRADIENT + name: UNREACHED if one is None else one
        for (name, _), one in zip(given, found, strict=True)
    }


def _pulled_back(returned: object, given: list[torch.Tensor]) -> Sequence[torch.Tensor | None]:
    ends = [one for _, one in floats_in(returned) if one.requires_grad]
    if not ends:
        return [None] * len(given)
    return torch.autograd.grad(ends, given, [_cotangent(one) for one in ends], allow_unused=True)


def _cotangent(like: torch.Tensor) -> torch.Tensor:
    numbers = (SCALE * (like.numel() // len(SCALE) + 1))[: like.numel()]
    return torch.tensor(numbers, dtype=like.dtype, device=like.device).reshape(like.shape)


def after(arguments: Mapping[str, Any]) -> dict[str, object]:
    """The tensors given as they are after the call."""
    return {AFTER + name + path: one for name, value in arguments.items() for path, one in floats_in(value)}


def opened(value: Value, build: Callable[[Value], Any]) -> Any:
    """A list, tuple or dict of what `build` makes of the arguments in it."""
    if isinstance(value, Items):
        items = [build(one) for one in value.items]
        return tuple(items) if value.fixed else items
    assert isinstance(value, Table)
    return {name: build(one) for name, one in value.items.items()}
