"""Each rule's constants are read back from runs of the rule: theta at three places, counts and results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from grader.descent.program import (
    LONGEST,
    Array,
    Calls,
    Deviation,
    Moment,
    Objective,
    Program,
    Run,
    moment,
    run,
)
from grader.descent.reading import Rows
from grader.descent.rule import Rule
from grader.descent.rules import counts, results, thetas

ALL = (*thetas.RULES, *counts.RULES, *results.RULES)
SAMPLES = [pytest.param(rule, sample, id=f"{rule.id}{sample}") for rule in ALL for sample in rule.samples]
DTYPES = (np.float64, np.float32)
UNIT = {np.float64: 2.0**-53, np.float32: 2.0**-24}


def _calls(width: int, dtype: type) -> Calls:
    """Steps 0 to 9 and a few long runs, at rates of every kind."""
    steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 25, 60, 101, 110, 3, 4, 5, 6, 2]
    slow, fast = [0.02, 0.1, 0.3, 0.07, 0.45, 1.1, 0.2, 0.15, 0.6, 0.9], [1.05, 1.3]
    rates = [*slow, *fast, 0.05, 0.04, 0.12, 0.35, 0.1, 2.0, 0.8, 0.01]
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
    makers = {
        "start": _starts,
        "between": _betweens,
        "count": _counted,
        "stop": _stopped,
        "result": _returned,
        "empty": _returned,
    }
    return makers[rule.slot](right, seen, calls)


def _starts(_: Run, seen: Run, calls: Calls) -> list[Rows]:
    return [_with_doubt(calls.theta, seen.path[0], moment(calls))]


def _betweens(_: Run, seen: Run, calls: Calls) -> list[Rows]:
    """Of all steps but each call's last, whose end only the result shows."""
    pieces = []
    for number in range(int(calls.steps.max()) - 1):
        longer = np.nonzero(calls.steps[:, 0] > number + 1)[0]
        rows, before = calls.rows(longer), seen.path[number, longer]
        after = before - rows.rate * rows.objective.gradient(before)
        pieces.append(
            (after, seen.path[number + 1, longer], before, longer, np.full((len(longer), 1), number))
        )
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
    at.path, at.count = right.path[:, walked], seen.at.count[walked]
    return [Rows(calls.steps[walked].astype(float), taken[walked], at, np.zeros((len(walked), 1)))]


def _stopped(right: Run, seen: Run, calls: Calls) -> list[Rows]:
    """As values allow them, with the path beyond; and as traces show them, which end where the loop did."""
    (rows,) = _counted(right, seen, calls)
    beyond = np.arange(len(rows.at.path))[:, None] > rows.at.count
    path = np.where(beyond[..., None], np.nan, rows.at.path)
    return [rows, replace(rows, at=replace(rows.at, path=path))]


def _returned(right: Run, seen: Run, calls: Calls) -> list[Rows]:
    """Rows of one length."""
    lengths = (~np.isnan(seen.value)).sum(axis=1)
    found = []
    for length in sorted(set(lengths.tolist()) - {0}):
        which = np.nonzero(lengths == length)[0]
        at = moment(calls.rows(which))
        at.path, at.held, at.count = right.path[:, which], right.at.held[:, which], right.at.count[which]
        at.theta = at.at(at.count)
        reach = right.reach()[which]
        found.append(_with_doubt(at.theta, seen.value[which, :length], at, reach, reach**2))
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
            if len(rows) < 4 or width < _least(rule, sample):
                continue
            found = [[one.value for one in read] for read in rule.read(rows)]
            assert any(_holds(rule, constants, rows) for constants in found), (width, dtype, found)


def _least(rule: Rule, sample: tuple[float, ...]) -> int:
    """Components of a theta that it can be seen in."""
    return 2 if "largest" in rule.id or (rule.id.endswith("fixed") and len(sample) > 1) else 1


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


def test_every_rule_has_a_title_of_its_own_that_reads_as_this_table_says() -> None:
    titles = [f"{rule.id}: {rule.titled(*sample)}" for rule in ALL for sample in rule.samples]

    assert "\n".join(titles) + "\n" == Path(__file__).with_name("titles_thetas_counts_results.txt").read_text(
        encoding="utf-8"
    )
    assert len({one.partition(": ")[2] for one in titles}) == len(titles)
    assert len({rule.id for rule in ALL}) == len(ALL)


# --- what students write, beside the rule that says it ---------------------------------------------

Student = Callable[[Array, float, int], Array | list[Array]]


def starts_again(initial: Array, rate: float, steps: int) -> Array:
    theta = initial
    for _ in range(steps):
        theta = initial
        theta = theta - rate * 2 * theta
    return theta


