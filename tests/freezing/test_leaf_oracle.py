"""What is expected of results of several parts, and how far each number may stray. Under ten seconds."""
# ruff: noqa: ARG005, E501

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader import strategies
from grader.errors import GraderError
from grader.exercises import Close, Criterion, Exact, Exercise, Sampled, Within
from grader.freezing.constancy import check_reference
from grader.freezing.leaves import Oracle, Truth, part_of, quantile
from grader.freezing.oracle import finite
from grader.freezing.protocols import protocol
from grader.freezing.trials import Trials
from grader.judging.tolerances import ROUNDOFF
from grader.records import Items, Protocol, Value
from grader.sandbox.leaves import describe
from grader.tensors import floats
from tests.judging.build import QUICK, tensor


def exercise(reference: Any, *criteria: Criterion, **more: Any) -> Exercise:
    rubric = criteria or (Criterion("value", "Right", 1, "values"),)
    arguments = strategies.calls(x=st.just(torch.ones(2)))
    return Exercise("task", "Task", "Do it.", reference, arguments, rubric, **more)


def asked(of: Exercise) -> Protocol:
    kinds = {one.kind for one in of.rubric}
    return Protocol(leaves=True, gradients="gradients" in kinds, unchanged="unchanged" in kinds)


def truth(of: Exercise, *x: float, dtype: str = "float32") -> Truth:
    return Oracle(of, asked(of)).truth({"x": tensor(*x, dtype=dtype)})


def case(of: Exercise, *x: float) -> Any:
    return Trials(of, asked(of)).case({"x": tensor(*x)})


def refused(of: Exercise, *x: float) -> tuple[str, str]:
    with pytest.raises(GraderError) as error:
        truth(of, *x)
    return error.value.message, error.value.hint


def value(check: Any, part: Any = ()) -> Criterion:
    return Criterion("value", "Right", 1, "values", part=part, check=check)


# --- what is expected ---------------------------------------------------------------------


def test_floating_numbers_come_from_float64_and_all_others_from_the_call_as_it_is() -> None:
    known = truth(exercise(lambda x: (x / 3, len(x), x > 0, "a", x.dtype)), 1.0, 2.0)

    assert floats(known.expected) == [1 / 3, 2 / 3, 2.0, 1.0, 1.0]
    assert [one.dtype for one in known.leaves] == ["float32", "int64", "bool", "", ""]
    assert [one.text for one in known.leaves[3:]] == ["'a'", "torch.float32"]
    assert known.dtype == "float32"


def test_only_floating_numbers_may_stray() -> None:
    known = truth(exercise(lambda x: (x / 3, len(x), x > 0)), 1.0, 2.0)

    bounds = floats(known.bounds["float32"])
    assert set(known.bounds) == {"float32"}
    assert all(0 < bound < 1e-5 for bound in bounds[:2])
    assert bounds[2:] == [0.0, 0.0, 0.0]


def test_a_float64_result_has_a_bound_for_either_dtype_computed_in() -> None:
    known = truth(exercise(lambda x: (x / 3, 1)), 1.0, dtype="float64")

    wide, narrow = (floats(known.bounds[name])[0] for name in ("float32", "float64"))
    assert wide / narrow == pytest.approx(ROUNDOFF["float32"] / ROUNDOFF["float64"], rel=0.5)


def test_what_is_infinite_or_no_number_is_expected_so() -> None:
    known = truth(exercise(lambda x: (torch.log(x), 1)), 0.0, -1.0)

    assert str(floats(known.expected)) == "[-inf, nan, 1.0]"
    assert floats(known.bounds["float32"]) == [0.0, 0.0, 0.0]
    assert finite(case(exercise(lambda x: (torch.log(x), 1)), 0.0, -1.0))


def test_an_exact_number_that_hangs_on_rounding_makes_no_case() -> None:
    of = exercise(lambda x: ((x * x).mean(), x.argmax()))

    assert finite(case(of, 1.0, 2.0))
    assert not finite(case(of, 1.0, 1.0 + 2**-23))


