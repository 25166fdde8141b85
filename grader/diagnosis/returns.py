"""What comes back that is no result: nothing, another thing, too many numbers, the wrong form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from grader.diagnosis.candidates import ALL_KINDS, Candidate
from grader.diagnosis.known import values
from grader.diagnosis.parts import exactly
from grader.diagnosis.seen import Seen
from grader.judging.compare import TENSOR_TYPES
from grader.kit import CriterionKind
from grader.records import Failure, Returned
from grader.tensors import floats

RANK: Final = 130
CONVINCING: Final = 3
_FORM: Final[frozenset[CriterionKind]] = frozenset({"return"})
_TYPE: Final = "Print type(...) of what your function returns."
_OBJECTS: Final = {
    "generator": (
        "A generator is returned, not a tensor",
        "Does your function have a word in it that makes it a generator?",
    ),
    "coroutine": ("A coroutine is returned, not a tensor", "Which word stands before `def`?"),
    "str": ("A text is returned, not a tensor", _TYPE),
    "dict": ("A dictionary is returned, not a tensor", _TYPE),
}  # fmt: skip


def candidates(seen: Seen) -> Iterator[Candidate]:
    yield from _objects(seen)
    yield from _history(seen)
    yield from _forms(seen)


def _objects(seen: Seen) -> Iterator[Candidate]:
    """What holds no numbers at all."""
    groups: dict[str, set[int]] = {}
    for index, answer in seen.returned.items():
        if answer.value is None:
            groups.setdefault("" if answer.problem == "None" else answer.type, set()).add(index)
    for name, own in groups.items():
        title, hint = _OBJECTS.get(
            name,
            (
                f"An object of type {name} is returned, not a tensor",
                _TYPE,
            ),
        )
        if not name:
            title, hint = (
                "The function returns nothing",
                "What does a Python function give back when it ends without `return`?",
            )
        elif name in TENSOR_TYPES:
            title = f"The function returns {seen.returned[min(own)].problem}"
        yield Candidate(
            id="returns-nothing" if not name else "returns-another-thing",
            title=title + _for_which(frozenset(own), seen),
            hint=hint,
            explained=frozenset(own),
            whole=True,
            rank=RANK,
            evidence="error",
            teacher="Nothing to compare came back."
            if name
            else "Often there is no return, or one that is not always reached.",
            where="return",
            kinds=ALL_KINDS,
        )


def _history(seen: Seen) -> Iterator[Candidate]:
    """More numbers than the result has, the right ones among them."""
    own, ends, grows = set[int](), Counter[str](), set[int]()
    for index, answer in seen.returned.items():
        wanted, got = floats(seen.exercise.cases[index].expected), values(answer)
        if len(got) > len(wanted):
            own.add(index)
            bound = [8e-7 * (abs(x) + 1e-30) * (seen.exercise.cases[index].effort + 1) for x in wanted]
            ends["last"] += _near(got[-len(wanted) :], wanted, bound)
            ends["first"] += _near(got[: len(wanted)], wanted, bound)
            grows.add(len(got) // len(wanted))
    if len(own) < CONVINCING:
        return
    if len(grows) > 1:
        title, name = (
            "More comes back than the result, and more of it the longer a call runs",
            "returns-history",
        )
        hint = "How many elements does the result have, and how many should it have?"
    else:
        title, name = (
            "More comes back than the result, which is only a part of it",
            "returns-more",
        )
        hint = "What stands after `return`? How many things does the caller get?"
    if not max(ends.values(), default=0) >= CONVINCING:
        title = "More numbers come back than the result has"
    yield Candidate(
        id=name,
        title=title + _for_which(frozenset(own), seen),
        hint=hint,
        explained=frozenset(own),
        whole=False,
        rank=RANK,
        evidence="error",
        cause="a list of all values on the way, or a tuple of the result and something else",
        teacher="Often a list of all values on the way, or a tuple of the result and something else.",
        where="return",
        kinds=ALL_KINDS,
    )


def _near(got: list[float], wanted: list[float], bound: list[float]) -> bool:
    return all(abs(g - w) <= b for g, w, b in zip(got, wanted, bound, strict=True))


# --- form ---------------------------------------------------------------------------------


def _forms(seen: Seen) -> Iterator[Candidate]:
    """Right numbers in the wrong dress, by what they wear."""
    groups: dict[tuple[str, str, str], set[int]] = {}
    judged = frozenset(i for one in seen.exercise.rubric if one.kind == "return" for i in one.cases)
    for index in seen.broken["return"] & seen.returned.keys():
        answer = seen.returned[index]
        if answer.value is not None:
            groups.setdefault(_dress(answer, seen.outcomes.outcomes[index].form), set()).add(index)
    for (name, title, hint), own in groups.items():
        yield Candidate(
            id=name,
            title=title + _for_which(frozenset(own), seen, judged),
            hint=hint,
            explained=frozenset(own),
            whole=True,
            rank=RANK + 10,
            evidence="error",
            teacher="The numbers are judged apart; this is about what they come in.",
            where="return",
            kinds=_FORM,
        )


def _dress(answer: Returned, form: Failure | None) -> tuple[str, str, str]:
    assert answer.value is not None  # the caller has asked
    if answer.type == "ndarray":
        return (
            "returns-numpy",
            "A NumPy array is returned, not a tensor",
            _TYPE,
        )
    if answer.type not in TENSOR_TYPES:
        kind = (
            answer.type
            if answer.type in ("float", "int", "bool", "list", "tuple")
            else f"NumPy {answer.type}"
        )
        return (
            f"returns-a-{answer.type}",
            f"A Python {kind} is returned, not a tensor",
            _TYPE,
        )
    if form is Failure.WRONG_DTYPE:
        return (
            "dtype",
            f"The result is {answer.value.dtype}",
            "Compare the dtypes of the argument and of the result.",
        )
    if form is Failure.WRONG_DEVICE:
        return (
            "device",
            "The result is on another device",
            "Compare the devices of the argument and of the result.",
        )
    return (
        "shape",
        f"The result has the shape {answer.value.shape}",
        "Compare the shapes of the argument and of the result.",
    )


def _for_which(own: frozenset[int], seen: Seen, judged: frozenset[int] | None = None) -> str:
    every = judged if judged is not None else frozenset(seen.returned)
    if seen.moving & every <= own:
        return ""
    part = exactly(own, every, seen) or exactly(own & seen.moving, seen.moving & every, seen)
    return f" ({part.words})" if part else ""
