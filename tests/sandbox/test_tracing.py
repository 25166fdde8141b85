"""What the recorder takes for one step."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from grader.sandbox.tracing import Recorder


class Counting(torch.optim.SGD):
    """As students write it to print or to count: the inherited step inside its own."""

    def step(self, closure: Any = None) -> Any:
        return super().step(closure)


class Refusing(torch.optim.SGD):
    def step(self, closure: Any = None) -> Any:  # noqa: ARG002 - the signature of what it overrides
        raise ArithmeticError


class Stepping(torch.optim.SGD):
    """Goes on after another optimiser's step has raised inside its own."""

    def step(self, closure: Any = None) -> Any:
        with pytest.raises(ArithmeticError):
            optimiser(Refusing).step()
        return super().step(closure)


class Threading(torch.optim.SGD):
    """Waits inside its step for another thread's."""

    def step(self, closure: Any = None) -> Any:
        other = threading.Thread(target=optimiser(torch.optim.SGD).step)
        other.start()
        other.join()
        return super().step(closure)


def optimiser(kind: type[torch.optim.SGD]) -> torch.optim.SGD:
    theta = torch.nn.Parameter(torch.tensor(1.0))
    theta.grad = torch.tensor(2.0)
    return kind([theta], lr=0.25)


def test_a_subclass_that_calls_the_inherited_step_takes_one_step() -> None:
    optimiser(torch.optim.SGD)  # PyTorch wraps a class's step when its first optimiser is made
    with Recorder() as recorder:
        counting = optimiser(Counting)
        counting.step()
        counting.step()

    first, second = recorder.trace().steps
    assert first.classes == second.classes == ("SGD",)
    assert first.after == second.before


@pytest.mark.parametrize("kind", [torch.optim.SGD, Stepping])
def test_a_step_that_raised_hides_none_that_follows(kind: type[torch.optim.SGD]) -> None:
    with Recorder() as recorder:
        refusing = optimiser(Refusing)
        with pytest.raises(ArithmeticError):
            refusing.step()
        optimiser(kind).step()

    assert len(recorder.trace().steps) == 1


def test_a_step_in_another_thread_does_not_break_the_one_that_waits_for_it() -> None:
    with Recorder() as recorder:
        optimiser(Threading).step()

    assert recorder.trace().steps
