"""softplus(x) = log(1 + exp(x)) as a function that autograd does not know: its derivative is the sigmoid."""

from typing import Any

import torch
from _mistakes_softplus import HONEST, MISTAKES

from grader import strategies
from grader.exercises import Close, Criterion, Exercise

NEAR = Close(1e-5, 1e-6, "log(1 + exp(x)) below 20, x above, and exp(x - softplus(x)) are honest, too")


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


def probe(student: Any, x: torch.Tensor) -> Any:
    """Two calls before backward, so what one keeps must not be in the way of the other."""
    return student.apply(x), student.apply(x / 2)


EXERCISE = Exercise(
    name="Softplus",
    title="Softplus with a backward of its own",
    statement="Write forward and backward of log(1 + exp(x)), right for x = 1000 too. Softplus.apply(x) calls it.",
    reference=Softplus,
    probe=probe,
    arguments=strategies.calls(
        x=strategies.tensors(
            [(1,), (), (3,), (2, 2)], [torch.float32, torch.float64],
            strategies.magnitudes([0.0, 1.0, -1.0, 2.0, 30.0, 1000.0, -1000.0], 0.01, 100.0),
        )
    ),
    rubric=(
        Criterion("small", "Values are right", 2, "values", lambda a: bool((a["x"].abs() < 20).all()), check=NEAR),
        Criterion("large", "Values are right for numbers of large magnitude", 2, "values",
                  lambda a: not bool((a["x"].abs() < 20).all()), check=NEAR),
        Criterion("gradients", "Gradients are right", 3, "gradients", check=NEAR),
        Criterion("input", "x stays as it was", 1, "unchanged"),
        Criterion("form", "A tensor like x comes back", 1, "return"),
        Criterion("own", "It is not PyTorch's own", 1, "calls", avoids=("softplus",)),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
