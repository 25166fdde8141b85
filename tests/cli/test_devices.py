"""The same cases on a second device: CUDA where there is one, and everywhere its twin on the CPU.

The twin refuses what CUDA refuses: `.numpy()`, and mixing with tensors of the CPU.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.running import COURSE, grader

NAME = "gradient_descent_torch_optimiser"
SECOND = [
    "twin",
    pytest.param("cuda", marks=pytest.mark.cuda),
]
SUBMISSION = """\
import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    {start}
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for step in range(number_steps):
        optimiser.zero_grad()
        (theta * theta).sum().backward()
        optimiser.step()
    return theta.detach()
"""
THROUGH_NUMPY = "theta = torch.from_numpy(initial_theta.numpy().copy()).requires_grad_()"
LEFT_ON_THE_CPU = {
    "device='cpu'": (
        "theta = torch.tensor(initial_theta.tolist(), dtype=initial_theta.dtype, device='cpu')\n"
        "    theta.requires_grad_()"
    ),
    ".cpu()": "theta = initial_theta.cpu().clone().requires_grad_()",
}


@pytest.fixture
def kit_of_two(kit: LoadedKit, tmp_path: Path, device: str) -> Path:
    path = tmp_path / "two.kit"
    path.write_bytes(kits.encode(msgspec.structs.replace(kit.kit, devices=("cpu", device))))
    return path


def graded(kit_of_two: Path, file: Path) -> Any:
    run = grader("check", file, "--kit", kit_of_two, "--device", "all", "--exercise", NAME, "--json")
    assert run.code in (0, 1), run.err
    return json.loads(run.out)["submission"]["exercises"][0]


def handed_in(folder: Path, start: str) -> Path:
    path = folder / "s01.py"
    path.write_text(SUBMISSION.format(start=start), encoding="utf-8")
    return path


@pytest.mark.parametrize("device", SECOND)
def test_the_courses_solution_is_right_on_both_and_the_points_are_shared(
    kit_of_two: Path, device: str
) -> None:
    exercise = graded(kit_of_two, COURSE)

    assert exercise["score"] == 10.0
    assert {row["device"]: row["outcome"] for row in exercise["criteria"]} == {
        "cpu": "passed",
        device: "passed",
    }
    assert sum(row["points"] for row in exercise["criteria"] if row["device"] == device) == 5.0


@pytest.mark.parametrize("device", SECOND)
def test_a_way_through_numpy_is_right_on_the_cpu_and_told_on_the_second(
    kit_of_two: Path, device: str, tmp_path: Path
) -> None:
    exercise = graded(kit_of_two, handed_in(tmp_path, THROUGH_NUMPY))

    there = {row["id"]: row for row in exercise["criteria"] if row["device"] == device}
    assert exercise["score"] == 5.0
    assert there["one-step"]["failure"] == "raised"
    assert f"right on the cpu, wrong on {device}: " in there["one-step"]["message"]
    assert f"can't convert {device}" in there["one-step"]["message"]
    assert exercise["counterexample"]["device"] == device
    assert exercise["counterexample"]["call"] == f"{NAME}(torch.tensor(1.0, device='{device}'), 0.1, 1)"
    assert exercise["diagnosis"]["title"]


@pytest.mark.parametrize("device", SECOND)
@pytest.mark.parametrize("mistake", LEFT_ON_THE_CPU)
def test_a_result_left_on_the_cpu_costs_its_form_on_the_second(
    kit_of_two: Path, device: str, mistake: str, tmp_path: Path
) -> None:
    exercise = graded(kit_of_two, handed_in(tmp_path, LEFT_ON_THE_CPU[mistake]))

    failed = [
        (row["id"], row["device"], row["failure"])
        for row in exercise["criteria"]
        if row["outcome"] == "failed"
    ]
    assert exercise["score"] == 9.5
    assert failed == [("returns-like-theta", device, "wrong_device")]
    assert exercise["criteria"][-1]["message"].startswith(f"right on the cpu, wrong on {device}: ")
