"""Which functions of PyTorch a call is seen to use. Under five seconds."""
# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: ARG004, ARG005, PLW0108

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.records import Protocol, Returned
from grader.sandbox import calling
from grader.sandbox.watching import Watching
from tests.judging.build import tensor

F = torch.nn.functional
ALL = (
    "torch", "softmax", "scaled_dot_product_attention", "matmul", "add", "sub", "backward", "grad", "sum",
    "relu", "torch.nn.functional.softmax", "torch.optim", "dropout", ".grad", ".T",
)  # fmt: skip


def seen(function: Callable[[torch.Tensor], Any], watched: tuple[str, ...] = ALL) -> tuple[str, ...]:
    protocol = Protocol(leaves=True, watched=watched)
    answer, trace = calling.traced_call(function, {"x": tensor(1.0, 2.0)}, protocol=protocol)
    assert isinstance(answer, Returned), answer
    return trace.functions


def by_sgd(x: torch.Tensor) -> torch.Tensor:
    parameter = torch.nn.Parameter(x)
    optimiser = torch.optim.SGD([parameter], lr=0.1)
    (parameter**2).sum().backward()
    optimiser.step()
    return parameter.detach()


def by_grad(x: torch.Tensor) -> torch.Tensor:
    x.requires_grad_()
    return torch.autograd.grad((x * x).sum(), x)[0]


def by_transform(x: torch.Tensor) -> Any:
    return torch.func.grad(lambda y: (y * y).sum())(x)


def by_attention(x: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(x[None], x[None], x[None])


def in_a_module(x: torch.Tensor) -> Any:
    return torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Softmax(dim=0))(x)


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x, 0)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return grads[0]


@pytest.mark.parametrize(
    ("function", "functions"),
    [
        (lambda x: x.tolist(), ("torch",)),
        (lambda x: 3, ()),
        (lambda x: torch.softmax(x, 0), ("torch", "softmax")),
        (lambda x: x.softmax(0), ("torch", "softmax")),
        (lambda x: F.softmax(x, 0), ("torch", "softmax", "torch.nn.functional.softmax")),
        (in_a_module, ("torch", "softmax", "relu", "torch.nn.functional.softmax")),
        (lambda x: x @ x, ("torch", "matmul")),
        (lambda x: x + 1, ("torch", "add")),
        (lambda x: 1 + x, ("torch", "add")),
        (lambda x: x.add_(1), ("torch", "add")),
        (lambda x: sum(x), ("torch", "add")),
        (by_sgd, ("torch", "add", "backward", "sum", "torch.optim", ".grad")),  # SGD itself adds
        (by_grad, ("torch", "grad", "sum")),
        (by_transform, ("torch", "grad", "sum")),
        (lambda x: x.grad is None, ("torch", ".grad")),
        (lambda x: x.reshape(1, 2).T, ("torch", ".T")),
        (by_attention, ("torch", "scaled_dot_product_attention")),
        (Own.apply, ("torch", "softmax")),
    ],
)  # fmt: skip
def test_functions_are_seen_however_they_are_called(
    function: Callable[[Any], Any], functions: tuple[str, ...]
) -> None:
    assert seen(function) == functions


def test_functions_are_named_in_the_order_of_the_exercise() -> None:
    assert seen(lambda x: torch.softmax(x + 1, 0), ("softmax", "add")) == ("softmax", "add")
    assert seen(lambda x: torch.softmax(x + 1, 0), ("add", "softmax")) == ("add", "softmax")


def test_what_is_not_watched_for_is_not_told() -> None:
    assert seen(lambda x: torch.softmax(x, 0), ("relu",)) == ()


def test_without_anything_to_watch_nothing_is_told() -> None:
    assert seen(lambda x: x + 1, ()) == ()


def test_watching_changes_no_result_and_ends_with_the_call() -> None:
    arguments = {"x": tensor(1.0, 2.0)}
    plain = calling.call(lambda x: (x + 1).softmax(0), arguments)
    with Watching(("add",)) as watching:
        pass
    watched, _ = calling.traced_call(
        lambda x: (x + 1).softmax(0), arguments, protocol=Protocol(watched=("add",))
    )
    torch.ones(1) + 1

    assert plain == watched
    assert watching.seen(stepped=False) == ()


def test_an_exception_ends_the_watching() -> None:
    calling.traced_call(lambda x: x + 1 + (1 / 0), {"x": tensor(1.0)}, protocol=Protocol(watched=("add",)))

    assert not torch.overrides._get_current_function_mode_stack()
