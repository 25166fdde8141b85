"""Child side: what takes the place of bars, plots and loggers that are not installed here.

A program that is right but for a progress bar which this machine lacks is right. So for a short list of
packages that compute nothing, and only where the real one is not installed, the student's import finds one
that does nothing, and a note says so. A library that asks whether they are there gets the truth.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any, Final, Self

import numpy as np

from grader.records import Note, Place
from grader.sandbox import tracebacks

STANDS_FOR: Final = {
    "tqdm": "tqdm",
    "matplotlib": "matplotlib",
    "mpl_toolkits": "matplotlib",
    "seaborn": "seaborn",
    "plotly": "plotly",
    "wandb": "wandb",
    "mlflow": "mlflow",
    "tensorboardX": "tensorboardX",
    "torch.utils.tensorboard": "tensorboard",
}
"""A module, and the package that brings it. Nothing that computes may stand here."""

_BARS: Final = ("tqdm", "tqdm.auto", "tqdm.autonotebook", "tqdm.notebook", "tqdm.std")


def install(say: Callable[[Note], None]) -> None:
    """From now on the student's imports find them."""
    sys.meta_path.insert(0, _Finder(say))


def forget() -> None:
    """From now on none is found, and those that were are not there any more."""
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _Finder)]
    for name, module in [*sys.modules.items()]:
        if isinstance(getattr(getattr(module, "__spec__", None), "loader", None), _Maker):
            del sys.modules[name]


class _Finder(MetaPathFinder):
    def __init__(self, say: Callable[[Note], None]) -> None:
        self._say = say
        self._said: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        package = next((one for name, one in STANDS_FOR.items() if f"{fullname}.".startswith(f"{name}.")), "")
        bars = package == "tqdm"
        if not package or (bars and fullname not in _BARS) or PathFinder.find_spec(package):
            return None
        place = _asked_by(sys._getframe())  # noqa: SLF001 -- there is no other way to see who imports
        if place is None:
            return None
        self._tell(package, place)
        return ModuleSpec(fullname, _Maker(_bars if bars else _Idle), is_package=True)

    def _tell(self, package: str, place: Place) -> None:
        if package not in self._said:
            self._said.add(package)
            text = f"{package} is not installed here; a stand-in that does nothing took its place."
            self._say(Note(f"{text} This costs nothing.", place))


def _asked_by(frame: FrameType | None) -> Place | None:
    """The line of the student's that imports; None where a library does."""
    while frame is not None:
        name = frame.f_code.co_filename
        own = tracebacks.own_file(name)
        if own is not None:
            return tracebacks.place_of(own, frame.f_lineno)
        if name != __file__ and "importlib" not in name:
            return None
        frame = frame.f_back
    return None


class _Maker(Loader):
    def __init__(self, make: Callable[[str], ModuleType]) -> None:
        self._make = make

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._make(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


# --- bars: what they go over goes on --------------------------------------------------------------


class Bar:
    """`tqdm(iterable)`, without a bar."""

    disable = True

    def __init__(
        self, iterable: Iterable[Any] | None = None, *_: object, total: float | None = None, **__: object
    ) -> None:
        self.iterable = iterable
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self.n: float = 0

    def __iter__(self) -> Iterator[Any]:
        for one in self.iterable or ():
            yield one
            self.n += 1

    def __len__(self) -> int:
        return int(self.total or 0)

    def __bool__(self) -> bool:
        return self.total != 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., None]:
        """set_description, set_postfix, refresh, close and the like."""
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing

    def close(self) -> None:
        pass

    def update(self, n: float = 1) -> None:
        self.n += n

    def reset(self, total: float | None = None) -> None:
        self.n, self.total = 0, self.total if total is None else total

    @staticmethod
    def write(text: str, file: Any = None, end: str = "\n", **_: object) -> None:
        print(text, file=file, end=end)


def _nothing(*_: object, **__: object) -> None:
    pass


def _trange(*given: int, **options: Any) -> Bar:
    return Bar(range(*given), **options)


def _bars(name: str) -> ModuleType:
    module = ModuleType(name)
    for one in ("tqdm", "tqdm_notebook"):
        setattr(module, one, Bar)
    for one in ("trange", "tnrange"):
        setattr(module, one, _trange)
    return module


# --- plots and loggers: whatever is asked of them does nothing -------------------------------------


class Nothing:
    """Whatever is asked of it, called on it or taken from it is nothing again."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __call__(self, *given: Any, **_: object) -> Any:
        decorates = len(given) == 1 and callable(given[0]) and not isinstance(given[0], Nothing)
        return given[0] if decorates else self

    def __getitem__(self, key: object) -> Nothing:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Nothing]:
        return iter((self,))  # line, = axes.plot(x)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


NOTHING: Final = Nothing()


class _Idle(ModuleType):
    __all__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _subplots if name == "subplots" else NOTHING


def _subplots(
    nrows: int = 1, ncols: int = 1, *_: object, squeeze: bool = True, **__: object
) -> tuple[Nothing, Any]:
    """A figure and as many axes as the caller unpacks."""
    axes = np.full((nrows, ncols), None)
    for index in np.ndindex(nrows, ncols):
        axes[index] = NOTHING
    if not squeeze:
        return NOTHING, axes
    return NOTHING, NOTHING if axes.size == 1 else axes.squeeze()
