"""Bad input of the contract: each is a sentence at the right person, nothing else is lost. About 150 s."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from grader.errors import GraderError
from grader.freezing import freeze
from tests.cli.running import grader, results

SCALED: Final = """\
import random
import time

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn

from grader import strategies
from grader.exercises import Criterion, Exercise, Sampled

CALLS = []


def scaled(x, factor):
    y = x * factor
    return y, factor


def layer(size):
    made = nn.Linear(size, 1)
    return made


def probe(student, x, factor):
    y, again = student(x, factor)
    return {"y": y, "again": again}


EXERCISE = Exercise(
    name="scaled",
    title="Scaled",
    statement="Scale x.",
    reference=scaled,
    arguments=strategies.calls(
        x=strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, 2.0], 0.1, 5.0)),
        factor=st.integers(2, 5),
    ),
    rubric=(
        Criterion("value", "The values are right", 2, "values"),
        Criterion("form", "It is of the right kind", 1, "return"),
    ),
    mutants=False,
)
"""
REFERENCE: Final = "    reference=scaled,\n"
PROBED: Final = REFERENCE + "    probe=probe,\n"
BODY: Final = "    y = x * factor\n"
RESULT: Final = "return y, factor"
FACTOR: Final = "factor=st.integers(2, 5)"
CALL: Final = "scaled(torch.tensor([1.0, 1.0]), 2)"
SLY: Final = "type('Sly', (), dict.fromkeys(('__eq__', '__reduce__', '__repr__'), lambda *_: 1 / 0))()"
KEPT: Final = "Correct the reference, or keep such inputs out of `arguments` and `edge_cases`."
RESULTS: Final = (
    "Results are tensors, numbers, texts and None, in lists, tuples, dicts and dataclasses, at most 256 parts"
    " and 4096 numbers. Let a probe return less, or draw other inputs."
)
ARGUMENTS: Final = (
    "Arguments are tensors, numbers, texts, None, and lists, tuples and dicts of these; what is made anew for"
    " each call (a module, a generator) is drawn by `strategies.made_by` and its neighbours."
)
RANDOM: Final = (
    "Let the call draw from a generator that is passed or seeded, or let a probe return a mean of many draws"
    " and check it by `Sampled()` or `Within(...)`."
)
STATE: Final = (
    "Let a call depend on its arguments alone: keep nothing between calls, look at no clock, seed what draws."
)
DRAWN: Final = (
    "Draw by Hypothesis alone: a number that PyTorch draws, or a counter, is another one each time. A large"
    " tensor is drawn by `strategies.large(...)`."
)
SEEDED: Final = "hangs on random numbers: under another seed the reference gives another."
AGAIN: Final = "is another when the reference is called again."

Change = tuple[tuple[str, str], ...]
AUTHORS: Final[
    dict[str, tuple[Change, int, str, str]]
] = {  # what is changed, the line, what is said, the remedy
    "a probe that raises": (
        ((REFERENCE, PROBED), ('{"y": y, ', '{"y": y.no_such, ')),
        27,
        (
            f"probe(scaled, {CALL[7:]}: the reference raised"
            " AttributeError: 'Tensor' object has no attribute 'no_such'."
        ),
        KEPT,
    ),
    "a reference that raises for some": (
        ((BODY, "    assert factor < 9 and len(x), 'no'\n    y = [x][factor - 2] * factor\n"),),
        17,
        "IndexError: list index out of range.",
        KEPT,
    ),
    "a reference that draws from PyTorch": (
        ((BODY, "    noise = torch.rand(2)\n    y = x * factor + noise\n"),),
        16,
        f"{CALL}: result[0] {SEEDED}",
        RANDOM,
    ),
    "a module with random weights": (
        ((BODY, "    made = nn.Linear(2, 2)\n    y = made(x) * factor\n"),),
        16,
        f"{CALL}: result[0] {SEEDED}",
        RANDOM,
    ),
    "one tensor, drawn at its end": (
        ((RESULT, "return y * torch.rand(2)"),),
        17,
        f"{CALL}: result {SEEDED}",
        RANDOM,
    ),
    "random numbers for some inputs alone": (
        ((BODY, BODY + "    if factor == 5:\n        y = y + torch.randn(2)\n"),),
        18,
        f"5): result[0] {SEEDED}",
        RANDOM,
    ),
    "random numbers of NumPy": (
        ((BODY, "    y = x * factor * np.random.rand()\n"),),
        16,
        f"{CALL}: result[0] {AGAIN}",
        RANDOM,
    ),
    "random numbers of Python": (
        ((BODY, "    shuffled = random.random()\n    y = x * factor * shuffled\n"),),
        16,
        f"{CALL}: result[0] {AGAIN}",
        RANDOM,
    ),
    "a probe that draws": (
        ((REFERENCE, PROBED), ('"again": again', '"again": torch.rand(1)')),
        27,
        f'probe(scaled, {CALL[7:]}: result["again"] {SEEDED}',
        RANDOM,
    ),
    "an argument that is made at random": (
        (
            (FACTOR, "factor=strategies.made_by(layer, size=st.just(2))"),
            (REFERENCE, REFERENCE + "    support=(layer,),\n"),
            (BODY, "    y = factor(x)\n"),
            (RESULT, "return y, 1"),
        ),
        21,
        f"layer(size=2)): result[0] {AGAIN}",
        RANDOM,
    ),
    "what is kept between calls": (
        ((BODY, "    CALLS.append(factor)\n    y = x * factor * len(CALLS)\n"),),
        17,
        f"{CALL}: result[0] {AGAIN}",
        STATE,
    ),
    "a clock": (
        ((BODY, "    now = time.perf_counter_ns() % 100_003\n    y = x * factor * now\n"),),
        16,
        f"{CALL}: result[0] {AGAIN}",
        STATE,
    ),
    "a strategy that PyTorch draws for": (
        ((FACTOR, "factor=st.builds(lambda: torch.rand(1).item())"),),
        37,
        "`arguments` draws other inputs each time.",
        DRAWN,
    ),
    "a strategy that counts": (
        ((FACTOR, "factor=st.builds(lambda: CALLS.append(1) or len(CALLS))"),),
        37,
        "`arguments` draws other inputs each time.",
        DRAWN,
    ),
    "a strategy without a line of its own": (
        ((FACTOR, "factor=st.builds(torch.rand, st.just(1))"),),
        30,
        "`arguments` draws other inputs each time.",
        DRAWN,
    ),
    "an argument that cannot be recorded": (
        ((FACTOR, "factor=st.just(nn.Linear(1, 1))"),),
        30,
        "scaled: the argument 'factor' was drawn as a Linear.",
        ARGUMENTS,
    ),
    "an endless argument": (
        ((FACTOR, "factor=st.builds(iter, st.just(int), st.just(1))"),),
        30,
        "scaled: the argument 'factor' was drawn as a callable_iterator.",
        ARGUMENTS,
    ),
    "a result of 100 MB": (
        ((RESULT, "return torch.zeros(25_000_000), factor"),),
        30,
        f"{CALL}: the reference gives a tensor of 25000000 elements as result[0].",
        RESULTS,
    ),
    "a list of 100 MB": (
        ((RESULT, "return [0.0] * 12_500_000"),),
        30,
        f"{CALL}: the reference returned more than 256 values.",
        RESULTS,
    ),
    "an object of a class of its own": (
        ((RESULT, f"return y, {SLY}"),),
        30,
        f"{CALL}: the reference gives an object of type Sly as result[1].",
        RESULTS,
    ),
    "an endless result": (
        ((RESULT, "return iter(int, 1)"),),
        30,
        f"{CALL}: the reference gives an object of type callable_iterator as result.",
        RESULTS,
    ),
}
TYPED: Final = (  # one of each kind, on the command line
    "a probe that raises",
    "a reference that draws from PyTorch",
    "what is kept between calls",
    "a strategy that PyTorch draws for",
    "an argument that cannot be recorded",
    "a result of 100 MB",
    "an object of a class of its own",
    "an endless result",
)


def written(folder: Path, changes: Change) -> Path:
    source = SCALED
    for right, wrong in changes:
        assert source.count(right) == 1
        source = source.replace(right, wrong)
    (folder / "reference").mkdir()
    file = folder / "reference" / "scaled.py"
    file.write_text(source, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", [name for name in AUTHORS if name not in TYPED])
def test_an_author_is_told_the_line_what_it_does_and_what_to_do(tmp_path: Path, name: str) -> None:
    changes, line, what, remedy = AUTHORS[name]
    file = written(tmp_path, changes)

    with pytest.raises(GraderError) as refused:
        freeze.freeze(tmp_path)

    assert refused.value.message.startswith(f"{file}, line {line}: ")
    assert refused.value.message.endswith(what)
    assert refused.value.hint == remedy


@pytest.mark.parametrize("name", TYPED)
def test_on_the_command_line_an_author_is_told_and_no_kit_is_written(tmp_path: Path, name: str) -> None:
    changes, line, what, remedy = AUTHORS[name]
    file = written(tmp_path, changes)

    run = grader("freeze", "--assignment", tmp_path, "-o", tmp_path / "scaled.kit")

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"Freezing reference/ of {tmp_path}: its code is run.\n"
        f"error: {what}\n  --> {file}:{line}\n  help: {remedy}\n"
    )
    assert not (tmp_path / "scaled.kit").exists()


def test_what_a_check_allows_to_be_random_is_frozen(tmp_path: Path) -> None:
    written(
        tmp_path,
        (
            (REFERENCE, PROBED),
            (
                "y, again = student(x, factor)",
                "y = student(x, factor)[0] + 1e-3 * torch.randn(1000, 1).mean()",
            ),
            ('{"y": y, "again": again}', "y"),
            ('2, "values"', '2, "values", check=Sampled()'),
        ),
    )

    frozen = freeze.freeze(tmp_path).exercises[0]

    assert [one.id for one in frozen.rubric] == ["value", "form"]
    assert frozen.room <= 1


# --- students -----------------------------------------------------------------------------

LAYER: Final = """\
import copy

