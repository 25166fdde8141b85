"""Other programs than the reference: what goes wrong in dropout, and right ones that draw in other ways."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.exercises import Misconception


def dropping(
    divisor: Callable[[float], float] = lambda p: 1 - p,
    draw: Callable[[Tensor], Tensor] = torch.rand_like,
    otherwise: Callable[[float], float] = lambda p: 1,
) -> Callable[..., Any]:
    """Dropout that divides what is kept so, with these random numbers, and this factor in evaluation."""

    def program(x: Tensor, p: float, training: bool) -> Any:
        if not training:
            return x * otherwise(p)
        return x * (draw(x) >= p) / divisor(p)

    return program


def rows(x: Tensor) -> Tensor:
    return torch.rand(*x.shape[:-1], 1, device=x.device)


def seeded(x: Tensor) -> Tensor:
    torch.manual_seed(0)
    return torch.rand_like(x)


def always(x: Tensor, p: float, training: bool) -> Any:
    return dropping()(x, p, True)


def in_place(x: Tensor, p: float, training: bool) -> Any:
    if training:
        x *= (torch.rand_like(x) >= p) / (1 - p)
    return x


def exactly(x: Tensor, p: float, training: bool) -> Any:
    if not training:
        return x
    mask = torch.ones_like(x).flatten()
    mask[torch.randperm(x.numel())[: round(p * x.numel())].to(x.device)] = 0
    return x * mask.reshape(x.shape) / (1 - p)


MISTAKES = (
    Misconception(
        "by-p", "What is kept is divided by p",
        "For p = 0.1 nine of ten numbers are kept. By how much have they to grow?",
        dropping(lambda p: p), None, teacher="Divides by p, not by 1 - p.",
    ),
    Misconception(
        "by-p-above-0", "What is kept is divided by p, and p = 0 is a case of its own",
        "For p = 0.1 nine of ten numbers are kept. By how much have they to grow?",
        dropping(lambda p: p or 1), None, teacher="Divides by p, not by 1 - p, and returns x where p is 0.",
    ),
    Misconception(
        "always", "Numbers are dropped in evaluation, too",
        "Which argument says whether the network is being trained? Where do you use it?",
        always, None, teacher="`training` is ignored.",
    ),
    Misconception(
        "not-inverted", "Evaluation scales, and training does not",
        "There are two kinds of dropout. When does the inverted one scale?",
        dropping(lambda p: 1, otherwise=lambda p: 1 - p), None, teacher="Dropout as in the first paper, not inverted.",
    ),
    Misconception(
        "rows", "Whole rows are dropped together",
        "Print the result for a matrix of ones. How many random numbers do you draw?",
        dropping(draw=rows), None, teacher="One random number a row is broadcast.",
    ),
    Misconception(
        "same-mask", "Every call drops the same numbers",
        "Call it twice on the same x. Who seeds the random numbers, and how often?",
        dropping(draw=seeded), None, teacher="torch.manual_seed inside the function.",
    ),
    Misconception(
        "exact-share", "Exactly the share p is dropped in every call: the numbers are not independent",
        "Toss ten coins: are there always five heads? Count what your function drops in each call.",
        exactly, None, teacher="A permutation picks a fixed number of components.",
    ),
    Misconception(
        "in-place", "x itself is changed", "Print x before and after the call.",
        in_place, None, teacher="x is multiplied in place.",
    ),
)  # fmt: skip


def by_bernoulli(x: Tensor, p: float, training: bool) -> Any:
    return x * torch.bernoulli(torch.full_like(x, 1 - p)) / (1 - p) if training else x


def by_where(x: Tensor, p: float, training: bool) -> Any:
    if not training or p == 0:
        return x.clone()
    return torch.where(torch.rand(x.shape, device=x.device) < p, torch.zeros_like(x), x / (1 - p))


def by_filling(x: Tensor, p: float, training: bool) -> Any:
    if not training:
        return x
    kept = torch.empty(x.shape).uniform_().sub(p).clamp(min=0).bool()
    return x.masked_fill(~kept.to(x.device), 0.0).div(1 - p)


HONEST = {"bernoulli": by_bernoulli, "torch.where": by_where, "uniform_ and masked_fill": by_filling}
