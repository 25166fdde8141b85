"""Candidates that give every value and run otherwise than was recorded, made in torch itself. About 5 s."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest

from grader import kit as kits
from grader.diagnosis import diagnose
from grader.diagnosis.candidates import Candidate
from grader.diagnosis.matching import Beside, candidates
from grader.diagnosis.seen import Seen
from grader.judging import families
from grader.judging.recorded import Recorded
from grader.results import Diagnosis
from tests.judging.test_decisions import gradient, loss, lr, result, seen, start
from tests.judging.test_families import rate, sgd

SQUARES: Final = "torch.sum(theta * theta)"
TWINS: Final = (
    ("rate-falls-to-zero", lr("learning_rate * (i + 1) / number_steps")),
    ("rate-falls-to-zero", loss(f"{SQUARES} * (i + 1) / number_steps")),
    ("rate-decays-exponentially", lr("learning_rate * 0.8 ** (number_steps - 1 - i)")),
    ("rate-fixed", {"optimiser": "torch.optim.SGD([theta], lr=0.1, weight_decay=0.1)"}),
    ("weight-decay", rate("1.1 * learning_rate")),
    ("step-scaled", {"after": "theta.data -= 0.5 * learning_rate * theta.grad"}),
)
"""What fits every value, and a program that takes other steps."""


def fitted(given: Seen) -> dict[str, Candidate]:
    return {one.id: one for one in families.fit(given.outcomes, given.exercise, given.failed)}


def first(given: Seen) -> Diagnosis:
    found = diagnose.explain(given).first
    assert found is not None
    return found.diagnosis


@pytest.mark.parametrize(("name", "program"), TWINS, ids=[name for name, _ in TWINS])
def test_a_fitted_name_that_the_recorded_steps_contradict_is_not_told(
    name: str, program: dict[str, str], kit: kits.LoadedKit
) -> None:
    given = seen(program, kit.kit.exercises[0], everything=True)

    assert Recorded(given).contradict(fitted(given)[name])
    assert name not in first(given).misconceptions


@pytest.mark.parametrize(("name", "program"), TWINS, ids=[name for name, _ in TWINS])
def test_without_recorded_steps_the_same_name_is_told(
    name: str, program: dict[str, str], kit: kits.LoadedKit
) -> None:
    given = seen(program, kit.kit.exercises[0], everything=True)
    untraced = Seen(given.outcomes, given.exercise, given.failed)

    assert not Recorded(untraced).contradict(fitted(untraced)[name])


BORNE_OUT: Final = (
    ("rate-falls-to-zero", lr("learning_rate * (1 - i / number_steps)")),
    ("rate-fixed", rate("0.05")),
    ("weight-decay", sgd("weight_decay=0.2")),
    ("step-scaled", rate("0.3 * learning_rate")),
    ("step-scaled", loss(f"0.3 * {SQUARES}")),
    ("momentum", sgd("momentum=0.85")),
    (
        "momentum",
        gradient("g = theta.grad.clone(); theta.grad += 0.85 * old if i else 0; old = theta.grad.clone()"),
    ),
    ("start-offset", start("initial_theta + 0.5")),
    ("result-offset", result("theta.detach() + 0.25")),
    ("steps-fixed", {"steps": "7"}),
    ("theta-clamped-in-every-step", {"after": "theta.data.clamp_(-1, 1)"}),
)


@pytest.mark.parametrize(("name", "program"), BORNE_OUT, ids=[name for name, _ in BORNE_OUT])
def test_a_fitted_name_that_the_recorded_steps_bear_out_stays(
    name: str, program: dict[str, str], kit: kits.LoadedKit
) -> None:
    given = seen(program, kit.kit.exercises[0], everything=True)

    assert not Recorded(given).contradict(fitted(given)[name])
    assert first(given).evidence == "proven"


def test_a_misconception_is_laid_beside_the_recorded_steps_too(kit: kits.LoadedKit) -> None:
    """A halved loss and a halved rate end at the same theta; only one of the two is told."""
    told = {}
    for name, program in (("loss", loss(f"0.5 * {SQUARES}")), ("rate", rate("learning_rate / 2"))):
        given = seen(program, kit.kit.exercises[0], everything=True)
        told[name] = [one.id for one in candidates(Beside(given, Recorded(given)))]

    assert told == {"loss": ["halved-loss"], "rate": ["rate-halved"]}


def test_another_number_of_steps_contradicts_even_where_the_last_ones_change_nothing(
    kit: kits.LoadedKit,
) -> None:
    program = {"after": "theta = theta.detach().clone().requires_grad_()"}
    given = seen(program, kit.kit.exercises[0], everything=True)

    assert "one-step-after-the-loop" not in first(given).misconceptions


def test_steps_of_another_tensor_than_theta_contradict_nothing(kit: kits.LoadedKit) -> None:
    """The optimiser moves half of theta, so both ends are others than those of the call."""
    program = {
        **start("initial_theta / 2"),
        "loss": "torch.sum((2 * theta) ** 2) / 4",
        **result("2 * theta.detach()"),
        "steps": "number_steps + 1",
    }
    given = seen(program, kit.kit.exercises[0], everything=True)
    recorded = Recorded(given)

    moving = [one for one in recorded.walks if one.taken and any(one.left)]
    assert [one.case for one in moving if recorded.is_of_theta(one)] == []
    assert first(given).evidence == "proven"


def test_a_constant_of_a_program_that_draws_is_no_proof(kit: kits.LoadedKit) -> None:
    program = start("initial_theta + 0.01 * torch.randn_like(initial_theta)")

    found = first(seen(program, kit.kit.exercises[0], draws=True, everything=True))

    assert found.title == "0.01541 is added to the initial theta"
    assert (found.evidence, found.cause) == ("partial", "a random number, since the function draws some")


def test_a_name_for_a_part_of_the_cases_is_laid_beside_the_steps_of_that_part_alone(
    kit: kits.LoadedKit,
) -> None:
    given = seen(rate("0.05"), kit.kit.exercises[0], everything=True)
    (name,) = {"rate-fixed"} & fitted(given).keys()
    wrong = msgspec.structs.replace(
        fitted(given)[name], program=fitted(seen(rate("0.3"), given.exercise, everything=True))[name].program
    )

    assert Recorded(given).contradict(wrong)
    assert not Recorded(given).contradict(msgspec.structs.replace(wrong, whole=False, explained=frozenset()))
