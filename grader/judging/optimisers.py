"""What the optimisers of torch.optim do in a step, in numpy: for runs whose options nobody listed.

Each function makes the `Update` of one run. Constants that an exercise does not speak of (betas, eps)
are torch's own defaults.
"""

from __future__ import annotations

import numpy as np

from grader.judging.descent import Array, Update


def momentum(factor: float, dampening: float = 0.0, *, nesterov: bool = False) -> Update:
    """SGD's: the first gradient enters the buffer undamped."""
    buffer: list[Array] = []

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        kept = factor * buffer.pop() + (1 - dampening) * gradient if buffer else gradient
        buffer.append(kept)
        return theta - rate * (gradient + factor * kept if nesterov else kept)

    return update


def averaging(factor: float) -> Update:
    """The mean that forgets, begun at 0, as textbooks write momentum."""
    kept: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        nonlocal kept
        kept = factor * kept + (1 - factor) * gradient
        return theta - rate * kept

    return update


def accumulating(period: int) -> Update:
    """Gradients that add up, and are cleared every `period` steps only."""
    kept: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal kept
        kept = gradient if i % period == 0 else kept + gradient
        return theta - rate * kept

    return update


def mean_gradient() -> Update:
    """The mean of all gradients so far."""
    total: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal total
        total = total + gradient
        return theta - rate * total / (i + 1)

    return update


def with_previous(share: float, *, from_zero: bool) -> Update:
    """The gradient mixed with the one of the step before; the first has none, or one of 0."""
    kept: list[Array] = []

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        previous = kept.pop() if kept else 0 * gradient if from_zero else gradient
        kept.append(gradient)
        return theta - rate * ((1 - share) * gradient + share * previous)

    return update


def every(period: int) -> Update:
    """A step every `period` iterations, with the gradients that have added up by then."""
    kept: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal kept
        kept = kept + gradient
        if (i + 1) % period:
            return theta
        moved, kept = theta - rate * kept, 0.0
        return moved

    return update


def adam(*, decay: float = 0.0) -> Update:
    """Adam; with a decay, AdamW."""
    mean: Array | float = 0.0
    square: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal mean, square
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + (1 - 0.999) * gradient**2
        root = np.sqrt(square) / (1 - 0.999 ** (i + 1)) ** 0.5 + 1e-8
        return (1 - rate * decay) * theta - rate / (1 - 0.9 ** (i + 1)) * mean / root

    return update


def adamax() -> Update:
    mean: Array | float = 0.0
    largest: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal mean, largest
        mean = 0.9 * mean + 0.1 * gradient
        largest = np.maximum(0.999 * largest, abs(gradient) + 1e-8)
        return theta - rate / (1 - 0.9 ** (i + 1)) * mean / largest

    return update


def rmsprop() -> Update:
    square: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        nonlocal square
        square = 0.99 * square + (1 - 0.99) * gradient**2
        return theta - rate * gradient / (np.sqrt(square) + 1e-8)

    return update


def adagrad() -> Update:
    total: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        nonlocal total
        total = total + gradient**2
        return theta - rate * gradient / (np.sqrt(total) + 1e-10)

    return update


def adadelta() -> Update:
    square: Array | float = 0.0
    moved: Array | float = 0.0

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        nonlocal square, moved
        square = 0.9 * square + (1 - 0.9) * gradient**2
        change = np.sqrt(moved + 1e-6) / np.sqrt(square + 1e-6) * gradient
        moved = 0.9 * moved + (1 - 0.9) * change**2
        return theta - rate * change

    return update


def rprop() -> Update:
    """Each component has its own step, longer while the sign stays and shorter where it turns."""
    before: Array | float = 0.0
    size: Array | None = None

    def update(theta: Array, gradient: Array, rate: Array, _: int) -> Array:
        nonlocal before, size
        turned = np.sign(gradient * before)
        factor = np.where(turned > 0, theta.dtype.type(1.2), np.where(turned < 0, theta.dtype.type(0.5), 1))
        size = np.clip((rate + 0 * theta if size is None else size) * factor, 1e-6, 50)
        before = np.where(turned < 0, 0, gradient)
        return theta - np.sign(before) * size

    return update


def asgd() -> Update:
    """SGD with a little decay; what torch's ASGD leaves in theta, its average apart."""
    eta: Array | None = None

    def update(theta: Array, gradient: Array, rate: Array, i: int) -> Array:
        nonlocal eta
        eta = rate.astype(np.float32).astype(rate.dtype) if eta is None else eta  # torch keeps it so
        moved = theta * (1 - 1e-4 * eta) - eta * gradient
        eta = (rate / (1 + 1e-4 * rate * (i + 1)) ** 0.75).astype(np.float32).astype(rate.dtype)
        return moved

    return update
