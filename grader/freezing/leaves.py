"""The oracle of results of several leaves: what is expected of each number, and how far it may stray.

Floating numbers come from the reference in float64, all others from the call as it is. An input on which a
number that must be exact hangs on rounding (an argmax between two that are almost equal) is no case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from statistics import mean, stdev
from typing import Any, Final

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from grader import kit, tensors
from grader.errors import GraderError
from grader.exercises import Close, Criterion, Exact, Exercise, Sampled, Within
from grader.freezing import lines, protocols
from grader.freezing.casting import in_double, in_single, moved
from grader.judging.leaves import is_below, named
from grader.judging.tolerances import ROUNDING, ROUNDOFF
from grader.records import Answer, Leaf, Protocol, Raised, Returned, Tensor, Value
from grader.sandbox import calling, cleaning, support
from grader.sandbox import leaves as described
from grader.sandbox.values import build
from grader.wire import MAX_LEAVES, MAX_NUMBERS

COARSER: Final = {"float64": ("float64", "float32"), "float32": ("float32",)}
DRAWS: Final = 8
SEEDS: Final = 4
CHANCE: Final = 6  # standard deviations, of so many draws, between two programs that make one mistake
CLASS: Final = 1000  # students, for the probability that one of them is unlucky
_COMPLEX: Final = {"complex64": "float32", "complex128": "float64"}


@dataclass(frozen=True)
class Read:
    """What a call came to, as numbers and what they belong to."""

    leaves: tuple[Leaf, ...]
    numbers: np.ndarray


@dataclass(frozen=True)
class Truth:
    """What the reference says about one input."""

    expected: Tensor
    dtype: str
    bounds: dict[str, Tensor]
    leaves: tuple[Leaf, ...]
    accepted: tuple[Tensor, ...] = ()


class Oracle:
    """Of one exercise."""

    def __init__(self, exercise: Exercise, protocol: Protocol) -> None:
        self._exercise = exercise
        self._protocol = protocol

    def truth(self, arguments: Mapping[str, Value]) -> Truth:
        """Raises GraderError where the reference raises, or returns something else in float64."""
        plain = self.run(arguments)
        with double():
            exact = self.run(in_double(arguments))
        self._refuse_another_layout(arguments, plain, exact)
        rounded = np.array([is_float(leaf) for leaf in plain.leaves for _ in range(leaf.size)], dtype=bool)
        expected = np.where(rounded, exact.numbers, plain.numbers)
        dtype = self._dtype(arguments, plain.leaves)
        strayed = self._strayed(arguments, rounded, dtype)
        hangs = ~rounded & ((strayed > 0) | ~same(exact.numbers, plain.numbers))
        bounds = {
            name: np.where(hangs, np.inf, self._bound(arguments, name, expected, strayed, rounded))
            for name in COARSER.get(dtype, ("float64",))
        }
        for criterion in self._exercise.rubric:
            self._check(criterion, arguments, plain.leaves, expected, bounds)
        return Truth(
            expected=tensors.float64(expected, (len(expected),)),
            dtype=dtype,
            bounds={name: tensors.float64(bound, (len(bound),)) for name, bound in bounds.items()},
            leaves=plain.leaves,
            accepted=tuple(self._accepted(arguments, exact)),
        )

    def run(self, arguments: Mapping[str, Value]) -> Read:
        """The reference's leaves. Raises GraderError where there are none."""
        return self._read(self._call(arguments), arguments)

    def _call(self, arguments: Mapping[str, Value]) -> Answer:
        return calling.call(self._exercise.reference, arguments, protocol=self._protocol)

    def _read(self, answer: Answer, arguments: Mapping[str, Value]) -> Read:
        if isinstance(answer, Returned) and answer.value is not None:
            leaves = tuple(map(cleaning.leaf, answer.leaves))
            odd = next((one for one in leaves if not one.dtype and not described.is_text(one)), None)
            if odd is None:
                return Read(leaves, tensors.numbers(answer.value))
            what = f"gives {odd.text} as {named(odd.path)}"
        elif isinstance(answer, Raised):
            raise lines.Blamed(
                f"{protocols.told(self._exercise, arguments)}: the reference raised {answer.line}.",
                lines.CORRECT,
                lines.raising(self._exercise, lambda: self._call(arguments)),
            )
        else:
            what = f"returned {answer.problem}" if isinstance(answer, Returned) else answer.message
        raise GraderError(
            f"{protocols.told(self._exercise, arguments)}: the reference {what}.",
            "Results are tensors, numbers, texts and None, in lists, tuples, dicts and dataclasses, at most"
            f" {MAX_LEAVES} parts and {MAX_NUMBERS} numbers. Let a probe return less, or draw other inputs.",
        )

    def _refuse_another_layout(self, arguments: Mapping[str, Value], plain: Read, exact: Read) -> None:
        one, two = ([(leaf.path, leaf.size) for leaf in read.leaves] for read in (plain, exact))
        if one != two:
            odd = next((path for path, size in one if (path, size) not in two), "")
            raise GraderError(
                f"{protocols.told(self._exercise, arguments)}: in float64 the reference gives another"
                f" {named(odd)}.",
                "Expected numbers come from the reference in float64: its result must have the same parts.",
            )

    def _dtype(self, arguments: Mapping[str, Value], leaves: tuple[Leaf, ...]) -> str:
        """The coarsest that an honest program computes in."""
        own = [
            _COMPLEX.get(leaf.dtype, leaf.dtype) for leaf in leaves if leaf.type in ("Tensor", "Parameter")
        ]
        for value in arguments.values():
            built = build(value, source=self._protocol.support)
            given = list(built.parameters()) if isinstance(built, torch.nn.Module) else [built]
            own += [
                str(one.dtype).removeprefix("torch.") for item in given for _, one in support.floats_in(item)
            ]
        known = [name for name in own if name in COARSER]
        return max(known, key=lambda name: ROUNDOFF[name], default="float64")

    def _accepted(self, arguments: Mapping[str, Value], exact: Read) -> Iterator[Tensor]:
        """Other right answers: rearranged numbers of the same leaves."""
        if self._exercise.accepted is None:
            return
        with double():
            fresh = [build(one, source=self._protocol.support) for one in in_double(arguments).values()]
            result = support.probed(self._exercise.reference, self._protocol)(*fresh)
        for other in self._exercise.accepted(result):
            read = described.describe(other, {})
            own = [leaf for leaf in exact.leaves if is_below(leaf.path, "")]
            if read.value is None or [(x.path, x.size) for x in read.leaves] != [
                (x.path, x.size) for x in own
            ]:
                raise GraderError(
                    f"{self._exercise.name}: `accepted` gave a result of other parts than the reference's.",
                    "Move the numbers of the result about, and keep its parts and their sizes.",
                )
            numbers = tensors.numbers(read.value)
            yield tensors.float64([*numbers, *exact.numbers[len(numbers) :]], exact.numbers.shape)

    # --- bounds ---------------------------------------------------------------------------

    def _bound(
        self,
        arguments: Mapping[str, Value],
        dtype: str,
        expected: np.ndarray,
        strayed: np.ndarray,
        rounded: np.ndarray,
    ) -> np.ndarray:
        if self._exercise.bound is not None:
            return np.where(rounded, self._own_bound(arguments, dtype, expected), 0.0)
        scale = ROUNDOFF[dtype] / ROUNDOFF["float32"]
        smallest = torch.finfo(getattr(torch, dtype)).tiny
        bound: np.ndarray = ROUNDING * (strayed * scale + ROUNDOFF[dtype] * abs(expected)) + smallest
        return np.where(rounded & np.isfinite(expected), bound, 0.0)

    def _own_bound(self, arguments: Mapping[str, Value], dtype: str, expected: np.ndarray) -> np.ndarray:
        assert self._exercise.bound is not None
        built = {name: build(value, source=self._protocol.support) for name, value in arguments.items()}
        read = described.describe(self._exercise.bound(built, getattr(torch, dtype)), {})
        bound = tensors.numbers(read.value) if read.value else np.zeros(0)
        if len(bound) != len(expected) or bool((bound < 0).any()):
            raise GraderError(
                f"{protocols.told(self._exercise, arguments)}: `bound` gave {len(bound)} numbers for a result"
                f" of {len(expected)}.",
                "`bound(arguments, dtype)` returns as many numbers as the reference, none below 0.",
            )
        return bound

    def _strayed(self, arguments: Mapping[str, Value], rounded: np.ndarray, dtype: str) -> np.ndarray:
        """How far each number strays in float32 when inputs move by one unit, and sums go backwards."""
        base = in_single(arguments)
        with double():
            centre = self.run(in_double(base)).numbers
        if not rounded.any():
            return self._flips(arguments, centre, dtype)
        random, strayed = np.random.default_rng(0), np.zeros_like(centre)
        for draw in range(DRAWS):
            given = {name: moved(value, random, draw) for name, value in base.items()}
            for backwards in (False, True) if draw == 0 else (False,):
                with Backwards() if backwards else _plainly():
                    got = self.run(given).numbers
                if got.shape == centre.shape:
                    strayed = np.fmax(strayed, abs(got - centre))
        return strayed

    def _flips(self, arguments: Mapping[str, Value], centre: np.ndarray, dtype: str) -> np.ndarray:
        """Where nothing is rounded in the result: which numbers hang on the order of a sum."""
        if dtype not in COARSER:
            return np.zeros_like(centre)
        with Backwards():
            got = self.run(arguments).numbers
        return abs(got - self.run(arguments).numbers) if got.shape == centre.shape else np.ones_like(centre)

    def _check(
        self,
        criterion: Criterion,
        arguments: Mapping[str, Value],
        leaves: tuple[Leaf, ...],
        expected: np.ndarray,
        bounds: dict[str, np.ndarray],
    ) -> None:
        """Put a criterion's own check in the place of the bound of its part."""
        check = criterion.check
        if check is None:
            return
        real = {name: build(value, source=self._protocol.support) for name, value in arguments.items()}
        if not (criterion.family is None or criterion.family(real)):
            return
        part, at = part_of(criterion, leaves), 0
        here = np.zeros(len(expected), dtype=bool)
        for leaf in leaves:
            here[at : at + leaf.size] = is_below(leaf.path, part)
            at += leaf.size
        if isinstance(check, Within):
            low, high = check.interval(real)
            expected[here] = (low + high) / 2
        elif isinstance(check, Sampled):
            drawn = np.array([self._under(seed, arguments)[here] for seed in range(1, check.draws + 1)])
            expected[here] = [mean(column) for column in drawn.T]
        for bound in bounds.values():
            if isinstance(check, Close):
                bound[here] = check.atol + check.rtol * abs(expected[here])
            elif isinstance(check, Exact):
                bound[here] = 0.0
            elif isinstance(check, Within):
                bound[here] = (high - low) / 2
            else:
                wide = quantile(check.draws - 1, check.error / CLASS) * math.sqrt(1 + 1 / check.draws)
                bound[here] = [wide * stdev(column) for column in drawn.T]

    def strays(self, case: kit.Case, run: Callable[[], np.ndarray]) -> np.ndarray:
        """How far a known program's numbers may stray where a check allows for chance."""
        drawn = [one for one in self._exercise.rubric if isinstance(one.check, Sampled | Within)]
        parts = [part_of(one, case.leaves) for one in drawn]
        own = [
            any(is_below(leaf.path, part) for part in parts) for leaf in case.leaves for _ in range(leaf.size)
        ]
        if not any(own):
            return np.zeros(len(own))
        came = [_seeded(seed, run) for seed in range(1, SEEDS + 1)]
        if any(one.shape != (len(own),) for one in came):
            return np.zeros(len(own))
        return np.where(own, CHANCE * np.std(came, axis=0) + tensors.numbers(case.bounds[case.dtype]), 0.0)

    def _under(self, seed: int, arguments: Mapping[str, Value]) -> np.ndarray:
        return _seeded(seed, lambda: self.run(arguments).numbers)


