"""Mistakes that begin late cost the points of the long runs, and honest programs stay right. About 40 s."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from styles import STYLES
from test_suite import NAMES, every_exercise, frozen, graded

from grader import kit as kits
from grader.exercises import Exercise
from grader.freezing.assignment import Assignment
from grader.freezing.casting import in_double
from grader.freezing.late import held, long_runs
from grader.freezing.oracle import bounds_of, reference_value
from grader.freezing.suite import draw
from grader.freezing.trials import Trials, quiet, recorded
from grader.judging import compare, score
from grader.kit import LoadedKit
from grader.records import Submission
from grader.sandbox import calling
from grader.sandbox.pool import Pool
from tests.gold.late import LATE, LATE_PROGRAMS
from tests.gold.programs import CRITERIA, Program

DTYPES = (torch.float32, torch.float64)
NEAR = (0.0004, 0.013, 0.97, 0.9996, 1.0, 1.003, 1.1)  # rates near 0, near 1, and above
LENGTHS = (101, 300)


# --- programs as they are handed in -------------------------------------------------------


@pytest.fixture(scope="module")
def pool(kit: LoadedKit) -> Iterator[Pool]:
    with Pool(kit.kit, kit.kit.limits, 1) as running:
        yield running


@pytest.mark.parametrize("program", LATE_PROGRAMS, ids=lambda program: program.title)
def test_a_mistake_that_begins_late_costs_the_points_of_several_steps(
    program: Program, kit: LoadedKit, pool: Pool, tmp_path: Path
) -> None:
    path = tmp_path / "s01.py"
    path.write_text(program.source())

    execution = pool.run(Submission("s01", "s01.py", (path,)), "cpu")

    for run, exercise in zip(execution.exercises, kit.kit.exercises, strict=True):
        rows = score.criteria(compare.judge(run, exercise, "cpu"), exercise)
        points = {row.id: row.points for row in rows}
        if program.title == "ReduceLROnPlateau":  # at the rate 1 the loss stays, so 13 steps show it
            points |= {"edge-rates": LATE[3], "returns-like-theta": LATE[5]}
        if program.title == "StepLR(15, 0.5)" and exercise is kit.kit.exercises[1]:  # 20 steps at the rate 1
            points["edge-rates"] = LATE[3]
        assert points == dict(zip(CRITERIA, LATE, strict=True)), exercise.name


# --- begun at any step --------------------------------------------------------------------


def begins(kind: str, onset: int) -> Callable[..., torch.Tensor]:
    """A right descent that does something else after `onset` steps; right in both exercises."""

    def program(initial_theta: torch.Tensor, learning_rate: float, number_steps: int) -> torch.Tensor:
        theta = torch.nn.Parameter(initial_theta.clone())
        optimiser = torch.optim.SGD([theta], lr=learning_rate)
        for i in range(number_steps):
            optimiser.zero_grad()
            (theta * theta).sum().backward()  # type: ignore[no-untyped-call]
            _mistake(kind, i - onset, optimiser, theta)
            optimiser.step()
        return theta.detach()

    return program


def _mistake(kind: str, late: int, optimiser: torch.optim.SGD, theta: torch.nn.Parameter) -> None:
    group = optimiser.param_groups[0]
    if late == 0 and kind.startswith("rate"):
        group["lr"] *= float(kind.removeprefix("rate times "))
    elif late == 0 and kind == "nudge":
        theta.data.mul_(1.0005)
    elif late == 0 and kind == "momentum":
        group["momentum"] = 0.9
    elif late == 0 and kind == "weight decay":
        group["weight_decay"] = 0.01
    elif late >= 0 and kind == "no zero_grad":
        assert theta.grad is not None
        theta.grad.mul_(2)


KINDS = (
    "rate times 0.5", "rate times 0.1", "rate times 0.9", "rate times 1.1", "rate times 0", "nudge",
    "weight decay", "momentum", "no zero_grad",
)  # fmt: skip


@every_exercise
@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_is_caught_whenever_it_begins_up_to_the_step_that_is_told(
    kit: LoadedKit, name: str, kind: str
) -> None:
    exercise = frozen(kit, name)
    assert exercise.late is not None
    passing = []
    for onset in sorted(Random(f"{name} {kind}").sample(range(exercise.late.caught), 12)):  # noqa: S311 -- onsets nobody chose
        # Momentum shows a step after it was switched on.
        rows = {row.id: row.outcome for row in graded(exercise, begins(kind, onset - (kind == "momentum")))}
        if rows["many-steps"] != "failed":
            passing.append(onset)

    assert passing == []


@every_exercise
def test_a_program_that_begins_no_mistake_is_right(kit: LoadedKit, name: str) -> None:
    assert {row.outcome for row in graded(frozen(kit, name), begins("none", 0))} == {"passed"}


# --- the runs ------------------------------------------------------------------------------


@every_exercise
def test_long_runs_that_have_not_converged_are_in_every_suite(kit: LoadedKit, name: str) -> None:
    exercise = frozen(kit, name)
    many = next(one for one in exercise.rubric if one.id == "many-steps")
    own = [exercise.cases[i] for i in many.cases]
    rates = [(case, float(case.arguments["learning_rate"])) for case in own]  # type: ignore[arg-type]
    far = [(case, rate) for case, rate in rates if 100 <= case.effort <= 300]

    assert len(far) >= 3
    assert all(abs(1 - 2 * rate) ** (case.effort - 1) > 1e-3 for case, rate in far), "the last step counts"
    assert {case.dtype for case, _ in far} == {"float32", "float64"}
    assert {rate < 0.5 for _, rate in far} == {True, False}, "near 0 and near 1"
    away = [case for case, rate in rates if rate > 1 and case.effort > 30]
    assert {case.shape for case in away} == {case.shape for case in own}
    assert exercise.late == kits.Late("number_steps", 100)


@pytest.mark.parametrize("seed", [0, 2])
def test_under_any_seed_there_are_runs_away_in_every_shape(loaded: Assignment, seed: int) -> None:
    """Of two ways to write theta the better one counts, so a mistake must show in both."""
    exercise = loaded.exercises[0]
    trials = Trials(exercise)
    runs = long_runs(trials, draw(exercise, seed), seed, 400)

    away = [case for case in runs if float(case.arguments["learning_rate"]) > 1]  # type: ignore[arg-type]
    assert {case.shape for case in away} == {(), (1,)}
    assert {case.shape for case in runs if case.effort > 100} == {(), (1,)}


# --- what is honest there ------------------------------------------------------------------


def long_case(exercise: Exercise, rate: float, steps: int, dtype: torch.dtype) -> kits.Case:
    theta = torch.tensor([0.7, -311.3] if "norm" in exercise.name else -0.7, dtype=dtype)
    given = {"initial_theta": theta, "learning_rate": rate, "number_steps": steps}
    arguments = recorded(given, exercise)
    exact = reference_value(exercise, in_double(arguments))
    own = str(dtype).removeprefix("torch.")
    bounds = bounds_of(exercise, arguments, tuple(dict.fromkeys((own, "float32"))), exact)
    return kits.Case(arguments, exact, own, tuple(theta.shape), bounds, "many-steps", steps, "random")


def strayed(program: Callable[..., Any], case: kits.Case) -> float:
    """How far a program strays, as a share of the bound."""
    ratio = compare.judge_case(0, case, calling.call(program, case.arguments)).error_over_bound
    assert ratio is not None
    return ratio


def long_cases(exercise: Exercise) -> Iterator[kits.Case]:
    for rate in NEAR:
        for steps in LENGTHS:
            for dtype in DTYPES:
                case = long_case(exercise, rate, steps, dtype)
                if held(case):
                    yield case


def test_a_run_whose_loss_overflows_is_no_long_case(loaded: Assignment) -> None:
    exercise = next(one for one in loaded.exercises if one.name == NAMES[1])
    sizes = {steps: held(long_case(exercise, 1.1, steps, torch.float32)) for steps in LENGTHS}

    assert sizes == {101: True, 300: False}


@every_exercise
def test_every_honest_style_stays_well_within_the_bound_on_long_runs(loaded: Assignment, name: str) -> None:
    exercise = next(one for one in loaded.exercises if one.name == name)
    far = []
    with quiet():
        for case in long_cases(exercise):
            for style, program in {**STYLES, **exercise.honest}.items():
                if not strayed(program, case) < 0.25:
                    far.append((style, case.arguments["learning_rate"], case.effort, case.dtype))

    assert far == []


@every_exercise
@pytest.mark.parametrize("factor", [1 + 1e-5, 1 - 1e-5])
def test_a_rate_wrong_by_a_hundred_thousandth_is_caught_on_long_runs(
    loaded: Assignment, name: str, factor: float
) -> None:
    """But for rates near 0 in single precision, where it moves theta less than each step's rounding may."""
    exercise = next(one for one in loaded.exercises if one.name == name)
    missed = {
        (case.arguments["learning_rate"], case.dtype)
        for case in long_cases(exercise)
        if not strayed(lambda theta, rate, steps: exercise.reference(theta, rate * factor, steps), case) > 1
    }

    assert missed == {(0.0004, "float32"), (0.013, "float32")}


@pytest.mark.parametrize("rate", [rate for rate in NEAR if rate != 1.0])
def test_the_bound_stays_small_beside_what_a_long_run_comes_to(loaded: Assignment, rate: float) -> None:
    """As many roundings as steps, each of a few units: never so much that a wrong digit would hide."""
    exercise = next(one for one in loaded.exercises if one.name == NAMES[0])
    for steps in LENGTHS:
        case = long_case(exercise, rate, steps, torch.float32)
        (bound,) = torch.frombuffer(bytearray(case.bounds["float32"].data), dtype=torch.float64).tolist()
        exact = 0.7 * abs(1 - 2 * Fraction(rate)) ** steps
        assert bound < 40 * 2.0**-24 * steps * float(exact)
