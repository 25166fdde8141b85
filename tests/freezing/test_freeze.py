"""Freezing other exercises than the first two, and what is refused. About 25 s."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from grader import kit, kits
from grader.errors import GraderError
from grader.exercises import NOTHING, Criterion, Exercise, Misconception
from grader.freezing import assignment, freeze
from grader.judging import verify
from tests.own_exercise import FORTY_LINES


@pytest.fixture(scope="module")
def week7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assignment of one exercise, and beside it what was frozen of it."""
    folder = tmp_path_factory.mktemp("course") / "week7"
    (folder / "reference").mkdir(parents=True)
    (folder / "reference" / "fit.py").write_text(FORTY_LINES)
    kits.freeze(folder, folder.with_suffix(".kit"), seed=6)
    return folder


def test_a_new_exercise_of_forty_lines_is_frozen_and_its_mistakes_are_caught(week7: Path) -> None:
    assert len(FORTY_LINES.strip().splitlines()) <= 45
    frozen = kits.load(week7.with_suffix(".kit")).kit

    verified = verify.verify(frozen)
    assert (frozen.title, frozen.devices, frozen.limits) == ("week7", ("cpu",), kit.Limits())
    assert (verified.mutation_score, verified.fit) == (1.0, True)
    rows = [(row.id, row.missed, row.extra) for row in verified.exercises[0].rows]
    assert rows[:4] == [
        ("no-momentum", (), ()),
        ("half-momentum", (), ()),
        ("origin", (), ()),
        ("adam", (), ()),
    ]
    derived = rows[4:]
    assert derived  # from the reference's source
    assert all(name.startswith("mutant-") and (missed, extra) == ((), ()) for name, missed, extra in derived)
    assert verified.exercises[0].alike == ()


def test_a_kit_holds_neither_solution_nor_seed(tmp_path: Path) -> None:
    (tmp_path / "double.py").write_text(
        "import grader.exercises, test_freeze\nEXERCISE = test_freeze.DOUBLE\nSECRET = 1\n"
    )
    frozen = freeze.freeze_exercise(DOUBLE, seed=987654321, budget=100)

    text = repr(frozen)
    assert "<function" not in text
    assert "987654321" not in text


def double(start: torch.Tensor, factor: int) -> torch.Tensor:
    return start * factor * 2


DOUBLE = Exercise(
    name="double",
    title="Double",
    statement="Return twice the product.",
    reference=double,
    arguments=st.fixed_dictionaries(
        {
            "start": st.sampled_from([1.0, 2.5, -3.0]).map(torch.tensor),
            "factor": st.integers(1, 5),
        }
    ),
    rubric=(Criterion("value", "The value is right", 1, "values"),),
    misconceptions=(
        Misconception("once", "Not doubled", "Twice?", lambda s, f: s * f, frozenset({"value"})),
        Misconception("same", "Written otherwise", "Fine.", lambda s, f: (s + s) * f, NOTHING),
        Misconception("cuda", "Wrong on CUDA", "Which device?", double, frozenset({"value"}), needs="cuda"),
    ),
    mutants=False,  # they are another test's, and cost seconds
)


def refused(exercise: Exercise) -> str:
    with pytest.raises(GraderError) as error:
        freeze.freeze_exercise(exercise, seed=0, budget=100)
    return str(error.value)


def test_where_the_reference_takes_no_step_of_an_optimiser_none_is_traced() -> None:
    frozen = freeze.freeze_exercise(DOUBLE, seed=0, budget=100)

    assert {(case.trace, case.traced) for case in (*frozen.cases, *frozen.ladder)} == {(None, False)}


def test_the_same_seed_gives_the_same_exercise_and_another_seed_another() -> None:
    first, again, other = (freeze.freeze_exercise(DOUBLE, seed, budget=100) for seed in (1, 1, 2))

    assert first == again
    assert other.rubric[0].id == first.rubric[0].id


def test_the_same_seed_gives_the_same_bytes_in_two_processes(week7: Path, tmp_path: Path) -> None:
    kits.freeze(week7, tmp_path / "again.kit", seed=6)

    assert (tmp_path / "again.kit").read_bytes() == week7.with_suffix(".kit").read_bytes()


def test_a_misconception_that_is_right_costs_nothing_and_has_no_smallest_case() -> None:
    frozen = freeze.freeze_exercise(DOUBLE, seed=0, budget=100)

    smallest = {one.id: one.smallest for one in frozen.misconceptions}
    assert smallest == {"once": 0, "same": None, "cuda": None, "idle-start": 0, "idle-zeros": 0}
    assert frozen.moves == ""  # nobody takes steps, so nothing has to move
    assert frozen.parameters == ("start", "factor")


def test_a_reference_that_raises_is_told_with_the_call() -> None:
    def raising(start: torch.Tensor, factor: int) -> torch.Tensor:
        raise ValueError(f"no factor {factor}, no start {start.item()}")

    assert refused(replace(DOUBLE, reference=raising)) == (
        "double(torch.tensor(1.0, dtype=torch.float64), 1): the reference raised"
        " ValueError: no factor 1, no start 1.0.\n"
        "  Correct the reference, or keep such inputs out of `arguments` and `edge_cases`."
    )


def test_a_reference_that_returns_what_nobody_can_compare_is_refused() -> None:
    assert refused(replace(DOUBLE, reference=lambda start, factor: iter([start, factor]))) == (
        "double(torch.tensor(1.0), 1): the reference gives an object of type list_iterator as result.\n"
        "  Results are tensors, numbers, texts and None, in lists, tuples, dicts and dataclasses, at most 256"
        " parts and 4096 numbers. Let a probe return less, or draw other inputs."
    )


