"""Mistakes made in torch itself, read from their traces: which decision of the run it is. Under 3 s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader import kit as kits
from grader.diagnosis import diagnose
from grader.diagnosis.candidates import Candidate
from grader.diagnosis.seen import Seen
from grader.judging import compare, decisions
from grader.judging.recorded import Recorded
from grader.judging.walks import walks
from grader.records import Answer, ExerciseRun, Returned, Step, Tensor, Trace
from grader.sandbox import calling
from grader.sandbox.tracing import Recorder
from tests.judging.build import QUICK, tensor
from tests.judging.test_families import function_of, rate


@dataclass(frozen=True)
class Student:
    """A program by its decisions, and what is told of it."""

    title: str
    decisions: dict[str, str]
    which: int = 0  # the exercise
    draws: bool = False


def loss(expression: str) -> dict[str, str]:
    return {"loss": expression}


def gradient(line: str, start: str = "") -> dict[str, str]:
    begin = f"theta = torch.nn.Parameter(initial_theta.clone()); {start}"
    return {"between": line, "start": begin}


def start(expression: str) -> dict[str, str]:
    return {"start": f"theta = torch.nn.Parameter({expression})"}


def lr(line: str) -> dict[str, str]:
    return {"between": f"optimiser.param_groups[0]['lr'] = {line}"}


def result(expression: str) -> dict[str, str]:
    return {"result": expression}


STUDENTS: Final = (
    Student("The descent starts at [1, -1], whatever is passed", start("torch.tensor([1.0, -1.0])"), 1),
    Student("The initial theta is scaled to length 1 before the first step",
            start("initial_theta / (initial_theta.norm() or 1)"), 1),
    Student("The descent starts at 0.9 times the initial theta", start("0.9 * initial_theta")),
    Student("The first step does not begin at the theta that is passed: at 1.8415, where 1 is passed",
            start("initial_theta + torch.sin(initial_theta)")),
    Student("The first step does not begin at the theta that is passed, and the function draws random "
            "numbers: at 1.05, where 1 is passed",
            start("initial_theta + 0.1 * torch.rand_like(initial_theta)"), draws=True),
    Student("The gradient is 0.3 times what it should be",
            loss("0.3 * torch.sum(theta * theta)")),
    Student("The gradient is 0.5 times what it should be",
            loss("torch.sum(theta * theta.detach())"), 1),
    Student("The gradient has the opposite sign", loss("-torch.sum(theta * theta)")),
    Student("The gradient is 0 in every step", gradient("theta.grad.zero_()")),
    Student("The loss or its gradient is divided by number_steps",
            loss("torch.sum(theta * theta) / number_steps")),
    Student("The loss or its gradient is multiplied by learning_rate",
            loss("learning_rate * torch.sum(theta * theta)"), 1),
    Student("The loss or its gradient is multiplied by the number of the step, counted from 1",
            loss("(i + 1) * torch.sum(theta * theta)")),
    Student("The loss or its gradient is divided by the number of the step, counted from 1",
            loss("torch.sum(theta * theta) / (i + 1)"), 1),
    Student("In the first step alone the gradient is 3 times what it should be",
            gradient("theta.grad *= 3 if i == 0 else 1")),
    Student("Where theta is negative, its gradient is 0", loss("torch.sum(torch.relu(theta) ** 2)"), 1),
    Student("Component 2 of the gradient is 2 times what it should be",
            loss("theta[0] ** 2 + 2 * theta[1] ** 2"), 1),
    Student("Component 2 of the gradient is always 1",
            loss("theta[0] ** 2 + theta[1]"), 1),
    Student("The gradient is 1 everywhere, whatever theta is",
            loss("torch.sum(theta)")),
    Student("The gradient mixes the components of theta: "
            "at theta = [1, 1] it is [3, 3], where [2, 2] is right",
            loss("theta[0] ** 2 + theta[0] * theta[1] + theta[1] ** 2"), 1),
    Student("The gradient is another one: at theta = 1 it is 1, where 2 is right",
            loss("torch.log(1 + theta * theta).sum()")),
    Student("The first step has no gradient, as if step() came before backward()",
            {"clear": "optimiser.step(); optimiser.zero_grad()", "step": "pass"}),
    Student("From the second step on the optimiser's tensor has no gradient, as if the loop renewed theta, "
            "and the optimiser kept the old tensor",
            {"after": "theta = theta.detach().clone().requires_grad_()"}),
    Student("The gradients of all steps add up, as if they were never cleared", {"clear": "pass"}, 1),
    Student("Every step uses the mean of its gradient and the one before",
            gradient("g = theta.grad.clone(); theta.grad += old if i else g; theta.grad /= 2; old = g")),
    Student("The gradient is another one, and the function draws random numbers: "
            "at theta = 1 it is 2.1541, where 2 is right",
            gradient("theta.grad += 0.1 * torch.randn_like(theta)"), draws=True),
    Student("The gradient is 0 or 2 times what it should be, and the function draws random numbers, "
            "as dropout does",
            gradient("theta.grad = torch.nn.functional.dropout(theta.grad)"), 1, draws=True),
    Student("The learning rate is 0.3 times the one passed", rate("0.3 * learning_rate")),
    Student("SGD runs with momentum 0.9, nesterov",
            {"optimiser": "torch.optim.SGD([theta], lr=learning_rate, momentum=0.9, nesterov=True)"}),
    Student("Every step uses the rate 0.03, whatever is passed", rate("0.03"), 1),
    Student("In the last step the learning rate is 2 times the one passed",
            lr("learning_rate * (2 if i == number_steps - 1 else 1)")),
    Student("In the first step the learning rate is 0.1 times the one passed",
            lr("learning_rate * (1 if i else 0.1)"), 1),
    Student("The optimiser's learning rate is not the one passed: 0.05 in step 2, where 0.1 is passed",
            lr("learning_rate / 2 ** i")),
    Student("A step by hand is taken besides the optimiser's: theta moves twice in each iteration",
            {"after": "theta.data -= learning_rate * theta.grad"}),
    Student("Every iteration starts again from the initial theta",
            {"clear": "optimiser.zero_grad(); theta.data.copy_(initial_theta)"}),
    Student("Theta is multiplied by 0.9 after each step", {"after": "theta.data *= 0.9"}, 1),
    Student("Some calls end early: after 1 step, where 2 are asked for",
            {"after": "\n        if theta.abs().max() < 0.7: break"}),
    Student("learning_rate is added to the theta that is returned", result("theta.detach() + learning_rate")),
    Student("Theta is rounded to 2 decimals before it is returned",
            result("theta.detach().round(decimals=2)")),
    Student("0.25 is added to the theta that is returned", result("theta.detach() + 0.25"), 1),
    Student("What is returned is theta times 1.5", result("1.5 * theta.detach()")),
)  # fmt: skip


def seen(
    program: dict[str, str], exercise: kits.Exercise, *, draws: bool = False, everything: bool = False
) -> Seen:
    """The traced calls, as a worker makes them; or all calls, for the rooms that look at values."""
    function = function_of(program)
    answers: dict[int, Answer] = {}
    traces: dict[int, Trace] = {}
    for i, case in enumerate(exercise.cases):
        if case.traced or everything:
            torch.manual_seed(0)
            with Recorder() as recorder:
                answers[i] = calling.call(function, case.arguments)
            if case.traced:
                traces[i] = recorder.trace()
    run = ExerciseRun(exercise.name, found=True, answers=answers, traces=traces)
    outcomes = compare.judge(run, exercise, "cpu")
    failed = {one.id for one in exercise.rubric}
    return Seen(outcomes, exercise, frozenset(failed), traces, draws=draws)


def told(given: Seen) -> list[Candidate]:
    shown = decisions.Shown(given, Recorded(given))
    return [*decisions.candidates(shown, sure=True), *decisions.candidates(shown, sure=False)]


@pytest.mark.parametrize("student", STUDENTS, ids=lambda one: one.title)
def test_the_one_decision_that_differs_is_told(student: Student, kit: kits.LoadedKit) -> None:
    exercise = kit.kit.exercises[student.which]

    found = told(seen(student.decisions, exercise, draws=student.draws))

    assert [one.title for one in found] == [student.title]
    assert all(one.hint and one.teacher and one.where for one in found)


def test_two_decisions_are_both_told_and_the_finding_is_partial(kit: kits.LoadedKit) -> None:
    program = {**start("initial_theta + 0.1"), **result("theta.detach() + learning_rate")}

    (found,) = told(seen(program, kit.kit.exercises[0]))

    assert not found.whole
    assert found.title == (
        "The first step does not begin at the theta that is passed: at 1.1, where 1 is passed; besides, "
        "learning_rate is added to the theta that is returned"
    )


@pytest.mark.parametrize(
    "program",
    [
        {},
        {**loss("0.5 * torch.sum(theta * theta)"), **rate("2 * learning_rate")},
        {"optimiser": "torch.optim.Adam([theta], lr=learning_rate)"},
        {"step": "theta.data -= 2 * learning_rate * theta.grad"},
    ],
    ids=["right", "made up for", "another optimiser", "by hand"],
)
def test_what_is_no_single_decision_is_left_to_others(program: dict[str, str], kit: kits.LoadedKit) -> None:
    assert told(seen(program, kit.kit.exercises[0])) == []


def test_a_wrong_call_whose_steps_are_no_steps_of_sgd_speaks_against_all_readings(
    kit: kits.LoadedKit,
) -> None:
    """Forged: right start, gradient and rate, but the step leaves something else, and that comes back."""
    given = seen(loss("0.3 * torch.sum(theta * theta)"), kit.kit.exercises[0])
    answers, traces = list(given.answers), dict(given.traces)
    index, right = next(
        (i, case.trace) for i, case in enumerate(given.exercise.cases) if i in traces and case.trace
    )
    elsewhere = tensor(7.0, shape=right.steps[-1].after[0].shape)
    forged = msgspec.structs.replace(right.steps[-1], after=(elsewhere,))
    traces[index] = Trace((*right.steps[:-1], forged))
    answers[index] = Returned("Tensor", elsewhere, "cpu")

    found = decisions.readings(given.exercise, walks(given.exercise, traces, answers), "SGD", given.wrong)

    honest = walks(given.exercise, given.traces, given.answers)
    assert decisions.readings(given.exercise, honest, "SGD", given.wrong)
    assert found == ()


# --- a name that fits the values only --------------------------------------------------------------

BESIDE_THE_VALUES: Final = (
    ("The loss or its gradient is divided by number_steps",
     loss("torch.sum(theta * theta) / max(number_steps, 1)")),
    ("The first step has no gradient, as if step() came before backward()",
     {"clear": "optimiser.step(); optimiser.zero_grad()", "step": "pass"}),
    (("From the second step on the optimiser's tensor has no gradient, as if the loop renewed theta, "
      "and the optimiser kept the old tensor"),
     {"after": "theta = theta.detach().clone().requires_grad_()"}),
    ("A step by hand is taken besides the optimiser's: theta moves twice in each iteration",
     {"after": "theta.data -= learning_rate * theta.grad"}),
)  # fmt: skip


@pytest.mark.parametrize(("title", "program"), BESIDE_THE_VALUES, ids=[one[0] for one in BESIDE_THE_VALUES])
def test_a_name_that_fits_the_values_is_not_told_where_the_recorded_steps_contradict_it(
    title: str, program: dict[str, str], kit: kits.LoadedKit
) -> None:
    """All of them give every value that some known mistake gives: rate-over-steps, one step too few ..."""
    found = diagnose.explain(seen(program, kit.kit.exercises[0], everything=True)).first

    assert found is not None
    assert found.diagnosis.titles == (title,)
    assert (found.diagnosis.evidence, found.diagnosis.calls > 0) == ("trace", True)


def test_what_makes_the_steps_longer_is_told_before_that_they_are_longer(kit: kits.LoadedKit) -> None:
    program = rate("0.3 * learning_rate")

    found = diagnose.explain(seen(program, kit.kit.exercises[0], everything=True)).first

    assert found is not None
    assert found.diagnosis.titles == (
        "The learning rate is 0.3 times the one passed",
        "Every step is 0.3 times as long as it should be",
    )
    assert found.diagnosis.evidence == "proven"


def test_a_name_that_the_traces_bear_out_stays_alone(kit: kits.LoadedKit) -> None:
    program = loss("torch.sum(theta * theta) ** 2")

    found = diagnose.explain(seen(program, kit.kit.exercises[1], everything=True)).first

    assert found is not None
    assert found.diagnosis.titles == ("The loss is squared once more",)


# --- whatever a trace says ------------------------------------------------------------------------

_NUMBERS: Final = st.one_of(st.floats(), st.sampled_from([0.0, 1.0, 0.8, -2.0]))
_TENSORS: Final = st.one_of(
    st.lists(_NUMBERS, max_size=3).map(lambda values: tensor(*values, dtype="float64")),
    st.builds(Tensor, st.sampled_from(["float32", "int64", "odd"]), st.just((2,)), st.binary(max_size=8)),
)
_STEPS: Final = st.builds(
    Step,
    st.sampled_from([("SGD",), ("Adam",), ()]),
    st.dictionaries(st.sampled_from(["lr", "momentum"]), _NUMBERS),
    st.lists(_TENSORS, max_size=2).map(tuple),
    st.lists(_TENSORS, max_size=2).map(tuple),
    st.lists(st.none() | _TENSORS, max_size=2).map(tuple),
)
_VALUES: Final = st.builds(lambda value: Returned("Tensor", value, "cpu"), _TENSORS)


@QUICK
@given(
    traces=st.dictionaries(
        st.integers(-2, 100), st.lists(_STEPS, max_size=4).map(lambda x: Trace(tuple(x))), max_size=8
    ),
    value=_VALUES,
    which=st.integers(0, 1),
    draws=st.booleans(),
)
def test_no_trace_can_make_it_raise(
    kit: kits.LoadedKit, traces: dict[int, Trace], value: Returned, which: int, *, draws: bool
) -> None:
    exercise = kit.kit.exercises[which]
    answers = [value] * len(exercise.cases)

    found = decisions.readings(exercise, walks(exercise, traces, answers), "SGD", frozenset(), draws=draws)

    assert all(one.title and one.hint for one in found)


@QUICK
@given(data=st.data(), which=st.integers(0, 1), draws=st.booleans())
def test_no_numbers_in_a_trace_of_the_right_form_can_make_it_raise(
    kit: kits.LoadedKit, data: st.DataObject, which: int, *, draws: bool
) -> None:
    exercise = kit.kit.exercises[which]
    size = which + 1
    vectors = st.lists(_NUMBERS, min_size=size, max_size=size).map(lambda x: tensor(*x, dtype="float64"))
    options = next(case.trace.steps[0].options for case in exercise.cases if case.trace and case.trace.steps)
    steps = st.builds(
        lambda rate, before, after, gradient: Step(
            ("SGD",), options | {"lr": rate}, (before,), (after,), (gradient,)
        ),
        _NUMBERS, vectors, vectors, vectors | st.none(),
    )  # fmt: skip
    traced = st.lists(steps, max_size=4).map(lambda x: Trace(tuple(x)))
    traces = {i: data.draw(traced) for i, case in enumerate(exercise.cases[:8]) if case.traced}
    answers = [Returned("Tensor", data.draw(vectors), "cpu")] * len(exercise.cases)

    found = decisions.readings(exercise, walks(exercise, traces, answers), "SGD", frozenset(), draws=draws)

    assert all(one.title and one.hint for one in found)