def _seeded(seed: int, run: Callable[[], np.ndarray]) -> np.ndarray:
    token = calling.SEED.set(seed)
    try:
        return run()
    finally:
        calling.SEED.reset(token)


# --- parts ----------------------------------------------------------------------------------


def part_of(criterion: Criterion, leaves: tuple[Leaf, ...]) -> str:
    """The path of a criterion's part. Raises GraderError where no leaf is there."""
    if criterion.kind == "gradients":
        return support.GRADIENT
    if criterion.kind == "unchanged":
        return support.AFTER
    steps = criterion.part if isinstance(criterion.part, tuple) else (criterion.part,)
    path = ""
    for step in steps:
        tried = [f"{path}[{step}]"] if isinstance(step, int) else [f'{path}["{step}"]', f"{path}.{step}"]
        found = next((one for one in tried if any(is_below(leaf.path, one) for leaf in leaves)), None)
        if found is None:
            there = ", ".join(named(leaf.path) for leaf in leaves)
            raise GraderError(
                f"the criterion {criterion.id!r} judges {criterion.part!r}, which is not in the result.",
                f"There are: {there}.",
            )
        path = found
    return path


def is_float(leaf: Leaf) -> bool:
    return leaf.dtype.startswith(("float", "bfloat", "complex"))


