"""Long runs for exercises that `grader/` knows nothing of, and how late a mistake is caught. About 20 s."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st

from grader import kits, strategies
from grader.exercises import Criterion, Exercise
from grader.freezing import freeze
from grader.kit import Late
from tests.own_exercise import FORTY_LINES

Reference = Callable[[torch.Tensor, float, int], torch.Tensor]


def shrinking(start: torch.Tensor, share: float, times: int) -> torch.Tensor:
    """No optimiser: what is left of something that loses a share of itself again and again."""
    left = start.clone()
    for _ in range(times):
        left = left - share * left
    return left


def exercise(
    reference: Reference = shrinking,
    shares: st.SearchStrategy[float] | None = None,
    family: Callable[[int], bool] = lambda _: True,
) -> Exercise:
    return Exercise(
        name="left",
        title="What is left",
        statement="Take a share away, again and again.",
        reference=reference,
        arguments=st.fixed_dictionaries(
            {
                "start": strategies.tensors(
                    [()], [torch.float32, torch.float64], strategies.magnitudes([1.0, 2.0], 0.1, 10.0)
                ),
                "share": strategies.learning_rates([0.1, 0.5, 0.02], largest=1.9)
                if shares is None
                else shares,
                "times": st.integers(1, 6),
            }
        ),
        rubric=(Criterion("left", "The rest is right", 1, "values", lambda a: family(a["times"])),),
        effort=lambda a: a["times"],
    )


def long_ones(made: Exercise) -> list[float]:
    frozen = freeze.freeze_exercise(made, seed=0)
    return sorted(case.effort for case in frozen.cases if case.effort > 25)


def test_an_exercise_that_counts_steps_gets_long_runs_though_its_author_draws_none() -> None:
    frozen = freeze.freeze_exercise(exercise(), seed=0)

    far = [case for case in frozen.cases if case.effort > 100]
    assert len(far) >= 3
    assert {case.dtype for case in far} == {"float32", "float64"}
    assert frozen.late == Late("times", 100)
    assert frozen.effort <= 650


def test_runs_that_all_converge_are_not_kept_and_it_is_told_how_late_a_mistake_is_caught() -> None:
    frozen = freeze.freeze_exercise(exercise(shares=st.sampled_from([0.5, 0.6])), seed=0)

    assert [case.effort for case in frozen.cases if case.effort > 25] == []
    assert frozen.late == Late("times", 0)


def test_an_exercise_of_forty_lines_gets_long_runs_too(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "fit.py").write_text(FORTY_LINES)

    kits.freeze(tmp_path, tmp_path / "fit.kit")

    (frozen,) = kits.load(tmp_path / "fit.kit").kit.exercises
    assert sum(case.effort > 100 for case in frozen.cases) >= 3
    assert frozen.late == Late("steps", 100)


def test_a_rubric_that_ends_before_has_no_long_runs() -> None:
    assert long_ones(exercise(family=lambda times: times < 20)) == []


def test_a_reference_that_refuses_long_runs_has_none() -> None:
    def refusing(start: torch.Tensor, share: float, times: int) -> torch.Tensor:
        if times > 20:
            raise ValueError(times)
        return shrinking(start, share, times)

    assert long_ones(exercise(refusing)) == []


@pytest.mark.parametrize("budget", [150.0, 400.0])
def test_long_runs_take_no_more_than_their_share_of_the_budget(budget: float) -> None:
    frozen = freeze.freeze_exercise(exercise(), seed=0, budget=budget)

    assert sum(case.effort for case in frozen.cases if case.effort > 25) <= 2 / 3 * budget
