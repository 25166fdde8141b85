"""docs/write-an-exercise.md: each step is frozen as it stands there, and its limits hold. About 30 s."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from grader import kit, wire
from grader.freezing import author
from grader.freezing.suite import EFFORT
from grader.strategies import ONE_BY_ONE
from tests.cli.running import ROOT, grader

TEXT = (ROOT / "docs" / "write-an-exercise.md").read_text(encoding="utf-8")
*STEPS, CLASS = re.split(r"^## (?=\d\. )", TEXT.partition("## What holds")[0], flags=re.MULTILINE)[1:]
RUBRIC = '    rubric=(Criterion("loss", "The loss is right", 4, "values"),),\n'


def after(steps: int) -> str:
    """The file after so many steps: what each block says above EXERCISE, and its fields in the call."""
    source = "".join(blocks(STEPS[0]))
    for step in STEPS[1:steps]:
        fields = "".join(f"    {field}\n" for field in re.findall(r"`(\w+=\w+,)`", step))
        source = source.replace("EXERCISE = ", "".join(blocks(step)) + "\n\nEXERCISE = ")
        source = source.replace(RUBRIC, "") if "rubric=" in fields else source
        source = source.removesuffix(")\n") + fields + ")\n"
    return source


def blocks(step: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", step, re.DOTALL)


def folder(path: Path, steps: int) -> Path:
    (path / "reference").mkdir()
    (path / "reference" / "huber.py").write_text(after(steps), encoding="utf-8")
    return path


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_each_step_is_an_exercise_and_its_mistakes_are_caught(tmp_path: Path, steps: int) -> None:
    home = folder(tmp_path, steps)
    (home / "s01.py").write_text("def huber(error, delta):\n    return 0.5 * error**2\n", encoding="utf-8")

    frozen = grader("freeze", "--quick", "-o", "try.kit", cwd=home)
    verified = grader("verify", "--kit", "try.kit", cwd=home)
    checked = grader("check", "s01.py", "--kit", "try.kit", cwd=home)

    assert frozen.code == 0, frozen.err
    assert "Mutation score: 100 %" in verified.out
    assert checked.code == 1
    assert ("Likely mistake: Every error is squared, however large" in checked.out) == (steps > 2)


def test_the_whole_exercise_is_fit_to_grade_and_its_honest_program_is_right(tmp_path: Path) -> None:
    home = folder(tmp_path, len(STEPS))

    run = grader("verify", cwd=home, XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert run.code == 0, run.out + run.err
    assert "  On cpu 2 of 2 right programs get full marks.\n" in run.out
    assert run.out.endswith("\nFit to grade.\n")


LAYER = """import torch

class Scale(torch.nn.Module):
    def __init__(self, start):
        super().__init__()
        self.largest = torch.tensor(start)

    def forward(self, x):
        self.largest = torch.maximum(self.largest, x.abs().max())
        return x / self.largest
"""


def test_a_class_is_frozen_through_its_probe_and_its_mistakes_come_for_free(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "scale.py").write_text("".join(blocks(CLASS)), encoding="utf-8")
    (tmp_path / "s01.py").write_text(LAYER, encoding="utf-8")

    frozen = grader("freeze", "-o", "scale.kit", cwd=tmp_path)
    verified = grader("verify", "--kit", "scale.kit", cwd=tmp_path)
    checked = grader("check", "s01.py", "--kit", "scale.kit", cwd=tmp_path)

    assert frozen.code == 0, frozen.err
    assert "Mutation score: 100 %" in verified.out
    assert "  ✗ It learns nothing in evaluation " in checked.out
    assert '    expected result["evaluation"] ' in checked.out


def test_the_limits_that_the_text_names_are_those_that_hold() -> None:
    rows = dict(re.findall(r"^  \| `(\w+)` \| ([\d.]+) \|", TEXT, re.MULTILINE))
    limits = {name: tomllib.loads(f"x = {value}")["x"] for name, value in rows.items()}

    assert limits == msgspec.structs.asdict(kit.Limits())
    assert f"take at most {author.LARGEST >> 10} KiB" in TEXT
    assert f"more than {ONE_BY_ONE} numbers" in TEXT
    assert f"at most {wire.MAX_NUMBERS:,} numbers in {wire.MAX_LEAVES} parts" in TEXT
    assert f"tensors of at most {wire.MAX_ELEMENTS:,}" in TEXT
    assert f"within an effort of {EFFORT:g}" in TEXT
