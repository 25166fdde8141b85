"""A result of several leaves: each judged by itself, and told in words. Under ten seconds."""
# ruff: noqa: E501

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader import kit
from grader.judging.compare import judge_case
from grader.judging.leaves import is_below, is_close, named, place, seen
from grader.records import Failure, Outcome
from grader.sandbox.leaves import describe
from tests.judging.build import QUICK, raised, tensor

T = torch.tensor
NOTHING: Mapping[str, object] = {}


def case(
    expected: object,
    bound: float | Sequence[float] = 0.0,
    *others: object,
    besides: Mapping[str, object] = NOTHING,
) -> kit.Case:
    """The case of a reference that returns this; `others` are accepted too."""
    read = describe(expected, besides)
    assert read.value is not None
    size = sum(one.size for one in read.leaves)
    bounds = tensor(*([bound] * size if isinstance(bound, float) else bound), dtype="float64")
    accepted = [describe(one, besides).value for one in others]
    return kit.Case(
        arguments={},
        expected=read.value,
        dtype="float32",
        shape=read.value.shape,
        bounds={"float32": bounds},
        criterion="values",
        effort=1.0,
        origin="edge",
        leaves=read.leaves,
        accepted=tuple(one for one in accepted if one is not None),
    )


def judged(
    of: kit.Case, got: object, device: str = "cpu", besides: Mapping[str, object] = NOTHING
) -> Outcome:
    return judge_case(0, of, describe(got, besides), device)


def failures(outcome: Outcome) -> dict[str, tuple[str | None, str | None]]:
    """Of each leaf that is wrong anyhow: its value, its form."""
    return {
        one.path: (one.failure and one.failure.value, one.form and one.form.value)
        for one in outcome.parts
        if one.failure or one.form
    }


def told(expected: object, got: object, bound: float = 0.0) -> tuple[str, str]:
    outcome = judged(case(expected, bound), got)
    return outcome.message, outcome.form_message


# --- each by itself -----------------------------------------------------------------------


def test_a_right_result_is_right_in_every_part() -> None:
    result = {"w": T([1.0, 2.0]), "n": 3, "ok": True, "name": "sgd", "none": None, "z": 1 + 2j, "empty": []}

    outcome = judged(case(result), result)

    assert (outcome.failure, outcome.form, outcome.message, outcome.form_message) == (None, None, "", "")
    assert [one.path for one in outcome.parts] == [f'["{name}"]' for name in result]
    assert (outcome.error, outcome.bound, outcome.error_over_bound) == (0.0, 0.0, 0.0)


def test_a_leaf_that_is_wrong_costs_no_other() -> None:
    outcome = judged(case((T([1.0, 2.0]), 3, "a"), 1e-3), (T([1.0, 2.5]), 3, "b"))

    assert failures(outcome) == {"[0]": ("wrong_value", None), "[2]": ("wrong_value", "wrong_value")}
    assert (
        outcome.message
        == "result[0]: expected [1.0, 2.0], got [1.0, 2.5] (500 times the rounding error allowed)"
    )
    assert (outcome.parts[0].error, outcome.parts[0].bound, outcome.parts[0].wrong) == (0.5, 1e-3, (1,))


def test_each_number_has_a_bound_of_its_own() -> None:
    of = case((1.0, T([2.0, 3.0])), (0.1, 0.0, 0.5))

    assert failures(judged(of, (1.05, T([2.0, 3.4])))) == {}
    assert failures(judged(of, (1.2, T([2.0, 3.4])))) == {"[0]": ("wrong_value", None)}
    assert failures(judged(of, (1.05, T([2.1, 3.4])))) == {"[1]": ("wrong_value", None)}


