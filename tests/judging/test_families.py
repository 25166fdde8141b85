"""Mistakes with constants that nobody listed, made in torch itself and told from the outputs alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import kit as kits
from grader.diagnosis.candidates import Candidate
from grader.judging import compare, families
from grader.judging.descent import Descent, run, sheet
from grader.records import Answer, ExerciseOutcomes, ExerciseRun, Raised, Returned, Tensor
from grader.sandbox import calling

TEMPLATE: Final = """
def student(initial_theta, learning_rate, number_steps):
    {start}
    optimiser = {optimiser}
    for i in range({steps}):
        {clear}
        loss = {loss}
        loss.backward()
        {between}
        {step}
        {after}
    return {result}
"""
USUAL: Final = {
    "start": "theta = torch.nn.Parameter(initial_theta.clone())",
    "optimiser": "torch.optim.SGD([theta], lr=learning_rate)",
    "steps": "number_steps",
    "clear": "optimiser.zero_grad()",
    "loss": "torch.sum(theta * theta)",
    "between": "pass",
    "step": "optimiser.step()",
    "after": "pass",
    "result": "theta.detach()",
}


@dataclass(frozen=True)
class Student:
    """What is told first; `also` stands among the three that may be told beside it."""

    title: str
    decisions: dict[str, str]
    also: str = ""


def sgd(options: str) -> dict[str, str]:
    return {"optimiser": f"torch.optim.SGD([theta], lr=learning_rate, {options})"}


def rate(expression: str) -> dict[str, str]:
    return {"optimiser": f"torch.optim.SGD([theta], lr={expression})"}


def in_step(line: str) -> dict[str, str]:
    return {"step": f"optimiser.step(); {line}"}


def scheduled(scheduler: str) -> dict[str, str]:
    return {
        "optimiser": f"torch.optim.SGD([theta], lr=learning_rate); s = torch.optim.lr_scheduler.{scheduler}",
        "after": "s.step()",
    }


STUDENTS: Final = (
    Student("Every step uses the rate 0.03, whatever is passed", rate("0.03")),
    Student("Every step uses the rate 0.7, whatever is passed", rate("0.7")),
    Student("Every step is 0.3 times as long as it should be", {"loss": "0.3 * torch.sum(theta * theta)"}),
    Student("Every step is 1/3 times as long as it should be", rate("learning_rate / 3")),
    Student("0.05 is added to the learning rate", rate("learning_rate + 0.05")),
    Student("The learning rate is raised to the power 0.5", rate("learning_rate ** 0.5")),
    Student("Learning rates above 0.2 are cut to 0.2", rate("min(learning_rate, 0.2)")),
    Student("Learning rates below 0.15 are raised to 0.15", rate("max(learning_rate, 0.15)")),
    Student("A learning rate of 0 is replaced by 0.01", rate("learning_rate or 0.01")),
    Student("The learning rate is rounded to 1 decimal", rate("round(learning_rate, 1)")),
    Student("The descent runs with momentum 0.85", sgd("momentum=0.85")),
    Student("The descent runs with momentum 0.3", sgd("momentum=0.3")),
    Student("The descent runs with momentum 0.9 and dampening 0.2", sgd("momentum=0.9, dampening=0.2")),
    Student("The descent runs with Nesterov momentum 0.6", sgd("momentum=0.6, nesterov=True")),
    Student("SGD runs with weight decay 0.2", sgd("weight_decay=0.2"),
            also="Every step is 1.1 times as long as it should be"),
    Student("The loss has a penalty of 0.4 |theta|",
            {"loss": "torch.sum(theta * theta) + 0.4 * theta.abs().sum()"}),
    Student("The minimum of the loss is moved by 1.5", {"loss": "torch.sum((theta - 1.5) ** 2)"}),
    Student("The learning rate shrinks by a factor 0.95 in every step",
            scheduled("ExponentialLR(optimiser, 0.95)")),
    Student("The learning rate is multiplied by 0.5 every 2 steps", scheduled("StepLR(optimiser, 2, 0.5)")),
    Student("The learning rate is multiplied by 0.1 every 3 steps", scheduled("StepLR(optimiser, 3, 0.1)")),
    Student("The learning rate is divided by 1 + 0.2 i in step i, counted from 0",
            scheduled("LambdaLR(optimiser, lambda i: 1 / (1 + 0.2 * i))")),
    Student("The learning rate falls like half a cosine, to 0 after the last step",
            scheduled("CosineAnnealingLR(optimiser, max(number_steps, 1))")),
    Student("The gradient is clipped to length 0.3",
            {"between": "torch.nn.utils.clip_grad_norm_([theta], 0.3)"}),
    Student("The gradient is clipped to length 4",
            {"between": "torch.nn.utils.clip_grad_norm_([theta], 4.0)"}),
    Student("Always 7 steps are taken, whatever is passed", {"steps": "7"}),
    Student("Always 100 steps are taken, whatever is passed", {"steps": "100"}),
    Student("3 steps too many are taken", {"steps": "number_steps + 3"}),
    Student("2 steps too few are taken", {"steps": "2, number_steps"}),
    Student("3 times as many steps are taken as asked for", {"steps": "3 * number_steps"}),
    Student("Only one step in 2 is taken: number_steps // 2", {"steps": "number_steps // 2"}),
    Student("Never more than 4 steps are taken", {"steps": "min(number_steps, 4)"}),
    Student("At least 3 steps are taken, however few are asked for", {"steps": "max(number_steps, 3)"}),
    Student("The gradient is cleared every 3 steps only", {"clear": "i % 3 or optimiser.zero_grad()"}),
    Student("0.25 is added to the theta that is returned", {"result": "theta.detach() + 0.25"}),
    Student("What is returned is theta times 1.5", {"result": "1.5 * theta.detach()"},
            also="The descent starts at 1.5 times the initial theta"),
    Student("The descent starts at 5, whatever is passed",
            {"start": "theta = torch.nn.Parameter(torch.full_like(initial_theta, 5.0))"}),
    Student("0.5 is added to the initial theta",
            {"start": "theta = torch.nn.Parameter(initial_theta + 0.5)"}),
    Student("Theta is rounded to 3 decimals before it is returned",
            {"result": "theta.detach().round(decimals=3)"}),
    Student("Theta is kept within [-5, 5] in every step",
            in_step("theta.data.clamp_(-5.0, 5.0)")),
    Student("Negative values of theta are set to 0 in every step", in_step("theta.data.clamp_(min=0.0)")),
    Student("The mean of all thetas is returned, the initial one included",
            {"start": "theta = torch.nn.Parameter(initial_theta.clone()); seen = [initial_theta.clone()]",
             "after": "seen.append(theta.detach().clone())", "result": "torch.stack(seen).mean(dim=0)"}),
    Student("The optimiser is Adam with the rate 0.05, whatever is passed",
            {"optimiser": "torch.optim.Adam([theta], lr=0.05)"}),
    Student("The optimiser is RMSprop with the rate 0.02, whatever is passed",
            {"optimiser": "torch.optim.RMSprop([theta], lr=0.02)"}),
    Student("The optimiser is Adagrad with the rate 0.3, whatever is passed",
            {"optimiser": "torch.optim.Adagrad([theta], lr=0.3)"}),
    Student("The optimiser is AdamW", {"optimiser": "torch.optim.AdamW([theta], lr=learning_rate)"}),
    Student("The optimiser is Adamax", {"optimiser": "torch.optim.Adamax([theta], lr=learning_rate)"}),
    Student("The optimiser is Adadelta", {"optimiser": "torch.optim.Adadelta([theta], lr=learning_rate)"}),
    Student("The optimiser is Rprop", {"optimiser": "torch.optim.Rprop([theta], lr=learning_rate)"}),
    Student("The optimiser is ASGD", {"optimiser": "torch.optim.ASGD([theta], lr=learning_rate)"}),
    Student("Theta goes through float16, which keeps fewer digits",
            {"start": "theta = torch.nn.Parameter(initial_theta.half())",
             "result": "theta.detach().to(initial_theta.dtype)"}),
    Student("The loop ends early, as soon as the loss is below about 0.01",
            {"after": "\n        if loss.item() < 0.01: break"}),
    Student("The loss is exp(theta^2)", {"loss": "torch.exp(theta ** 2).sum()"}),
    Student("Every step uses the mean of its gradient and the one before",
            {"start": "theta = torch.nn.Parameter(initial_theta.clone()); kept = None",
             "between": "now = theta.grad.clone(); kept = now if kept is None else kept;"
             " theta.grad = (now + kept) / 2; kept = now"}),
    Student("The components of theta count differently in the loss: its gradient is (2 theta_1, 4 theta_2)",
            {"loss": "theta[0] ** 2 + 2 * theta[1] ** 2"}),
    Student("The loss is log(1 + theta^2)", {"loss": "torch.log(1 + theta ** 2).sum()"}),
    Student("The loss mixes the components of theta: its gradient is"
            " (2 theta_1 + theta_2, theta_1 + 2 theta_2)",
            {"loss": "(theta ** 2).sum() + theta.prod()"}),
    Student("The loss is 2 ** theta: base and exponent are exchanged", {"loss": "(2 ** theta).sum()"}),
    Student("Component 2 of theta is not squared in the loss: its gradient is (2 theta_1, 1)",
            {"loss": "theta[0] ** 2 + theta[1]"}),
    Student("Theta never moves where it is negative: the loss is made of its positive part only",
            {"loss": "(theta.relu() ** 2).sum()"}),
    Student("The minimum of the loss is moved to (1, 0): its gradient is (2 theta_1 - 2, 2 theta_2)",
            {"loss": "(theta[0] - 1) ** 2 + theta[1] ** 2"}),
    Student("The learning rate is added to the theta that is returned",
            {"result": "theta.detach() + learning_rate"}),
    Student("The loss is the square of the norm with the index 3, not 2",
            {"loss": "torch.linalg.vector_norm(theta, 3) ** 2"}),
    Student("One step, the first or the last, is 0.1 times as long as it should be; the others are right",
            {"between": "theta.grad *= 0.1 if i == 0 else 1"}),
    Student("The descent starts at [1, -1], whatever is passed",
            {"start": "theta = torch.nn.Parameter(torch.tensor([1.0, -1.0], dtype=initial_theta.dtype))"}),
    Student("Values of theta below about 0.01 are set to 0 before they are returned",
            {"result": "torch.where(theta.abs() < 0.01, 0, theta).detach()"}),
    Student("The descent starts at the initial theta divided by its length",
            {"start": "theta = torch.nn.Parameter(torch.nn.functional.normalize(initial_theta, dim=0))"}),
    Student("The loop ends as soon as the loss no longer falls",
            {"start": "theta = torch.nn.Parameter(initial_theta.clone()); before = float('inf')",
             "clear": "optimiser.zero_grad()\n        if (theta ** 2).sum().item() >= before: break",
             "after": "before = loss.item()"}),
    Student("The loss is the product of the squares, not their sum", {"loss": "(theta ** 2).prod()"}),
    Student("The loss is a Huber loss, a square near 0 and linear far from it: its gradient is 0.5 of the"
            " right one and never beyond 1",
            {"loss": "torch.nn.functional.huber_loss(theta, torch.zeros_like(theta), reduction='sum')"}),
    Student("The loop ends when the loss has hardly fallen for a few steps, as if it had to fall by more than"
            " 0.001 within 4",
            {"start": "theta = torch.nn.Parameter(initial_theta.clone()); best = float('inf'); bad = 0",
             "after": "\n        better = loss.item() < best - 1e-3; best = loss.item() if better else best"
             "\n        bad = 0 if better else bad + 1\n        if bad == 3: break"}),
    Student("The loop ends early, as soon as the loss before the last step is below about 0.05",
            {"start": "theta = torch.nn.Parameter(initial_theta.clone()); before = (theta ** 2).sum().item()",
             "clear": "optimiser.zero_grad()\n        if before < 0.05: break",
             "after": "before = loss.item()"}),
    Student("The loss is the power 4 of theta", {"loss": "(theta ** 4).sum()"}),
)  # fmt: skip


def function_of(decisions: dict[str, str]) -> Callable[..., Any]:
    scope: dict[str, Any] = {"torch": torch}
    exec(TEMPLATE.format_map({**USUAL, **decisions}), scope)  # noqa: S102 -- our own programs
    return scope["student"]  # type: ignore[no-any-return]


def outcomes_of(function: Callable[..., Any], exercise: kits.Exercise) -> ExerciseOutcomes:
    """Run as a worker does, judged as a student's."""
    answers = {i: calling.call(function, case.arguments) for i, case in enumerate(exercise.cases)}
    return compare.judge(ExerciseRun(exercise.name, found=True, answers=answers), exercise, "cpu")


