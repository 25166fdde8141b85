"""Recognisable partitions of a suite: the calls of one dtype, of one shape, with a negative argument.

A mistake that shows in one part only is told with it: "for float64 tensors". The words come from the
arguments' names, so any exercise has its partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

from grader import kit as kits
from grader.records import Tensor, Value
from grader.tensors import floats, literal

if TYPE_CHECKING:
    from grader.diagnosis.report import FailureReport

NAMED: Final = 4  # values of an argument that is no number, at most, for each to be a part
FEW: Final = 2  # cases on each side of a border, for it to be one


@dataclass(frozen=True)
class Partition:
    """Some of the cases, in words that follow "right but": "for float64 tensors"."""

    words: str
    cases: frozenset[int]


def exactly(cases: frozenset[int], among: frozenset[int], report: FailureReport) -> Partition | None:
    """The part that, `among` some cases, is just these; the first is the plainest. None where none is."""
    if not cases or cases >= among:
        return None
    plain = (part for part in report.prepared.partitions if part.cases & among == cases)
    return next(plain, None) or next(_bordered(cases, among, report), None)


def which(own: frozenset[int], every: frozenset[int], report: FailureReport) -> str | None:
    """For which of some inputs, in brackets: empty where for all that take a step, None where in no part."""
    if report.moving & every <= own:
        return ""
    part = exactly(own, every, report) or exactly(own & report.moving, report.moving & every, report)
    return f" ({part.words})" if part else None


def which_returned(own: Iterable[int], report: FailureReport) -> str:
    """For which of the calls that came back; empty where in no part."""
    return which(frozenset(own), frozenset(report.returned), report) or ""


def partitions(exercise: kits.Exercise) -> tuple[Partition, ...]:
    """Each some of the cases, not all."""
    rows = [case.arguments for case in exercise.cases]
    return tuple(
        Partition(words, cases)
        for name in rows[0]
        for words, holds in _tests(name, [row[name] for row in rows])
        if 0 < len(cases := frozenset(i for i, row in enumerate(rows) if holds(row[name]))) < len(rows)
    )


def _tests(name: str, values: list[Value]) -> Iterator[tuple[str, Callable[[Value], bool]]]:
    tensors = [value for value in values if isinstance(value, Tensor)]
    for dtype in sorted({one.dtype for one in tensors}):
        yield f"for {dtype} tensors", lambda v, d=dtype: isinstance(v, Tensor) and v.dtype == d  # type: ignore[misc]
    for shape in sorted({one.shape for one in tensors}):
        yield f"for {name} of shape {shape}", lambda v, s=shape: isinstance(v, Tensor) and v.shape == s  # type: ignore[misc]
    yield from _said(name, values)
    if not all(isinstance(value, Tensor) or is_number(value) for value in values):
        return
    yield f"where {name} is 0", lambda v: not any(numbers_of(v))
    yield f"where {name} is 1", lambda v: all(x == 1 for x in numbers_of(v))
    if tensors:
        whole = "" if all(len(floats(one)) == 1 for one in tensors) else "a component of "
        yield f"where {whole}{name} is negative", lambda v: any(x < 0 for x in numbers_of(v))
        yield f"where {whole}{name} is 0", lambda v: not all(numbers_of(v))
        yield f"where {name} is positive", lambda v: all(x > 0 for x in numbers_of(v))
        return
    yield f"where {name} is above 1", lambda v: numbers_of(v)[0] > 1
    yield f"where {name} is above 0", lambda v: numbers_of(v)[0] > 0
    yield f"where {name} is 1 or more", lambda v: numbers_of(v)[0] >= 1
    yield f"where {name} is above 1/2", lambda v: numbers_of(v)[0] > 1 / 2
    yield f"where {name} is 1/2 or more", lambda v: numbers_of(v)[0] >= 1 / 2


def _said(name: str, values: list[Value]) -> Iterator[tuple[str, Callable[[Value], bool]]]:
    """Of what is no number: flags, texts, None, and what is made for each call."""
    told = {literal(value) for value in values if not (isinstance(value, Tensor) or is_number(value))}
    for text in sorted(told) if len(told) <= NAMED else ():
        yield f"where {name} is {text}", lambda v, t=text: not isinstance(v, Tensor) and literal(v) == t  # type: ignore[misc]


def is_number(value: Value) -> TypeGuard[float]:
    return type(value) in (int, float)


def numbers_of(value: Value) -> list[float]:
    """Of what is a tensor or a number."""
    if isinstance(value, Tensor):
        return floats(value)
    return [float(value)] if is_number(value) else []


def _bordered(cases: frozenset[int], among: frozenset[int], report: FailureReport) -> Iterator[Partition]:
    """Those above, or below, some value of a number among the arguments."""
    others = among - cases
    if report.fresh(cases) < FEW or report.fresh(others) < FEW:
        return
    for name in report.exercise.cases[0].arguments:
        rows = {i: report.exercise.cases[i].arguments[name] for i in among}
        if not all(map(is_number, rows.values())):
            continue
        own, rest = ([numbers_of(rows[i])[0] for i in group] for group in (cases, others))
        if max(rest) < min(own):
            yield Partition(f"where {name} is {min(own):g} or more (right up to {max(rest):g})", cases)
        if max(own) < min(rest):
            yield Partition(f"where {name} is {max(own):g} or less (right from {min(rest):g} on)", cases)