@pytest.mark.parametrize(
    ("expected", "got", "message"),
    [
        (3, 4, "result: expected 3, got 4"),
        (True, False, "result: expected True, got False"),
        ("a", "b", "result is 'b', expected 'a'"),
        (None, 3, "result is an int, expected None"),
        (3, None, "result is None, expected an int"),
        (2**60, 2**60 + 1, "result is integers 1152921504606846977, expected integers 1152921504606846976"),
        (torch.float32, torch.float64, "result is torch.float64, expected torch.float32"),
        (1 + 2j, 1 - 2j, "result: expected [1.0, 2.0], got [1.0, -2.0]"),
        ([1, 2], [1, 3], "result: expected [1, 2], got [1, 3]"),
        (T([True, False]), T([True, True]), "result: expected [True, False], got [True, True]"),
        (1.0, math.nan, "result: expected 1.0, got nan"),
        (0.1, 0.1 + 1e-17 * 7, "result: expected 0.1, got 0.10000000000000007"),
    ],
)
def test_what_must_be_exact_is_told_exactly(expected: object, got: object, message: str) -> None:
    assert judged(case(expected), got).message == message


def test_where_no_number_is_expected_one_is_right() -> None:
    assert failures(judged(case((math.nan, math.inf)), (math.nan, math.inf))) == {}
    assert failures(judged(case((1.0, math.inf)), (1.0, -math.inf))) == {"": ("wrong_value", None)}
    assert failures(judged(case((1.0, "a")), (math.inf, "a"))) == {"[0]": ("not_finite", None)}


def test_of_many_numbers_the_one_that_is_furthest_off_is_told() -> None:
    expected = torch.arange(20.0).reshape(4, 5)
    got = expected.clone()
    got[1, 2], got[3, 4] = 8.0, 29.0

    assert told(expected, got)[0] == (
        "2 of 20 numbers of result are wrong, furthest off the one at [3, 4]: expected 19.0, got 29.0"
    )
    got[3, 4] = 19.0
    assert (
        told(expected, got)[0]
        == "1 of 20 numbers of result is wrong, the one at [1, 2]: expected 7.0, got 8.0"
    )


# --- what is missing, what is there besides -----------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "message"),
    [
        ((1.0, "a"), 1.0, "there is no result[0]: result is a float"),
        (None, [None], "result is a list, expected a value"),
        ({"d": "a"}, {"d": {"x": "a", "y": 1.0}}, 'result["d"] is a dict, expected a value'),
        ({"loss": 1.0}, {"error": 1.0}, 'there is no result["loss"], only result["error"]'),
        ({"loss": "a"}, dict.fromkeys("abcde", 1), 'there is no result["loss"], only result["a"], result["b"], result["c"] and 2 more'),
        ((1.0, "a"), None, "there is no result[0]: result is None"),
        ((T([1.0]), "a"), iter(()), "there is no result[0]: result is an object of type tuple_iterator"),
    ],
)  # fmt: skip
def test_a_part_that_is_missing_is_told_with_what_is_there(
    expected: object, got: object, message: str
) -> None:
    outcome = judged(case(expected), got)

    assert (outcome.failure, outcome.message) == (Failure.WRONG_TYPE, message)


def test_a_missing_part_costs_no_other() -> None:
    outcome = judged(case({"a": 1.0, "b": 2.0}), {"a": 1.0})

    assert failures(outcome) == {'["b"]': ("wrong_type", "wrong_type")}
    assert outcome.message == 'there is no result["b"], only result["a"]'


def test_what_comes_back_besides_costs_the_form_alone() -> None:
    outcome = judged(case({"a": 1.0}), {"a": 1.0, "b": 2.0, "c": 3.0})

    assert (outcome.failure, outcome.form) == (None, Failure.WRONG_TYPE)
    assert outcome.form_message == 'result["b"] came back besides, which is not asked for'


