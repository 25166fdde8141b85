"""What an author is told whose exercise is none: the file, the line and what to write. About 60 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.freezing import freeze
from tests.cli.running import grader

SOURCE = """\
import torch
from hypothesis import strategies as st
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception


def scaled(x, factor):
    return x * factor


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
        Criterion("form", "It is a tensor like x", 1, "return"),
    ),
    misconceptions=(
        Misconception("once", "Not scaled", "Look at factor.", lambda x, f: x + f, frozenset({"value"})),
    ),
)
"""
# What stands there, what is written instead, the line that is named, what is said of it.
MISTAKES = [
    (
        'frozenset({"value"})',
        '["value"]',
        25,
        (
            "`costs` of the misconception 'once' is a list: ['value'].\n"
            '  Write a set of the criteria that must fail: costs=frozenset({"value"}), or NOTHING.'
        ),
    ),
    (
        'frozenset({"value"})',
        'frozenset({"valeu"})',
        25,
        (
            "scaled: the misconception 'once' costs 'valeu', which is no criterion.\n"
            "  The rubric has: value, form."
        ),
    ),
    (
        "lambda x, f: x + f",
        "scaled(torch.ones(1), 2)",
        25,
        "`program` of the misconception 'once' is a Tensor: tensor([2.]).\n  Write a function.",
    ),
    (
        "lambda x, f: x + f",
        "lambda x: x * 1",
        25,
        (
            "`program` of the misconception 'once' takes (x), the reference (x, factor).\n"
            "  Every program is called as the reference is, by position."
        ),
    ),
    (
        'Misconception("once"',
        "Misconception(3",
        25,
        '`id` of a misconception is an int: 3.\n  Write a short text in quotes, for instance "no-momentum".',
    ),
    (
        '"Look at factor."',
        'b"Look."',
        25,
        "`hint` of the misconception 'once' is a bytes: b'Look.'.\n  Write text in quotes.",
    ),
    (
        '"Not scaled"',
        '"\\ud800"',
        25,
        "`title` of the misconception 'once' is a str: '\\ud800'.\n  Write text in quotes.",
    ),
    (
        '"It is a tensor like x", 1',
        '"It is a tensor like x", -1',
        22,
        "`points` of the criterion 'form' is an int: -1.\n  Write a number, 0 or more.",
    ),
    (
        '"It is a tensor like x", 1',
        '"It is a tensor like x", float("nan")',
        22,
        "`points` of the criterion 'form' is a float: nan.\n  Write a number, 0 or more.",
    ),
    (
        '2, "values"',
        '2, "value"',
        21,
        (
            "`kind` of the criterion 'value' is a str: 'value'.\n"
            "  Write one of: values, gradients, unchanged, return, optimiser, calls."
        ),
    ),
    (
        '2, "values"',
        '2, "values", lambda a: a["factro"] > 1',
        21,
        "`family` of the criterion 'value' raised KeyError: 'factro'.\n  Correct this line.",
    ),
    (
        '2, "values"',
        '2, "values", dict.clear',
        21,
        (
            "`family` of the criterion 'value' returned None.\n"
            "  It says whether a criterion judges a call: return True or False, for instance by bool()."
        ),
    ),
    (
        '2, "values"',
        '2, "values", len("no")',
        21,
        (
            "`family` of the criterion 'value' is an int: 2.\n"
            '  Write a function of the arguments: lambda a: a["steps"] > 0, or leave it out.'
        ),
    ),
    (
        '        Criterion("form", "It is a tensor like x", 1, "return"),\n    ),',
        "    )[:1] + [],",
        20,
        'TypeError: can only concatenate tuple (not "list") to tuple.\n  Correct this line.',
    ),
    (
        '        Criterion("form", "It is a tensor like x", 1, "return"),\n    ),',
        "    )[0],",
        11,
        (
            "`rubric` of the exercise 'scaled' is a Criterion.\n"
            "  Write a tuple of criteria, with a comma after each: rubric=(Criterion(...),)."
        ),
    ),
    (
        "    misconceptions=(\n",
        "    misconceptions=(1,\n",
        11,
        (
            "`misconceptions` of the exercise 'scaled' is a tuple of int, Misconception.\n"
            "  Write a tuple of misconceptions, with a comma after each:"
            " misconceptions=(Misconception(...),)."
        ),
    ),
    (
        'name="scaled"',
        'name="scaled twice"',
        11,
        (
            "`name` of the exercise 'scaled twice' is a str: 'scaled twice'.\n"
            "  Write the name to define in quotes."
        ),
    ),
    (
        "reference=scaled",
        "reference=scaled(torch.ones(1), 2)",
        11,
        (
            "`reference` of the exercise 'scaled' is a Tensor: tensor([2.]).\n"
            "  Write the solution's name without calling it: reference=solution."
        ),
    ),
    (
        "reference=scaled",
        "reference=torch.mul",
        11,
        (
            "the reference has no signature to read.\n"
            "  Name its arguments one by one: def reference(x, y). The keys of `arguments` are these names."
        ),
    ),
    (
        "reference=scaled",
        "reference=lambda *given: given[0]",
        11,
        (
            "the reference takes (*given).\n"
            "  Name its arguments one by one: def reference(x, y). The keys of `arguments` are these names."
        ),
    ),
    (
        "arguments=strategies.calls(",
        "arguments=dict(",
        11,
        (
            "`arguments` of the exercise 'scaled' is a dict.\n"
            "  Write a strategy of dicts: arguments=strategies.calls(x=strategies.tensors(...))."
        ),
    ),
    (
        "arguments=strategies.calls(",
        "arguments=st.tuples(st.integers(), st.integers()) if True else dict(",
        11,
        (
            "`arguments` drew a tuple: (0, 0).\n"
            "  Write a strategy of dicts: arguments=strategies.calls(x=strategies.tensors(...))."
        ),
    ),
    (
        "factor=st.integers(2, 5)",
        "factor=st.integers(2, 5).filter(lambda n: n > 9)",
        11,
        (
            "`arguments` cannot be drawn: Unsatisfiable: Unable to satisfy assumptions of collect.\n"
            "  Let it draw something: no filter that nothing passes, no range that ends before it begins."
        ),
    ),
    (
        "factor=st.integers(2, 5)",
        "factor=st.integers(2, 5).map(lambda n: n / 0)",
        18,
        "`arguments` raised ZeroDivisionError: division by zero.\n  Correct this line.",
    ),
    (
        "factor=st.integers(2, 5)",
        "factor=st.integers(5, 2)",
        11,
        (
            "`arguments` cannot be drawn: InvalidArgument: Cannot have max_value=2 < min_value=5.\n"
            "  Let it draw something: no filter that nothing passes, no range that ends before it begins."
        ),
    ),
    (
        "[(2,)]",
        "[(300, 300)]",
        11,
        (
            "a call's arguments take 352 KiB, at most 128 KiB are frozen.\n"
            "  Draw smaller tensors, or draw them by `strategies.large(...)`, of which only a seed is kept."
        ),
    ),
    (
        "[torch.float32], strategies.magnitudes([1.0, 2.0], 0.1, 5.0))",
        "[torch.float32], st.just(1.0)).map(lambda x: x.requires_grad_().to_sparse())",
        11,
        (
            "an argument cannot be frozen: RuntimeError: unsupported memory format option Contiguous.\n"
            "  Draw plain dense tensors on the CPU that require no gradient."
        ),
    ),
    (
        "    rubric=(\n",
        '    edge_cases=[{"x": torch.ones(2), "factor": 2}],\n    rubric=(\n',
        11,
        (
            "`edge_cases` of the exercise 'scaled' is a list of dict.\n"
            '  Write a tuple of calls, each a dict: edge_cases=({"x": torch.tensor(1.0)},).'
        ),
    ),
    (
        "    rubric=(\n",
        '    edge_cases=({"x": torch.ones(2)},),\n    rubric=(\n',
        11,
        (
            "scaled: drawn were arguments named ['x'], the reference takes ['factor', 'x'].\n"
            "  Name the arguments in `arguments` and `edge_cases` as in the reference's signature."
        ),
    ),
    (
        "    rubric=(\n",
        "    effort=lambda a: a['steps'],\n    rubric=(\n",
        20,
        "`effort` of the exercise 'scaled' raised KeyError: 'steps'.\n  Correct this line.",
    ),
    (
        "    rubric=(\n",
        "    effort=lambda a: float('nan'),\n    rubric=(\n",
        11,
        (
            "`effort` of the exercise 'scaled' returned a float: nan.\n"
            "  It says what a call costs: return a number, 0 or more, for instance its steps."
        ),
    ),
    (
        "    rubric=(\n",
        "    bound=lambda a, dtype: 1 / 0,\n    rubric=(\n",
        20,
        "`bound` of the exercise 'scaled' raised ZeroDivisionError: division by zero.\n  Correct this line.",
    ),
    (
        "    rubric=(\n",
        "    bound=lambda a, dtype: a['x'] * torch.nan,\n    rubric=(\n",
        11,
        (
            "`bound` of the exercise 'scaled' returned a Tensor: tensor([nan, nan]).\n"
            "  It says how far an honest result may stray: return numbers, 0 or more."
        ),
    ),
    (
        "    rubric=(\n",
        "    bound=lambda a, dtype: 1e-6,\n    rubric=(\n",
        11,
        (
            "scaled(torch.tensor([1.0, 1.0]), 2): `bound` gave 1e-06 for a result of 2 numbers.\n"
            "  `bound(arguments, dtype)` returns a float64 tensor of the result's shape,"
            " with nothing below 0."
        ),
    ),
    (
        "    rubric=(\n",
        "    honest=[scaled],\n    rubric=(\n",
        11,
        (
            "`honest` of the exercise 'scaled' is a list of function.\n"
            '  Write right programs by name: honest={"by hand": by_hand}.'
        ),
    ),
    (
        "    rubric=(\n",
        '    diagnosers="descent",\n    rubric=(\n',
        11,
        (
            "`diagnosers` of the exercise 'scaled' is a str: 'descent'.\n"
            '  Write a tuple with a comma: diagnosers=("descent",).'
        ),
    ),
    (
        "    rubric=(\n",
        '    diagnosers=("descents",),\n    rubric=(\n',
        11,
        "scaled: there is no diagnoser 'descents'.\n  There are: descent.",
    ),
    (
        "    return x * factor\n",
        "    return {}[x]\n",
        8,
        (
            "scaled(torch.tensor([1.0, 1.0], dtype=torch.float64), 2): the reference raised KeyError:"
            " tensor([1., 1.], dtype=torch.float64).\n"
            "  Correct the reference, or keep such inputs out of `arguments` and `edge_cases`."
        ),
    ),
    (
        "EXERCISE = Exercise(",
        "raise SystemExit(3)\nEXERCISE = Exercise(",
        11,
        "SystemExit: 3.\n  Correct this line.",
    ),
    (
        "    rubric=(\n",
        "    bound=lambda a, dtype: -a['x'].double(),\n    rubric=(\n",
        11,
        (
            "scaled(torch.tensor([1.0, 1.0]), 2): `bound` gave tensor([-1., -1.], dtype=torch.float64)"
            " for a result of 2 numbers.\n"
            "  `bound(arguments, dtype)` returns a float64 tensor of the result's shape,"
            " with nothing below 0."
        ),
    ),
    (
        'title="Scaled"',
        'title=["Scaled"]',
        11,
        "`title` of the exercise 'scaled' is a list: ['Scaled'].\n  Write text in quotes.",
    ),
    (
        '"It is a tensor like x", 1, "return"',
        '"It is a tensor like x", 1, "optimiser", optimiser="SDG"',
        22,
        (
            "scaled: the criterion 'form' asks for torch.optim.SDG, which does not exist.\n"
            "  Name a class of torch.optim."
        ),
    ),
    (
        '2, "values")',
        '2, "values", part=1.5)',
        21,
        (
            "`part` of the criterion 'value' is a float: 1.5.\n"
            '  Write where it stands in the result: part=1, part="loss", part=("loss", 0).'
        ),
    ),
    (
        '2, "values")',
        '2, "values", check=1e-3)',
        21,
        (
            "`check` of the criterion 'value' is a float: 0.001.\n"
            "  Write Close(rtol, atol, reason), Exact(), Within(...) or Sampled()."
        ),
    ),
    (
        '2, "values")',
        '2, "values", uses="softmax")',
        21,
        (
            "`uses` of the criterion 'value' is a str: 'softmax'.\n"
            '  Write a tuple of names, with a comma: uses=("softmax",).'
        ),
    ),
]


def written(folder: Path, right: str, wrong: str) -> Path:
    reference = folder / "reference"
    reference.mkdir()
    assert SOURCE.count(right) == 1
    (reference / "scaled.py").write_text(SOURCE.replace(right, wrong), encoding="utf-8")
    return reference / "scaled.py"


@pytest.mark.parametrize(("right", "wrong", "line", "told"), MISTAKES)
def test_an_authors_mistake_is_told_with_file_line_and_remedy(
    tmp_path: Path, right: str, wrong: str, line: int, told: str
) -> None:
    file = written(tmp_path, right, wrong)

    with pytest.raises(GraderError) as refused:
        freeze.freeze(tmp_path)

    assert str(refused.value) == f"{file}, line {line}: {told}"


@pytest.mark.parametrize(("right", "wrong", "line", "told"), MISTAKES[::8])
def test_on_the_command_line_it_is_the_authors_mistake_and_no_kit_is_written(
    tmp_path: Path, right: str, wrong: str, line: int, told: str
) -> None:
    file = written(tmp_path, right, wrong)

    run = grader("freeze", "--assignment", tmp_path, "-o", tmp_path / "scaled.kit")

    what, remedy = told.split("\n  ")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"Freezing reference/ of {tmp_path}: its code is run.\n"
        f"error: {what}\n  --> {file}:{line}\n  help: {remedy}\n"
    )
    assert not (tmp_path / "scaled.kit").exists()
