"""The twin, a second device on the CPU, and workers that start fresh. About 20 seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from grader.records import Returned
from grader.results import Device
from grader.sandbox import seccomp
from grader.sandbox.pool import Pool, Versions, probe
from tests.sandbox import small
from tests.sandbox.small import NAMES, answers, submission

HONEST = {
    "a Parameter": "theta = torch.nn.Parameter(initial_theta)",
    "a detached clone": "theta = initial_theta.clone().detach().requires_grad_()",
    "a tensor on theta's device": (
        "theta = torch.tensor(initial_theta.tolist(), device=initial_theta.device, requires_grad=True)"
    ),
    "a copied tensor": "theta = torch.tensor(initial_theta.tolist()).to(initial_theta).requires_grad_()",
    "zeros like theta": "theta = (torch.zeros_like(initial_theta) + initial_theta).detach().requires_grad_()",
    "a deep copy": "import copy; theta = copy.deepcopy(initial_theta).requires_grad_()",
    "a module": (
        "m = torch.nn.Module(); m.theta = torch.nn.Parameter(torch.zeros(initial_theta.shape))\n"
        "m = m.to(initial_theta.device)\n"
        "with torch.no_grad(): m.theta.copy_(initial_theta)\n"
        "theta = m.theta"
    ),
}
HARD_CODED = {
    "a tensor on the CPU": "theta = torch.tensor(initial_theta.tolist(), device='cpu', requires_grad=True)",
    "moved and left there": "theta = initial_theta.cpu().clone().requires_grad_()",
    "through NumPy": "theta = torch.from_numpy(initial_theta.numpy()).clone().requires_grad_()",
    "mixed": "theta = (initial_theta + torch.zeros(initial_theta.shape)).requires_grad_()",
}
STEPS = """
optimiser = torch.optim.SGD([theta], lr=learning_rate)
for _ in range(number_steps):
    optimiser.zero_grad()
    (theta * theta).sum().backward()
    optimiser.step()
return theta
"""


def values(pool: Pool, folder: Path, start: str, device: str) -> list[object]:
    given = submission(folder, small.first(start + STEPS))
    run = pool.run(given, device=device, exercises=frozenset({NAMES[0]})).exercises[0]
    return [
        (answer.device, answer.value) if isinstance(answer, Returned) else small.told(answer)
        for answer in run.answers.values()
    ]


def right(device: str) -> list[object]:
    return [(device, small.tensor(value)) for value in (1.0, 0.5, 0.25, 0.125, 0.25)]


@pytest.mark.parametrize("style", HONEST)
def test_an_honest_style_is_right_on_both_devices(pool: Pool, tmp_path: Path, style: str) -> None:
    assert values(pool, tmp_path, HONEST[style], "cpu") == right("cpu")
    assert values(pool, tmp_path, HONEST[style], "twin") == right("twin")


@pytest.mark.parametrize("mistake", HARD_CODED)
def test_a_hard_coded_device_is_right_on_the_cpu_and_told_on_the_twin(
    pool: Pool, tmp_path: Path, mistake: str
) -> None:
    assert values(pool, tmp_path, HARD_CODED[mistake], "cpu") == right("cpu")

    there = values(pool, tmp_path, HARD_CODED[mistake], "twin")

    assert there in (
        right("cpu"),
        [("raised: TypeError: can't convert twin:0 device type tensor to numpy. "
         "Use Tensor.cpu() to copy the tensor to host memory first.")] * 5,
        [("raised: RuntimeError: Expected all tensors to be on the same device, "
         "but found at least two devices, twin:0 and cpu!")] * 5,
    )  # fmt: skip


def test_the_course_solution_is_right_and_traced_on_the_twin(pool: Pool, tmp_path: Path) -> None:
    execution = pool.run(submission(tmp_path, small.RIGHT), device="twin")

    one, two = execution.exercises
    assert one.answers[3] == Returned("Tensor", small.tensor(0.125), "twin")
    assert two.traces[4].steps[1].after == (small.tensor(0.25, -0.5),)


REACH: Final = """
import ctypes, socket
tried = []
for act in (lambda: socket.socket(), lambda: socket.socket(socket.AF_UNIX), lambda: open("x", "w")):
    try: act(); tried.append("done")
    except PermissionError: tried.append("refused")
tried.append(ctypes.CDLL(None).ptrace(16, 1, 0, 0))
raise ValueError(tried)
"""


@pytest.mark.skipif(not seccomp.SUPPORTED, reason="no filter is written for this machine")
def test_a_worker_on_another_device_has_no_network_even_without_walls(pool: Pool, tmp_path: Path) -> None:
    """As those on CUDA, whose driver needs what the other walls hide."""
    execution = pool.run(submission(tmp_path, small.first(REACH)), device="twin")

    assert answers(execution.exercises[0]) == ["raised: ValueError: ['refused', 'done', 'done', -1]"] * 5


def test_a_fresh_process_gives_what_a_fork_gives(pool: Pool, tmp_path: Path) -> None:
    given = submission(tmp_path, small.RIGHT)
    forked = pool.run(given)

    with Pool(small.KIT, small.LIMITS, fresh=True) as cold:
        fresh = cold.run(given)

    assert [answers(run) for run in fresh.exercises] == [answers(run) for run in forked.exercises]
    assert (fresh.exercises, fresh.output, fresh.notes) == (forked.exercises, forked.output, forked.notes)


VERSIONS = Versions("3.11", "2.13.0+cpu", "Linux", None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cuda", "this PyTorch (2.13.0+cpu) is built without CUDA"),
        ("tpu", "the grader does not know the device 'tpu'"),
    ],
)
def test_an_absent_device_is_said_with_its_reason(name: str, reason: str) -> None:
    assert probe(name, VERSIONS) == Device(name, graded=False, reason=reason, hardware=None)


def test_cuda_is_tried_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    found = probe("cuda", Versions("3.11", "2.13.0+cu130", "Linux", "13.0"))

    assert found == Device("cuda", graded=False, reason="PyTorch finds no CUDA device", hardware=None)


def test_the_processor_is_always_there() -> None:
    found = probe("cpu", VERSIONS)

    assert (found.graded, found.reason) == (True, None)
    assert found.hardware
