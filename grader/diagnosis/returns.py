"""What comes back and is no right result: nothing, another thing, too much, another form or dtype."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from grader import kit as kits
from grader.diagnosis import parts
from grader.diagnosis.partitions import which, which_returned
from grader.diagnosis.report import ALL_KINDS, FORM, Candidate, FailureReport
from grader.judging.behaviour import values
from grader.judging.leaves import is_below
from grader.judging.tolerances import CONVINCING, ROUNDOFF, SPREAD, TENSOR_TYPES, near, rounding
from grader.records import Answer, Failure, Returned
from grader.tensors import floats, numbers

RANK: Final = 130
COARSE: Final = ("float32", "bfloat16", "float16")
_TYPE: Final = "Print type(...) of what your function returns."
_PLAIN: Final = ("float", "int", "bool", "list", "tuple")
_OBJECTS: Final = {
    "": ("The function returns nothing",
         "What does a Python function give back when it ends without `return`?"),
    "generator": ("A generator is returned, not a tensor",
                  "Does your function have a word in it that makes it a generator?"),
    "coroutine": ("A coroutine is returned, not a tensor", "Which word stands before `def`?"),
    "str": ("A text is returned, not a tensor", _TYPE),
    "dict": ("A dictionary is returned, not a tensor", _TYPE),
}  # fmt: skip
"""Title and hint by the type's name; empty for None."""

_returned = partial(Candidate, whole=True, rank=RANK, evidence="error", where="return", kinds=ALL_KINDS)


def candidates(report: FailureReport) -> Iterator[Candidate]:
    yield from _coarse(report)
    if report.exercise.protocol.leaves:
        yield from parts.candidates(report)
        return
    yield from _objects(report)
    yield from _too_much(report)
    yield from _forms(report)


def _objects(report: FailureReport) -> Iterator[Candidate]:
    """What holds no numbers at all."""
    groups: dict[str, set[int]] = {}
    for index, answer in report.returned.items():
        if answer.value is None:
            groups.setdefault("" if answer.problem == "None" else answer.type, set()).add(index)
    for name, own in groups.items():
        title, hint = _OBJECTS.get(name, (f"An object of type {name} is returned, not a tensor", _TYPE))
        if name in TENSOR_TYPES:
            title = f"The function returns {report.returned[min(own)].problem}"
        never = "Often there is no return, or one that is not always reached."
        yield _returned(
            "returns-another-thing" if name else "returns-nothing", title + which_returned(own, report), hint,
            frozenset(own), teacher="Nothing to compare came back." if name else never,
        )  # fmt: skip


