"""A small kit made by hand, and submissions of one file: what the tests of the sandbox run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grader.kit import SCHEMA, Case, Exercise, Kit, Limits
from grader.records import Submission, Tensor

NAMES = ("gradient_descent_torch_optimiser", "gradient_descent_norm_torch_optimiser")
PARAMETERS = ("initial_theta", "learning_rate", "number_steps")
LIMITS = Limits(case_cpu_seconds=0.3, submission_cpu_seconds=8.0)

RIGHT = """
import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    tensor = torch.nn.Parameter(initial_theta, requires_grad=True)
    optimizer = torch.optim.SGD(params=[tensor], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = torch.sum(tensor * tensor)
        loss.backward()
        optimizer.step()
        print(tensor)
    return tensor


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps)
"""


def tensor(*values: float) -> Tensor:
    return Tensor("float32", (len(values),), np.asarray(values, dtype="<f4").tobytes())


def case(*values: float, steps: int, repeats: int | None = None) -> Case:
    return Case(
        arguments={"initial_theta": tensor(*values), "learning_rate": 0.25, "number_steps": steps},
        expected=Tensor(
            "float64", (len(values),), np.asarray([v / 2**steps for v in values], dtype="<f8").tobytes()
        ),
        dtype="float32",
        shape=(len(values),),
        bounds={},
        criterion="many-steps",
        effort=float(steps),
        origin="edge" if repeats is None else "repeat",
        repeats=repeats,
    )


def exercise(name: str, *values: float) -> Exercise:
    return Exercise(
        name=name,
        title=name,
        statement="",
        parameters=PARAMETERS,
        moves="initial_theta",
        rubric=(),
        cases=(
            *(case(*values, steps=steps) for steps in (0, 1, 2, 3)),
            case(*values, steps=2, repeats=2),
        ),
        ladder=(case(*values, steps=1), case(*values, steps=5)),
        misconceptions=(),
    )


KIT = Kit(
    schema=SCHEMA,
    title="small",
    devices=("cpu",),
    limits=LIMITS,
    exercises=(exercise(NAMES[0], 1.0), exercise(NAMES[1], 1.0, -2.0)),
    made_with={},
)


def submission(folder: Path, source: str | bytes, name: str = "s01.py") -> Submission:
    path = folder / name
    path.write_bytes(source.encode() if isinstance(source, str) else source)
    return Submission(student=path.stem, path=str(path), files=(path,))
