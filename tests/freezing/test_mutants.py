"""Mistakes for free: what is made of a reference's source, and how it is told."""

from __future__ import annotations

import ast
import difflib
import re
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.freezing.assignment import _run
from grader.freezing.mutants import Mutant, combined, derive, derived
from grader.freezing.mutants.table import OPERATORS
from tests.freezing.small import SMALL, scaled
from tests.freezing.textbook import TEXTBOOK, Reference, flat

GOLD = Path(__file__).parent / "mutants.txt"
EVERY = {**{name: part.reference for name, part in TEXTBOOK.items()}, **{f.__name__: f for f in SMALL}}
by_textbook = pytest.mark.parametrize("name", TEXTBOOK)


@pytest.fixture(scope="module")
def mutants() -> dict[str, tuple[Mutant, ...]]:
    """All that is derived of the textbook and of the small functions."""
    return {name: derived(reference) for name, reference in EVERY.items()}


# --- what is derived ------------------------------------------------------------------------


def test_each_row_of_the_table_says_what_it_changed(
    mutants: dict[str, tuple[Mutant, ...]], tmp_path: Path
) -> None:
    """The first mutant of each row, its whole change and its words."""
    made = _made(mutants)
    text = "\n".join(_told(made[id(row)]) for row in OPERATORS)
    if text != GOLD.read_text(encoding="utf-8"):
        actual = tmp_path / GOLD.name
        actual.write_text(text, encoding="utf-8")
        pytest.fail(f"{GOLD} differs; to accept: cp {actual} {GOLD}")


def _made(mutants: dict[str, tuple[Mutant, ...]]) -> dict[int, Mutant]:
    """For each row the first mutant that it has made."""
    first: dict[int, Mutant] = {}
    for found in mutants.values():
        kinds = {(m.edits, m.id.rsplit("-", 2)[0]): m for m in found}
        for made in derive._candidates(found[0].original):
            mutant = kinds.get((made.rewrite.edits, f"mutant-{made.operator.kind}"))
            if mutant is not None:
                first.setdefault(id(made.operator), mutant)
    return first


def _told(mutant: Mutant) -> str:
    words = [mutant.title, mutant.hint, mutant.teacher, mutant.plain]
    return "\n".join([mutant.id.rsplit("-", 2)[0], *_changed(mutant), *words, ""])


def _changed(mutant: Mutant) -> list[str]:
    """The lines in which the two sources differ, and nothing else does."""
    before = "\n".join(ast.unparse(node) for node in mutant.original.definitions() or ())
    lines = difflib.unified_diff(before.splitlines(), mutant.source().splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@by_textbook
def test_at_least_thirty_mistakes_come_of_a_page_of_a_textbook(
    name: str, mutants: dict[str, tuple[Mutant, ...]]
) -> None:
    found = mutants[name]

    assert len(found) >= 30
    assert len({mutant.id for mutant in found}) == len(found)
    assert len({mutant.source() for mutant in found}) == len(found)


RUN_AND_DIFFER = {
    "gradient_descent": (32, 31), "gradient_descent_torch_autograd": (25, 25), "fit_linear": (59, 55),
    "momentum_step": (35, 33), "MLP": (15, 13), "Softplus": (27, 25), "train": (60, 54), "dropout": (31, 28),
    "attention": (28, 24),
}  # fmt: skip
"""Of a single simple call: how many do not raise, and of these how many give something else than is right."""


@by_textbook
def test_most_mistakes_run_and_are_seen_in_a_single_call(
    name: str, mutants: dict[str, tuple[Mutant, ...]]
) -> None:
    part = TEXTBOOK[name]
    right = list(flat(part.call(part.reference)))
    results = [result for mutant in mutants[name] if (result := _run_once(part, mutant)) is not None]

    run, differ = RUN_AND_DIFFER[name]
    assert len(results) >= run
    assert sum(result != right for result in results) >= differ


def _run_once(part: Reference, mutant: Mutant) -> list[Any] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mutant may well do what PyTorch warns of
        try:
            return list(flat(part.call(mutant.program)))
        except Exception:  # noqa: BLE001 -- a mutant may raise anything
            return None


def test_the_same_source_gives_the_same_mutants_under_the_same_ids() -> None:
    reference = TEXTBOOK["attention"].reference

    assert [(m.id, m.edits) for m in derived(reference)] == [(m.id, m.edits) for m in derived(reference)]


# --- what a student sees --------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_titles_and_hints_hold_nothing_of_the_source(
    name: str, mutants: dict[str, tuple[Mutant, ...]]
) -> None:
    """What stands in quotes is an argument, a method of PyTorch's or a part of the result."""
    source = ast.parse("\n".join(ast.unparse(node) for node in mutants[name][0].original.definitions() or ()))
    inner = {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    known = set(_arguments(source)) | {"forward", "backward", "__init__"}
    for mutant in mutants[name]:
        quoted = re.findall("`(.*?)`", mutant.title + mutant.hint)
        assert all(word in known or re.fullmatch(r"result\[\d\]", word) for word in quoted), mutant
        assert not {word for word in quoted if word in inner - known}


def _arguments(tree: ast.Module) -> Iterator[str]:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    for function in (f for f in functions if not f.name.startswith("_") or f.name == "__init__"):
        yield from (arg.arg for arg in (*function.args.args, *function.args.kwonlyargs))


def test_a_missing_line_is_told_to_the_teacher_and_hinted_at_for_the_student(
    mutants: dict[str, tuple[Mutant, ...]],
) -> None:
    line = "scores = scores / math.sqrt(d)"
    (mutant,) = [m for m in mutants["attention"] if m.teacher == f"As if `{line}` were missing."]

    assert mutant.title == (
        "What is computed from `q`, `k` and `mask` is not scaled: a divisor that depends on `q` is missing"
    )
    assert mutant.hint == "A divisor that depends on `q` is missing."
    assert mutant.plain == f"`{line}` is missing"


# --- the program ----------------------------------------------------------------------------


def written(folder: Path, text: str) -> Any:
    """An exercise file, loaded as the freezer loads it."""
    path = folder / "exercise.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return _run(path)


def by_teacher(found: tuple[Mutant, ...], words: str) -> Mutant:
    return next(mutant for mutant in found if words in mutant.teacher)


def test_a_helper_of_the_same_file_is_changed_for_the_reference(
    mutants: dict[str, tuple[Mutant, ...]],
) -> None:
    mutant = by_teacher(mutants["scaled"], "`return 3 * value`")

    assert mutant.title == "What a helper gives back has a constant that is too large"
    assert mutant.program(torch.tensor(5.0)) == 16
    assert scaled(torch.tensor(5.0)) == 11


def test_a_traceback_of_a_mutant_names_the_lines_of_the_file(tmp_path: Path) -> None:
    module = written(tmp_path, """
        def reference(x, n):
            total = (
                x +
                n
            )
            return total / n
    """)  # fmt: skip
    mutant = next(m for m in derived(module.reference) if "total = x\n" in m.source())

    with pytest.raises(ZeroDivisionError) as raised:
        mutant.program(1, 0)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].lineno == 7


