"""Families of the gradient: another loss, a penalty, a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from grader.judging.descent import RIGHT, Array, Descent, Sheet, Update
from grader.judging.family import OPTIONS_HINT, Family, Guess, decided, named, single
from grader.judging.readings import Constant, Points, View, agreed, between, told

_LOSS: Final = (
    "Compare your loss at theta = 3 with the one in the exercise, and theta.grad with its derivative."
)
_SIZE: Final = "Does the size of each step still follow the gradient when theta is large?"


def with_gradient(gradient: Callable[[Array, Array, Sheet], Array]) -> Descent:
    """gradient(true gradient, theta, cases)."""
    return replace(RIGHT, gradient=gradient)


def with_update(update: Callable[[], Update]) -> Descent:
    return replace(RIGHT, update=update)


def norm(values: Array) -> Array:
    return np.sqrt((values**2).sum(axis=1, keepdims=True))


TORCH_SLACK: Final = 1e-6
"""torch.nn.utils.clip_grad_norm_ divides by the norm plus this."""


def clipped(gradient: Array, largest: float, slack: float) -> Array:
    return gradient * np.minimum(largest / (norm(gradient) + slack), 1)


def unit(gradient: Array) -> Array:
    length = norm(gradient)
    return np.where(length > 0, gradient / np.where(length > 0, length, 1), 0)


def _short(points: Points) -> Points:
    """Single steps that are shorter than the gradient."""
    return points.only(points.off & (points.rate > 0) & (abs(points.effective) < abs(points.gradient)))


def _shorter(points: Points) -> Points:
    """Single steps that are shorter than the gradient in norm."""
    return points.only((points.rate > 0) & points.wrong & (points.length < points.steep))


def _ignored(view: View) -> Iterator[Guess]:
    points = view.ones.only(view.ones.rate > 0)
    still = points.off & (points.got == points.theta)
    moving = ~points.off & (points.gradient != 0)
    if still.any() and moving.any():
        low, high = float(abs(points.gradient[still]).max()), float(abs(points.gradient[moving]).min())
        middle = (low + high) / 2
        yield from ((between(*ends),) for ends in ((low, high), (low, middle), (middle, high)) if low < high)


def _power(view: View) -> Iterator[Guess]:
    """The gradient is s |theta|^q: the slope of its logarithm, then s."""
    points = view.ones.only((view.ones.theta != 0) & (view.ones.rate > 0) & (view.ones.effective != 0))
    if len(points.case) < 3:  # noqa: PLR2004
        return
    anchor = int(np.argmin(points.tolerance / abs(points.step)))
    size, steep = np.log(abs(points.theta[anchor])), np.log(abs(points.effective[anchor]))

    def exponent(p: Points) -> Array:
        return (np.log(abs(p.effective)) - steep) / (np.log(abs(p.theta)) - size)

    others = points.only(abs(points.theta) != abs(points.theta[anchor]))
    for q in agreed(exponent, others):
        power = round(q.value, 6) + 1
        if power == 2:  # noqa: PLR2004 -- a factor on the loss
            continue
        factors = agreed(lambda p, power=power: p.effective / _powered(p.theta, power), points)  # type: ignore[misc]
        yield from ((Constant(power), factor) for factor in factors)


def _powered(theta: Array, power: float) -> Array:
    """theta^(p-1) with theta's sign where p is even or broken, as the derivative of |theta|^p has it."""
    odd = power == round(power) and round(power) % 2 == 1
    size = np.where(theta == 0, 0, abs(np.where(theta == 0, 1, theta)) ** (power - 1))
    return size if odd else np.sign(theta) * size


def _power_title(power: float, factor: float) -> str:
    if abs(factor - power) < 1e-6 * abs(power):
        return f"The loss is the power {told(power)} of theta"
    return f"The loss is {told(factor / power)} times the power {told(power)} of theta"


def _moving_components(view: View) -> Iterator[Guess]:
    """Which components stay where they start, as a number in binary."""
    points = view.ones.only((view.ones.gradient != 0) & (view.ones.rate > 0))
    width = view.cases.theta.shape[1]
    if width < 2 or not len(points.case):  # noqa: PLR2004
        return
    still = [bool((points.got == points.theta)[points.component == j].all()) for j in range(width)]
    if 0 < sum(still) < width:
        yield (Constant(sum(2**j for j in range(width) if not still[j])),)


