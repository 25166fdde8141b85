"""The rules of losses, clips and schedules give what PyTorch's own functions give."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from grader.descent.program import Calls, Minimised, Moment, moment
from grader.descent.rules.gradients import CLIP, LOSS
from grader.descent.rules.rates import SCHEDULE

Loss = Callable[[Any], Any]
RULES = {rule.id: rule for rule in (*LOSS, *CLIP, *SCHEDULE)}
THETA = np.array([[3.0, -4.0], [0.5, 0.25], [-1.5, -0.125], [0.0, 0.0], [2.0, 0.0], [1.0, -1.0]])
STEPS = 100


def _moment() -> Moment:
    objective = Minimised("theta", "rate", "steps", {2: ((0.0, 2.0), (0.0, 2.0))}).of(2)
    at = moment(Calls(objective, THETA, np.full((6, 1), 0.25), np.full((6, 1), STEPS)))
    at.theta = THETA
    return at


def _norm(index: float) -> Loss:
    return lambda t: torch.linalg.vector_norm(t, index)


LOSSES: tuple[tuple[str, tuple[float, ...], Loss], ...] = (
    ("loss-mean", (), lambda t: (t**2).mean()),
    ("loss-affine", (2.0, 2.0, 2.0, 2.0, 0.0, 0.0), lambda t: t.sum() ** 2),
    ("loss-affine", (0.0, 1.0, 1.0, 0.0, 0.0, 0.0), torch.prod),
    ("loss-affine", (2.0, 0.0, 0.0, -2.0, 0.0, 0.0), lambda t: t[0] ** 2 - t[1] ** 2),
    ("loss-norm", (1.0, 2.0, 1.0), _norm(2)),
    ("loss-norm", (1.0, 2.0, 4.0), lambda t: (t**2).sum() ** 2),
    ("loss-norm", (1.0, 1.0, 1.0), lambda t: t.abs().sum()),
    ("loss-norm", (1.0, 1.0, 2.0), lambda t: t.abs().sum() ** 2),
    ("loss-norm", (1.0, math.inf, 2.0), lambda t: _norm(math.inf)(t) ** 2),
    ("loss-norm", (1.0, math.inf, 2.0), lambda t: t.abs().max() ** 2),
    ("loss-norm", (1.0, 3.0, 2.0), lambda t: _norm(3)(t) ** 2),
    ("loss-norm", (1.0, 0.0, 3.0), lambda t: (t**3).sum()),
    ("loss-huber", (1.0, 0.5), lambda t: torch.nn.functional.huber_loss(t, 0 * t.detach(), reduction="sum")),
    ("loss-root", (1e-6,), lambda t: torch.sqrt((t**2).sum() + 1e-6)),
    ("loss-penalty", (0.1,), lambda t: (t**2).sum() + 0.1 * t.abs().sum()),
    ("loss-form", (1.0,), lambda t: torch.log1p((t**2).sum())),
    ("loss-form", (2.0,), lambda t: torch.log1p(t**2).sum()),
    ("loss-form", (4.0,), lambda t: torch.log(t**2).sum()),
    ("loss-form", (5.0,), lambda t: torch.exp((t**2).sum())),
    ("loss-form", (6.0,), lambda t: torch.exp(t**2).sum()),
    ("loss-root-trap", (), lambda t: torch.sqrt((t**2).sum()) ** 2),
)


@pytest.mark.parametrize(("name", "constants", "loss"), LOSSES)
@np.errstate(all="ignore")  # a logarithm has no gradient at 0, here and there
def test_a_rule_of_a_loss_has_the_gradient_that_autograd_finds(
    name: str, constants: tuple[float, ...], loss: Loss
) -> None:
    theta = torch.tensor(THETA, requires_grad=True)
    sum(loss(row) for row in theta).backward()
    assert theta.grad is not None

    np.testing.assert_allclose(
        RULES[name].f(2 * THETA, _moment(), *constants), theta.grad.numpy(), rtol=1e-14
    )


@pytest.mark.parametrize(
    ("name", "constants", "clip"),
    [
        ("gradient-clipped-by-norm", (1.0, 1e-6), lambda t: torch.nn.utils.clip_grad_norm_([t], 1.0)),
        ("gradient-clipped-by-value", (0.5,), lambda t: torch.nn.utils.clip_grad_value_([t], 0.5)),
        ("gradient-sign", (1.0,), lambda t: t.grad.sign_()),
    ],
)
def test_a_rule_of_a_clip_leaves_what_torch_leaves(
    name: str, constants: tuple[float, ...], clip: Callable[[Any], object]
) -> None:
    clipped = []
    for row in THETA:
        theta = torch.nn.Parameter(torch.tensor(row))
        theta.grad = 2 * theta.detach()
        clip(theta)
        clipped.append(theta.grad.numpy())

    np.testing.assert_allclose(RULES[name].f(2 * THETA, _moment(), *constants), np.array(clipped), rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "constants", "make"),
    [
        ("rate-decays-exponentially", (0.9, 0.0), lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
        ("rate-stepped-down", (0.1, 30.0), lambda o: lr_scheduler.StepLR(o, 30)),
        ("rate-drops-at-milestones", (0.1, 40.0, 80.0), lambda o: lr_scheduler.MultiStepLR(o, [40, 80])),
        ("rate-warms-up", (1 / 3, 5.0), lr_scheduler.LinearLR),
        ("rate-falls-as-cosine", (), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    ],
)
def test_a_rule_of_a_schedule_has_the_rates_of_torch(
    name: str, constants: tuple[float, ...], make: Callable[[Any], Any]
) -> None:
    optimiser: Any = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.25)
    scheduler, rule, at = make(optimiser), RULES[name], _moment()
    rates, told = [], []
    for i in range(STEPS):
        at.i = i
        told.append(float(rule.f(at.rate, at, *constants)[0, 0]))
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()

    np.testing.assert_allclose(told, rates, rtol=1e-10, atol=1e-15)


def test_a_rate_that_falls_on_a_plateau_is_torch_s() -> None:
    """Of a loss that falls, stands still and rises, by turns."""
    losses = np.concatenate([np.linspace(9, 4, 12), np.full(30, 4.0), np.linspace(1, 6, 20)])
    optimiser: Any = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.25)
    scheduler, at, rates, told = (
        lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=3),
        _moment(),
        [],
        [],
    )
    for loss in losses.tolist():
        at.theta = np.full_like(THETA, math.sqrt(loss / 2))
        told.append(float(RULES["rate-falls-on-a-plateau"].f(at.rate, at, 0.5, 3.0)[0, 0]))
        rates.append(optimiser.param_groups[0]["lr"])
        scheduler.step(loss)

    assert told == rates
    assert len(set(rates)) > 3