def test_an_index_of_what_was_given_hangs_on_nothing() -> None:
    assert finite(case(exercise(lambda x: (x.argmax(), 1)), 1.0, 1.0 + 2**-23))


def test_an_exact_number_that_is_another_in_float64_makes_no_case() -> None:
    assert not finite(case(exercise(lambda x: ((x + 2.0**-30 > x).sum(), 1)), 1.0))


def test_the_coarsest_dtype_is_that_of_any_tensor() -> None:
    of = exercise(lambda x: (float(x[0].double().sum()), 1))
    oracle = Oracle(of, asked(of))
    mixed: dict[str, Value] = {"x": Items((tensor(1.0, dtype="float64"), tensor(1.0)))}

    assert oracle.truth(mixed).dtype == "float32"
    assert oracle.truth({"x": Items((tensor(1.0, dtype="float64"),))}).dtype == "float64"
    assert Oracle(exercise(lambda x: (x * 2, 1)), Protocol(leaves=True)).truth({"x": 2.0}).dtype == "float64"


def test_gradients_and_arguments_are_expected_too() -> None:
    kinds = [Criterion("g", "G", 1, "gradients"), Criterion("u", "U", 1, "unchanged")]
    known = truth(exercise(lambda x: x * x, value(None), *kinds), 3.0)

    assert [one.path for one in known.leaves] == ["", "the argument x", "the gradient at x"]
    assert floats(known.expected) == [9.0, 3.0, 6.0]


# --- checks -------------------------------------------------------------------------------


def test_close_takes_the_place_of_the_bound_of_its_part_alone() -> None:
    known = truth(exercise(lambda x: (x[0] / 3, x[1]), value(Close(0.1, 0.01, "wide"), part=0)), 30.0, 5.0)

    bounds = floats(known.bounds["float32"])
    assert bounds[0] == pytest.approx(1.01)
    assert bounds[1] < 1e-5


def test_exact_allows_nothing() -> None:
    assert floats(truth(exercise(lambda x: (x / 3, 1), value(Exact())), 1.0).bounds["float32"]) == [0.0, 0.0]


def test_within_is_right_between_two_numbers() -> None:
    check = Within(lambda a: (0.0, float(a["x"][0])), "a share")
    known = truth(exercise(lambda x: (torch.rand(()), 1), value(check, part=0)), 4.0)

    assert (floats(known.expected), floats(known.bounds["float32"])) == ([2.0, 1.0], [2.0, 0.0])


def test_a_check_judges_its_family_alone() -> None:
    wide = Criterion("w", "W", 1, "values", lambda a: bool(a["x"][0] > 2), part=0, check=Close(0, 1, "wide"))
    of = exercise(lambda x: (x / 3, 1), wide)

    assert floats(truth(of, 3.0).bounds["float32"])[0] == 1
    assert floats(truth(of, 1.0).bounds["float32"])[0] < 1e-5


def test_sampled_is_as_wide_as_other_seeds_are() -> None:
    of = exercise(lambda x: (torch.randn(400).mean(), 1), value(Sampled(draws=32, error=1e-6), part=0))
    known = truth(of, 1.0)

    (mean, one), (bound, none) = floats(known.expected), floats(known.bounds["float32"])
    assert (one, none) == (1.0, 0.0)
    assert abs(mean) < 0.05
    wide = quantile(31, 1e-9) * math.sqrt(1 + 1 / 32)
    assert 0.5 < bound / (wide * 0.05) < 1.5


# --- Student's t --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freedom", "tail", "value"),
    [(1, 0.5, 1.0), (1, 0.05, 12.706), (2, 0.05, 4.303), (5, 0.01, 4.032), (10, 0.05, 2.228), (10, 0.001, 4.587),
     (30, 0.05, 2.042), (63, 0.05, 1.998), (120, 0.01, 2.617)],
)  # fmt: skip
def test_the_quantiles_are_those_of_the_tables(freedom: int, tail: float, value: float) -> None:
    assert quantile(freedom, tail) == pytest.approx(value, abs=6e-4)