import torch
from hypothesis import strategies as st
from torch import nn

from grader import strategies
from grader.exercises import Criterion, Exercise


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 2) / 2)

    def forward(self, x):
        return x @ self.weight.T


def probe(student, width, x):
    layer = student(width)
    return {"output": layer(x), "copied": copy.deepcopy(layer)(x)}


EXERCISE = Exercise(
    name="Layer",
    title="Layer",
    statement="Write a layer.",
    reference=Layer,
    probe=probe,
    arguments=strategies.calls(
        width=st.integers(1, 3),
        x=strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, 2.0], 0.1, 5.0)),
    ),
    rubric=(Criterion("value", "The values are right", 3, "values"),),
    mutants=False,
)
"""
RIGHT_LAYER: Final = LAYER[LAYER.index("class Layer") : LAYER.index("def probe")]
RIGHT: Final = f"""\
import torch
from torch import nn


{RIGHT_LAYER}def scaled(x, factor):
    return x * factor, factor
"""
SLY_CLASS: Final = """
class Sly:
    __hash__ = None

    def leave(self, *_):
        raise SystemExit(3)

    __eq__ = __reduce__ = __reduce_ex__ = __repr__ = __iter__ = __len__ = __bool__ = leave


def scaled"""
PAIR: Final = "return x * factor, factor"
STUDENTS: Final[
    dict[str, tuple[str, str, str, str]]
] = {  # what is written for what, the exercise, what is said
    "right": ("", "", "", ""),
    "a tensor of 100 MB": (
        PAIR,
        "return torch.zeros(25_000_000), factor",
        "scaled",
        "result[0] is a tensor of 25000000 elements, expected a float32 tensor of shape (2,)",
    ),
    "a list of 100 MB": (
        PAIR,
        "return [0.0] * 12_500_000",
        "scaled",
        "returned more than 256 values, not what is asked for",
    ),
    "a text of 100 MB": (
        PAIR,
        "return x * factor, 'a' * 100_000_000",
        "scaled",
        f"result[1] is '{'a' * 59}... (100000002 characters of SHA-256 4bae1426b76e3b9b), expected an int",
    ),
    "hostile methods": (
        f"\ndef scaled(x, factor):\n    {PAIR}",
        f"{SLY_CLASS}(x, factor):\n    return Sly(), Sly()",
        "scaled",
        "result[0] is an object of type Sly, expected a float32 tensor of shape (2,)",
    ),
    "an endless generator": (
        PAIR,
        "return iter(int, 1)",
        "scaled",
        "there is no result[0]: result is an object of type callable_iterator",
    ),
    "a function that yields without end": (
        PAIR,
        "while True:\n        yield x * factor, factor",
        "scaled",
        "there is no result[0]: result is an object of type generator",
    ),
    "no method of that name": (
        "def forward",
        "def forwards",
        "Layer",
        'raised NotImplementedError: Module [Layer] is missing the required "forward" function',
    ),
    "another signature of __init__": (
        "(self, width)",
        "(self, width, depth)",
        "Layer",
        "raised TypeError: Layer.__init__() missing 1 required positional argument: 'depth'",
    ),
    "another signature of forward": (
        "(self, x)",
        "(self)",
        "Layer",
        "raised TypeError: Layer.forward() takes 1 positional argument but 2 were given",
    ),
    "no copies": (
        "    def forward",
        "    def __deepcopy__(self, memo):\n        raise RuntimeError('no copies of me')\n\n    def forward",
        "Layer",
        "raised RuntimeError: no copies of me",
    ),
    "no class at all": (
        RIGHT_LAYER,
        "def Layer(width):\n    return width\n\n\n",
        "Layer",
        "raised TypeError: 'int' object is not callable",
    ),
}


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    week = tmp_path_factory.mktemp("contract")
    written(week, ())
    (week / "reference" / "layer.py").write_text(LAYER, encoding="utf-8")
    frozen = grader("freeze", "-o", "week.kit", cwd=week)
    assert frozen.code == 0, frozen.err
    return week / "week.kit"


@pytest.fixture(scope="module")
def graded(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each of them got, all of them a class."""
    folder = tmp_path_factory.mktemp("students")
    (folder / "class").mkdir()
    for number, (right, wrong, _, _) in enumerate(STUDENTS.values()):
        source = RIGHT.replace(right, wrong, 1) if right else RIGHT
        (folder / "class" / f"s{number:02}.py").write_text(source, encoding="utf-8")

    run = grader("grade", "class", "--kit", kit, "-o", folder / "report", cwd=folder)

    assert (run.code, run.err) == (0, "")
    return dict(zip(STUDENTS, results(folder / "report")["submissions"], strict=True))


@pytest.mark.parametrize("name", STUDENTS)
def test_a_student_is_told_and_loses_no_other_exercise(graded: dict[str, Any], name: str) -> None:
    _, _, exercise, told = STUDENTS[name]

    found = graded[name]
    assert found["status"] == "graded"
    lost = {one["name"]: _first(one) for one in found["exercises"] if one["score"] < one["max_score"]}
    assert set(lost) == ({exercise} if exercise else set())
    if exercise:
        assert lost[exercise].endswith(told)


def _first(exercise: Any) -> str:
    return str(next(row["message"] for row in exercise["criteria"] if row["outcome"] == "failed"))
