"""Child side: what every optimiser step of a call saw and left, by torch.optim's own global hooks.

Only the outermost step is recorded, so an optimiser that steps another inside counts once, and so does a
subclass whose step calls the one it inherits. PyTorch tells no end of a step that raised: what has begun is
known by the frame that told the hook, and a frame that is on the stack no more has ended.

With which gradients and options a step was taken is known right after it alone: a closure makes them in it,
and a hook or a subclass of the student's own may clear them before it is over. So a hook of ours stands
first among those of each optimiser.

What is recorded here is a claim: the student's code runs in the same interpreter.

Most calls of a suite are watched, so a hook only takes the numbers down; they become records when
the call has ended.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Final, NamedTuple, Self

import torch
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from grader.records import MAX_PARAMETERS, MAX_STEPS, Step, Tensor, Trace
from grader.sandbox import values

FEW: Final = 50  # of a call whose first steps are shown
KINDS: Final = frozenset(
    one for one in vars(torch.optim).values() if isinstance(one, type) and issubclass(one, Optimizer)
) - {Optimizer}  # by themselves, as they were before a student's file was read: a name can be taken
OPTIONS: Final = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")

Numbers = tuple[torch.dtype, tuple[int, ...], Any]
"""A small tensor taken down: dtype, shape, its numbers."""

Taken = Tensor | Numbers


class _Seen(NamedTuple):
    """A step as the hooks saw it."""

    classes: tuple[str, ...]
    options: list[dict[str, float]]  # of each group or parameter, the first group's first
    before: list[Taken]
    after: list[Taken]
    gradients: list[Taken | None]


class _With(NamedTuple):
    """What a step was taken with."""

    options: list[dict[str, float]]
    gradients: list[Taken | None]


class Recorder:
    """Records while it is entered; of more than `limit` steps only how many."""

    def __init__(self, limit: int = MAX_STEPS) -> None:
        self._limit = limit
        self._steps: list[_Seen] = []
        self._dropped = 0
        self._open: list[FrameType] = []  # of steps that have begun, outermost first
        self._before: list[Taken] = []
        self._with: _With | None = None
        self._stepping: Optimizer | None = None  # the outermost
        self._first: dict[int, tuple[Optimizer, RemovableHandle]] = {}  # by identity: a student may define ==
        self._classes: dict[type, tuple[str, ...]] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        if not hasattr(torch.optim.SGD.step, "hooked"):  # a subclass may be made before any of its own
            torch.optim.SGD([torch.empty(0)])
        self._handles = [
            register_optimizer_step_pre_hook(self._on_begin),
            register_optimizer_step_post_hook(self._on_end),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        for _optimiser, first in self._first.values():
            first.remove()

    def trace(self) -> Trace:
        return Trace(steps=tuple(_step(seen) for seen in self._steps), dropped=self._dropped)

    def _on_begin(self, optimiser: Optimizer, *_: object) -> None:
        told = _told_by()
        if self._open:  # a step inside a step, or one that raised
            running = _stack(told)
            self._open = [one for one in self._open if one in running]
        self._open.append(told)
        if len(self._open) == 1 and len(self._steps) < self._limit:
            self._before = _all_taken(_parameters(optimiser))
            self._stand_first(optimiser)

    def _stand_first(self, optimiser: Optimizer) -> None:
        self._with, self._stepping = None, optimiser
        if id(optimiser) not in self._first:
            handle = Optimizer.register_step_post_hook(optimiser, self._on_stepped)
            hooks: Any = optimiser._optimizer_step_post_hooks  # noqa: SLF001 - no public way leads to the front
            hooks.move_to_end(handle.id, last=False)
            self._first[id(optimiser)] = optimiser, handle

    def _on_stepped(self, optimiser: Optimizer, *_: object) -> None:
        if optimiser is self._stepping and self._with is None:
            self._with = _taken_with(optimiser)

    def _on_end(self, optimiser: Optimizer, *_: object) -> None:
        told = _told_by()
        if told not in self._open:  # two threads stepped at once
            return
        del self._open[self._open.index(told) :]
        if self._open:
            return
        if len(self._steps) == self._limit:
            self._dropped += 1
            return
        options, gradients = self._with or _taken_with(optimiser)
        after = _all_taken(_parameters(optimiser))
        self._steps.append(_Seen(self._classes_of(optimiser), options, self._before, after, gradients))

    def _classes_of(self, optimiser: Optimizer) -> tuple[str, ...]:
        kind = type(optimiser)
        if kind not in self._classes:
            self._classes[kind] = tuple(one.__name__ for one in kind.__mro__ if one in KINDS)
        return self._classes[kind]


def _told_by() -> FrameType:
    """The frame that called the hook: that of PyTorch's wrapper around one step."""
    return sys._getframe(2)  # noqa: SLF001 - the sys module documents it


def _stack(innermost: FrameType) -> set[FrameType]:
    frames: set[FrameType] = set()
    frame: FrameType | None = innermost
    while frame is not None:
        frames.add(frame)
        frame = frame.f_back
    return frames


def _parameters(optimiser: Optimizer) -> list[torch.Tensor]:
    every = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    return every[:MAX_PARAMETERS]


def _taken_with(optimiser: Optimizer) -> _With:
    parameters = [one for one in _parameters(optimiser) if _is_small(one)]
    return _With(_options(optimiser), [_gradient(one.grad) for one in parameters])


def _options(optimiser: Optimizer) -> list[dict[str, float]]:
    """The first group's; where others have others, those of each parameter follow."""
    if len(optimiser.param_groups) == 1:
        return [_of_group(optimiser.param_groups[0])]
    first, *others = [(_of_group(group), group["params"]) for group in optimiser.param_groups]
    if all(options == first[0] for options, _ in others):
        return [first[0]]
    each = [(one, options) for options, group in (first, *others) for one in group][:MAX_PARAMETERS]
    return [first[0], *(options for one, options in each if _is_small(one))]


def _of_group(group: dict[str, Any]) -> dict[str, float]:
    return {name: float(group[name]) for name in OPTIONS if name in group}


def _gradient(gradient: torch.Tensor | None) -> Taken | None:
    if gradient is None:
        return None
    return _taken(gradient.to_dense() if gradient.is_sparse else gradient)


def _is_small(tensor: torch.Tensor) -> bool:
    """Whether its values are taken down."""
    return values.is_simple(tensor) or not values.obstacle(tensor)


def _all_taken(parameters: list[torch.Tensor]) -> list[Taken]:
    return [taken for taken in map(_taken, parameters) if taken is not None]


def _taken(tensor: torch.Tensor) -> Taken | None:
    """The values that a tensor has now; None where they are no small block of numbers."""
    if values.is_simple(tensor):
        return tensor.dtype, tuple(tensor.shape), torch.Tensor.tolist(tensor)
    return None if values.obstacle(tensor) else values.record(tensor)


def _step(seen: _Seen) -> Step:
    return Step(
        seen.classes,
        seen.options[0],
        tuple(map(_recorded, seen.before)),
        tuple(map(_recorded, seen.after)),
        tuple(None if one is None else _recorded(one) for one in seen.gradients),
        tuple(seen.options[1:]),
    )


def _recorded(taken: Taken) -> Tensor:
    return taken if isinstance(taken, Tensor) else values.packed(*taken)
