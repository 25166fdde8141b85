"""Child side: PyTorch's compiler stays asleep until somebody asks for it.

The first optimiser of a process imports `torch._dynamo`, as much code as the rest of PyTorch, only to tell a
compiler that is not running where it should break a graph. That is half of the start of a check, and pages
that every worker inherits. So a module that does nothing stands in its place. Whoever asks it for anything
else, as `torch.compile` does, wakes the real one and never meets this one again.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final, TypeVar

import torch

NAME: Final = "torch._dynamo"

F = TypeVar("F", bound=Callable[..., Any])


def put_to_sleep() -> None:
    """Keep it from being imported for nothing; where it has been, nothing is to be had any more."""
    if NAME not in sys.modules:
        asleep = _Asleep()
        sys.modules[NAME] = asleep
        torch._dynamo = asleep  # noqa: SLF001 -- as the import would
        sys.meta_path.insert(0, _Door())


def wake() -> ModuleType:
    """The real one."""
    if isinstance(sys.modules.get(NAME), _Asleep):
        sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _Door)]
        del sys.modules[NAME]
    return importlib.import_module(NAME)


class _Asleep(ModuleType):
    """What an optimiser asks of the compiler, and what it does while nothing is compiled: nothing."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.__path__ = []  # a package: its modules are asked of the door

    @staticmethod
    def graph_break(*_: object, **__: object) -> None:
        return

    @staticmethod
    def disable(function: F, *_: object, **__: object) -> F:
        return function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # those who look at every module there is mean nobody
            raise AttributeError(name)
        return getattr(wake(), name)


class _Door(MetaPathFinder):
    """Finds the modules in the package, of which nothing is there as long as it is asleep."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- that of the one asleep: it has none
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{NAME}."):
            return None
        package = wake()
        if fullname in sys.modules:  # the package has imported it itself
            return ModuleSpec(fullname, _There())
        return PathFinder.find_spec(fullname, package.__path__, target)


class _There(Loader):
    """For a module that is there already."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        pass
