"""A mark is a function of the submission and the kit: not of speed, load, neighbours or order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import ROOT, grader, results
from tests.teaching.verdicts import HERE

_NAME = "gradient_descent_torch_optimiser"
_NORM = f"gradient_descent_norm_torch_optimiser = {_NAME}\n"
_HEAD = f"\n\ndef {_NAME}(initial_theta, learning_rate, number_steps):\n"
_STEP = """
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        (theta**2).sum().backward()
        optimiser.step()
    return theta.detach()
"""


def program(first: str = "", top: str = "") -> str:
    """The right program, with a line at the top and one before each descent."""
    return f"import torch\n{top}{_HEAD}    {first or 'pass'}{_STEP}{_NORM}"


BY_TRANSFORM = f"""import torch
{_HEAD}    theta = initial_theta.clone()
    for _ in range(number_steps):
        theta = theta - learning_rate * torch.func.grad(lambda t: (t**2).sum())(theta)
    return theta
{_NORM}"""

CLASS: dict[str, tuple[str, int]] = {
    "right": (program(), 20),
    "a transform that wakes the compiler": (BY_TRANSFORM, 16),
    "a setting that wakes the compiler": (program("torch.use_deterministic_algorithms(True)"), 20),
    "a package that is imported in the first call": (program("import sympy, sympy.stats"), 20),
    "a neighbour that mentions the compiler": (program(top="# torch._dynamo\n"), 20),
    "a neighbour that imports it": (program(top="import torch._dynamo\n"), 20),
    "a call that never ends": (program("while learning_rate > 0.9: pass"), 0),
    "recursion in every call of one exercise": (f"{program()}{_HEAD}    return {_NAME}(1, 1, 1)\n", 10),
}


def test_marks_are_the_same_alone_and_together_in_any_order_at_any_speed(
    kit_file: Path, tmp_path: Path
) -> None:
    """With every limit of time at a fifth and a twentieth: as on machines that are as much slower."""
    forward, backward = tmp_path / "forward", tmp_path / "backward"
    for folder, names in ((forward, [*CLASS]), (backward, [*reversed(CLASS)])):
        folder.mkdir()
        for i, name in enumerate(names):
            (folder / f"s{i:02}.py").write_text(CLASS[name][0], encoding="utf-8")

    one = graded(forward, kit_file, "--timeout", "0.4", "--jobs", "1")
    many = graded(backward, kit_file, "--timeout", "0.1", "--jobs", "8")
    alone = [checked(path, kit_file) for path in sorted(forward.iterdir())]

    expected = {name: float(score) for name, (_, score) in CLASS.items()}
    assert dict(zip(CLASS, one, strict=True)) == expected
    assert dict(zip(reversed(CLASS), many, strict=True)) == expected
    assert dict(zip(CLASS, alone, strict=True)) == expected


@pytest.mark.parametrize("each", [40, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_a_class_gets_the_same_marks_at_a_quarter_of_the_speed(
    each: int, kit_file: Path, tmp_path: Path
) -> None:
    """The sample class, and each so many of our own; each twentieth of them alone, too."""
    folder = tmp_path / "class"
    folder.mkdir()
    everyone = sorted(path for kind in ("right", "wrong", "tricky") for path in (HERE / kind).iterdir())
    for path in (*everyone[::each], *(ROOT / "submissions").iterdir()):
        shutil.copy(path, folder)
    files = sorted(folder.iterdir())

    full = graded(folder, kit_file, "--timeout", "0.4", "--jobs", "1")
    quarter = graded(folder, kit_file, "--timeout", "0.1", "--jobs", "8")

    assert quarter == full
    assert [checked(path, kit_file) for path in files[::20]] == full[::20]


def graded(folder: Path, kit_file: Path, *options: str) -> list[float | None]:
    report = folder.with_name(f"{folder.name}-report")
    run = grader("grade", folder, "--kit", kit_file, "--output", report, *options)
    assert run.code == 0, run.err
    return [one["score"] for one in results(report)["submissions"]]


def checked(path: Path, kit_file: Path) -> float | None:
    run = grader("check", path, "--kit", kit_file, "--timeout", "0.1", "--json")
    score: float | None = json.loads(run.out)["submission"]["score"]
    return score