@QUICK
@given(st.integers(2, 100), st.floats(-11, -0.5), st.floats(0.01, 2))
def test_a_smaller_probability_is_further_out_and_more_draws_are_nearer(
    freedom: int, exponent: float, more: float
) -> None:
    tail = 10**exponent

    assert quantile(freedom, tail / 10**more) > quantile(freedom, tail)
    assert quantile(freedom + 1, tail) < quantile(freedom, tail)


# --- accepted -----------------------------------------------------------------------------


def test_other_right_answers_are_kept_beside_the_references() -> None:
    gradients = Criterion("g", "G", 1, "gradients")
    of = exercise(lambda x: (x, x * 2), value(None), gradients, accepted=lambda result: [result[::-1]])
    known = truth(of, 3.0)

    assert floats(known.expected)[:2] == [3.0, 6.0]
    assert [floats(one)[:2] for one in known.accepted] == [[6.0, 3.0]]
    assert floats(known.accepted[0])[2:] == floats(known.expected)[2:]


def test_accepted_results_of_other_parts_are_refused() -> None:
    of = exercise(lambda x: (x, x * 2), accepted=lambda result: [result[:1]])

    assert refused(of, 3.0) == (
        "task: `accepted` gave a result of other parts than the reference's.",
        "Move the numbers of the result about, and keep its parts and their sizes.",
    )


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (lambda x: (x, object()), "task(torch.tensor([1.0])): the reference gives an object of type object as result[1]."),
        (lambda x: (x, x.to_sparse()), "task(torch.tensor([1.0])): the reference gives a tensor that is not dense (layout torch.sparse_coo) as result[1]."),
        (lambda x: (x, np.array(["a"])), "task(torch.tensor([1.0])): the reference gives a NumPy array of 1 str32 as result[1]."),
        (lambda x: ["a"] * 300, "task(torch.tensor([1.0])): the reference returned more than 256 values."),
        (lambda x: dict[int, int]()[3], "task(torch.tensor([1.0])): the reference raised KeyError: 3."),
        (lambda x: (x, 1) if x.dtype == torch.float32 else (x,), "task(torch.tensor([1.0])): in float64 the reference gives another result[1]."),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(reference: Any, message: str) -> None:
    assert refused(exercise(reference), 1.0)[0] == message


def test_a_bound_of_another_size_is_refused() -> None:
    of = exercise(lambda x: (x, 1), bound=lambda arguments, dtype: torch.ones(7))

    assert refused(of, 1.0) == (
        "task(torch.tensor([1.0])): `bound` gave 7 numbers for a result of 2.",
        "`bound(arguments, dtype)` returns as many numbers as the reference, none below 0.",
    )


def test_a_part_that_is_not_there_is_refused_with_what_is() -> None:
    leaves = describe({"w": torch.ones(1), "b": [(1, "a")]}, {}).leaves

    assert part_of(value(None, part="w"), leaves) == '["w"]'
    assert part_of(value(None, part=("b", 0, 1)), leaves) == '["b"][0][1]'
    with pytest.raises(GraderError) as error:
        part_of(value(None, part=("b", 1)), leaves)
    assert str(error.value) == (
        "the criterion 'value' judges ('b', 1), which is not in the result.\n"
        '  There are: result["w"], result["b"][0][0], result["b"][0][1].'
    )


def test_randomness_is_refused_where_no_check_allows_for_it() -> None:
    def told(of: Exercise) -> str:
        given: dict[str, Value] = {"x": tensor(1.0)}
        try:
            check_reference(of, protocol(of, given), [given])
        except GraderError as error:
            return error.message
        return ""

    drawn = lambda x: (torch.rand(()), 1)  # noqa: E731
    assert told(exercise(drawn)) == (
        "task(torch.tensor([1.0])): result[0] hangs on random numbers: under another seed the reference gives another."
    )
    assert told(exercise(drawn, value(Sampled(), part=0))) == ""
    assert told(exercise(drawn, value(Sampled(), part=1))).startswith(
        "task(torch.tensor([1.0])): result[0] hangs"
    )
    assert told(exercise(drawn, value(Exact(), part=0))).startswith(
        "task(torch.tensor([1.0])): result[0] hangs"
    )
    assert told(exercise(lambda x: x * 2)) == ""
