"""The steps of one call beside the reference's, and what is said of them. Under 5 s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judging.steps import ROWS, step_table
from grader.records import Answer, Step, Tensor, Trace
from grader.results import StepRow, StepTable
from tests.judging.build import LATE, case, exercise, nothing, raised, returned, tensor

Triple = tuple[Sequence[float], Sequence[float], Sequence[float] | None]
"""Before, after, gradient."""


def sgd(
    *triples: Triple, dtype: str = "float32", lr: float = 0.1, name: str = "SGD", **options: float
) -> Trace:
    return Trace(tuple(_step(one, dtype, {"lr": lr} | options, name) for one in triples))


def _step(triple: Triple, dtype: str, options: dict[str, float], name: str) -> Step:
    before, after, gradient = triple
    known = None if gradient is None else tensor(*gradient, dtype=dtype)
    return Step((name,), options, (tensor(*before, dtype=dtype),), (tensor(*after, dtype=dtype),), (known,))


RIGHT: Final = sgd(([1.0], [0.8], [2.0]), ([0.8], [0.64], [1.6]))
TWO: Final = sgd(([1.0, -1.0], [0.8, -0.8], [2.0, -2.0]))


def table(
    mine: Trace | None, reference: Trace | None = RIGHT, answer: Answer | None = None, *start: float
) -> StepTable | None:
    """Of a call from theta 1.0, unless another start is given."""
    begin = start or (1.0,)
    one = msgspec.structs.replace(case(*begin, start=begin), trace=reference)
    return step_table(one, exercise([one]), mine, LATE if answer is None else answer, "cpu")


def told(mine: Trace, reference: Trace = RIGHT, answer: Answer | None = None, *start: float) -> list[str]:
    found = table(mine, reference, answer, *start)
    assert found is not None
    return list(found.shows)


def apart(mine: Trace, reference: Trace = RIGHT, *start: float) -> tuple[list[int], int | None]:
    """The rows that are shown, and the first step that leaves another value."""
    found = table(mine, reference, None, *start)
    assert found is not None
    return [row.step for row in found.rows], found.diverges


# --- the table --------------------------------------------------------------------------------------


def test_the_steps_stand_side_by_side_up_to_the_first_difference() -> None:
    kept = sgd(([1.0], [0.8], [2.0]), ([0.8], [0.44], [3.6]))

    assert table(kept, answer=returned(0.44)) == StepTable(
        call="descend(torch.tensor([1.0]), 0.1, 1)",
        device="cpu",
        rows=(
            StepRow(0, (1.0,), None, None, (1.0,), None, None, apart=False),
            StepRow(1, (0.8,), (2.0,), (-0.2,), (0.8,), (2.0,), (-0.2,), apart=False),
            StepRow(2, (0.44,), (3.6,), (-0.36,), (0.64,), (1.6,), (-0.16,), apart=True),
        ),
        diverges=2,
        shows=(
            "2 steps by SGD with lr 0.1, as in the reference.",
            "Step 2 had the gradient [3.6]: that of step 1 was still in it.",
        ),
        more=0,
    )


def halving(steps: int, factor: float = 0.5, wrong: int = 99) -> Trace:
    """Steps that halve theta, but for one that leaves it, counted from 1."""
    theta, triples = 1.0, list[Triple]()
    for step in range(1, steps + 1):
        after = theta if step == wrong else theta * factor
        triples.append(([theta], [after], [2 * theta]))
        theta = after
    return sgd(*triples)


@pytest.mark.parametrize(
    ("mine", "rows", "diverges", "more"),
    [
        (halving(5), [0, 1, 2, 3, 4, 5], None, 0),
        (halving(5, wrong=2), [0, 1, 2, 3], 2, 2),
        (halving(3), [0, 1, 2, 3, 4, 5], 4, 0),
        (halving(8), [0, 1, 2, 3, 4, 5, 6, 7], 6, 1),
        (Trace(()), [0, 1, 2], 1, 3),
    ],
)
def test_one_step_beyond_the_difference_is_shown_and_the_rest_counted(
    mine: Trace, rows: list[int], diverges: int | None, more: int
) -> None:
    found = table(mine, halving(5))

    assert found is not None
    assert ([row.step for row in found.rows], found.diverges, found.more) == (rows, diverges, more)


def test_of_very_many_steps_those_around_the_difference_are_shown() -> None:
    assert apart(halving(60), halving(60)) == (list(range(ROWS)), None)
    steps, diverges = apart(halving(60, wrong=50), halving(60))
    assert (steps, diverges) == ([0, *range(52 - ROWS + 1, 52)], 50)


def test_a_run_without_a_step_has_nothing_in_its_half() -> None:
    found = table(Trace(()), sgd(([1.0], [0.8], [2.0])))

    assert found is not None
    assert found.rows == (
        StepRow(0, (1.0,), None, None, (1.0,), None, None, apart=False),
        StepRow(1, None, None, None, (0.8,), (2.0,), (-0.2,), apart=True),
    )


def test_another_start_is_marked_in_the_row_where_both_begin() -> None:
    found = table(sgd(([2.0], [1.6], [4.0])), sgd(([1.0], [0.8], [2.0])))

    assert found is not None
    assert [(row.step, row.apart) for row in found.rows] == [(0, True), (1, True)]


@pytest.mark.parametrize(
    ("afters", "first"),
    [
        ([0.8, 0.64], None),
        ([0.8000001, 0.6400002], None),
        ([0.8, 0.44], 2),
        ([0.9, 0.64], 1),
        ([math.nan, math.nan], 1),
        ([math.inf, 0.64], 1),
        ([0.8], 2),
        ([0.8, 0.64, 0.512], 3),
        ([], 1),
    ],
)
def test_the_first_step_that_leaves_the_reference(afters: list[float], first: int | None) -> None:
    befores = [1.0, *afters]
    made = sgd(*(([b], [a], [2 * b]) for b, a in zip(befores, afters, strict=False)))

    assert apart(made)[1] == first


def test_a_step_that_should_end_at_the_minimum_may_miss_it_by_rounding() -> None:
    to_zero = sgd(([1.0], [0.0], [2.0]))

    assert apart(sgd(([1.0], [1e-8], [2.0])), to_zero)[1] is None
    assert apart(sgd(([1.0], [1e-3], [2.0])), to_zero)[1] == 1


def test_double_precision_inside_agrees_and_reads_alike() -> None:
    found = table(sgd(([1.0], [0.8], [2.0]), ([0.8], [0.64], [1.6]), dtype="float64"))

    assert found is not None
    assert [(row.value, row.reference_value) for row in found.rows] == [
        ((1.0,), (1.0,)),
        ((0.8,), (0.8,)),
        ((0.64,), (0.64,)),
    ]
    assert found.diverges is None


def test_a_number_that_json_cannot_hold_is_a_word() -> None:
    found = table(sgd(([1.0], [math.nan], [math.inf])))

    assert found is not None
    assert (found.rows[1].value, found.rows[1].gradient, found.rows[1].change) == (
        ("nan",),
        ("inf",),
        ("nan",),
    )


def test_where_nothing_was_traced_or_nobody_took_a_step_there_is_no_table() -> None:
    assert table(None) is None
    assert table(RIGHT, None) is None
    assert table(Trace(()), Trace(())) is None


# --- other ways to hold theta -------------------------------------------------------------------------


def test_an_optimiser_for_each_component_takes_the_same_steps() -> None:
    twice = sgd(([1.0, -1.0], [0.8, -0.8], [2.0, -2.0]), ([0.8, -0.8], [0.64, -0.64], [1.6, -1.6]))
    ones = [
        ([1.0], [0.8], [2.0]),
        ([-1.0], [-0.8], [-2.0]),
        ([0.8], [0.64], [1.6]),
        ([-0.8], [-0.64], [-1.6]),
    ]

    for order in ([0, 1, 2, 3], [0, 2, 1, 3]):
        found = table(sgd(*(ones[i] for i in order)), twice, None, 1.0, -1.0)
        assert found is not None
        assert ([row.apart for row in found.rows], found.diverges) == ([False] * 3, None)
        assert found.rows[2].gradient == (1.6, -1.6)


def test_several_parameters_of_one_optimiser_are_one_theta() -> None:
    parts = Step(
        ("SGD",),
        {"lr": 0.1},
        (tensor(1.0), tensor(-1.0)),
        (tensor(0.8), tensor(-0.8)),
        (tensor(2.0), tensor(-2.0)),
    )

    assert apart(Trace((parts,)), TWO, 1.0, -1.0) == ([0, 1], None)


@pytest.mark.parametrize(
    ("mine", "sentence"),
    [
        (sgd(([1.0] * 3, [0.8] * 3, None)), "The optimiser held 3 numbers, where theta has 2."),
        (sgd(([1.0], [0.8], None)), "The optimiser held 1 number, where theta has 2."),
        (sgd(([9.0], [0.8], None), ([-1.0], [0.8], None)), "The optimiser held 1 number, where theta has 2."),
        (
            sgd(([1.0, -1.0], [1.0, -1.0], None), ([1.0], [0.8], None)),
            "The optimiser held 1 or 2 numbers, where theta has 2.",
        ),
        (sgd(([], [], None)), "The optimiser held 0 numbers, where theta has 2."),
    ],
)
def test_what_cannot_be_laid_side_by_side_is_told_instead(mine: Trace, sentence: str) -> None:
    found = table(mine, TWO, None, 1.0, -1.0)

    assert found is not None
    assert (found.rows, found.diverges, found.more, found.shows[1:]) == ((), None, 0, (sentence,))


# --- what it shows --------------------------------------------------------------------------------------


def steps(count: int, name: str = "SGD", **options: float) -> Trace:
    made = halving(count)
    taken = tuple(msgspec.structs.replace(one, classes=(name,), options=options) for one in made.steps)
    return Trace(taken)


BESIDE: Final = ", where the reference takes 2 steps by SGD with lr 0.1."


@pytest.mark.parametrize(
    ("mine", "sentence"),
    [
        (steps(2, lr=0.1), "2 steps by SGD with lr 0.1, as in the reference."),
        (
            steps(1, lr=0.1),
            "1 step by SGD with lr 0.1" + BESIDE,
        ),
        (
            steps(2, lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.01, nesterov=1.0, maximize=0.0),
            "2 steps by SGD with lr 0.1, momentum 0.9, weight decay 0.01, nesterov" + BESIDE,
        ),
        (
            steps(2, "Adam", lr=0.05),
            "2 steps by Adam with lr 0.05" + BESIDE,
        ),
        (
            Trace((*steps(1, lr=0.1).steps, *steps(1, lr=0.05).steps)),
            "2 steps by SGD with lr 0.1, then 0.05" + BESIDE,
        ),
        (
            Trace((*steps(1, lr=0.1).steps, *steps(1, "Adam").steps)),
            "1 step by SGD with lr 0.1 and 1 step by Adam" + BESIDE,
        ),
        (
            Trace(tuple(one for name in "ABCDEF" for one in steps(1, name).steps)),
            "6 steps by A, B, C, D and others" + BESIDE,
        ),
        (
            msgspec.structs.replace(steps(3, lr=0.1), dropped=997),
            "1000 steps (the first 3 were recorded) by SGD" + BESIDE,
        ),
        (
            Trace(()),
            "No step of an optimiser was recorded" + BESIDE,
        ),
    ],
)
def test_who_took_how_many_steps_with_which_options(mine: Trace, sentence: str) -> None:
    assert told(mine, steps(2, lr=0.1))[0] == sentence


def test_a_step_where_the_reference_takes_none_is_told() -> None:
    assert told(steps(1, lr=0.1), Trace(())) == ["1 step by SGD with lr 0.1, where the reference takes none."]


@pytest.mark.parametrize(
    ("mine", "answer", "sentences"),
    [
        (RIGHT, returned(0.64), []),
        (RIGHT, LATE, []),
        (RIGHT, raised(), []),
        (RIGHT, nothing(), []),
        (RIGHT, returned(1.0), ["The last step left [0.64], what came back is [1.0]."]),
        (RIGHT, returned(1.0, 0.8), ["The last step left [0.64], what came back is [1.0, 0.8]."]),
        (
            sgd(([2.0], [1.6], [4.0])),
            returned(1.6),
            ["Before the first step the optimiser held [2.0], where theta is [1.0]."],
        ),
        (sgd(([1.0], [1.0], None)), returned(1.0), ["No step had a gradient to go by: .grad was None."]),
        (
            sgd(([1.0], [0.8], [2.0]), ([0.8], [0.8], None)),
            returned(0.8),
            ["Step 2 had no gradient to go by: .grad was None."],
        ),
        (
            sgd(([1.0], [0.9], [1.0])),
            returned(0.9),
            ["Step 1 had the gradient [1.0] at [1.0], where the reference has another."],
        ),
        (
            sgd(([1.0], [0.8], [2.0]), ([1.0], [0.8], [2.0])),
            returned(0.8),
            ["Step 1 left [0.8], but step 2 began at [1.0]."],
        ),
    ],
)
def test_what_is_odd_about_the_steps_is_told(mine: Trace, answer: Answer, sentences: list[str]) -> None:
    assert told(mine, RIGHT, answer)[1:] == sentences


def test_of_many_oddities_the_first_two_are_told() -> None:
    mine = sgd(([2.0], [2.0], None), ([3.0], [3.0], None))

    assert told(mine, RIGHT, returned(9.0))[1:] == [
        "Before the first step the optimiser held [2.0], where theta is [1.0].",
        "No step had a gradient to go by: .grad was None.",
    ]


# --- whatever a trace claims ------------------------------------------------------------------------------

numbers = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.8]), st.floats(width=32))


@st.composite
def any_tensor(draw: st.DrawFn) -> Tensor:
    dtype = draw(st.sampled_from(["float32", "float64", "float16", "int64", "bool", "uint8"]))
    values = draw(st.lists(numbers if dtype.startswith("float") else st.integers(0, 1), max_size=3))
    return tensor(*values, dtype=dtype)


any_step = st.builds(
    Step,
    classes=st.lists(st.sampled_from(["SGD", "Adam"]), max_size=2).map(tuple),
    options=st.dictionaries(
        st.sampled_from(["lr", "momentum", "nesterov", "made up"]), st.floats(), max_size=3
    ),
    before=st.lists(any_tensor(), max_size=2).map(tuple),
    after=st.lists(any_tensor(), max_size=2).map(tuple),
    gradients=st.lists(st.none() | any_tensor(), max_size=2).map(tuple),
)
any_answer = st.one_of(
    st.builds(lambda values: returned(*values), st.lists(numbers, max_size=3)),
    st.just(nothing()),
    st.just(raised()),
    st.just(LATE),
)


@settings(deadline=None, max_examples=150)
@given(
    st.builds(Trace, st.lists(any_step, max_size=4).map(tuple), st.integers(0, 9)), any_answer, st.booleans()
)
def test_no_claim_breaks_the_table(claim: Trace, answer: Answer, two: bool) -> None:
    reference, start = (TWO, (1.0, -1.0)) if two else (RIGHT, (1.0,))

    found = table(claim, reference, answer, *start)

    assert found is not None
    assert msgspec.json.decode(msgspec.json.encode(found), type=StepTable) == found
    assert all(isinstance(one, float | str) for row in found.rows for one in row.value or ())
    assert found.diverges is None or any(row.step == found.diverges and row.apart for row in found.rows)
    assert len(found.shows) <= 3
