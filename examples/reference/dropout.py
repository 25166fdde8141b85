"""Inverted dropout. It is random, so a probe calls it on many numbers and returns what is alike for all seeds."""

from typing import Any

import torch
from _mistakes_dropout import HONEST, MISTAKES
from hypothesis import strategies as st

from grader import strategies
from grader.exercises import Close, Criterion, Exercise, Sampled, Within


def dropout(x: torch.Tensor, p: float, training: bool) -> torch.Tensor:
    if not training:
        return x
    return x * (torch.rand_like(x) >= p) / (1 - p)


def ramp(double: bool) -> torch.Tensor:
    return torch.linspace(1, 2, 40000, dtype=torch.float64 if double else torch.float32).reshape(200, 200)


def probe(student: Any, x: torch.Tensor, p: float, training: bool) -> Any:
    given = x.clone()
    y = student(given, p, training)
    dropped = (y == 0).double()
    times = (y / x)[y != 0] if y.any() else torch.zeros(1)
    counts = {int((student(x[0, :50].clone(), p, training) == 0).sum()) for _ in range(24)}
    drops = p > 0 and training
    calls = {"drop the same": bool(drops and torch.equal(student(x.clone(), p, training), y)),
             "drop as many": bool(drops and len(counts) == 1)}
    return {"dropped": dropped.mean(), "kept times": (times.min(), times.max()), "calls": calls,
            "spread": {"rows": dropped.mean(1).std(), "columns": dropped.mean(0).std()},
            "form": (y.shape, y.dtype == x.dtype), "x stays": torch.equal(given, x)}


def share(arguments: Any) -> tuple[float, float]:
    p = arguments["p"] * arguments["training"]
    width = 8 * (p * (1 - p) / 40000) ** 0.5
    return p - width, p + width


EXERCISE = Exercise(
    name="dropout",
    title="Dropout",
    statement="While training, each number becomes 0 with probability p, the others are divided by 1 - p; else x stays.",
    reference=dropout,
    probe=probe,
    support=(ramp,),
    arguments=strategies.calls(
        x=strategies.made_by(ramp, double=st.booleans()), p=st.sampled_from([0.5, 0.1, 0.25, 0.8, 0.0]),
        training=st.sampled_from([True, False]),
    ),
    rubric=(
        Criterion("share", "The right share is dropped", 2, "values", part="dropped",
                  check=Within(share, "8 standard deviations of a binomial share: 1e-15")),
        Criterion("scale", "What is kept is scaled", 2, "values", part="kept times",
                  check=Close(1e-5, 0, "a division and a product round")),
        Criterion("independent", "Each number has its own chance", 2, "values", part="spread", check=Sampled()),
        Criterion("anew", "Each call drops others, and not always as many", 1, "values", part="calls"),
        Criterion("form", "The shape and dtype are those of x", 1, "values", part="form"),
        Criterion("input", "x stays as it was", 1, "values", part="x stays"),
        Criterion("own", "It is not PyTorch's own", 1, "calls", avoids=("dropout|alpha_dropout",)),
    ),
    devices=("cpu",),
    misconceptions=MISTAKES,
    honest=HONEST,
)  # fmt: skip
