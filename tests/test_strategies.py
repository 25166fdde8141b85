"""Laws of the input strategies, and how inputs are drawn from them. About 10 s."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import strategies
from grader.freezing.drawing import pool, simplest

ELEMENTS = strategies.magnitudes([1.0, 0.0], smallest=1e-3, largest=1e3)
SHAPES = [(), (1,), (2, 3)]
DTYPES = [torch.float32, torch.float64]
CALLS = strategies.calls(
    theta=strategies.tensors(SHAPES, DTYPES, ELEMENTS),
    rate=strategies.learning_rates([0.1, 0.0], largest=1.1),
    steps=strategies.step_counts(short=5, long=20),
)


@given(ELEMENTS)
def test_a_magnitude_is_simple_or_in_the_range(value: float) -> None:
    assert value in (1.0, 0.0) or 1e-3 <= abs(value) <= 1e3


@settings(deadline=None)
@given(strategies.tensors(SHAPES, DTYPES, ELEMENTS))
def test_a_tensor_has_one_of_the_shapes_and_dtypes(tensor: torch.Tensor) -> None:
    assert tuple(tensor.shape) in SHAPES
    assert tensor.dtype in DTYPES
    assert not tensor.requires_grad


@given(strategies.learning_rates([0.1, 0.0], largest=1.1))
def test_a_rate_is_simple_or_worth_a_step(rate: float) -> None:
    assert rate == 0.0 or 0.02 <= rate <= 1.1


@given(strategies.step_counts(short=5, long=20))
def test_steps_are_few(steps: int) -> None:
    assert 0 <= steps <= 20


def plain(drawn: dict[str, Any]) -> list[Any]:
    return [
        (k, v.tolist(), v.dtype) if isinstance(v, torch.Tensor) else (k, v) for k, v in sorted(drawn.items())
    ]


def test_the_simplest_call_is_the_one_a_teacher_writes_first() -> None:
    found = simplest(CALLS, lambda _: True, 0)

    assert found is not None
    assert plain(found) == [("rate", 0.1), ("steps", 1), ("theta", 1.0, torch.float32)]


def test_over_ten_seeds_a_shrunk_call_is_as_simple_as_its_condition_allows() -> None:
    for seed in range(10):
        found = simplest(CALLS, lambda a: a["steps"] >= 2 and a["rate"] > 0, seed)

        assert found is not None
        assert plain(found) == [("rate", 0.1), ("steps", 2), ("theta", 1.0, torch.float32)]


def test_what_no_input_shows_has_no_simplest_input() -> None:
    assert simplest(CALLS, lambda a: a["steps"] > 20, 0) is None


def test_the_same_seed_draws_the_same_pool() -> None:
    first, again, other = ([plain(one) for one in pool(CALLS, 60, seed)] for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert len(first) == 60


def test_a_pool_holds_no_steps_one_step_and_many() -> None:
    steps = {one["steps"] for one in pool(CALLS, 200, 0)}

    assert {0, 1, 2, 3} <= steps
    assert max(steps) > 5


def test_a_strategy_of_one_value_gives_a_pool() -> None:
    assert pool(st.just({"x": 1}), 5, 0) == [{"x": 1}] * 5


# --- large inputs -------------------------------------------------------------------------


@given(strategies.tensors([(4, 8), (40, 30)], DTYPES, ELEMENTS))
def test_a_large_tensor_is_filled_with_its_elements(tensor: torch.Tensor) -> None:
    numbers = tensor.double().flatten().tolist()

    assert len(numbers) in (32, 1200)
    assert all(n in (1.0, 0.0) or 0.999e-3 <= abs(n) <= 1.001e3 for n in numbers)


def test_the_simplest_large_tensor_is_of_its_simplest_element_and_a_condition_changes_little_of_it() -> None:
    large = strategies.calls(x=strategies.tensors([(8, 8)], DTYPES, ELEMENTS))

    first = simplest(large, lambda _: True, 0)
    other = simplest(large, lambda drawn: bool((drawn["x"] == 0).any()), 0)

    assert first is not None
    assert other is not None
    assert first["x"].unique().tolist() == [1.0]
    assert other["x"].unique().tolist() == [0.0, 1.0]


def test_of_three_tensors_of_64_numbers_16_each_are_drawn_for_inputs_that_differ() -> None:
    asked: list[float] = []
    counted = ELEMENTS.map(lambda one: asked.append(one) or one)  # type: ignore[func-returns-value]
    large = strategies.calls(**{n: strategies.tensors([(8, 8)], DTYPES, counted) for n in "qkv"})

    drawn = pool(large, 1200, 0)

    assert len(drawn) == 150
    assert len({str(plain(one)) for one in drawn}) > 140
    assert len(asked) <= 1.1 * 3 * 16 * (150 + 10)


def test_where_an_author_draws_64_numbers_himself_no_example_is_drawn_in_vain() -> None:
    asked: list[float] = []
    counted = st.floats(0, 1).map(lambda one: asked.append(one) or one)  # type: ignore[func-returns-value]
    rows = strategies.calls(x=st.lists(counted, min_size=64, max_size=64).map(torch.tensor))

    drawn = pool(rows, 1200, 0)

    assert len(drawn) == 150
    assert len({str(plain(one)) for one in drawn}) > 140
    assert len(asked) <= 1.1 * 64 * (150 + 10)


# --- the same on every run ----------------------------------------------------------------

LUCK = """
import os, sys, torch

from hypothesis import strategies as st
from grader.freezing.drawing import pool
from grader.freezing.reproducible import reproducible

class Lucky:
    def __hash__(self):  # as an address is, which may be another's again
        return os.urandom(1)[0] % 2

values = st.one_of(st.just(Lucky()), st.just(Lucky()), st.just(Lucky())).map(lambda one: 1.0)
tensors = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])]
named = dict(
    x=values, y=values, one=st.just(tensors[0]), tensors=st.sampled_from(tensors), nothing=st.none(),
    text=st.sampled_from(("mean", "sum")), flat=st.integers(0, 3).flatmap(lambda n: st.just(tensors[n % 2])),
    made=st.builds(lambda n, odd=tensors[0]: n, st.integers(0, 3)), number=st.floats(0, 1),
)
with reproducible():
    print([st.label for st in named.values()])
floats = st.floats(0, 1)
numbers = st.fixed_dictionaries({"x": values, "y": values, "number": floats, "more": floats})
print(hash(tuple((one["number"], one["more"]) for one in pool(numbers, 1200, 0))))
"""


def test_what_is_drawn_depends_on_no_address_and_no_seed_of_hashes() -> None:
    """Neither the labels nor the draws, in processes whose hashes are others'."""
    said = {
        subprocess.run(
            [sys.executable, "-c", LUCK],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": str(number)},
        ).stdout
        for number in range(4)
    }

    assert len(said) == 1


BESIDE = """
import beside

from hypothesis import strategies as st
from grader.freezing.drawing import pool

print(pool(st.fixed_dictionaries({"x": st.floats(0, 1)}), 1200, 0))
"""


def test_what_is_drawn_depends_on_no_code_that_is_installed_to_be_edited(tmp_path: Path) -> None:
    """A kit that was frozen by an installed wheel had other cases than one that was frozen in a clone."""
    said = set()
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "beside.py").write_text("ONE, TWO = 0.3125, 0.8125\n" * number)
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{BESIDE}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
        said.add(done.stdout)

    assert len(said) == 1
    assert not (tmp_path / ".hypothesis").exists()
