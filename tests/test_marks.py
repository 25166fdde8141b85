"""The marks of typical programs, through the real path: they have to look fair to a teacher.

About twenty seconds, and the freezing of the assignment where it is not cached.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.judging import compare, score
from grader.kit import LoadedKit
from grader.records import Submission
from grader.sandbox.pool import Pool
from tests.gold.programs import CRITERIA, FULL, LOSSES, PROGRAMS, Program, descent, markdown

README = Path(__file__).parent.parent / "README.md"

RIGHT_PROGRAM = descent()

every_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.title)


@pytest.fixture(scope="module")
def pool(kit: LoadedKit) -> Iterator[Pool]:
    """One process for all programs; the one that never ends need not be waited for long."""
    limits = msgspec.structs.replace(kit.kit.limits, case_cpu_seconds=0.3)
    with Pool(kit.kit, limits, 1) as running:
        yield running


def marks(program: Program, kit: LoadedKit, pool: Pool, folder: Path) -> dict[str, dict[str, float]]:
    """Points by exercise and criterion."""
    path = folder / "s01.py"
    path.write_text(program.source())
    execution = pool.run(Submission("s01", "s01.py", (path,)), "cpu")
    assert execution.harness is None
    rows = {
        exercise.name: score.criteria(compare.judge(run, exercise, "cpu"), exercise)
        for run, exercise in zip(execution.exercises, kit.kit.exercises, strict=True)
    }
    return {name: {row.id: row.points for row in criteria} for name, criteria in rows.items()}


@every_program
def test_a_typical_program_gets_the_marks_that_a_teacher_would_give(
    program: Program, kit: LoadedKit, pool: Pool, tmp_path: Path
) -> None:
    expected = {name: dict(zip(CRITERIA, points, strict=True)) for name, points in program.expected().items()}

    assert marks(program, kit, pool, tmp_path) == expected


HARMLESS = (
    "torch.manual_seed(7)",
    "torch.set_printoptions(precision=2)",
    "torch.set_default_dtype(torch.float64)",
    "torch.set_num_threads(2)",
    "torch.use_deterministic_algorithms(True)",
    "torch.autograd.set_detect_anomaly(True)",
    "torch.set_grad_enabled(True)",
)


@pytest.mark.parametrize("setting", HARMLESS)
def test_a_harmless_setting_for_the_whole_process_costs_nothing(
    setting: str, kit: LoadedKit, pool: Pool, tmp_path: Path
) -> None:
    body = RIGHT_PROGRAM
    for place in ("theta =", "return"):
        body = body.replace(f"    {place}", f"    {setting}\n    {place}")

    points = marks(Program(setting, body, FULL), kit, pool, tmp_path)

    assert [sum(own.values()) for own in points.values()] == [10, 10]


def test_gradients_that_stay_switched_off_cost_what_is_called_again(
    kit: LoadedKit, pool: Pool, tmp_path: Path
) -> None:
    body = RIGHT_PROGRAM.replace("    return", "    torch.set_grad_enabled(False)\n    return")

    points = marks(Program("Gradients stay off", body, FULL), kit, pool, tmp_path)

    assert [tuple(own.values()) for own in points.values()] == [(2, 0, 1, 1, 0, 0)] * 2


def test_the_programs_are_written_for_the_exercises_of_the_assignment(kit: LoadedKit) -> None:
    assert [exercise.name for exercise in kit.kit.exercises] == list(LOSSES)
    for exercise in kit.kit.exercises:
        assert [criterion.id for criterion in exercise.rubric] == list(CRITERIA)
        assert tuple(criterion.points for criterion in exercise.rubric) == (2, 3, 1, 1, 2, 1)


def test_every_program_can_be_told_by_its_title() -> None:
    assert len({program.title for program in PROGRAMS}) == len(PROGRAMS) >= 25


def test_the_table_of_marks_stands_in_the_readme() -> None:
    assert markdown() in README.read_text(encoding="utf-8")
