"""A small kit made by hand, and submissions of one file: what the tests of the sandbox run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from grader.kit import SCHEMA, Case, Exercise, Kit, Limits
from grader.records import Answer, Execution, ExerciseRun, Note, Raised, Returned, Submission, Tensor

NAMES = ("gradient_descent_torch_optimiser", "gradient_descent_norm_torch_optimiser")
PARAMETERS = ("initial_theta", "learning_rate", "number_steps")
LIMITS = Limits(case_cpu_seconds=0.1, exercise_cpu_seconds=2.0)

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


SECOND = f"""
def {NAMES[1]}(initial_theta, learning_rate, number_steps):
    return initial_theta
"""


def first(body: str, head: str = "import os, signal, sys, time, torch") -> str:
    """A program whose first function has this body; the second is there and returns its input."""
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"{head}\n\ndef {NAMES[0]}(initial_theta, learning_rate, number_steps):\n{lines}\n{SECOND}"


def notebook(*cells: str, **metadata: object) -> str:
    """A notebook of version 4 with these code cells."""
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{i}",
            "metadata": {},
            "outputs": [],
            "source": cell,
        }
        for i, cell in enumerate(cells)
    ]
    return json.dumps({"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def told(answer: Answer) -> str:
    """An answer in short."""
    if isinstance(answer, Returned):
        return answer.type if answer.value is not None else f"{answer.type}: {answer.problem}"
    if isinstance(answer, Raised):
        return f"{answer.failure.value}: {answer.type}: {answer.message}"
    return f"{answer.failure.value}: {answer.message}"


def answers(run: ExerciseRun) -> list[str]:
    return [told(answer) for _, answer in sorted(run.answers.items())]


def notes(execution: Execution) -> list[str]:
    """The notes of loading, with their places."""
    return [_at(note) + note.text for note in execution.notes]


def _at(note: Note) -> str:
    if note.place is None:
        return ""
    cell = "" if note.place.cell is None else f"[{note.place.cell}]"
    return f"{note.place.file}{cell}:{note.place.line}: "