def _too_much(report: FailureReport) -> Iterator[Candidate]:
    """More numbers than the result has, the right ones often among them."""
    rows = {i: (floats(report.exercise.cases[i].expected), values(one)) for i, one in report.returned.items()}
    rows = {i: (wanted, got) for i, (wanted, got) in rows.items() if len(got) > len(wanted)}
    if len(rows) < CONVINCING:
        return
    held = sum(_holds(got, wanted, report.exercise.cases[i]) for i, (wanted, got) in rows.items())
    grows = len({len(got) // len(wanted) for wanted, got in rows.values()}) > 1
    much = "and more of it the longer a call runs" if grows else "which is only a part of it"
    several = "More numbers come back than the result has"
    title = f"More comes back than the result, {much}" if held >= CONVINCING else several
    hint = "What stands after `return`? How many things does the caller get?"
    hint = "How many elements does the result have, and how many should it have?" if grows else hint
    cause = "a list of all values on the way, or a tuple of the result and something else"
    yield _returned(
        "returns-history" if grows else "returns-more", title + which_returned(rows, report), hint,
        frozenset(rows), whole=False, cause=cause, teacher=f"Often {cause}.",
    )  # fmt: skip


def _holds(got: list[float], wanted: list[float], case: kits.Case) -> bool:
    """Whether the right numbers stand at the beginning or the end."""
    ends = (got[: len(wanted)], got[-len(wanted) :])
    allowed = [rounding("float32", case.effort, abs(x)) for x in wanted]
    return any(all(map(near, end, wanted, allowed)) for end in ends)


# --- form and dtype -----------------------------------------------------------------------


def _forms(report: FailureReport) -> Iterator[Candidate]:
    """Right numbers in another type, dtype, shape or on another device."""
    groups: dict[tuple[str, str, str], set[int]] = {}
    judged = report.exercise.judged_by("return")
    for index in report.broken["return"] & report.returned.keys():
        answer = report.returned[index]
        if answer.value is not None:
            groups.setdefault(_form(answer, report.outcomes.outcomes[index].form), set()).add(index)
    for (name, title, hint), own in groups.items():
        yield _returned(
            name, title + (which(frozenset(own), judged, report) or ""), hint, frozenset(own),
            rank=RANK + 10, kinds=FORM,
            teacher="The numbers are judged apart; this is about what they come in.",
        )  # fmt: skip


def _form(answer: Returned, form: Failure | None) -> tuple[str, str, str]:
    """Id, title and hint."""
    assert answer.value is not None  # the caller has asked
    if answer.type == "ndarray":
        return "returns-numpy", "A NumPy array is returned, not a tensor", _TYPE
    if answer.type not in TENSOR_TYPES:
        whose = "Python" if answer.type in _PLAIN else "NumPy"
        return f"returns-a-{answer.type}", f"A {whose} {answer.type} is returned, not a tensor", _TYPE
    name, title = "shape", f"The result has the shape {answer.value.shape}"
    if form is Failure.WRONG_DTYPE:
        name, title = "dtype", f"The result is {answer.value.dtype}"
    if form is Failure.WRONG_DEVICE:
        name, title = "device", "The result is on another device"
    return name, title, f"Compare the {name}s of the argument and of the result."


def _coarse(report: FailureReport) -> Iterator[Candidate]:
    """Right to the digits of a coarser dtype: the numbers go through it on the way."""
    rows = {i: report.exercise.cases[i] for i, one in report.returned.items() if one.value is not None}
    wrong = report.wrong & rows.keys()
    if report.fresh(wrong) < CONVINCING:
        return
    for dtype in COARSE:
        finer = {i: case for i, case in rows.items() if ROUNDOFF[case.dtype] < ROUNDOFF[dtype]}
        if wrong <= finer.keys() and all(_held(case, report.answers[i], dtype) for i, case in finer.items()):
            yield Candidate(
                f"goes-through-{dtype}", f"The numbers go through {dtype}, which keeps fewer digits",
                "Print the dtype of every tensor on the way. Which line changes it?", wrong, whole=True,
                rank=RANK - 25, evidence="proven", where="definition",
                teacher="A cast, a tensor made without a dtype, or a default dtype that was changed.",
            )  # fmt: skip
            return


def _held(case: kits.Case, answer: Answer, dtype: str) -> bool:
    """Whether the answer is a number of that dtype, and as near to the right one as such may be."""
    assert isinstance(answer, Returned)
    assert answer.value is not None
    got, expected = numbers(answer.value), numbers(case.expected)
    if got.shape != expected.shape:
        return False
    if case.leaves:  # what a call does besides is no result of it
        own = [one.size for one in case.leaves if is_below(one.path, "")]
        got, expected = got[: sum(own)], expected[: sum(own)]
    bounds = max(numbers(bound).max(initial=0.0) / ROUNDOFF[name] for name, bound in case.bounds.items())
    with np.errstate(all="ignore"):  # values are cast to and fro
        allowed = SPREAD * ROUNDOFF[dtype] * (bounds + np.maximum(abs(expected), bounds))
        held = (abs(got - expected) <= allowed) & (got == _cast(got, dtype))
        return bool((held | ~np.isfinite(got)).all())


def _cast(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "bfloat16":
        return values.astype(dtype).astype(np.float64)
    bits = values.astype(np.float32).view(np.uint32)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)
