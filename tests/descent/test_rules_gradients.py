"""The rules of gradients, rates and updates: what each is read from, and how each is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.descent.program import LONGEST, Array, Calls, Deviation, Minimised, Moment, Program, moment, run
from grader.descent.reading import Estimate, Rows
from grader.descent.rule import Rule
from grader.descent.rules.gradients import ACCUMULATE, CLIP, LOSS
from grader.descent.rules.rates import RATE, SCHEDULE
from grader.descent.rules.updates import DIRECTION, UPDATE

RULES = (*LOSS, *ACCUMULATE, *CLIP, *RATE, *SCHEDULE, *DIRECTION, *UPDATE)
SQUARES = Minimised("theta", "rate", "steps", {k: ((0.0, 2.0),) * k for k in (1, 2, 3)})
TITLES = Path(__file__).with_name("titles_of_gradients.txt")
SAMPLES = [(rule, sample) for rule in RULES for sample in rule.samples]
READ = [one for one in SAMPLES if one[0].id != "rate-falls-on-a-plateau"]  # which hangs on the whole run
every_sample = pytest.mark.parametrize(
    ("rule", "sample"), SAMPLES, ids=[f"{rule.id}{sample}" for rule, sample in SAMPLES]
)
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def _calls(width: int, dtype: Any = np.float64) -> Calls:
    """Thetas as suites have them, rates from 0 to 1.1 with few digits, 0 to 6 steps and some long runs."""
    chance = np.random.default_rng(7)
    rates = (0.02, 0.05, 0.25, 0.3, 0.45, 0.7, 1.0, 1.1, 0.123, 0.0, 0.37, 0.613, 1.1)
    count = np.array([6, 3, 1, 2, 0, 4, 5, 6, 90, 2, 3, 4, 30])
    theta = chance.normal(size=(len(rates), width)) * 3
    calls = Calls(SQUARES.of(width), theta, np.array(rates)[:, None], count[:, None])
    return calls if dtype == np.float64 else calls.in_single()


def _widths(rule: Rule, sample: tuple[float, ...]) -> tuple[int, ...]:
    if rule.id == "loss-affine":
        return (1,) if len(sample) == 2 else (2,)
    return (2,) if rule.id in {"loss-norm", "loss-component-in-turn", "gradient-of-one-component"} else (1, 2)


def _held(deviation: Deviation, calls: Calls, path: Array) -> list[Array]:
    """What .grad holds when step() is called, by step."""
    at, held = moment(calls), [calls.objective.gradient(path[0])]
    for i, theta in enumerate(path[:-1]):
        at.i, at.theta = i, theta
        gradient = calls.objective.gradient(theta)
        at.total = deviation(gradient, at) if deviation.slot == "accumulate" else gradient
        held.append(at.total)
    return held[1:]


def _moments(calls: Calls, path: Array, held: list[Array]) -> list[tuple[int, Array, Moment]]:
    """Which calls take step i, and how far each is then."""
    found = []
    for i in range(int(calls.steps.max())):
        on = np.flatnonzero((calls.steps[:, 0] > i) & np.isfinite(path[i + 1]).all(axis=1))
        at = replace(
            moment(calls.rows(on)), i=np.full((len(on), 1), i), theta=path[i][on], step_rate=calls.rate[on]
        )
        at.total = held[max(i - 1, 0)][on]
        found.append((i, on, at))
    return found


def _rows(deviation: Deviation, calls: Calls) -> Rows:
    """What a trace shows of the slot: rates as they are recorded, the rest from how theta moved."""
    with np.errstate(all="ignore"):  # runs that diverge
        path = run(Program((deviation,)), calls).path
        held = _held(deviation, calls, path)
    steps = {"rate": range(1), "update": range(2), "accumulate": range(1, LONGEST)}.get(deviation.slot)
    read = _rates if deviation.slot in {"rate", "schedule"} else _moves
    moments = _moments(calls, path, held)
    parts = [read(deviation, path, on, at) for i, on, at in moments if steps is None or i in steps]
    at = parts[0].at
    for name in _BY_ROW:
        setattr(at, name, np.concatenate([getattr(one.at, name) for one in parts]))
    x, y, doubt = (
        np.concatenate(each) for each in zip(*((one.x, one.y, one.doubt) for one in parts), strict=True)
    )
    return Rows(x, y, at, doubt)


def _rates(deviation: Deviation, _path: Array, _on: Array, at: Moment) -> Rows:
    y = deviation(at.rate, at)
    return Rows(at.rate, y, at, 2.0**-52 * abs(y))


def _moves(_: Deviation, path: Array, on: Array, at: Moment) -> Rows:
    sound = (at.rate[:, 0] > 0) & (abs(at.theta).max(axis=1, initial=0.0) < 1e4)
    on = on[sound]
    for name in _BY_ROW:
        setattr(at, name, getattr(at, name)[sound])
    after = path[int(at.i[0, 0]) + 1 if len(on) else 0][on]
    reach = np.maximum(abs(at.theta), abs(after)).max(axis=1, keepdims=True, initial=0.0)
    doubt = 8 * np.finfo(path.dtype).eps * (reach / at.rate + reach)
    y = (at.theta - after) / at.rate
    return Rows(at.objective.gradient(at.theta), y, at, doubt + 0 * y)


_BY_ROW = ("initial", "rate", "asked", "i", "theta", "total", "step_rate")


def _follows(rule: Rule, rows: Rows, constants: tuple[float, ...]) -> bool:
    deviation = Deviation(rule, constants)
    if rule.slot == "update":  # which gives the new theta
        return bool(rows.follow(lambda x, at: (at.theta - deviation(x, at)) / at.step_rate).all())
    return bool(rows.follow(deviation).all())


@every_dtype
@pytest.mark.parametrize(("rule", "sample"), READ, ids=[f"{rule.id}{sample}" for rule, sample in READ])
def test_a_rule_is_read_from_the_rows_of_a_run_that_has_it(
    rule: Rule, sample: tuple[float, ...], dtype: Any
) -> None:
    for width in _widths(rule, sample):
        calls = _calls(
            width, np.float64 if rule.slot in {"rate", "schedule"} else dtype
        )  # rates are no tensors
        rows = _rows(Deviation(rule, sample), calls)

        read = [_values(constants) for constants in rule.read(rows)]

        if rule.remembers:
            off = 1e-4 if dtype == np.float32 else 1e-9
            assert any(np.allclose(one, sample, rtol=off, atol=off) for one in read), (width, read)
        else:
            assert any(_follows(rule, rows, one) for one in read), (width, read)


def _values(constants: tuple[Estimate, ...]) -> tuple[float, ...]:
    return tuple(one.value for one in constants)


def test_the_constants_of_a_rule_are_read_as_a_student_wrote_them() -> None:
    """Also where other constants would do, the roundest are read: most students write round ones."""
    read = {
        rule.id: next(iter(rule.read(_rows(Deviation(rule, sample), _calls(_widths(rule, sample)[-1])))))
        for rule, sample in READ[::-1]
        if rule.slot in {"loss", "clip", "rate", "schedule", "direction"}
    }

    wrong = {
        rule.id: _values(read[rule.id])
        for rule in RULES
        if rule.id in read and _values(read[rule.id]) != rule.samples[0]
    }
    assert wrong == {}


def test_a_rule_that_the_rows_deny_reads_nothing_of_them() -> None:
    """A gradient of the wrong sign is no step taken -1 times."""
    rows = _rows(Deviation(next(rule for rule in RULES if rule.id == "maximize")), _calls(2))
    denied = {"step-repeated", "nesterov", "gradient-clipped-by-norm", "loss-norm"}

    assert {rule.id: list(rule.read(rows)) for rule in RULES if rule.id in denied} == {
        name: [] for name in denied
    }


def test_an_affine_loss_is_not_read_where_a_component_is_always_0() -> None:
    calls = _calls(2)
    calls.theta[:, 1] = 0.0
    rule = next(rule for rule in RULES if rule.id == "loss-affine")

    assert list(rule.read(_rows(Deviation(rule, (2.0, 0.0, 0.0, 4.0, 0.0, 0.0)), calls))) == []


def test_each_sample_is_told_in_words_of_its_slot() -> None:
    told = "".join(f"{rule.slot}: {rule.titled(*sample)}\n" for rule, sample in SAMPLES)

    assert told == TITLES.read_text()


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


TORCH = [
    (rule, sample)
    for rule, sample in SAMPLES
    if rule.slot in {"direction", "update"} and (rule.options or rule.fixed or rule.optimiser != "SGD")
]


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
            (theta**2).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            allowed = (1e-5 if dtype == np.float32 else 1e-12) * abs(path[: i + 2, call]).max()
            np.testing.assert_allclose(theta.detach().numpy(), path[i + 1, call], rtol=0, atol=allowed)