def fitted(function: Callable[..., Any], exercise: kits.Exercise) -> tuple[Candidate, ...]:
    return families.fit(outcomes_of(function, exercise), exercise, [one.id for one in exercise.rubric])


@pytest.mark.parametrize("student", STUDENTS, ids=lambda one: one.title)
def test_a_constant_of_the_students_own_is_named(student: Student, kit: kits.LoadedKit) -> None:
    """Each in one of the two exercises: a program costs a quarter of a second."""
    exercise = kit.kit.exercises[STUDENTS.index(student) % 2]

    found = fitted(function_of(student.decisions), exercise)

    assert student.title in [one.title for one in found][:1]
    assert student.also in ["", *(one.title for one in found[:3])]
    assert all(one.whole for one in found)


# --- what is never named ------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "decisions",
    [
        {},
        {
            "start": "theta = torch.nn.Parameter(initial_theta.double())",
            "result": "theta.detach().to(initial_theta.dtype)",
        },
        {"loss": "0.5 * torch.sum(theta * theta)", **rate("2 * learning_rate")},
        {"loss": "-torch.sum(theta * theta)", **sgd("maximize=True")},
        {"result": "theta.detach().float()"},
        {"result": "theta.detach().numpy()"},
    ],
    ids=["usual", "double inside", "rescaled", "negated", "single", "numpy"],
)
def test_right_values_are_given_no_name(decisions: dict[str, str], which: int, kit: kits.LoadedKit) -> None:
    assert fitted(function_of(decisions), kit.kit.exercises[which]) == ()