def test_a_reference_that_ignores_the_dtype_it_is_given_is_refused() -> None:
    assert refused(replace(DOUBLE, reference=lambda start, factor: (start * factor).float())) == (
        "double(torch.tensor(1.0), 1): the reference returned a float32 tensor of shape (), and of"
        " dtype float32 and shape () when given float64.\n"
        "  A reference returns a tensor of the floating dtype that it was given."
    )


def test_arguments_of_other_names_than_the_signature_are_refused() -> None:
    named = DOUBLE.arguments.map(lambda drawn: {"begin": drawn["start"], "factor": drawn["factor"]})

    assert refused(replace(DOUBLE, arguments=named)) == (
        "double: drawn were arguments named ['begin', 'factor'], the reference takes ['factor', 'start'].\n"
        "  Name the arguments in `arguments` and `edge_cases` as in the reference's signature."
    )


def test_an_argument_that_no_kit_can_hold_is_refused() -> None:
    odd = DOUBLE.arguments.map(lambda drawn: {**drawn, "factor": {1, 2}})

    assert refused(replace(DOUBLE, arguments=odd)) == (
        "double: the argument 'factor' was drawn as a set.\n"
        "  Arguments are tensors, numbers, texts, None, and lists, tuples and dicts of these; what is made"
        " anew for each call (a module, a generator) is drawn by `strategies.made_by` and its neighbours."
    )


def values(name: str, family: Any = None) -> Criterion:
    return Criterion(name, "Right", 1, "values", family)


def test_a_case_of_two_criteria_is_told_with_both() -> None:
    assert refused(replace(DOUBLE, rubric=(values("value"), values("again")))) == (
        "double(torch.tensor(1.0), 1): this case belongs to the criteria value, again of kind 'values'.\n"
        "  Write the families of the rubric so that each case belongs to exactly one."
    )


def test_a_case_of_no_criterion_is_refused() -> None:
    assert refused(replace(DOUBLE, rubric=(values("value", lambda a: a["factor"] > 9),))) == (
        "double(torch.tensor(1.0), 1): this case belongs to no criterion of kind 'values'.\n"
        "  Write the families of the rubric so that each case belongs to exactly one."
    )


def test_a_criterion_that_judges_no_case_is_refused() -> None:
    extra = Criterion("never", "Never", 1, "return", lambda a: a["factor"] > 9)

    assert refused(replace(DOUBLE, rubric=(*DOUBLE.rubric, extra))) == (
        "double: the criterion 'never' judges no case.\n"
        "  Draw inputs that belong to its family, or add some to `edge_cases`."
    )


def test_an_optimiser_that_does_not_exist_is_refused() -> None:
    extra = Criterion("steps", "Steps", 1, "optimiser", optimiser="SDG")

    assert refused(replace(DOUBLE, rubric=(*DOUBLE.rubric, extra))) == (
        "double: the criterion 'steps' asks for torch.optim.SDG, which does not exist.\n"
        "  Name a class of torch.optim."
    )


def test_a_cost_that_is_no_criterion_is_refused() -> None:
    wrong = replace(DOUBLE.misconceptions[0], costs=frozenset({"valeu"}))

    assert refused(replace(DOUBLE, misconceptions=(wrong,))) == (
        "double: the misconception 'once' costs 'valeu', which is no criterion.\n  The rubric has: value."
    )


def test_two_misconceptions_of_one_id_are_refused() -> None:
    once = DOUBLE.misconceptions[0]

    assert refused(replace(DOUBLE, misconceptions=(once, once))) == (
        "double: two misconceptions have the id 'once'.\n  Give each its own."
    )


def test_a_reference_that_fails_its_own_rubric_is_refused_with_the_case() -> None:
    extra = Criterion("sgd", "Steps", 1, "optimiser")

    assert refused(replace(DOUBLE, rubric=(*DOUBLE.rubric, extra))).endswith(
        ": the reference itself fails 'sgd': all 2 cases fail: torch.optim.SGD took no step.\n"
        "  Correct the program, its bound, or the criterion."
    )


def test_a_bound_below_zero_is_refused() -> None:
    def negative(arguments: Mapping[str, Any], dtype: torch.dtype) -> torch.Tensor:
        return -torch.ones_like(arguments["start"], dtype=torch.float64).to(dtype)

    assert refused(replace(DOUBLE, bound=negative)) == (
        "double(torch.tensor(1.0), 1): `bound` gave tensor(-1.) for a result of 1 numbers.\n"
        "  `bound(arguments, dtype)` returns a float64 tensor of the result's shape, with nothing below 0."
    )


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-B", "-m", "grader.freezing.freeze", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=dict(os.environ))


def test_what_an_exercise_raises_while_it_is_frozen_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "fit.py").write_text(FORTY_LINES.replace('a["steps"] == 0', 'a["step"] == 0'))
    line = next(i for i, text in enumerate(FORTY_LINES.splitlines(), 1) if 'a["steps"] == 0' in text)

    done = run(str(tmp_path), str(tmp_path / "out.kit"))

    assert done.returncode == 2
    assert json.loads(done.stderr) == {
        "message": f"{tmp_path}/fit.py, line {line}: `family` of the criterion 'stays' raised KeyError:"
        " 'step'.",
        "hint": "Correct this line.",
    }
    assert not (tmp_path / "out.kit").exists()


def test_a_kit_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as error:
        freeze.write(b"kit", tmp_path / "nowhere" / "a.kit")

    assert str(error.value) == (
        f"{tmp_path}/nowhere/a.kit: cannot write the kit: No such file or directory.\n"
        "  Name a file in a folder that you may write to."
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as error:
        assignment.load(tmp_path / "nowhere")

    assert str(error.value) == (
        f"{tmp_path}/nowhere: there is no such folder.\n  Name the folder that contains reference/."
    )
