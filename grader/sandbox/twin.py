"""Child side: a second CPU device named "twin", which keeps its tensors as much apart as CUDA does.

Machines without a GPU test with it that a program which hard-codes its device is told so. Its
tensors hold CPU memory, say that they lie on `twin:0`, refuse NumPy, and refuse to be mixed with CPU
tensors of one or more dimensions, all in CUDA's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.backend_registration import rename_privateuse1_backend

NAME: Final = "twin"
_MIXED: Final = (
    "Expected all tensors to be on the same device, but found at least two devices, twin:0 and cpu!"
)
_NO_NUMPY: Final = (
    "can't convert twin:0 device type tensor to numpy. "
    "Use Tensor.cpu() to copy the tensor to host memory first."
)
_MOVES: Final[frozenset[Any]] = frozenset({torch.Tensor.to, torch.Tensor.cpu})
_COPIES: Final[tuple[Any, ...]] = (torch.tensor, torch.asarray)  # take the device of their argument

Function = Callable[..., Any]
Options = dict[str, Any]


class Tensor(torch.Tensor):
    """A tensor on the twin. The class's name is that of any other device's tensors."""

    @classmethod
    def __torch_function__(
        cls, func: Function, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Options | None = None
    ) -> Any:
        options = kwargs or {}
        special = _SPECIAL.get(func)
        if special is not None:
            return special(func, args, options)
        if any(type(one) in _CPU and one.dim() for one in _tensors((args, options))):
            raise RuntimeError(_MIXED)
        return super().__torch_function__(func, types, args, options)  # type: ignore[no-untyped-call]


_CPU: Final = (torch.Tensor, torch.nn.Parameter)


class Mode(TorchFunctionMode):
    """Makes `device="twin"` known to functions that are given no tensor of it."""

    def __torch_function__(
        self, func: Function, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Options | None = None
    ) -> Any:
        options = dict(kwargs or {})
        if func in _MOVES:
            return _moved(func, args, options)
        if _is_twin(options.get("device")):
            options["device"] = "cpu"
            return _ours(_plainly(func, args, options), options)
        if func in _COPIES and isinstance(args[0] if args else None, Tensor) and "device" not in options:
            return _ours(_plainly(func, args, options), options)
        return func(*args, **options)


def start() -> None:
    """Make the name known to PyTorch, for the rest of this process."""
    rename_privateuse1_backend(NAME)
    Mode().__enter__()  # type: ignore[no-untyped-call]  # never left: a worker is used once


def _moved(func: Function, args: tuple[Any, ...], options: Options) -> Any:
    """`to` and `cpu`: to the device that is named, else where the tensor is."""
    tensor, *rest = args
    named = [one for one in (*rest, *options.values()) if isinstance(one, str | torch.device | torch.Tensor)]
    target = named[0] if named else tensor
    stays = target.device if isinstance(target, torch.Tensor) else target
    twin = func is not torch.Tensor.cpu and _is_twin(stays)
    rest = ["cpu" if _is_device(one) else _bare(one) for one in rest]
    options = {key: "cpu" if _is_device(one) else _bare(one) for key, one in options.items()}
    result = func(_bare(tensor), *rest, **options)
    return result.as_subclass(Tensor) if twin else result


def _ours(result: Any, options: Options) -> Any:
    """On the twin; as_subclass makes a view, which would be no leaf to take gradients for."""
    if not isinstance(result, torch.Tensor):
        return result
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 -- the documented way for subclasses
        moved = result.detach().as_subclass(Tensor)
        return moved.requires_grad_(bool(options.get("requires_grad")))


def _plainly(func: Function, args: tuple[Any, ...], options: Options) -> Any:
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 -- likewise
        return func(*args, **options)


def _bare(value: Any) -> Any:
    """The same memory as a CPU tensor; gradients pass through."""
    if not isinstance(value, Tensor):
        return value
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 -- likewise
        return value.as_subclass(torch.Tensor)


def _is_device(value: object) -> bool:
    return isinstance(value, str | torch.device)


def _is_twin(value: object) -> bool:
    return str(value).partition(":")[0] == NAME if isinstance(value, str | torch.device) else False


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor in nested arguments."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _tensors(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _tensors(one)


# --- what CUDA's tensors do differently from CPU tensors, or PyTorch with subclasses -----------------


def _refuse_numpy(func: Function, args: tuple[Any, ...], options: Options) -> Any:  # noqa: ARG001 -- one of a kind
    raise TypeError(_NO_NUMPY)


def _device(func: Function, args: tuple[Any, ...], options: Options) -> torch.device:  # noqa: ARG001 -- likewise
    return torch.device(NAME, 0)


def _gradient(func: Function, args: tuple[Any, ...], options: Options) -> Any:
    """PyTorch gives the gradient as it is stored, a plain tensor."""
    gradient = _plainly(func, args, options)
    return None if gradient is None else gradient.as_subclass(Tensor)


def _is_same_kind(func: Function, args: tuple[Any, ...], options: Options) -> bool:  # noqa: ARG001 -- likewise
    """What `nn.Module.to` asks before it swaps memory: never between devices."""
    return False


def _deep_copy(func: Function, args: tuple[Any, ...], options: Options) -> Any:  # noqa: ARG001 -- likewise
    """PyTorch refuses to copy a subclass."""
    return _ours(args[0].detach().clone(), {"requires_grad": args[0].requires_grad})


_GETTERS: Final[Any] = torch.Tensor  # whose properties are functions here
_SPECIAL: Final[dict[Any, Function]] = {
    torch.Tensor.numpy: _refuse_numpy,
    torch.Tensor.__array__: _refuse_numpy,
    _GETTERS.device.__get__: _device,
    _GETTERS.grad.__get__: _gradient,
    torch.Tensor.to: _moved,
    torch.Tensor.cpu: _moved,
    torch.Tensor.copy_: _plainly,  # copies between devices on CUDA, too
    torch.Tensor.__setitem__: _plainly,  # likewise
    torch.Tensor.__deepcopy__: _deep_copy,
    torch._has_compatible_shallow_copy_type: _is_same_kind,  # noqa: SLF001 -- nn.Module.to asks it
}
