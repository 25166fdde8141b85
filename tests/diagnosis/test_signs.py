"""What can be report without any value: how calls end, what comes back, who took the steps. Under 1 s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import pytest
import torch

from grader import kit
from grader.diagnosis import exceptions, hidden_state, returns
from grader.diagnosis.exceptions import ANY, message_of
from grader.diagnosis.messages import TABLE
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import Candidate, FailureReport
from grader.records import Answer, Failure, Stopped, Trace
from tests.judging.build import (
    LATE,
    case,
    criterion,
    exercise,
    judged,
    nothing,
    raised,
    returned,
    step,
    tensor,
    trace,
)

CASES = [
    case(0.8, bound=1e-6, start=[1.0], rate=0.1),
    case(1.5, bound=1e-6, start=[3.0], rate=0.25),
    case(0.64, bound=1e-6, start=[1.0], steps=2, trajectory=[tensor(1.0), tensor(0.8), tensor(0.64)]),
    case(-2.0, bound=1e-6, start=[-5.0], rate=0.3, steps=1),
    case(
        0.64, bound=1e-6, start=[1.0], steps=2, repeats=2, trajectory=[tensor(1.0), tensor(0.8), tensor(0.64)]
    ),
    case(4.0, bound=1e-6, start=[4.0], steps=0, criterion="no-steps"),
    case(2.0, bound=1e-6, start=[2.0], steps=0, criterion="no-steps"),
]
RIGHT: list[Answer] = [returned(x) for x in (0.8, 1.5, 0.64, -2.0, 0.64, 4.0, 2.0)]
RUBRIC = [
    criterion("values", [0, 1, 2, 3, 4]),
    criterion("no-steps", [5, 6]),
    criterion("form", [0, 1, 2, 3], "return"),
    criterion("sgd", [4], "optimiser"),
]
EVERYTHING = frozenset({"values", "no-steps", "form", "sgd"})


def report(
    answers: Sequence[Answer],
    failed: frozenset[str] = EVERYTHING,
    traces: Mapping[int, Trace] | None = None,
    cases: Sequence[kit.Case] = CASES,
) -> FailureReport:
    given = exercise(cases, RUBRIC)
    return FailureReport(judged(given, answers, traces), Prepared(given), failed, dict(traces or {}))


def told(candidates: Sequence[Candidate]) -> list[tuple[str, str, set[int]]]:
    return [(one.id, one.title, set(one.explained)) for one in candidates]


def but(changed: Mapping[int, Answer]) -> list[Answer]:
    return [changed.get(index, answer) for index, answer in enumerate(RIGHT)]


# --- what raises --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "message", "id_", "title"),
    [
        ("TypeError", "descend() takes 2 positional arguments but 3 were given",
         "parameters", "descend takes 2 parameters, 3 are passed"),
        ("TypeError", "descend() missing 1 required positional argument: 'x'",
         "parameters", "descend is called without an argument that it needs"),
        ("NameError", "name 'torch' is not defined", "name", "torch is used but not imported"),
        ("NameError", "name 'thetta' is not defined",
         "name", "The name thetta is used but not defined"),
        ("UnboundLocalError", "cannot access local variable 'final' where it is not associated with a value",
         "made-in-the-loop", "The variable final is used before it has a value"),
        ("RuntimeError", "element 0 of tensors does not require grad and does not have a grad_fn",
         "no-requires-grad",
         "backward() finds nothing to differentiate: what it starts from has no gradient"),
        ("ValueError", "can't optimize a non-leaf Tensor",
         "non-leaf", "The optimiser gets a tensor that was computed from another: it is no leaf"),
        ("TypeError", "params argument given to the optimizer should be an iterable of Tensors or dicts",
         "tensor-not-in-a-list", "The optimiser gets the tensor itself, not a list of tensors"),
        ("IndexError", "invalid index of a 0-dim tensor. Use `tensor.item()`",
         "needs-a-dimension", "A tensor without dimensions is indexed or counted, which it refuses"),
        ("NotImplementedError", '"bitwise_xor_cpu" not implemented for \'Float\'',
         "operator", "An operation is used that PyTorch does not have for such numbers"),
        ("TypeError", "unsupported operand type(s) for *: 'float' and 'NoneType'", "none-used",
         "Something that is None is used as if it were not"),
        ("AttributeError", "'float' object has no attribute 'clone'", "number-for-a-tensor",
         "A plain number is used as if it were a tensor"),
        ("ValueError", "Invalid learning rate: -0.1",
         "negative-rate", "The optimiser gets a negative learning rate, and refuses it"),
    ],
)  # fmt: skip
def test_the_message_of_an_exception_names_the_mistake(
    type_: str, message: str, id_: str, title: str
) -> None:
    sign, told = message_of(raised(type_, message))

    assert (sign.id, told) == (id_, title)


THETA = torch.tensor([1.0, 2.0], requires_grad=True)


def _takes(x: object) -> object:
    return x


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("for i in 3: pass", "One value of type int stands where several are needed, one after the other"),
        ("torch.optim.SGD(torch.nn.Linear(1, 1).parameters)",
         "One value of type method stands where several are needed, one after the other"),
        ("a, b = 3", "One value of type int stands where several are needed, one after the other"),
        ("a, b = THETA, THETA, THETA", "Another number of values is taken apart than there are"),
        ("a, b, c = THETA", "Another number of values is taken apart than there are"),
        ("torch.optim.SGD([THETA]).step(THETA)",
         "Something of type Tensor is called as if it were a function"),
        ("float('0.1')[0]", "Something of type float is indexed as if it were a list"),
        ("takes(y=1)", "_takes is called with an argument y that it does not take, or has got already"),
        ("takes(1, x=1)", "_takes is called with an argument x that it does not take, or has got already"),
        ("torch.sum(0.5)", "A function gets float for its argument input, where it takes Tensor"),
        ("torch.autograd.grad(THETA.sum(), [torch.ones(1, requires_grad=True)])",
         "A gradient is asked for with respect to a tensor that the loss does not depend on"),
        ("bool(THETA > 1)", "A tensor of several numbers is used as if it were one number"),
        ("THETA[2]", "An element is asked for that is not there"),
        ("THETA.detach().numpy()[2]", "An element is asked for that is not there"),
        ("open('x', mode=0)", "A function gets int for its argument mode, where it takes str"),
    ],
)  # fmt: skip
def test_what_python_and_pytorch_say_is_told_in_words(code: str, title: str) -> None:
    with pytest.raises(Exception) as found:  # noqa: PT011 -- which one it is stands in the table
        exec(code, {"torch": torch, "THETA": THETA, "takes": _takes})  # noqa: S102 -- the test's own

    assert message_of(raised(found.type.__name__, str(found.value)))[1] == title


def test_an_exception_of_another_type_says_nothing_by_the_same_words() -> None:
    sign, told = message_of(raised("ValueError", "name 'torch' is not defined"))

    assert (sign, told) == (ANY, "The function raises ValueError")


def test_markup_in_a_message_is_never_told_again() -> None:
    found = [
        message_of(raised(sign.type or "E", f"name '<b>x</b>' is not defined {sign.pattern}"))[1]
        for sign in TABLE
    ]

    assert not any("<" in one for one in found)


def test_every_sign_has_a_hint_and_a_sentence_for_the_instructor() -> None:
    assert all(sign.hint and (sign.teacher or sign.cause) for sign in TABLE)


def test_what_an_exception_can_come_from_is_told_as_a_possibility() -> None:
    assert [sign.teacher for sign in TABLE if sign.teacher and not sign.teacher.startswith("Often ")] == []
    assert [sign.cause for sign in TABLE if sign.cause[:1].isupper() or sign.cause.endswith(".")] == []


def test_what_every_call_raises_is_told_without_a_place() -> None:
    every = [raised("NameError", "name 'torch' is not defined")] * 7

    assert told(list(exceptions.candidates(report(every)))) == [
        ("name", "torch is used but not imported", set(range(7)))
    ]


def test_what_raises_without_a_step_says_so() -> None:
    crash = raised("ZeroDivisionError", "float division by zero")

    assert told(list(exceptions.candidates(report(but({5: crash, 6: crash}))))) == [
        ("divides-by-zero", "The function divides by zero (where steps is 0)", {5, 6})
    ]


def test_an_unknown_exception_is_told_with_its_place() -> None:
    crash = raised("PositiveOnly", "no")

    assert told(list(exceptions.candidates(report(but({3: crash}))))) == [
        ("raises", "The function raises PositiveOnly (where theta is negative)", {3})
    ]


def test_where_no_part_fits_the_calls_are_counted() -> None:
    crash = raised("Odd", "no")

    assert told(list(exceptions.candidates(report(but({0: crash, 3: crash, 5: crash}))))) == [
        ("raises", "The function raises Odd (in 3 of 7 calls)", {0, 3, 5})
    ]


# --- what has to be ended -----------------------------------------------------------------------

AFTER = Stopped(Failure.NOT_RUN, "not run")


def test_a_loop_that_never_ends_without_a_step() -> None:
    assert told(list(exceptions.candidates(report(but({5: LATE, 6: AFTER}))))) == [
        ("no-end", "No end within 2 s of CPU time (where steps is 0)", {5, 6})
    ]


def test_what_was_not_run_follows_from_the_call_before() -> None:
    assert told(list(exceptions.candidates(report([RIGHT[0], LATE, *[AFTER] * 5])))) == [
        ("no-end", "No end within 2 s of CPU time", {1, 2, 3, 4, 5, 6})
    ]


def test_a_function_that_exits_is_no_exception_of_its_own() -> None:
    exits = [raised("SystemExit", "", Failure.EXITED)] * 7

    assert told(list(exceptions.candidates(report(exits)))) == [
        ("exits", "The function ends the whole program", set(range(7)))
    ]


def test_what_the_machine_could_not_run_is_no_sign() -> None:
    assert told(list(exceptions.candidates(report([Stopped(Failure.PROTOCOL, "?")] * 7)))) == []


# --- what comes back ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "id_", "title"),
    [
        (nothing(), "returns-nothing", "The function returns nothing"),
        (nothing("an object of type generator", "generator"), "returns-another-thing",
         "A generator is returned, not a tensor"),
        (nothing("an object of type SGD", "SGD"), "returns-another-thing",
         "An object of type SGD is returned, not a tensor"),
        (nothing("a tensor of 5000 elements", "Tensor"), "returns-another-thing",
         "The function returns a tensor of 5000 elements"),
    ],
)  # fmt: skip
def test_what_holds_no_numbers_is_named(answer: Answer, id_: str, title: str) -> None:
    assert told(list(returns.candidates(report([answer] * 7)))) == [(id_, title, set(range(7)))]


def test_nothing_without_a_step_only() -> None:
    assert told(list(returns.candidates(report(but({5: nothing(), 6: nothing()}))))) == [
        ("returns-nothing", "The function returns nothing (where steps is 0)", {5, 6})
    ]


def test_all_steps_in_place_of_the_last() -> None:
    history = [
        returned(1.0, 0.8), returned(3.0, 1.5), returned(1.0, 0.8, 0.64), returned(-5.0, -2.0),
        returned(1.0, 0.8, 0.64), returned(4.0), returned(2.0),
    ]  # fmt: skip

    assert told(list(returns.candidates(report(history))))[0] == (
        "returns-history",
        "More comes back than the result, and more of it the longer a call runs",
        {0, 1, 2, 3, 4},
    )


def test_theta_together_with_something_else() -> None:
    pairs: list[Answer] = [
        returned(x, 9.0, type="tuple", dtype="float64") for x in (0.8, 1.5, 0.64, -2.0, 0.64, 4.0, 2.0)
    ]

    found = list(returns.candidates(report(pairs)))

    assert told(found)[0] == (
        "returns-more",
        "More comes back than the result, which is only a part of it",
        set(range(7)),
    )


def test_right_numbers_in_the_wrong_form_are_told_by_what_they_wear() -> None:
    doubles: list[Answer] = [
        msgspec.structs.replace(RIGHT[i], value=tensor(9.0, dtype="float64")) for i in range(7)
    ]

    found = list(returns.candidates(report(doubles, frozenset({"form"}))))

    assert told(found) == [("dtype", "The result is float64", {0, 1, 2, 3})]
    assert found[0].kinds == {"return"}


# --- what is kept between calls -----------------------------------------------------------------


def test_a_call_that_is_right_once_only() -> None:
    assert told(list(hidden_state.candidates(report(but({4: returned(0.1)}))))) == [
        (
            "keeps-state",
            (
                "The same call is right the first time and wrong the second:"
                " something is kept between calls, or left to chance"
            ),
            {4},
        )
    ]


def test_a_call_that_is_wrong_in_another_way_each_time() -> None:
    found = list(hidden_state.candidates(report(but({2: returned(0.2), 4: returned(0.1)}))))

    assert [one.id for one in found] == ["keeps-state-or-random"]


def test_a_call_that_goes_on_where_the_last_one_ended() -> None:
    ends = [0.8, 0.4, 0.25, 0.1, 0.06, 0.06, 0.06]
    traces = {i: trace(step([ends[i - 1]], [ends[i]])) for i in (1, 2, 3, 4)}

    found = list(hidden_state.candidates(report([returned(x) for x in ends], traces=traces)))

    assert told(found)[-1] == (
        "goes-on",
        "Each call goes on from where the last one ended, not from the theta that is passed",
        {1, 2, 3, 4, 5, 6},
    )


def test_an_answer_that_belongs_to_another_call() -> None:
    """A cache that goes by the rate alone; three calls have the rate of the first."""
    answers = [RIGHT[0], RIGHT[1], RIGHT[0], RIGHT[3], RIGHT[0], RIGHT[0], RIGHT[0]]

    found = list(hidden_state.candidates(report(answers)))

    assert told(found) == [
        ("keeps-answers", "Calls with the same rate all get the first one's answer", {2, 4, 5, 6})
    ]


def test_one_answer_to_all_calls() -> None:
    found = list(hidden_state.candidates(report([returned(7.0)] * 7)))

    assert told(found) == [
        ("always-the-same", "Every call returns the same, 7.0, whatever is passed", set(range(7)))
    ]


def test_a_right_program_shows_no_sign() -> None:
    given = report(RIGHT, frozenset(), {4: trace(step([1.0], [0.8]), step([0.8], [0.64]))})

    signs = (exceptions, hidden_state, returns)
    assert [one for module in signs for one in module.candidates(given)] == []
