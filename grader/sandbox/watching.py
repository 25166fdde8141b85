"""Child side: which functions of PyTorch a call uses, of those that its exercise asks about.

What is noted is a claim, as all traces are: the student's code runs in the same interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from torch.overrides import TorchFunctionMode, resolve_name

ANY: Final = "torch"  # whatever is PyTorch's
STEPS: Final = "torch.optim"  # a step of any optimiser


class Watching(TorchFunctionMode):
    """Notes while it is entered."""

    def __init__(self, watched: tuple[str, ...]) -> None:
        super().__init__()
        self._watched = watched
        self._names: dict[
            Any, frozenset[str]
        ] = {}  # of each function seen, those of its names that are watched
        self._seen: set[str] = set()

    def seen(self, *, stepped: bool) -> tuple[str, ...]:
        """In the order in which the exercise names them."""
        found = self._seen | ({STEPS, ANY} if stepped else set())
        return tuple(name for name in self._watched if name in found)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func not in self._names:
            self._names[func] = names(func) & set(self._watched)
        self._seen |= self._names[func]
        return func(*args, **(kwargs or {}))


def names(func: Any) -> frozenset[str]:
    """What an exercise may call it: `softmax`, `torch.nn.functional.softmax`; `add` for `__add__` too.

    An attribute of tensors has a dot, `.grad`: to look at it is no call of `grad`.
    """
    whole = resolve_name(func) or ""
    last = getattr(func, "__name__", "") or whole.rpartition(".")[2]
    if last == "__get__":
        return frozenset({ANY, whole, "." + getattr(getattr(func, "__self__", None), "__name__", "")})
    return frozenset({ANY, whole, last, last.strip("_").removeprefix("i"), last.strip("_")}) - {""}