ODD: Final[dict[str, Callable[[torch.Tensor, float, int], torch.Tensor]]] = {
    "sine": lambda theta, rate, _: torch.sin(3 * theta) + rate * theta,
    "mixture": lambda theta, rate, steps: theta * (1 - rate) ** (steps / 2) + 0.01 * steps,
    "logarithm": lambda theta, rate, steps: torch.log1p(theta.abs()) * (1 - rate * steps / 20),
    "rate and steps swapped": lambda theta, rate, steps: theta * (1 - 2 * steps) * rate,
    "random": lambda theta, *_: torch.rand_like(theta),
    "loop in the rate": lambda theta, rate, steps: theta * (1 - 2 * rate * (1 + 0.37 * np.sin(steps))),
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", ODD)
def test_a_function_of_another_kind_is_given_no_name(name: str, which: int, kit: kits.LoadedKit) -> None:
    assert fitted(ODD[name], kit.kit.exercises[which]) == ()


_COEFFICIENTS: Final = st.lists(
    st.floats(-2, 2, allow_subnormal=False).filter(lambda x: abs(x) > 0.01), min_size=5, max_size=5
)


@given(_COEFFICIENTS, st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_smooth_nonsense_is_given_no_name(kit: kits.LoadedKit, numbers: list[float], which: int) -> None:
    a, b, c, d, e = numbers

    def nonsense(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
        return a * theta + b * torch.sin(c * theta + steps) * (1 + d * rate) + e * rate * steps

    assert fitted(nonsense, kit.kit.exercises[which]) == ()


# --- form -----------------------------------------------------------------------------------------

FORMS: Final = {
    "numbers": {"result": "theta.tolist()"},
    "an array": {"result": "theta.detach().numpy()"},
    "another shape": {"result": "theta.detach().reshape(-1, 1)"},
    "another dtype": {"result": "theta.detach().double()"},
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_hides_no_constant(form: str, kit: kits.LoadedKit) -> None:
    decisions = {**FORMS[form], **rate("0.03")}

    found = fitted(function_of(decisions), kit.kit.exercises[1])

    assert [one.title for one in found] == ["Every step uses the rate 0.03, whatever is passed"]


def test_calls_that_raise_are_not_explained(kit: kits.LoadedKit) -> None:
    exercise = kit.kit.exercises[1]
    momentum = function_of(sgd("momentum=0.85"))

    def without_a_step(theta: torch.Tensor, rate: float, steps: int) -> torch.Tensor:
        if steps == 0:
            raise ValueError("no step")
        return momentum(theta, rate, steps)  # type: ignore[no-any-return]

    outcomes = outcomes_of(without_a_step, exercise)
    raised = {one.case for one in outcomes.outcomes if isinstance(one.answer, Raised)}
    (found,) = families.fit(outcomes, exercise, ["many-steps"])

    assert found.title == "The descent runs with momentum 0.85"
    assert found.explained == {one.case for one in outcomes.outcomes if one.failure} - raised
    assert raised


def test_a_mistake_of_one_part_is_fitted_there_and_is_not_whole(kit: kits.LoadedKit) -> None:
    exercise = kit.kit.exercises[0]
    right, wrong = function_of({}), function_of(sgd("momentum=0.85"))
    outcomes = outcomes_of(lambda *a: (wrong if a[0].dtype == torch.float64 else right)(*a), exercise)
    part = {i for i, case in enumerate(exercise.cases) if case.dtype == "float64"}

    (found,) = families.fit(outcomes, exercise, ["many-steps"], part)

    assert families.fit(outcomes, exercise, ["many-steps"]) == ()
    assert (found.title, found.whole) == ("The descent runs with momentum 0.85", False)
    assert found.explained == {one.case for one in outcomes.outcomes if one.failure}


def test_nothing_is_fitted_where_only_form_or_steps_fail(kit: kits.LoadedKit) -> None:
    outcomes = outcomes_of(function_of(rate("0.03")), kit.kit.exercises[1])

    assert families.fit(outcomes, kit.kit.exercises[1], ["uses-sgd", "returns-like-theta"]) == ()


def test_float32_that_overflows_is_the_same_mistake(kit: kits.LoadedKit) -> None:
    exercise = kit.kit.exercises[1]
    outcomes = outcomes_of(function_of(rate("50.0")), exercise)

    infinite = [
        one.case
        for one in outcomes.outcomes
        if isinstance(one.answer, Returned)
        and one.answer.value
        and not np.isfinite(_numbers(one.answer.value)).all()
    ]
    found = families.fit(outcomes, exercise, ["many-steps"])

    assert infinite
    assert [one.title for one in found] == ["Every step uses the rate 50, whatever is passed"]


def _numbers(tensor: Tensor) -> np.ndarray:
    return np.frombuffer(tensor.data, np.dtype(tensor.dtype))


# --- the suite ------------------------------------------------------------------------------------

ALONE: Final = {
    "some-components-only", "loss-norm-power", "rate-replaced-below", "rate-replaced-above",
    "gradient-ignored-when-small", "rate-at-least",
}  # fmt: skip
"""Families of which the inputs tell the constant only roughly, or that are another for these samples."""


def simulated(descent: Descent, exercise: kits.Exercise) -> ExerciseOutcomes:
    """A student who makes the mistake, as numpy runs it."""
    assert exercise.landscape is not None
    numbers = sheet(exercise.cases, exercise.landscape, exercise.moves)
    exact, rough = run(descent, numbers), run(descent, numbers.in_single())
    answers: dict[int, Answer] = {}
    for i, case in enumerate(exercise.cases):
        values = (rough if case.dtype == "float32" else exact)[i, numbers.there[i]]
        answers[i] = Returned("Tensor", Tensor(case.dtype, case.shape, values.tobytes()), "cpu")
    return compare.judge(ExerciseRun(exercise.name, found=True, answers=answers), exercise, "cpu")


NEVER_WRONG: Final[dict[int, list[str]]] = {
    1: [
        "The loss is a mean over the components, not their sum",
        "The components of theta are returned in the reverse order",
        "The components of theta are returned in order of size",
    ],
    2: [],
}
"""By the number of components: mistakes that are none there."""


@pytest.mark.parametrize("which", [0, 1])
def test_the_suite_tells_every_family_with_every_sample(which: int, kit: kits.LoadedKit) -> None:
    """Each is among the first three; a few stand beside another that the inputs cannot part from them."""
    exercise = kit.kit.exercises[which]
    missed = []
    with np.errstate(all="ignore"):
        for family in families.FAMILIES:
            for sample in family.samples[:2] if family.id not in ALONE else ():
                outcomes = simulated(family.descent(*sample), exercise)
                wanted = families.title(family, list(sample))
                found = families.fit(outcomes, exercise, [one.id for one in exercise.rubric])
                if wanted not in [one.title for one in found[:3]]:
                    missed.append(wanted)

    assert missed == NEVER_WRONG[which + 1]