def test_dataclasses_super_and_names_that_are_not_ascii_work(tmp_path: Path) -> None:
    module = written(tmp_path, """
        from __future__ import annotations
        from dataclasses import dataclass, field

        @dataclass
        class Base:
            größe: int = 2

            def forward(self, x):
                return x * self.größe  # größer

        @dataclass
        class Reference(Base):
            offset: int = 1
            seen: list[int] = field(default_factory=list)

            def forward(self, x):
                return super().forward(x) + self.offset
    """)  # fmt: skip
    mutant = by_teacher(derived(module.Reference), "- self.offset`")

    assert (module.Reference().forward(5), mutant.program(offset=3).forward(5)) == (11, 7)
    assert "reference_exercise" not in sys.modules


def test_a_function_that_another_one_made_keeps_what_it_encloses(tmp_path: Path) -> None:
    module = written(tmp_path, """
        def make(factor):
            def reference(x):
                return x + factor
            return reference

        made = make(10)
    """)  # fmt: skip

    assert by_teacher(derived(module.made), "`return x - factor`").program(1) == -9


def test_a_decorated_reference_is_decorated_again(tmp_path: Path) -> None:
    module = written(tmp_path, """
        import functools

        def doubled(function):
            @functools.wraps(function)
            def wrapper(x):
                return 2 * function(x)
            return wrapper

        @doubled
        def reference(x):
            return x + 1

        wrapped = doubled(lambda x: x)
        called = doubled(len)
    """)  # fmt: skip

    assert by_teacher(derived(module.reference), "`return x - 1`").program(5) == 8
    assert by_teacher(derived(module.reference), "`@doubled` were missing").program(5) == 6
    assert derived(module.wrapped) == derived(module.called) == ()


@pytest.mark.parametrize("reference", [lambda x: x + 1, len, int, print, object()])
def test_what_has_no_source_to_change_has_no_mutants(reference: Callable[..., Any]) -> None:
    assert derived(reference) == ()


def test_a_file_that_is_gone_or_is_no_python_any_more_gives_no_mutants(tmp_path: Path) -> None:
    module = written(tmp_path, "def reference(x):\n    return x + 1\n")
    path = tmp_path / "exercise.py"

    path.write_text("def (", encoding="utf-8")
    assert derived(module.reference) == ()
    path.unlink()
    assert derived(module.reference) == ()


def test_a_mutant_that_cannot_be_defined_is_none(tmp_path: Path) -> None:
    """`@check(1)` without its argument raises where it stands."""
    module = written(tmp_path, """
        def check(function):
            function(1)
            return function

        @check
        def reference(x):
            return 1 / (x + 1)
    """)  # fmt: skip

    teachers = [mutant.teacher for mutant in derived(module.reference)]
    assert "As if `return 1 / (x + 2)` stood in place of `return 1 / (x + 1)`." in teachers
    assert "As if `return 1 / (x - 1)` stood in place of `return 1 / (x + 1)`." not in teachers


# --- two mistakes ---------------------------------------------------------------------------


def test_two_mistakes_in_different_places_make_one_program(mutants: dict[str, tuple[Mutant, ...]]) -> None:
    sign = by_teacher(mutants["gradient_descent"], "`theta = theta + learning_rate * gradient`")
    constant = by_teacher(mutants["gradient_descent"], "`gradient = 3 * theta`")
    both = combined(sign, constant)

    assert both is not None
    assert both.id == f"{sign.id}+{constant.id}"
    assert both.line == constant.line < sign.line
    assert both.program(1.0, 0.5, 1) == 2.5
    assert both.title == f"{sign.title}; and w{constant.title[1:]}"
    assert both.hint == f"{sign.hint} {constant.hint}"
    assert both.teacher == (
        "As if `theta = theta + learning_rate * gradient` stood in place of "
        "`theta = theta - learning_rate * gradient`. "
        "As if `gradient = 3 * theta` stood in place of `gradient = 2 * theta`."
    )


def test_two_mistakes_that_overlap_are_none(mutants: dict[str, tuple[Mutant, ...]]) -> None:
    sign = by_teacher(mutants["gradient_descent"], "`theta = theta + learning_rate * gradient`")
    missing = by_teacher(
        mutants["gradient_descent"], "`theta = theta - learning_rate * gradient` were missing"
    )

    assert combined(sign, missing) is None
    assert combined(sign, sign) is None
