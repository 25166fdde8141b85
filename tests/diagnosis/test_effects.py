"""What is told of changed arguments, of gradients that end, of functions that are used. About ten seconds."""
# ruff: noqa: ARG001, ARG004

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from grader import kit, strategies
from grader.diagnosis import effects
from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.exercises import Criterion, Exercise
from grader.freezing import freeze
from grader.judging import compare
from grader.judging.award import Finding
from grader.records import ExerciseRun
from grader.sandbox import calling, support

Function = Callable[..., Any]


def halves(x: torch.Tensor, rounds: int) -> Any:
    values = [(x * x).exp().sum()]
    for _ in range(rounds):
        values.append(values[-1] / 2)
    return torch.stack(values), rounds


EXERCISE = Exercise(
    name="halves",
    title="Halves",
    statement="Halve.",
    reference=halves,
    arguments=strategies.calls(
        x=strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, 2.0, -1.0], 0.5, 3.0)),
        rounds=st.integers(1, 4),
    ),
    rubric=(
        Criterion("values", "Every value is right", 2, "values"),
        Criterion("gradients", "Gradients flow", 1, "gradients"),
        Criterion("unchanged", "x stays", 1, "unchanged"),
        Criterion("form", "The form is right", 1, "return"),
        Criterion("own", "Nothing of PyTorch's own", 1, "calls", uses=("exp",), avoids=("cumsum|cumprod",)),
    ),
    mutants=False,
)


@pytest.fixture(scope="module")
def frozen() -> kit.Exercise:
    return freeze.freeze_exercise(EXERCISE, seed=0, budget=60)


def found(frozen: kit.Exercise, function: Function) -> Finding:
    answers, traces = {}, {}
    for i, case in enumerate(frozen.cases):
        answers[i], trace = calling.traced_call(function, case.arguments, protocol=frozen.protocol)
        if case.repeats is not None:
            traces[i] = trace
    run = ExerciseRun("halves", found=True, answers=answers, traces=traces)

    def climb(given: kit.Exercise, device: str, rungs: int) -> ExerciseRun:
        return ExerciseRun("halves", found=True)

    return find(Prepared(frozen), [(run, compare.judge(run, frozen, "cpu"))], climb)


def lost(finding: Finding) -> list[str]:
    return [row.id for row in finding.criteria if row.outcome == "failed"]


def in_place(x: torch.Tensor, rounds: int) -> Any:
    result = halves(x.clone(), rounds)
    x.data.mul_(2)
    return result


def detached(x: torch.Tensor, rounds: int) -> Any:
    return halves(x.detach(), rounds)


class Stopped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        raise ValueError("no formula")


def no_backward(x: torch.Tensor, rounds: int) -> Any:
    return halves(Stopped.apply(x), rounds)  # type: ignore[no-untyped-call]


def overflowing(x: torch.Tensor, rounds: int) -> Any:
    values, count = halves(x, rounds)
    return values / 0, count


def without_the_first(x: torch.Tensor, rounds: int) -> Any:
    values, count = halves(x, rounds)
    return values[1:], count


def with_one_more(x: torch.Tensor, rounds: int) -> Any:
    return halves(x, rounds + 1)[0], rounds


def cumulative(x: torch.Tensor, rounds: int) -> Any:
    factors = torch.full((rounds + 1,), 0.5, dtype=x.dtype)
    factors[0] = 1
    return (x * x).exp().sum() * factors.cumprod(0), rounds


def without_exp(x: torch.Tensor, rounds: int) -> Any:
    values = [torch.pow(torch.e, x * x).sum()]
    for _ in range(rounds):
        values.append(values[-1] / 2)
    return torch.stack(values), rounds


@pytest.mark.parametrize(
    ("function", "criteria", "title"),
    [
        (in_place, ["unchanged"], "The call changes `x` in place"),
        (detached, ["gradients"], "No gradient flows to `x`"),
        (no_backward, ["gradients"], "Asking for gradients raised ValueError: no formula"),
        (overflowing, ["values", "gradients"], ""),
        (without_the_first, ["values", "gradients", "form"], ""),
        (cumulative, ["own"], "`cumprod` is used, which is to be done without"),
        (without_exp, ["own"], "`exp` is not used"),
    ],
)
def test_what_shows_in_any_result_is_told(
    frozen: kit.Exercise, function: Function, criteria: list[str], title: str
) -> None:
    finding = found(frozen, function)

    assert lost(finding) == criteria
    if title:
        assert finding.diagnosis is not None
        assert finding.diagnosis.title == title


def test_the_reference_has_nothing_to_be_told(frozen: kit.Exercise) -> None:
    finding = found(frozen, halves)

    assert (lost(finding), finding.diagnosis) == ([], None)


def test_both_sides_of_the_wall_use_the_same_words() -> None:
    """The parent cannot import the child's side, which imports PyTorch."""
    assert (effects.GRADIENT, effects.ARGUMENT, effects.UNREACHED) == (
        support.GRADIENT,
        support.AFTER,
        support.UNREACHED,
    )
