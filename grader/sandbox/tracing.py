"""Child side: what every optimiser step of a call saw and left, by torch.optim's own global hooks.

Only the outermost step is recorded, so an optimiser that steps another inside counts once.
What is recorded here is a claim: the student's code runs in the same interpreter.
"""

from __future__ import annotations

from typing import Any, Final, Self

import torch
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from grader.records import Step, Tensor, Trace
from grader.sandbox import values

MAX_STEPS: Final = 1_000  # a traced case asks for a handful
MAX_PARAMETERS: Final = 16
OPTIONS: Final = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")


class Recorder:
    """Records while it is entered."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._dropped = 0
        self._open: list[Optimizer] = []  # optimisers whose step has begun, outermost first
        self._before: tuple[Tensor, ...] = ()
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        self._handles = [
            register_optimizer_step_pre_hook(self._on_begin),
            register_optimizer_step_post_hook(self._on_end),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def trace(self) -> Trace:
        return Trace(steps=tuple(self._steps), dropped=self._dropped)

    def _on_begin(self, optimiser: Optimizer, *_: object) -> None:
        if any(optimiser is one for one in self._open):  # its last step raised before it ended
            self._open.clear()
        self._open.append(optimiser)
        if len(self._open) == 1:
            self._before = _recorded(optimiser)

    def _on_end(self, optimiser: Optimizer, *_: object) -> None:
        self._open.pop()
        if self._open:
            return
        if len(self._steps) == MAX_STEPS:
            self._dropped += 1
            return
        self._steps.append(
            Step(
                _classes(optimiser),
                _options(optimiser),
                self._before,
                _recorded(optimiser),
                _gradients(optimiser),
            )
        )


def _parameters(optimiser: Optimizer) -> list[torch.Tensor]:
    every = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    return [parameter for parameter in every if not values.obstacle(parameter)][:MAX_PARAMETERS]


def _recorded(optimiser: Optimizer) -> tuple[Tensor, ...]:
    return tuple(values.record(parameter) for parameter in _parameters(optimiser))


def _gradients(optimiser: Optimizer) -> tuple[Tensor | None, ...]:
    gradients = [parameter.grad for parameter in _parameters(optimiser)]
    return tuple(
        None if gradient is None or values.obstacle(gradient) else values.record(gradient)
        for gradient in gradients
    )


def _classes(optimiser: Optimizer) -> tuple[str, ...]:
    return tuple(
        one.__name__
        for one in type(optimiser).__mro__
        if one.__module__.startswith("torch.optim") and one is not Optimizer
    )


def _options(optimiser: Optimizer) -> dict[str, float]:
    group = optimiser.param_groups[0]
    return {name: float(group[name]) for name in OPTIONS if name in group}
