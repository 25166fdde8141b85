"""Each rule's constants are read back from runs of the rule: theta at three places, counts and results."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from grader.descent.objective import Objective
from grader.descent.program import LONGEST, Array, Calls, Deviation, Moment, Program, Run, moment, run
from grader.descent.reading import Rows
from grader.descent.rule import Rule
from grader.descent.rules import counts, results, thetas

ALL = (*thetas.RULES, *counts.RULES, *results.RULES)
SAMPLES = [pytest.param(rule, sample, id=f"{rule.id}{sample}") for rule in ALL for sample in rule.samples]
DTYPES = (np.float64, np.float32)
UNIT = {np.float64: 2.0**-53, np.float32: 2.0**-24}


def _calls(width: int, dtype: type) -> Calls:
    """Steps 0 to 9 and a few long runs, at rates of every kind."""
    steps = [*range(10), 12, 25, 60, 101, 110, 3, 4, 5, 6, 2]
    rates = [
        0.02,
        0.1,
        0.3,
        0.07,
        0.45,
        1.1,
        0.2,
        0.15,
        0.6,
        0.9,
        1.05,
        1.3,
        0.05,
        0.04,
        0.12,
        0.35,
        0.1,
        2.0,
        0.8,
        0.01,
    ]
    theta = np.random.default_rng(width).normal(scale=2, size=(len(steps), width))
    theta[::5] /= 200
    objective = Objective((np.zeros(width), np.full(width, 2.0)))
    calls = Calls(objective, theta, np.array(rates)[:, None], np.array(steps)[:, None])
    return calls if dtype is np.float64 else calls.in_single()


def _deviating(rule: Rule, sample: tuple[float, ...], calls: Calls) -> Run:
    return run(Program((Deviation(rule, sample),)), calls)


def _rows(rule: Rule, sample: tuple[float, ...], calls: Calls) -> list[Rows]:
    """As the traces of the calls show them."""
    right, seen = run(Program(), calls), _deviating(rule, sample, calls)
    makers = {"start": _starts, "between": _betweens, "count": _counted, "result": _returned}
    return makers[rule.slot](right, seen, calls)


def _starts(_: Run, seen: Run, calls: Calls) -> list[Rows]:
    return [_with_doubt(calls.theta, seen.path[0], moment(calls))]


def _betweens(_: Run, seen: Run, calls: Calls) -> list[Rows]:
    """Of all steps but each call's last, whose end only the result shows."""
    pieces = []
    for i in range(int(calls.steps.max()) - 1):
        which = np.nonzero(calls.steps[:, 0] > i + 1)[0]
        rows, theta = calls.rows(which), seen.path[i, which]
        after = theta - rows.rate * rows.objective.gradient(theta)
        pieces.append((after, seen.path[i + 1, which], theta, which, np.full((len(which), 1), i)))
    x, y, theta, which, i = (np.concatenate(one) for one in zip(*pieces, strict=True))
    finite = np.isfinite(x + y).all(axis=1)
    x, y, theta, which, i = (one[finite] for one in (x, y, theta, which, i))
    at = moment(calls.rows(which))
    at.theta, at.i, at.step_rate = theta, i, at.rate
    return [_with_doubt(x, y, at, abs(theta))]


def _counted(right: Run, seen: Run, calls: Calls) -> list[Rows]:
    taken = seen.at.count[:, None].astype(float)
    walked = np.nonzero(taken[:, 0] < LONGEST)[0]
    at = moment(calls.rows(walked))
    at.path = right.path[:, walked]
    return [Rows(calls.steps[walked].astype(float), taken[walked], at, np.zeros((len(walked), 1)))]


def _returned(right: Run, seen: Run, calls: Calls) -> list[Rows]:
    """Rows of one length."""
    lengths = np.array([len(one) for one in seen.value])
    found = []
    for length in sorted(set(lengths.tolist()) - {0}):
        which = np.nonzero(lengths == length)[0]
        at = moment(calls.rows(which))
        at.path, at.count = right.path[:, which], right.at.count[which]
        at.theta = at.at(at.count)
        reach = right.reach()[which]
        found.append(_with_doubt(at.theta, np.array([seen.value[k] for k in which]), at, reach, reach**2))
    return found


def _with_doubt(x: Array, y: Array, at: Moment, *reach: Array) -> Rows:
    sizes = [abs(y), *(np.broadcast_to(one.max(axis=1, keepdims=True), y.shape) for one in (abs(x), *reach))]
    doubt = 64 * UNIT[x.dtype.type] * np.max(sizes, axis=0).astype(float)
    return Rows(x.astype(float), y.astype(float), at, np.where(np.isfinite(doubt), doubt, np.inf))


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
@np.errstate(all="ignore")
def test_a_rule_s_constants_are_read_back_from_its_runs(rule: Rule, sample: tuple[float, ...]) -> None:
    for width, dtype in product((1, 2, 3), DTYPES):
        for rows in _rows(rule, sample, _calls(width, dtype)):
            if len(rows) < 4 or (width == 1 and rule.id.endswith("each")):
                continue
            assert any(_holds(rule, [one.value for one in read], rows) for read in rule.read(rows)), (
                width,
                dtype,
            )


def _holds(rule: Rule, constants: list[float], rows: Rows) -> bool:
    """All rows; of values that are rounded or cut single ones may fall to the other side."""
    kept = rows.follow(lambda x, at: rule.f(x, at, *constants))
    return bool(kept.mean() > 0.97) or (rule.remembers and bool(constants))


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
@np.errstate(all="ignore")
def test_a_rule_keeps_the_dtype_of_the_run(rule: Rule, sample: tuple[float, ...]) -> None:
    seen = _deviating(rule, sample, _calls(2, np.float32))
    assert seen.path.dtype == np.float32
    assert {one.dtype for one in seen.value} == {np.dtype(np.float32)}


def test_no_two_rules_share_an_id_or_a_title() -> None:
    titles = [rule.titled(*sample) for rule in ALL for sample in rule.samples]
    assert len({rule.id for rule in ALL}) == len(ALL)
    assert len(set(titles)) == len(titles)