# --- form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "message"),
    [
        ((T(1.0), "a"), [T(1.0), "a"], "result is a list, expected a tuple"),
        (("a", "b"), ["a", "b"], "result is a list, expected a tuple"),
        ([(T(1.0), "a")], [[T(1.0), "a"]], "result[0] is a list, expected a tuple"),
        (T([1.0, 2.0]), [1.0, 2.0], "result is a list of 2 numbers, expected a float32 tensor of shape (2,)"),
        (T([1.0, 2.0]), (T(1.0), T(2.0)), "result is made of 2 values, expected a float32 tensor of shape (2,)"),
        (T([1.0, 2.0]), T([[1.0, 2.0]]), "result has shape (1, 2), expected shape (2,)"),
        (T([1.0]), T([1.0], dtype=torch.float64), "result is float64, expected float32"),
        (T(1), 1, "result is an int, expected an int64 tensor of shape ()"),
        (1.0, T(1.0), "result is a float32 tensor of shape (), expected a float"),
        (1.0, T(1.0).numpy(), "result is a NumPy array of shape (), expected a float"),
        (True, 1, "result is an int, expected a bool"),
        (3, 3.0, "result is a float, expected an int"),
    ],
)  # fmt: skip
def test_right_numbers_in_another_form_cost_the_form_alone(
    expected: object, got: object, message: str
) -> None:
    outcome = judged(case(expected), got)

    assert (outcome.failure, outcome.message, outcome.form_message) == (None, "", message)


@pytest.mark.parametrize(
    ("expected", "got", "failure", "message"),
    [
        (T([1.0, 2.0]), T([1.0]), Failure.WRONG_SHAPE, "result is a float32 tensor of shape (1,), expected a float32 tensor of shape (2,)"),
        (T([1.0, 2.0]), "ab", Failure.WRONG_TYPE, "result is 'ab', expected a float32 tensor of shape (2,)"),
        ([1, 2], [1], Failure.WRONG_SHAPE, "result is a list of 1 numbers, expected a list of 2 numbers"),
        ([], [1], Failure.WRONG_SHAPE, "result is a list of 1 numbers, expected a list of 0 numbers"),
        ([1], [], Failure.WRONG_SHAPE, "result is a list of 0 numbers, expected a list of 1 numbers"),
        (T([1.0]), torch.zeros(5000), Failure.WRONG_TYPE, "result is a tensor of 5000 elements, expected a float32 tensor of shape (1,)"),
    ],
)  # fmt: skip
def test_another_number_of_numbers_costs_value_and_form(
    expected: object, got: object, failure: Failure, message: str
) -> None:
    outcome = judged(case(expected), got)

    assert (outcome.failure, outcome.form) == (failure, failure)
    assert outcome.message == outcome.form_message == message


def test_a_parameter_is_a_tensor_and_a_tuple_of_numbers_a_list_of_them() -> None:
    assert failures(judged(case(T([1.0])), torch.nn.Parameter(T([1.0])))) == {}
    assert failures(judged(case([1, 2]), (1, 2))) == {}


def test_a_tensor_on_another_device_costs_the_form() -> None:
    outcome = judged(case({"w": T([1.0]), "n": 1}), {"w": T([1.0]), "n": 1}, device="cuda")

    assert outcome.form_message == 'result["w"] is on the device cpu, expected cuda'
    assert failures(outcome) == {'["w"]': (None, "wrong_device")}


def test_a_call_that_raised_has_no_parts() -> None:
    outcome = judge_case(0, case((1.0, 2)), raised("ValueError", "no"))

    assert (outcome.message, outcome.parts) == ("raised ValueError: no", ())


def test_an_answer_of_another_form_than_was_asked_for_earns_nothing() -> None:
    """Only a process that forges its frames sends parts where none are asked for, or none where some are."""
    plain = replace(case(T([1.0])), leaves=())
    forged = describe({"x": 1.0}, {}), replace(describe(T([1.0]), {}), leaves=())

    for of, answer in zip((plain, case((T([1.0]), "a"))), forged, strict=True):
        outcome = judge_case(0, of, answer)
        assert (outcome.failure, outcome.form) == (Failure.PROTOCOL, Failure.PROTOCOL)
        assert outcome.message == "its process sent an answer of another form than any call comes to"


def test_numbers_that_no_integer_can_be_are_told_all_the_same() -> None:
    claimed = describe(math.nan, {})
    forged = replace(claimed, leaves=(replace(claimed.leaves[0], type="int", dtype="int64"),))

    assert judge_case(0, case(3), forged).message == "result: expected 3, got nan"


