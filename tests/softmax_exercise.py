"""An exercise without an optimiser and without a diagnoser of its own, and what students make of it."""

from __future__ import annotations

from typing import Final

SOFTMAX: Final = """
import torch
from hypothesis import strategies as st
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception


def reference(scores):
    return torch.softmax(scores, 1)


EXERCISE = Exercise(
    name="softmax", title="Softmax", statement="Turn each row of scores into shares.", reference=reference,
    arguments=st.fixed_dictionaries({
        "scores": strategies.tensors([(2, 3), (3, 2)], [torch.float32, torch.float64],
                                     strategies.magnitudes([1.0, 2.0, -1.0, 0.5], 0.01, 20.0))}),
    rubric=(Criterion("shares", "The shares are right", 3, "values"),
            Criterion("form", "Shape and dtype are those of the scores", 1, "return")),
    misconceptions=(
        Misconception("columns", "The columns sum to 1, not the rows", "Sum each row of your result.",
                      lambda scores: torch.softmax(scores, 0), frozenset({"shares"})),
        Misconception("not-divided", "The shares do not sum to 1", "Sum each row of your result.",
                      lambda scores: scores.exp(), frozenset({"shares"}))),
)
"""

_DEFINED: Final = "import torch\n\n\ndef softmax(scores):\n    "


def _body(*lines: str) -> str:
    return _DEFINED + "\n    ".join(lines) + "\n"


HANDED_IN: Final = {
    "right": _body("e = scores.exp()", "return e / e.sum(1, keepdim=True)"),
    "wrong-value": _body("return torch.softmax(2 * scores, 1)"),
    "wrong-axis": _body("return torch.softmax(scores, 0)"),
    "wrong-for-some": _body("return torch.softmax(scores if scores.shape[0] == 2 else -scores, 1)"),
    "wrong-dtype": _body("return torch.softmax(scores, 1).double()"),
    "wrong-shape": _body("return torch.softmax(scores, 1).flatten()"),
    "its-input": _body("return scores"),
    "nothing": _body("torch.softmax(scores, 1)"),
    "more": _body("return torch.softmax(scores, 1), scores"),
    "list": _body("return torch.softmax(scores, 1).tolist()"),
    "nan": _body("return torch.softmax(torch.where(scores == 1, torch.nan, scores), 1)"),
    "constant": _body("return torch.ones(2, 2)"),
    "counts-its-calls": "import torch\n\ncalls = []\n\n\ndef softmax(scores):\n    calls.append(1)\n"
    "    return torch.softmax(len(calls) * scores, 1)\n",
    "keeps-the-first": "import torch\n\nkept = {}\n\n\ndef softmax(scores):\n"
    "    return kept.setdefault(scores.shape, torch.softmax(scores, 1))\n",
    "random": _body("return torch.softmax(scores * torch.rand(1), 1)"),
    "dimension": _body("return torch.softmax(scores, 2)"),
    "indices": _body("return scores[:, :, 0]"),
    "none": _body("shares = None", "return shares[0]"),
    "zero": _body("return scores / (scores.dim() - 2)"),
    "missing-element": _body("return [scores][1]"),
    "float-count": _body("return [scores for _ in range(scores.shape[1] / 2)]"),
    "recursion": _body("return softmax(scores)"),
    "unbound": _body("for row in scores[:0]:", "    shares = row", "return shares"),
    "not-defined": _body("return F.softmax(scores, 1)"),
    "number": _body("return float(scores.sum()).detach()"),
    "one-number": _body("return float(scores)"),
    "sizes": _body("return scores / torch.ones(7)"),
    "dtypes": _body("return scores @ torch.ones(scores.shape[1], 1).half()"),
    "operator": _body("return torch.e ^ scores"),
    "power": _body("return scores ^ scores"),
    "memory": _body("raise MemoryError"),
    "no-function": "import torch\n",
}
"""By what is wrong with it, which is no student's name."""
