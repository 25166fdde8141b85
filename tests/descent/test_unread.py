"""What is said where no program gives every answer: what the recorded steps show, and no more."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from grader.diagnosis import returns
from grader.kit import LoadedKit
from tests.descent.playing import Student, report_of


def odd(
    *, start: float = 0.0, rate: float = 0.0, bend: float = 0.0, shift: float = 0.0, more: float = 0.0
) -> Student:
    """A descent in which something follows no rule: it hangs on a sine."""

    def program(theta: torch.Tensor, learning_rate: float, steps: int) -> torch.Tensor:
        moved = torch.nn.Parameter(theta + start * torch.sin(3 * theta))
        optimiser = torch.optim.SGD([moved], lr=learning_rate)
        for i in range(steps + math.floor(more * abs(math.sin(7 * learning_rate + steps)))):
            optimiser.param_groups[0]["lr"] = learning_rate * (1 + rate * math.sin(i + 1) ** 2)
            optimiser.zero_grad()
            (moved**2 + bend * torch.cos(2 * moved)).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            with torch.no_grad():
                moved.add_(shift * torch.sin(5 * moved) * (i + 1))
        return moved.detach()

    return program


SAID = {
    "start": (odd(start=0.5), "The first step does not begin at the theta that is passed: at 1.07056 for 1"),
    "rate": (odd(rate=0.5), "The optimiser's learning rate changes on the way: 0.135404 in place of 0.1"),
    "loss": (odd(bend=0.3), "The gradient is another one: 1.45442 in place of 2, for instance"),
    "between": (odd(shift=0.2), "Theta changes between the steps: from 0.8 to 0.64864, for instance"),
    "count": (odd(more=4), "Another number of steps is taken than asked for: 3 in place of 2"),
}


@pytest.mark.parametrize("what", SAID)
@np.errstate(all="ignore")
def test_what_follows_no_rule_is_told_as_what_was_recorded(kit: LoadedKit, what: str) -> None:
    student, words = SAID[what]
    report = report_of(student, kit.kit.exercises[0])
    (diagnoser,) = report.prepared.diagnosers

    said = diagnoser(report)

    assert said.proven == ()
    (first,) = said.traced
    assert (first.title, first.beside) == (words, ())
    assert first.evidence == "trace"
    assert first.calls == sum(bool(one.steps) for one in report.traces.values())
    assert first.explained < report.broken["values"]


def through(dtype: torch.dtype) -> Student:
    def program(theta: torch.Tensor, learning_rate: float, steps: int) -> torch.Tensor:
        moved = torch.nn.Parameter(theta.to(dtype))
        optimiser = torch.optim.SGD([moved], lr=learning_rate)
        for _ in range(steps):
            optimiser.zero_grad()
            (moved**2).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return moved.detach().to(theta.dtype)

    return program


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_a_dtype_of_fewer_digits_is_named(kit: LoadedKit, name: str) -> None:
    report = report_of(through(getattr(torch, name)), kit.kit.exercises[0])

    told = [(one.title, one.explained) for one in returns.candidates(report) if "digits" in one.title]

    assert told == [(f"The numbers go through {name}, which keeps fewer digits", report.wrong)]


def test_a_wrong_rate_is_no_dtype(kit: LoadedKit) -> None:
    report = report_of(odd(rate=1e-4), kit.kit.exercises[0])

    assert [one.title for one in returns.candidates(report) if "digits" in one.title] == []
