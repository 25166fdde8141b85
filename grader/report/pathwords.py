"""A run in words and numbers: what its picture says to those who do not see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from grader.report.drawing import Numbers
from grader.report.figures import DASH, plural, single
from grader.report.trajectory import Run, Vector

_FEW: Final = 4  # components that a sentence can list; of more it tells the norm


def described(run: Run) -> str:
    """What one sees, in words."""
    if run.reference and run.diverges is None:
        steps = plural(run.first + len(run.mine) - 1, "step")
        way = f"Your function goes the same way as the reference, to {shown(run.mine[-1])} after {steps}."
        return f"{way} {_undrawn(run)}".strip()
    return " ".join(filter(None, (_left(run), _ends(run), _undrawn(run))))


def numbers(run: Run) -> Numbers:
    """The drawn values, step by step."""
    last = max(len(run.mine), len(run.reference))
    whose = [("yours", run.mine), ("the reference", run.reference)]
    columns = [(name, vectors) for name, vectors in whose if vectors]
    norms = "" if run.components <= _FEW else ", norm"
    return Numbers(
        headings=("step", *(f"{name}{norms}" for name, _ in columns)),
        rows=tuple(
            (str(run.first + step), *(_at(vectors, step) for _, vectors in columns)) for step in range(last)
        ),
        marked=() if run.diverges is None else (run.diverges - run.first,),
        more=_undrawn(run),
    )


def height(vector: Vector) -> float:
    """The one number that stands for a vector: itself, or of several components their norm."""
    return vector[0] if len(vector) == 1 else math.hypot(*vector)


def shown(vector: Vector) -> str:
    """`0.64`, `(0.64, -1.6)`, in single precision, which is enough to read; of many components the norm."""
    return _told([single(value) for value in vector], vector)


def _exact(vector: Vector) -> str:
    return _told([repr(value) for value in vector], vector)


def _told(texts: Sequence[str], vector: Vector) -> str:
    if len(texts) == 1:
        return texts[0]
    return f"({', '.join(texts)})" if len(texts) <= _FEW else f"norm {single(height(vector))}"


def _at(vectors: Sequence[Vector], step: int) -> str:
    return shown(vectors[step]) if step < len(vectors) else DASH


def _left(run: Run) -> str:
    """Where the two part."""
    if run.diverges is None:
        return ""
    step, index = run.diverges, run.diverges - run.first
    if index >= len(run.reference) and run.reference:
        return f"Your function takes a step {step}; the reference does not."
    if index >= len(run.mine):
        return f"Your function takes no step {step}; the reference does."
    if not run.reference:
        return f"Your function leaves the reference at step {step}."
    got, wanted = _apart(run.mine[index], run.reference[index])
    return f"Your function leaves the reference at step {step}: {got} instead of {wanted}."


def _apart(got: Vector, wanted: Vector) -> tuple[str, str]:
    """In digits that tell them apart."""
    texts = shown(got), shown(wanted)
    return texts if texts[0] != texts[1] else (_exact(got), _exact(wanted))


def _ends(run: Run) -> str:
    steps = plural(run.first + len(run.mine) - 1, "step")
    mine = f"After {steps} it is at {shown(run.mine[-1])}"
    if not run.reference:
        return f"{mine}."
    theirs = plural(run.first + len(run.reference) - 1, "step")
    return f"{mine}, the reference after {theirs} at {shown(run.reference[-1])}."


def _undrawn(run: Run) -> str:
    return f"{plural(run.more, 'more step')} not drawn." if run.more else ""
