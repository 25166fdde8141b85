"""Other programs than the reference: what goes wrong in attention and its mask, and right ones in other styles."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.exercises import Misconception


def products(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.transpose(-2, -1)


def scaled(query: Tensor, key: Tensor) -> Tensor:
    return products(query, key) / math.sqrt(query.shape[-1])


def filled(number: float) -> Callable[[Tensor, Any], Tensor]:
    """Scores with this number where attending is not allowed."""
    return lambda scores, mask: scores if mask is None else scores.masked_fill(~mask, number)


def attending(
    scores: Callable[[Tensor, Tensor], Tensor] = scaled,
    masked: Callable[[Tensor, Any], Tensor] = filled(-math.inf),
    softmax: Callable[[Tensor], Tensor] = lambda scores: torch.softmax(scores, dim=-1),
) -> Callable[..., Any]:
    """Attention of these parts."""

    def program(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
        return softmax(masked(scores(query, key), mask)) @ value

    return program


def masked_weights(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    weights = torch.softmax(scaled(query, key), dim=-1)
    return (weights if mask is None else weights * mask) @ value


def naive(scores: Tensor) -> Tensor:
    return torch.exp(scores) / torch.exp(scores).sum(dim=-1, keepdim=True)


def mask_made_here(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    bias = torch.zeros(query.shape[-2], key.shape[-2])
    if mask is not None:
        bias = bias.masked_fill(~mask, -math.inf)
    return torch.softmax(scaled(query, key) + bias, dim=-1) @ value


MISTAKES = (
    Misconception(
        "by-the-keys", "The scores are scaled by the number of keys, not by d",
        "Which axis of query and key is summed over in a score? How long is it?",
        attending(lambda q, k: products(q, k) / math.sqrt(k.shape[-2])), None, teacher="key.shape[-2] for key.shape[-1].",
    ),
    Misconception(
        "over-the-queries", "The weights add up to one over the queries, not over the keys",
        "Print the sum of the weights of one query. Along which axis does the softmax have to go?",
        attending(softmax=lambda scores: torch.softmax(scores, dim=-2)), None, teacher="softmax over dim=-2.",
    ),
    Misconception(
        "first-axes", "The first two axes of key are exchanged, not the last two",
        "Call it with a batch. Which axes does a matrix product work on?",
        attending(lambda q, k: q @ k.transpose(0, 1) / math.sqrt(q.shape[-1])), None,
        teacher="key.transpose(0, 1) is right without a batch only.",
    ),
    Misconception(
        "mask-after-softmax", "The mask is applied to the weights: they no longer add up to one",
        "Print the sum of the weights of each row. What should it be with a mask?",
        masked_weights, None, teacher="weights * mask after the softmax, without normalising again.",
    ),
    Misconception(
        "zero-scores", "A score of zero stands where attending is not allowed, which still has a weight",
        "What is exp(0)? Which score gives the weight zero?",
        attending(masked=filled(0.0)), None, teacher="scores * mask, or filled with 0, before the softmax.",
    ),
    Misconception(
        "tiny-scores", "A tiny score stands where attending is not allowed: to the softmax that is as good as zero",
        "What is exp(1e-9)? Which score gives the weight zero?",
        attending(masked=filled(1e-9)), None, teacher="1e-9 for -1e9.",
    ),
    Misconception(
        "exp-overflows", "exp overflows where scores are large: the weights are no numbers",
        "What is exp(1000) in a tensor? Which number may you subtract from all scores of a row?",
        attending(softmax=naive), None, teacher="A softmax by hand without the maximum subtracted.",
    ),
    Misconception(
        "mask-on-the-cpu", "A tensor is made on the CPU, wherever query is",
        "Print the .device of every tensor that your function makes.",
        mask_made_here, frozenset({"plain", "masked", "gradients", "form", "inputs"}), needs="cuda",
        teacher="torch.zeros without device; right on the CPU.", raises="device",
    ),
)  # fmt: skip


def by_einsum(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    scores = torch.einsum("...nd,...md->...nm", query, key) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.full_like(scores, -torch.inf))
    return torch.einsum("...nm,...me->...ne", scores.softmax(-1), value)


def by_hand(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    scores = scaled(query, key)
    exponentials = torch.exp(scores - scores.max(dim=-1, keepdim=True).values.detach())
    if mask is not None:
        exponentials = exponentials * mask
    return (exponentials @ value) / exponentials.sum(dim=-1, keepdim=True)


def in_double(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    return attending(masked=filled(-1e9))(query.double(), key.double(), value.double(), mask).to(query.dtype)


def row_by_row(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Any:
    rows = []
    for i in range(query.shape[-2]):
        scores = (key * query[..., i : i + 1, :]).sum(-1) * query.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(torch.logical_not(mask[i]), -math.inf)
        rows.append((torch.softmax(scores, -1).unsqueeze(-1) * value).sum(-2))
    return torch.stack(rows, dim=-2)


HONEST = {"einsum": by_einsum, "a softmax by hand": by_hand, "float64 inside": in_double, "row by row": row_by_row}