def by_hand_after_step(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        gradient = 2 * theta
        theta = theta - rate * gradient
        theta = theta - rate * gradient
    return theta


def breaks_after_the_step(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        loss = (theta**2).sum()
        theta = theta - rate * 2 * theta
        if loss < 0.1:
            break
    return theta


def breaks_before_the_step(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        if np.linalg.norm(2 * theta) < 0.1:
            break
        theta = theta - rate * 2 * theta
    return theta


def while_the_loss_is_large(theta: Array, rate: float, steps: int) -> Array:
    done, loss = 0, (theta**2).sum()
    while done < steps and loss >= 0.1:
        loss = (theta**2).sum()
        theta = theta - rate * 2 * theta
        done += 1
    return theta


def breaks_when_theta_hardly_moves(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        old, theta = theta, theta - rate * 2 * theta
        if np.linalg.norm(theta - old) < 0.01:
            break
    return theta


def breaks_where_the_step_has_led(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        theta = theta - rate * 2 * theta
        if np.linalg.norm(theta) < 0.1:
            break
    return theta


def breaks_before_a_small_step(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        step = rate * 2 * theta
        if np.linalg.norm(step) < 0.01:
            break
        theta = theta - step
    return theta


def breaks_when_the_loss_hardly_falls(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        old, theta = theta, theta - rate * 2 * theta
        if abs((old**2).sum() - (theta**2).sum()) < 0.01:
            break
    return theta


def loses_patience(theta: Array, rate: float, steps: int) -> Array:
    best, bad = np.inf, 0
    for _ in range(steps):
        loss = (theta**2).sum()
        theta = theta - rate * 2 * theta
        best, bad = (loss, 0) if loss < best - 1e-3 else (best, bad + 1)
        if bad == 3:
            break
    return theta


def leaves_out_every_seventh(theta: Array, rate: float, steps: int) -> Array:
    for i in range(steps):
        if i % 7:
            theta = theta - rate * 2 * theta
    return theta


def mean_of_all(theta: Array, rate: float, steps: int) -> Array:
    path = [theta]
    for _ in range(steps):
        path.append(path[-1] - rate * 2 * path[-1])
    return np.asarray(np.stack(path).sum(axis=0) / len(path))


def theta_and_losses(theta: Array, rate: float, steps: int) -> Array:
    losses = []
    for _ in range(steps):
        losses.append((theta**2).sum())
        theta = theta - rate * 2 * theta
    return np.array([*theta, *losses])


def theta_and_the_last_loss(theta: Array, rate: float, steps: int) -> Array:
    loss = 0.0
    for _ in range(steps):
        loss = float((theta**2).sum())
        theta = theta - rate * 2 * theta
    return np.array([*theta, loss])


def clamps_every_step(theta: Array, rate: float, steps: int) -> Array:
    for _ in range(steps):
        theta = np.clip(theta - rate * 2 * theta, -1, 1)
    return theta


@pytest.mark.parametrize(
    ("student", "rule", "constants"),
    [
        (starts_again, "starts-again", ()),
        (by_hand_after_step, "step-by-hand-beside", (1.0,)),
        (breaks_after_the_step, "stops-early-loss-late", (0.1,)),
        (breaks_before_the_step, "stops-early-gradient", (0.1,)),
        (while_the_loss_is_large, "stops-early-loss-stale", (0.1,)),
        (breaks_when_theta_hardly_moves, "stops-early-change-late", (0.01,)),
        (breaks_where_the_step_has_led, "stops-early-theta-after", (0.1,)),
        (breaks_before_a_small_step, "stops-early-change", (0.01,)),
        (breaks_when_the_loss_hardly_falls, "stops-early-gain-late", (0.01,)),
        (loses_patience, "stops-early-patience", (3.0, 1e-3, 1.0)),
        (leaves_out_every_seventh, "steps-left-out-first", (7.0,)),
        (mean_of_all, "result-mean", ()),
        (theta_and_losses, "result-theta-and-losses-before", ()),
        (theta_and_the_last_loss, "result-theta-and-last-loss-or-0", ()),
        (clamps_every_step, "between-clamped", (-1.0, 1.0)),
    ],
)
def test_a_rule_does_what_the_student_s_loop_does(
    student: Student, rule: str, constants: tuple[float, ...]
) -> None:
    calls = _calls(2, np.float64)
    (found,) = [one for one in ALL if one.id == rule]

    with np.errstate(all="ignore"):
        told = run(Program((Deviation(found, constants),)), calls).value
        given = zip(calls.theta, calls.rate[:, 0].tolist(), calls.steps[:, 0].tolist(), strict=True)
        for theirs, ours in zip((student(*one) for one in given), told, strict=True):
            assert np.isnan(ours[len(theirs) :]).all()
            np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-9)
