"""The rules of gradients, rates and updates: what each is read from, and how each is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from grader.descent.objective import Minimised
from grader.descent.program import Array, Calls, Deviation, Moment, Program, moment, run
from grader.descent.reading import Rows
from grader.descent.rule import Rule
from grader.descent.rules.gradients import ACCUMULATE, CLIP, LOSS
from grader.descent.rules.rates import RATE, SCHEDULE
from grader.descent.rules.updates import DIRECTION, UPDATE

RULES = (*LOSS, *ACCUMULATE, *CLIP, *RATE, *SCHEDULE, *DIRECTION, *UPDATE)
SQUARES = Minimised("theta", "rate", "steps", {k: ((0.0, 2.0),) * k for k in (1, 2, 3)})
SAMPLES = [(rule, sample) for rule in RULES for sample in rule.samples]
every_sample = pytest.mark.parametrize(
    ("rule", "sample"), SAMPLES, ids=[f"{rule.id}{sample}" for rule, sample in SAMPLES]
)
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def _calls(width: int, dtype: Any = np.float64) -> Calls:
    """Thetas as suites have them, rates from 0 to 1.1 with few digits, 0 to 6 steps and some long runs."""
    chance = np.random.default_rng(7)
    rates = (0.02, 0.05, 0.25, 0.3, 0.45, 0.7, 1.0, 1.1, 0.123, 0.0, 0.37, 0.613)
    count = np.array([6, 3, 1, 2, 0, 4, 5, 6, 90, 2, 3, 4])
    theta = chance.normal(size=(len(rates), width)) * 3
    calls = Calls(SQUARES.of(width), theta, np.array(rates)[:, None], count[:, None])
    return calls if dtype == np.float64 else calls.in_single()


def _widths(rule: Rule, sample: tuple[float, ...]) -> tuple[int, ...]:
    if rule.id == "loss-affine":
        return (1,) if len(sample) == 2 else (2,)
    return (2,) if rule.id in {"loss-norm", "loss-component-in-turn", "gradient-of-one-component"} else (1, 2)


def _moments(calls: Calls, path: Array, first: Array) -> list[tuple[Array, Moment]]:
    """Which calls take step i, and how far each is then."""
    found = []
    for i in range(int(calls.steps.max())):
        on = np.flatnonzero((calls.steps[:, 0] > i) & np.isfinite(path[i + 1]).all(axis=1))
        at = replace(
            moment(calls.rows(on)), i=np.full((len(on), 1), i), theta=path[i][on], step_rate=calls.rate[on]
        )
        at.total = first[on]
        found.append((on, at))
    return found


def _rows(deviation: Deviation, calls: Calls) -> Rows:
    """What a trace shows of the slot: rates as they are recorded, the rest from how theta moved."""
    with np.errstate(all="ignore"):  # runs that diverge
        path = run(Program((deviation,)), calls).path
    slot, epsilon = deviation.slot, np.finfo(calls.theta.dtype).eps
    first = calls.objective.gradient(path[0])
    parts = []
    for on, at in _moments(calls, path, first):
        i = int(at.i[0, 0]) if len(at.i) else 0
        if slot == "update" and i > 1:
            continue
        if slot in {"rate", "schedule"}:
            if slot == "rate" and i:
                continue
            x = at.rate
            y = deviation(x, at)
            parts.append((x, y, epsilon * abs(y), at))
            continue
        moves = (at.rate[:, 0] > 0) & (abs(at.theta).max(axis=1, initial=0.0) < 1e4)
        on, at = on[moves], replace(at, **{k: getattr(at, k)[moves] for k in _BY_ROW})
        after = path[i + 1][on]
        reach = np.maximum(abs(at.theta), abs(after)).max(axis=1, keepdims=True)
        doubt = 8 * epsilon * (reach / at.rate + reach)
        y = (at.theta - after) / at.rate
        parts.append((calls.objective.gradient(at.theta), y, doubt + 0 * y, at))
    at = replace(parts[0][3], **{k: np.concatenate([getattr(one[3], k) for one in parts]) for k in _BY_ROW})
    x, y, doubt = (np.concatenate([one[k] for one in parts]) for k in range(3))
    return Rows(x, y, at, doubt)


_BY_ROW = ("initial", "rate", "asked", "i", "theta", "total", "step_rate")


def _follows(rule: Rule, rows: Rows, constants: tuple[float, ...]) -> bool:
    deviation = Deviation(rule, constants)
    if rule.slot == "update":  # which gives the new theta
        return bool(rows.follow(lambda x, at: (at.theta - deviation(x, at)) / at.step_rate).all())
    return bool(rows.follow(deviation).all())


@every_dtype
@every_sample
def test_a_rule_is_read_from_the_rows_of_a_run_that_has_it(
    rule: Rule, sample: tuple[float, ...], dtype: Any
) -> None:
    if rule.slot == "accumulate":
        assert sample in [tuple(one.value for one in constants) for constants in rule.read(None)]  # type: ignore[arg-type]
        return
    for width in _widths(rule, sample):
        calls = _calls(
            width, np.float64 if rule.slot in {"rate", "schedule"} else dtype
        )  # rates are no tensors
        rows = _rows(Deviation(rule, sample), calls)

        read = [tuple(one.value for one in constants) for constants in rule.read(rows)]

        assert any(
            np.allclose(one, sample, rtol=1e-4 if dtype == np.float32 else 1e-9) for one in read
        ) or any(not rule.remembers and _follows(rule, rows, one) for one in read), (width, read)
        if not rule.remembers:
            assert any(_follows(rule, rows, one) for one in read), (width, read)


@every_dtype
@every_sample
def test_a_run_keeps_the_dtype_of_theta(rule: Rule, sample: tuple[float, ...], dtype: Any) -> None:
    calls = _calls(_widths(rule, sample)[0], dtype)
    values = {
        "rate": calls.rate, "schedule": calls.rate, "update": calls.theta,
    }.get(rule.slot, calls.theta)  # fmt: skip
    at = replace(moment(calls), theta=calls.theta, step_rate=calls.rate)

    with np.errstate(all="ignore"):
        assert rule.f(values, at, *sample).dtype == dtype


TORCH = [(rule, sample) for rule in (*DIRECTION, *UPDATE) for sample in rule.samples if rule.options or
         rule.fixed or rule.optimiser != "SGD"]  # fmt: skip


@every_dtype
@pytest.mark.parametrize(("rule", "sample"), TORCH, ids=[f"{rule.id}{sample}" for rule, sample in TORCH])
def test_an_optimiser_steps_as_the_one_of_torch_does(
    rule: Rule, sample: tuple[float, ...], dtype: Any
) -> None:
    calls = _calls(2, dtype)
    calls = Calls(calls.objective, calls.theta, calls.rate, np.full_like(calls.steps, 40)).rows(
        calls.rate[:, 0] < 0.9
    )
    path = run(Program((Deviation(rule, sample),)), calls).path

    for call in range(len(calls.theta)):
        theta = torch.nn.Parameter(torch.tensor(calls.theta[call]))
        kind: Any = getattr(torch.optim, rule.optimiser)
        options = {**dict(zip(rule.options, sample, strict=True)), **rule.fixed}
        optimiser = kind([theta], lr=float(calls.rate[call, 0]), **options)
        for i in range(40):
            optimiser.zero_grad()
            (theta**2).sum().backward()
            optimiser.step()
            allowed = (1e-5 if dtype == np.float32 else 1e-12) * abs(path[: i + 2, call]).max()
            np.testing.assert_allclose(theta.detach().numpy(), path[i + 1, call], rtol=0, atol=allowed)