def test_what_was_too_large_to_send_is_told() -> None:
    outcome = judged(case((1.0, "a")), ["a"] * 300)

    assert outcome.message == "returned more than 256 values, not what is asked for"


# --- what is seen besides -----------------------------------------------------------------


def test_a_gradient_that_is_missing_says_why() -> None:
    name = "the gradient at x"
    of = case(T([1.0]), 0.0, besides={name: T([2.0])})

    assert judged(
        of, T([1.0]), besides={name: "nothing that comes back depends on it for autograd"}
    ).message == ("there is no gradient at x: nothing that comes back depends on it for autograd")
    assert (
        judged(of, T([1.0]), besides={name: T([3.0])}).message
        == "the gradient at x: expected [2.0], got [3.0]"
    )


def test_what_is_seen_besides_is_no_part_of_the_result() -> None:
    of = case(T([1.0]), 0.0, besides={"the argument x": T([2.0])})
    outcome = judged(of, T([1.0]), besides={"the argument x": T([3.0])})

    whole, unchanged = (
        kit.Criterion("c", "", 1, "values", (0,), part=part) for part in ("", "the argument ")
    )
    assert seen(whole, outcome) == (None, "")
    assert seen(unchanged, outcome) == (Failure.WRONG_VALUE, "the argument x: expected [2.0], got [3.0]")


# --- one of several accepted answers ------------------------------------------------------


def test_of_several_accepted_answers_the_one_that_fits_best_counts() -> None:
    of = case((T([1.0, 2.0]), T([3.0, 4.0])), 0.0, (T([3.0, 4.0]), T([1.0, 2.0])))

    assert judged(of, (T([1.0, 2.0]), T([3.0, 4.0]))).accepted == 0
    other = judged(of, (T([3.0, 4.0]), T([1.0, 2.0])))
    assert (other.accepted, other.failure) == (1, None)
    near = judged(of, (T([3.0, 4.0]), T([1.0, 9.0])))
    assert (near.accepted, near.message) == (1, "result[1]: expected [1.0, 2.0], got [1.0, 9.0]")
    none = judged(of, (T([0.0, 0.0]), T([0.0, 0.0])))
    assert (none.accepted, none.message) == (0, "result[0]: expected [1.0, 2.0], got [0.0, 0.0]")


# --- criteria -----------------------------------------------------------------------------


def criterion(part: str, kind: kit.CriterionKind = "values") -> kit.Criterion:
    return kit.Criterion("c", "C", 1, kind, (0,), part=part)


def test_a_criterion_sees_its_part_alone() -> None:
    outcome = judged(case({"w": (1.0, "a"), "ww": 2.0}), {"w": [1.5, "a"], "ww": 3.0})

    assert seen(criterion('["w"]'), outcome) == (Failure.WRONG_VALUE, 'result["w"][0]: expected 1.0, got 1.5')
    assert seen(criterion('["w"][1]'), outcome) == (None, "")
    assert seen(criterion('["ww"]'), outcome) == (Failure.WRONG_VALUE, 'result["ww"]: expected 2.0, got 3.0')
    assert seen(criterion('["ww"]', "return"), outcome) == (None, "")
    assert seen(criterion('["w"]', "return"), outcome) == (
        Failure.WRONG_TYPE,
        'result["w"] is a list, expected a tuple',
    )


def test_close_is_what_is_above_a_quarter_of_its_bound() -> None:
    outcome = judged(case((1.0, "a", 2.0), 0.1), (1.05, "a", 2.01))

    assert is_close(criterion("[0]"), outcome)
    assert not is_close(criterion("[2]"), outcome)
    assert is_close(criterion(""), outcome)
    assert not is_close(criterion(""), judged(case((1.0, "a"), 0.1), (1.05, "b")))


