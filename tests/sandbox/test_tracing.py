"""What the recorder takes for one step."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from grader.sandbox.tracing import Recorder
from grader.sandbox.values import record


class Counting(torch.optim.SGD):
    """As students write it to print or to count: the inherited step inside its own."""

    def step(self, closure: Any = None) -> Any:
        return super().step(closure)


class Clearing(torch.optim.SGD):
    """Leaves nothing of the gradient, and its rate for the step alone."""

    def step(self, closure: Any = None) -> Any:
        self.param_groups[0]["lr"] = 0.5
        super().step(closure)
        self.param_groups[0]["lr"] = 0.0
        self.zero_grad()


class Named(torch.optim.Optimizer):
    """Bears the name of another."""

    def step(self) -> None:  # type: ignore[override]
        pass


Named.__name__, Named.__module__ = "SGD", "torch.optim.sgd"


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


@pytest.mark.parametrize("first", ["PyTorch has wrapped its step", "it has not"])
def test_a_step_is_recorded_with_what_it_was_taken_with(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    if first == "it has not":
        optimiser(torch.optim.SGD)
        monkeypatch.setattr(torch.optim.SGD, "step", torch.optim.SGD.step.__wrapped__)  # type: ignore[attr-defined]
    with Recorder() as recorder:
        optimiser(Clearing).step()

    (made,) = recorder.trace().steps
    assert (made.options["lr"], made.gradients) == (0.5, (record(torch.tensor(2.0)),))


def test_a_hook_of_the_students_own_comes_after_the_gradient_is_taken_down() -> None:
    clearing = optimiser(torch.optim.SGD)
    clearing.register_step_post_hook(lambda one, *_: one.zero_grad())
    with Recorder() as recorder:
        clearing.step()

    (made,) = recorder.trace().steps
    assert made.gradients == (record(torch.tensor(2.0)),)
    assert len(clearing._optimizer_step_post_hooks) == 1, "ours is gone with the recorder"


def test_an_optimiser_inside_another_does_not_speak_for_it() -> None:
    inner, outer = optimiser(torch.optim.SGD), optimiser(torch.optim.SGD)
    with Recorder() as recorder:
        inner.step()
        inner.param_groups[0]["params"][0].grad.fill_(7.0)
        outer.step(inner.step)

    assert [one.gradients for one in recorder.trace().steps] == [(record(torch.tensor(2.0)),)] * 2


def test_a_class_is_known_by_itself_not_by_its_name() -> None:
    theta = torch.nn.Parameter(torch.tensor(1.0))
    with Recorder() as recorder:
        Named([theta], {"lr": 0.25}).step()

    assert [one.classes for one in recorder.trace().steps] == [()]


def test_groups_that_differ_are_told_for_each_parameter_that_is_small_enough() -> None:
    one, other, large = (torch.nn.Parameter(torch.ones(size)) for size in (1, 1, 2000))
    for parameter in (one, large, other):
        parameter.grad = torch.ones_like(parameter)
    with Recorder() as recorder:
        torch.optim.SGD([one, large, other], lr=0.5).step()
        groups: list[dict[str, Any]] = [{"params": [large, one]}, {"params": [other], "lr": 0.25}]
        torch.optim.SGD(groups, lr=0.5).step()

    alike, apart = recorder.trace().steps
    assert (alike.each, [single["lr"] for single in apart.each]) == ((), [0.5, 0.25])
    assert len(alike.before) == len(alike.after) == len(alike.gradients) == 2


def test_a_sparse_gradient_is_taken_down_as_numbers() -> None:
    table = torch.nn.Embedding(2, 1, sparse=True, _weight=torch.ones(2, 1))
    (table(torch.tensor([1])) ** 2).sum().backward()
    with Recorder() as recorder:
        torch.optim.SGD(table.parameters(), lr=0.25).step()

    (made,) = recorder.trace().steps
    assert made.gradients == (record(torch.tensor([[0.0], [2.0]])),)
