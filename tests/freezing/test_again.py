"""Right programs, really run on each device: they must get full marks, and one that does not is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from grader import kit as kits
from grader import kits as parent
from grader.freezing import again, assignment
from grader.freezing.again import REFERENCE
from grader.judging import verify
from grader.judging.verify import Ran
from grader.kit import Kit, LoadedKit
from tests.conftest import ROOT

NAME = "gradient_descent_torch_optimiser"


def first_alone(kit: LoadedKit, *devices: str) -> Kit:
    """The first exercise without its known mistakes, which are not the matter here."""
    first = msgspec.structs.replace(kit.kit.exercises[0], misconceptions=())
    return msgspec.structs.replace(kit.kit, exercises=(first,), devices=devices)


def with_honest(**honest: Any) -> assignment.Assignment:
    loaded = assignment.load(ROOT)
    first = dataclasses.replace(loaded.exercises[0], honest=honest)
    return dataclasses.replace(loaded, exercises=(first,))


def one_step(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(min(number_steps, 1)):
        (theta * theta).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return theta.detach()


def test_the_reference_and_the_honest_styles_get_full_marks_on_the_cpu_and_its_twin(kit: LoadedKit) -> None:
    loaded = assignment.load(ROOT)

    alone = msgspec.structs.replace(kit, kit=first_alone(kit, "cpu", "twin"))

    ran = verify.decode(parent.right_programs(ROOT, alone))

    programs = [REFERENCE, *loaded.exercises[0].honest]
    assert len(programs) >= 5
    assert ran == tuple(Ran(NAME, program, device) for program in programs for device in ("cpu", "twin"))


def test_an_honest_program_that_loses_points_is_told_with_the_criterion_and_the_kit_is_unfit(
    kit: LoadedKit,
) -> None:
    alone = first_alone(kit, "cpu")

    reference, other = again.again(with_honest(short=one_step), alone)

    assert not reference.wrong
    assert other.wrong
    assert (other.program, other.device) == ("short", "cpu")
    assert [told.partition(": ")[0] for told in other.failed] == ["many-steps", "edge-rates"]
    assert verify.verify(alone, (reference,)).fit
    assert not verify.verify(alone, (reference, other)).fit


def test_a_device_that_is_not_there_is_said_and_makes_nothing_unfit(kit: LoadedKit) -> None:
    (ran,) = again.again(with_honest(), first_alone(kit, "nowhere"))

    assert ran.absent.startswith("Expected one of cpu, ")
    assert not ran.wrong


def test_what_was_found_is_written_for_the_process_that_asked(kit: LoadedKit, tmp_path: Path) -> None:
    (tmp_path / "one.kit").write_bytes(kits.encode(first_alone(kit, "cpu")))

    code = again.main([str(ROOT), str(tmp_path / "one.kit"), str(tmp_path / "found.json")])

    found = verify.decode((tmp_path / "found.json").read_bytes())
    assert code == 0
    assert found[0] == Ran(NAME, REFERENCE, "cpu")
    assert not any(one.wrong for one in found)


def test_an_assignment_that_cannot_be_loaded_is_refused_in_one_line(
    tmp_path: Path, kit: LoadedKit, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.kit").write_bytes(kits.encode(first_alone(kit, "cpu")))

    code = again.main([str(tmp_path / "week9"), str(tmp_path / "one.kit"), str(tmp_path / "found.json")])

    assert code == 2
    assert json.loads(capsys.readouterr().err) == {
        "message": f"{tmp_path}/week9: there is no such folder.",
        "hint": "Name the folder that contains reference/.",
    }