def same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Number by number; all differ where there are not as many."""
    if one.shape != other.shape:
        return np.zeros(one.shape, dtype=bool)
    alike: np.ndarray = (one == other) | (np.isnan(one) & np.isnan(other))
    return alike


# --- ways to compute ------------------------------------------------------------------------


@contextmanager
def double() -> Iterator[None]:
    """What a reference makes without a dtype is float64, too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _plainly() -> Iterator[None]:
    yield


class Backwards(TorchFunctionMode):
    """Each sum is taken the other way round: as honest as the reference, and rounded elsewhere."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        name = getattr(func, "__name__", "").strip("_")
        if name in ("matmul", "mm", "bmm") and not named and _long(*args):
            first, second = args
            return func(first.flip(-1), second.flip(-2 if second.dim() > 1 else -1))
        if name in ("sum", "mean") and isinstance(args[0], torch.Tensor) and args[0].dim():
            return (
                func(args[0].flip(tuple(range(args[0].dim()))), *args[1:], **named)
                if _all(args, named)
                else (func(*args, **named))
            )
        return func(*args, **named)


def _long(*factors: Any) -> bool:
    return all(isinstance(one, torch.Tensor) and one.dim() > 0 for one in factors)


def _all(args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Whether everything is summed: of a part the other order would turn the rest round."""
    return len(args) == 1 and not named.get("dim")


# --- Student's t ----------------------------------------------------------------------------


@cache
def quantile(freedom: int, tail: float) -> float:
    """How many standard deviations a Student's t of so many degrees of freedom stays within, but for `tail`.

    Both tails; by the midpoint rule on the density, and bisection.
    """
    low, high = 0.0, 1e4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _beyond(middle, freedom) > tail else (low, middle)
    return high


def _beyond(t: float, freedom: int) -> float:
    """P(|T| > t), as twice the integral of the density over u = 1 / x, which is finite."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    if t == 0:
        return 1.0
    steps = 2000
    u = (np.arange(steps) + 0.5) / steps / t
    density = scale * (1 + 1 / (u * u * freedom)) ** (-(freedom + 1) / 2) / (u * u)
    return float(2 * density.sum() / steps / t)