def _moves_title(mask: float) -> str:
    names = [str(j + 1) for j in range(int(mask).bit_length()) if int(mask) >> j & 1]
    if len(names) == 1:
        return f"Only component {names[0]} of theta moves"
    return f"Only the components {', '.join(names)} of theta move"


def _only(mask: float, width: int) -> Array:
    return np.array([int(mask) >> j & 1 for j in range(width)])


def _clip_norm(slack: float) -> Family:
    """Clipped as torch does it, or by hand."""

    def guess(view: View) -> Iterable[Guess]:
        return single(agreed(lambda p: p.length * (1 + slack / p.steep), _shorter(view.ones)))

    return Family(
        "gradient-clipped-by-norm",
        "The gradient is clipped to length {0}",
        _SIZE,
        "any",
        guess,
        lambda c: with_gradient(lambda g, _theta, _cases: clipped(g, c, slack)),
        rank=18,
        where="step",
        samples=((0.3,), (5.0,), (0.5,), (2.0,), (10.0,)),
    )


GRADIENTS: Final = (
    Family(
        "weight-decay",
        "SGD runs with weight decay {0}",
        OPTIONS_HINT,
        "first",
        lambda view: single(
            c for c in agreed(lambda p: (p.effective - p.gradient) / p.theta, view.ones) if c.value > 0
        ),
        lambda c: with_gradient(lambda g, theta, _: g + c * theta),
        rank=16,
        teacher="Or a penalty on theta^2; where the loss is a square itself, a factor on it looks the same.",
        options=lambda c: {"weight_decay": c},
        where="optimiser",
        samples=((0.2,), (0.1,), (0.01,), (0.001,), (0.5,)),
    ),
    Family(
        "penalty-absolute",
        "The loss has a penalty of {0} |theta|",
        _LOSS,
        "first",
        lambda view: single(agreed(lambda p: (p.effective - p.gradient) / np.sign(p.theta), view.ones)),
        lambda c: with_gradient(lambda g, theta, _: g + c * np.sign(theta)),
        rank=30,
        where="loss",
        samples=((0.1,), (0.01,), (1.0,), (0.5,), (2.0,)),
    ),
    Family(
        "minimum-elsewhere",
        "The minimum of the loss is moved by {0}",
        "At which theta is your loss smallest, and at which the one in the exercise?",
        "first",
        lambda view: single(agreed(lambda p: (p.gradient - p.effective) / p.slope, view.ones)),
        lambda c: with_gradient(lambda g, _, cases: g - c * _slope(cases)),
        rank=24,
        teacher="A loss such as (theta - c)^2, or a constant added to the gradient.",
        where="loss",
        samples=((1.0,), (-2.0,), (0.5,), (3.0,), (5.0,)),
    ),
    Family(
        "gradient-offset",
        "{0} is added to the gradient",
        "Compare theta.grad after one backward() with the derivative on paper, at theta = 0 too.",
        "first",
        lambda view: single(agreed(lambda p: p.effective - p.gradient, view.ones)),
        lambda c: with_gradient(lambda g, _theta, cases: g + c * cases.there),
        rank=29,
        where="loss",
        samples=((1.0,), (0.1,), (-0.5,), (0.01,), (3.0,)),
    ),
    _clip_norm(TORCH_SLACK),
    _clip_norm(0.0),
    Family(
        "gradient-clipped-by-value",
        "Each component of the gradient is clipped to [-{0}, {0}], or the loss is linear beyond (Huber)",
        _SIZE,
        "any",
        lambda view: single(agreed(lambda p: abs(p.effective), _short(view.ones))),
        lambda c: with_gradient(lambda g, _theta, _cases: np.clip(g, -c, c)),
        rank=19,
        where="step",
        samples=((0.3,), (5.0,), (0.5,), (2.0,), (10.0,)),
    ),
    Family(
        "gradient-of-fixed-length",
        named(
            "The gradient is normalised to length {0}",
            {1.0: "The gradient is normalised: only its direction counts"},
        ),
        _SIZE,
        "first",
        lambda view: single(agreed(lambda p: p.length, view.ones.only(view.ones.steep > 0))),
        lambda c: with_gradient(lambda g, _theta, _cases: c * unit(g)),
        rank=24,
        where="step",
        samples=((1.0,), (0.5,), (2.0,), (0.1,), (3.0,)),
    ),
    Family(
        "gradient-sign",
        named(
            "Only the sign of the gradient is used, times {0}", {1.0: "Only the sign of the gradient is used"}
        ),
        _SIZE,
        "first",
        lambda view: single(agreed(lambda p: p.effective / np.sign(p.gradient), view.ones)),
        lambda c: with_gradient(lambda g, _theta, _cases: c * np.sign(g)),
        rank=23,
        where="step",
        samples=((1.0,), (0.5,), (2.0,), (0.1,), (3.0,)),
    ),
    Family(
        "step-of-fixed-length",
        "Every step has the length {0}, whatever rate is passed",
        _SIZE,
        "first",
        lambda view: single(agreed(lambda p: p.step / np.sign(p.gradient), view.ones)),
        lambda c: with_update(lambda: lambda theta, g, _rate, _i: theta - c * np.sign(g)),
        rank=26,
        where="step",
        samples=((0.1,), (0.01,), (0.5,), (1.0,), (0.05,)),
    ),
    Family(
        "step-clipped",
        "No step is longer than {0}",
        _SIZE,
        "any",
        lambda view: single(agreed(lambda p: abs(p.step), _short(view.ones))),
        lambda c: with_update(lambda: lambda theta, g, rate, _: theta - np.clip(rate * g, -c, c)),
        rank=25,
        where="step",
        samples=((0.3,), (5.0,), (0.5,), (0.1,), (1.0,)),
    ),
    Family(
        "gradient-ignored-when-small",
        "Gradients below {0} are ignored",
        "Does theta still move when its gradient is small?",
        "any",
        _ignored,
        lambda c: with_gradient(lambda g, _theta, _cases: np.where(abs(g) < c, 0, g)),
        rank=34,
        where="step",
        samples=((3.0,), (5.0,)),
    ),
    Family(
        "gradient-absolute",
        "The absolute value of the gradient is used",
        "Call your function with a negative theta: in which direction does it move?",
        "first",
        decided,
        lambda: with_gradient(lambda g, _theta, _cases: abs(g)),
        rank=24,
        where="step",
        samples=((),),
    ),
    Family(
        "loss-power",
        _power_title,
        _LOSS,
        "first",
        _power,
        lambda power, factor: with_gradient(lambda _g, theta, _: factor * _powered(theta, power)),
        rank=30,
        where="loss",
        samples=((4.0, 4.0), (1.5, 1.5), (2.5, 2.5)),
    ),
    Family(
        "some-components-only",
        _moves_title,
        "Print theta.grad: which components does your loss look at?",
        "first",
        _moving_components,
        lambda mask: with_gradient(lambda g, _theta, _cases: g * _only(mask, g.shape[1])),
        rank=22,
        where="loss",
        samples=((1,), (2,)),
    ),
    Family(
        "loss-mean",
        "The loss is a mean over the components, not their sum",
        "Compare your loss at theta = [3, 4] with the one on paper.",
        "first",
        lambda view: ((),) if (view.points.size > 1).any() else (),
        lambda: with_gradient(lambda g, _theta, cases: g / cases.there.sum(axis=1, keepdims=True)),
        rank=11,
        where="loss",
        samples=((),),
    ),
    Family(
        "loss-norm-power",
        "The loss is the power {0} of the norm",
        _LOSS,
        "first",
        lambda view: single(_norm_power(view)),
        lambda p: with_gradient(lambda _g, theta, _cases: _norm_gradient(theta, p)),
        rank=26,
        where="loss",
        samples=((1.0,), (4.0,), (3.0,), (1.5,)),
    ),
)


def _slope(cases: Sheet) -> Array:
    return cases.coefficients[1] if len(cases.coefficients) > 1 else 0 * cases.theta


def _norm_power(view: View) -> Iterator[Constant]:
    """P from |gradient| = p |theta|^(p-1), by trying: the two are not to be parted in closed form."""
    if view.cases.theta.shape[1] > 1:
        yield from (Constant(p) for p in (1.0, 1.5, 3.0, 4.0, 6.0))


def _norm_gradient(theta: Array, power: float) -> Array:
    length = norm(theta)
    safe = np.where(length > 0, length, 1)
    return np.where(length > 0, power * safe ** (power - 2) * theta, 0)
