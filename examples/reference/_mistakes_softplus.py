"""Other programs than the reference: what goes wrong in a forward and a backward by hand, and right ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.exercises import Misconception


def stable(x: Tensor) -> Tensor:
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


def function(
    value: Callable[[Tensor], Tensor] = stable, slope: Callable[[Tensor], Tensor] = torch.sigmoid
) -> type[torch.autograd.Function]:
    """A function of this value; its backward multiplies by this slope."""

    class Softplus(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return value(x)

        @staticmethod
        def backward(ctx: Any, grad_output: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return grad_output * slope(x)

    return Softplus


class KeepsTheLast(torch.autograd.Function):
    x: Tensor

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        KeepsTheLast.x = x.detach()
        return stable(x)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        return grad_output * torch.sigmoid(KeepsTheLast.x)


class ForgetsTheChain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return stable(x)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        return torch.sigmoid(ctx.saved_tensors[0])


def naive(x: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(x))


def naive_slope(x: Tensor) -> Tensor:
    return torch.exp(x) / (1 + torch.exp(x))


MISTAKES = (
    Misconception(
        "forward-overflows", "exp(x) overflows in forward: the value becomes infinite for large x",
        "What is exp(1000) in a tensor? Which part of the formula matters when x is large?",
        function(naive), None, teacher="log(1 + exp(x)) as it stands; the backward is right.",
    ),
    Misconception(
        "backward-overflows", "exp(x) overflows in backward: the gradient is no number for large x",
        "What is infinity divided by infinity? Rewrite the fraction so that no exp becomes large.",
        function(slope=naive_slope), None, teacher="exp(x) / (1 + exp(x)) in backward; the values are right.",
    ),
    Misconception(
        "both-overflow", "exp(x) overflows, in forward and in backward",
        "What is exp(1000) in a tensor? Follow it through both formulas.",
        function(naive, naive_slope), None, teacher="Both formulas are written as they stand on paper.",
    ),
    Misconception(
        "chain-rule", "backward gives the derivative of softplus alone",
        "What does grad_output hold, and what does the chain rule do with it?",
        ForgetsTheChain, None, teacher="grad_output is not used.",
    ),
    Misconception(
        "keeps-the-last", "Two calls before backward are mixed up: the second x is used for both",
        "Where does forward keep x? Call it twice with different x before you call backward.",
        KeepsTheLast, None, teacher="x is kept in a class attribute or a global, not in ctx.",
    ),
    Misconception(
        "slope-of-the-output", "backward takes the sigmoid of the output, not of x",
        "Which tensor did you save: what came in, or what went out?",
        function(slope=lambda x: torch.sigmoid(stable(x))), None, teacher="The output is saved and used as if it were x.",
    ),
    Misconception(
        "second-derivative", "backward gives the second derivative of softplus",
        "Differentiate log(1 + exp(x)) once, on paper. At x = 0, what is the slope?",
        function(slope=lambda x: torch.sigmoid(x) * torch.sigmoid(-x)), None,
        teacher="The derivative of the sigmoid for the sigmoid.",
    ),
    Misconception(
        "sign-of-x", "exp(-x) grows without bound where x is negative: abs is missing in forward",
        "Is your formula right on both sides of zero? Try x = -1 and x = -1000.",
        function(lambda x: x.clamp(min=0) + torch.log1p(torch.exp(-x))), None,
        teacher="relu(x) + log1p(exp(-x)), with x for its magnitude.",
    ),
)  # fmt: skip


class SavesTheOutput(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.logaddexp(x, torch.zeros_like(x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        return grad_output * -torch.expm1(-ctx.saved_tensors[0])


def with_a_threshold(x: Tensor) -> Tensor:
    return torch.where(x > 20, x, torch.log1p(torch.exp(x.clamp(max=20))))


def in_double(x: Tensor) -> Tensor:
    return stable(x.double()).to(x.dtype)


HONEST = {
    "logaddexp, saves the output": SavesTheOutput,
    "x itself above 20": function(with_a_threshold, lambda x: 1 / (1 + torch.exp(-x))),
    "float64 inside": function(in_double, lambda x: torch.exp(x.double() - stable(x.double())).to(x.dtype)),
}
