"""Scaled dot-product attention: softmax(query @ key^T / sqrt(d)) @ value, scores -inf where it is masked."""

import math
from functools import cache
from typing import Any

import torch
from _mistakes_attention import HONEST, MISTAKES
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Close, Criterion, Exercise


def attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any = None) -> torch.Tensor:
    scores = query @ key.transpose(-2, -1)
    scores = scores / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1) @ value


@cache
def numbers(shape: tuple[int, ...], dtype: torch.dtype) -> Any:
    return strategies.tensors([shape], [dtype], strategies.magnitudes([1.0, 2.0, -1.0, 0.5, 0.0], 0.1, 3.0))


@st.composite
def calls(draw: Any) -> dict[str, Any]:
    n, m, d, e = (draw(st.integers(1, most)) for most in (3, 4, 4, 3))
    batch = draw(st.sampled_from([(), (2,)]))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    shapes = ((*batch, n, d), (*batch, m, d), (*batch, m, e))
    drawn = [draw(numbers(shape, dtype)) for shape in shapes]
    rows = [draw(st.lists(st.booleans(), min_size=m, max_size=m).filter(any)) for _ in range(n)]
    mask = draw(st.sampled_from([None, torch.tensor(rows)]))
    return dict(zip(("query", "key", "value"), drawn, strict=True)) | {"mask": mask}


EXERCISE = Exercise(
    name="attention",
    title="Scaled dot-product attention",
    statement="Return softmax(query key^T / sqrt(d)) value; mask is None, or True where attending is allowed.",
    reference=attention,
    arguments=calls(),
    edge_cases=(
        {"query": torch.tensor([[8.0, 12.0], [0.5, -1.0]]), "key": torch.tensor([[10.0, 9.0], [9.5, 9.25]]),
         "value": torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), "mask": None},
        {"query": torch.tensor([[9.0, 8.0]]), "key": torch.tensor([[10.0, 9.0], [9.5, 9.5], [9.0, 9.0]]),
         "value": torch.tensor([[1.0], [-1.0], [2.0]]), "mask": torch.tensor([[True, True, False]])},
    ),
    rubric=(
        Criterion("plain", "It is right without a mask", 3, "values", lambda a: a["mask"] is None),
        Criterion("masked", "It is right with a mask", 2, "values", lambda a: a["mask"] is not None),
        Criterion("gradients", "Gradients flow to query, key and value", 2, "gradients",
                  check=Close(1e-3, 1e-5, "what is zero for one way to write a softmax is rounding for another")),
        Criterion("form", "It comes back in their dtype, of shape (..., n, e)", 1, "return"),
        Criterion("inputs", "query, key and value stay as they were", 1, "unchanged"),
        Criterion("own", "It is not PyTorch's own", 1, "calls", avoids=("scaled_dot_product_attention",)),
    ),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
