"""Programs that do nothing, derived mistakes that are none, two mistakes at once. About 20 s."""
# ruff: noqa: ARG001, E501

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from grader import kit, strategies
from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.exercises import Criterion, Exercise
from grader.freezing import freeze
from grader.freezing.derived import mutants_of
from grader.judging import compare, score
from grader.records import ExerciseRun
from grader.sandbox import calling


def scaled(x: torch.Tensor, factor: float) -> Any:
    shifted = x - x.mean()
    size = (shifted * shifted).sum() / len(x)
    return shifted * factor, size + 0.0


def lazy(x: torch.Tensor, factor: float) -> Any:
    return x, torch.zeros(())


EXERCISE = Exercise(
    name="scaled",
    title="Scaled",
    statement="Scale x.",
    reference=scaled,
    idle=(lazy,),
    arguments=strategies.calls(
        x=strategies.tensors([(3,)], [torch.float32], strategies.magnitudes([1.0, 2.0, -1.0], 0.5, 5.0)),
        factor=st.sampled_from([2.0, 3.0, -0.5]),
    ),
    rubric=(
        Criterion("values", "The values are right", 3, "values", part=0),
        Criterion("size", "The size is right", 2, "values", part=1),
        Criterion("form", "The form is right", 1, "return"),
        Criterion("unchanged", "x stays", 1, "unchanged"),
    ),
)


@pytest.fixture(scope="module")
def frozen() -> kit.Exercise:
    return freeze.freeze_exercise(EXERCISE, seed=0, budget=60)


def ran(frozen: kit.Exercise, program: Callable[..., Any]) -> ExerciseRun:
    calls = [calling.traced_call(program, one.arguments, protocol=frozen.protocol) for one in frozen.cases]
    return ExerciseRun("scaled", found=True, answers={i: answer for i, (answer, _) in enumerate(calls)})


def passed(frozen: kit.Exercise, program: Callable[..., Any]) -> list[str]:
    rows = score.criteria(compare.judge(ran(frozen, program), frozen, "cpu"), frozen)
    return [row.id for row in rows if row.outcome == "passed"]


def titles(frozen: kit.Exercise, program: Callable[..., Any]) -> list[str]:
    """Of the mistake that is found, and of those found with it."""
    run = ran(frozen, program)
    finding = find(
        Prepared(frozen),
        [(run, compare.judge(run, frozen, "cpu"))],
        lambda *_: ExerciseRun("scaled", found=True),
    )
    found = finding.diagnosis
    return [found.title, *found.others, *(one.title for one in finding.further)] if found else []


def derived(frozen: kit.Exercise) -> Iterator[kit.Misconception]:
    return (one for one in frozen.misconceptions if one.derived)


def test_the_reference_passes_everything(frozen: kit.Exercise) -> None:
    assert passed(frozen, scaled) == ["values", "size", "form", "unchanged"]


def test_a_program_that_does_what_an_idle_one_does_earns_nothing(frozen: kit.Exercise) -> None:
    def idles(x: torch.Tensor, factor: float) -> Any:
        return x * 1.0, torch.tensor(0.0) * factor

    assert passed(frozen, lazy) == []
    assert passed(frozen, idles) == []
    rows = score.criteria(compare.judge(ran(frozen, lazy), frozen, "cpu"), frozen)
    assert {row.message for row in rows if row.id in ("form", "unchanged")} == {score.IDLE}
    assert titles(frozen, lazy) == ["It does no more than lazy"]


def test_a_program_that_does_half_earns_half(frozen: kit.Exercise) -> None:
    def half(x: torch.Tensor, factor: float) -> Any:
        return (x - x.mean()) * factor, torch.zeros(())

    assert passed(frozen, half) == ["values", "form", "unchanged"]


def test_idle_programs_of_one_tensor_are_found_without_a_list() -> None:
    def doubled(x: torch.Tensor) -> torch.Tensor:
        return x.relu() * 2

    of = Exercise(
        "doubled", "Doubled", "Double.", doubled,
        strategies.calls(x=strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, -2.0], 0.5, 5.0))),
        (Criterion("value", "Right", 1, "values"), Criterion("form", "Form", 1, "return")),
        mutants=False,
    )  # fmt: skip
    made = freeze.freeze_exercise(of, seed=0, budget=40)

    assert [(one.id, one.title, one.idle) for one in made.misconceptions] == [
        ("idle-x", "x comes back as it was passed", True),
        ("idle-zeros", "Zeros come back", True),
    ]


def test_a_function_of_text_is_an_exercise_and_an_empty_text_is_no_zero() -> None:
    def shout(text: str) -> str:
        return text + "!"

    of = Exercise(
        "shout", "Shout", "Shout.", shout, strategies.calls(text=st.sampled_from(["a", "b", "abc"])),
        (Criterion("value", "Right", 1, "values"), Criterion("form", "Form", 1, "return")),
        mutants=False,
    )  # fmt: skip
    made = freeze.freeze_exercise(of, seed=0, budget=40)

    assert made.misconceptions == ()
    assert passed(made, shout) == ["value", "form"]
    assert [passed(made, wrong) for wrong in (lambda text: text, len, lambda _: None)] == [[], [], []]


def test_every_derived_mistake_is_caught_or_listed_as_unseen(frozen: kit.Exercise) -> None:
    kept = {one.id for one in derived(frozen)}
    unseen = {one.id for one in frozen.unseen}

    assert kept | unseen == set(mutants_of(EXERCISE))
    assert kept & unseen == set()
    assert len(kept) >= 8
    for one in derived(frozen):
        program = mutants_of(EXERCISE)[one.id].program
        assert set(passed(frozen, program)) & set(one.costs) == set(), one.teacher
        assert one.costs


def test_equivalent_derived_programs_are_unseen_and_say_like_what(frozen: kit.Exercise) -> None:
    """`+ 0.0` left out or turned to `- 0.0` is the same program; others do what one before them does."""
    equivalent = {one.id: one.teacher for one in frozen.unseen if not one.like}
    kept = {one.id for one in frozen.misconceptions}

    assert any("0.0" in teacher for teacher in equivalent.values())
    assert all(passed(frozen, mutants_of(EXERCISE)[name].program) for name in equivalent)
    assert {one.like for one in frozen.unseen if one.like} <= kept


def test_two_derived_mistakes_at_once_are_named_both(frozen: kit.Exercise) -> None:
    def both(x: torch.Tensor, factor: float) -> Any:
        shifted = x - x.mean()
        return shifted, (shifted * shifted).sum()

    known = {one.title for one in derived(frozen)}
    pair = next(one for one in frozen.pairs if one.others)

    assert frozen.pairs
    assert pair.title in known
    assert set(pair.others) <= known
    told = titles(frozen, both)
    assert len(told) == 2
    assert set(told) <= known