@pytest.mark.parametrize(
    ("path", "part", "below"),
    [
        ("", "", True), ("[1]", "", True), (".w", "", True), ("the gradient at x", "", False),
        ("[1]", "[1]", True), ("[10]", "[1]", False), ("[1][0]", "[1]", True), ("[1].w", "[1]", True),
        ('["w"]', '["w"]', True), (".weights", ".w", False), ("the gradient at x", "the gradient at ", True),
        ("the gradient at x[0]", "the gradient at x", True), ("the gradient at xy", "the gradient at x", False),
        ("", "[1]", False),
    ],
)  # fmt: skip
def test_a_leaf_is_below_a_part_by_whole_steps(path: str, part: str, below: bool) -> None:
    assert is_below(path, part) is below


def test_a_number_is_found_by_its_indices() -> None:
    leaf = describe(torch.zeros(2, 3), {}).leaves[0]
    complexes = describe(torch.zeros(2, 3, dtype=torch.complex64), {}).leaves[0]

    assert [place(i, leaf) for i in (0, 4, 5)] == ["[0, 0]", "[1, 1]", "[1, 2]"]
    assert [place(i, complexes) for i in (0, 1, 11)] == ["[0, 0]", "[0, 0]", "[1, 2]"]
    assert (named(""), named("[0].w"), named("the argument x")) == ("result", "result[0].w", "the argument x")


# --- laws ---------------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6, width=32)
leaf_values: Any = st.one_of(
    numbers, st.integers(-99, 99), st.booleans(), st.text("abc", max_size=2), st.none(),
    st.lists(numbers, max_size=3).map(torch.tensor), st.lists(numbers, min_size=1, max_size=2),
)  # fmt: skip
tables: Any = st.recursive(
    st.dictionaries(st.sampled_from("abcdef"), leaf_values, min_size=1, max_size=4),
    lambda inner: st.dictionaries(
        st.sampled_from("abcdef"), st.one_of(leaf_values, inner), min_size=1, max_size=4
    ),
    max_leaves=8,
)


def turned(value: Any) -> Any:
    """Every dict in another order."""
    return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@QUICK
@given(tables, tables)
def test_the_order_of_a_dict_changes_no_verdict(expected: Any, got: Any) -> None:
    of = case(expected, 1e-3)

    plain, other = judged(of, got), judged(of, turned(got))

    assert failures(plain) == failures(other)
    assert plain.failure == other.failure
    assert (plain.form is None) == (other.form is None)


@QUICK
@given(tables)
def test_what_the_reference_returns_is_right(result: Any) -> None:
    assert failures(judged(case(result), result)) == {}
    assert failures(judged(case(result), turned(result))) == {}


@QUICK
@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0, 1), st.floats(-3, 3)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_a_right_answer_stays_right_when_its_error_shrinks(
    rows: list[tuple[float, float, float]], share: float
) -> None:
    """And one that is wrong does not become right when it grows."""
    expected, bounds, errors = zip(*rows, strict=True)
    of = case([*expected, 0.5], [*bounds, 0.0])

    def off_by(factor: float) -> Outcome:
        got = [e + factor * x * b for e, b, x in zip(expected, bounds, errors, strict=True)]
        return judged(of, [*got, 0.5])

    far, near = off_by(1.0), off_by(share)
    assert far.failure is not None or near.failure is None
    assert far.error_over_bound is not None
    assert near.error_over_bound is not None
    assert near.error_over_bound <= far.error_over_bound * (1 + 1e-9) + 1e-9


@QUICK
@given(tables, st.data())
def test_a_leaf_that_is_taken_away_is_the_only_one_that_fails(result: Any, data: st.DataObject) -> None:
    less = dict(result)
    name = data.draw(st.sampled_from(sorted(less)))
    taken = less.pop(name)
    outcome = judged(case(result), less)

    own = [one.path for one in describe({name: taken}, {}).leaves]
    assert [path for path, (failure, _) in failures(outcome).items() if failure] == own


def test_of_an_answer_with_other_leaves_no_number_is_taken_for_another() -> None:
    answer = describe({"a": 1.0, "b": 2.0}, {})
    swapped = replace(answer, leaves=tuple(reversed(answer.leaves)))

    outcome = judge_case(0, case({"a": 1.0, "b": 2.0}), swapped)
    assert failures(outcome) == {'["a"]': ("wrong_value", None), '["b"]': ("wrong_value", None)}
