"""A result of several parts that is no right one: a part is missing, is another thing, or looks otherwise.

What is wrong with all parts of a case is one finding, since it is mended in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from grader import kit as kits
from grader.diagnosis.partitions import which_returned
from grader.diagnosis.report import FORM, VALUES, Candidate, FailureReport
from grader.judging.leaves import is_below, named, wrong
from grader.judging.score import blamed
from grader.judging.tolerances import TENSOR_TYPES
from grader.kit import CriterionKind
from grader.records import Failure, Leaf, Outcome, Part, Returned
from grader.text import article

RANK: Final = 130
TOLD: Final = 2  # parts in one title; of more it is said how many
_KINDS: Final[tuple[CriterionKind, ...]] = ("values", "return")
_NOTHING: Final = "The function returns nothing"
_COUNT: Final = "What stands after `return`? How many things does the caller get"
_HINTS: Final = {
    "returns-nothing": "What does a Python function give back when it ends without `return`?",
    "returns-another-thing": f"{_COUNT}, and of which kind?",
    "returns-more": f"{_COUNT}?",
    "container": "Print type(...) of what you return.",
    "type": "Print type(...) of each part of what you return.",
    "shape": "Print the shape of each part of what you return.",
    "dtype": "Print the dtype of each part of what you return, and of the arguments.",
    "device": "Print the device of each part of what you return, and of the arguments.",
    "text": "Where is this part of the result set, and what should it say?",
}


class _Problem(NamedTuple):
    """What is wrong with a part; `detail` is what it is instead, if that can be said shortly."""

    id: str
    path: str
    detail: str
    covers: tuple[str, ...] = ()  # parts whose value it explains


def candidates(report: FailureReport) -> Iterator[Candidate]:
    found = {i: tuple(_problems(i, report)) for i in report.returned}
    details: dict[tuple[str, str], set[str]] = {}
    for own in found.values():
        for one in own:
            details.setdefault((one.id, one.path), set()).add(one.detail)
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, own in found.items():
        if own:
            titles = [_title(one, sure=len(details[one.id, one.path]) == 1) for one in own]
            groups.setdefault((own[0].id, *dict.fromkeys(titles)), []).append(i)
    for (name, *titles), cases in groups.items():
        yield _candidate(name, titles, frozenset(cases), found, report)


def _candidate(
    name: str, titles: list[str], cases: frozenset[int], found: dict[int, tuple[_Problem, ...]],
    report: FailureReport,
) -> Candidate:  # fmt: skip
    paths = {i: {path for one in found[i] for path in one.covers} for i in cases}
    outcomes = report.outcomes.outcomes
    values = all(part.path in paths[i] for i in cases for part in _looked_at(outcomes[i], "values", report))
    rest = f" and {len(titles) - TOLD} more" if len(titles) > TOLD else ""
    title = ", and ".join(titles[:TOLD]) + rest
    return Candidate(
        name, title + which_returned(cases, report), _HINTS[name], cases,
        whole=True, rank=RANK + 10 * (not values), evidence="error", where="return",
        teacher="Each part is judged by itself; this is about what they come in.",
        kinds=VALUES | FORM if values else FORM,
    )  # fmt: skip


def _looked_at(outcome: Outcome, kind: CriterionKind, report: FailureReport) -> list[Part]:
    """The parts that a failed criterion of a kind finds wrong."""
    failed = blamed(report.outcomes, report.exercise, report.failed)
    own = (one for one in failed if one.kind == kind and outcome.case in one.cases)
    return [part for one in own for part in wrong(one, outcome)]


def _problems(index: int, report: FailureReport) -> Iterator[_Problem]:
    outcome, case = report.outcomes.outcomes[index], report.exercise.cases[index]
    answer = report.returned[index]
    looked_at = (part for kind in _KINDS for part in _looked_at(outcome, kind, report))
    wrong = {part.path: part for part in looked_at if is_below(part.path, "")}
    missing = [path for path in wrong if not _below(path, answer) and _leaf(path, case)]
    if missing:
        yield _missing(missing, answer, report)
        return
    for path, part in wrong.items():
        own, leaf = _below(path, answer), _leaf(path, case)
        if leaf is None:
            yield _Problem("returns-more", path, "")
        elif own:
            yield from _unlike(part, leaf, own)


def _below(path: str, answer: Returned) -> list[Leaf]:
    return [one for one in answer.leaves if is_below(one.path, path)]


def _leaf(path: str, case: kits.Case) -> Leaf | None:
    return next((one for one in case.leaves if one.path == path), None)


def _missing(paths: list[str], answer: Returned, report: FailureReport) -> _Problem:
    alone = next((one for one in answer.leaves if not one.path), None)
    if alone is not None and alone.type == "NoneType" and not report.exercise.protocol.probe:
        return _Problem("returns-nothing", paths[0], _NOTHING, tuple(paths))
    names = " and no ".join(f"`{named(path)}`" for path in paths[:TOLD])
    rest = f" and {len(paths) - TOLD} more" if len(paths) > TOLD else ""
    came = "A tensor" if answer.type in TENSOR_TYPES else article(answer.type).capitalize()
    came = "None" if answer.type == "NoneType" else came
    told = f"{came} comes back: there is no {names}{rest}"
    return _Problem("returns-another-thing", paths[0], told, tuple(paths))


def _unlike(part: Part, leaf: Leaf, own: list[Leaf]) -> Iterator[_Problem]:
    """A part that is there and is another thing, or looks otherwise."""
    first, path = own[0], part.path
    covers = (path,) if part.failure in (Failure.WRONG_TYPE, Failure.WRONG_SHAPE) else ()
    failure = part.form or part.failure
    if failure is Failure.WRONG_VALUE and not leaf.dtype:
        yield _Problem("text", path, f"is {first.text}", (path,))
    elif first.type == "NoneType":
        yield _Problem("returns-nothing", path, f"{_said(path)} is None", covers)
    elif len(own) == 1 and first.inside != leaf.inside:
        yield _Problem("container", "", _container(part))
    elif failure is Failure.WRONG_TYPE:
        is_it = _what(first) if len(own) == 1 else "made of several values"
        both = first.type in TENSOR_TYPES and leaf.type in TENSOR_TYPES
        wanted = f"one of shape {leaf.shape}" if both else _what(leaf)
        yield _Problem("type", path, f"is {is_it}, not {wanted}", covers)
    elif failure is Failure.WRONG_SHAPE:
        yield _Problem("shape", path, f"has the shape {first.shape}", covers)
    elif failure is Failure.WRONG_DTYPE:
        yield _Problem("dtype", path, f"is {first.dtype}", covers)
    elif failure is Failure.WRONG_DEVICE:
        yield _Problem("device", path, "is on another device", covers)


def _container(part: Part) -> str:
    name, _, told = part.form_message.partition(" is ")
    return f"{'The result' if name == 'result' else f'`{name}`'} is {told.replace(', expected ', ', not ')}"


def _what(leaf: Leaf) -> str:
    if not leaf.dtype and leaf.type in (*TENSOR_TYPES, "ndarray", "NoneType"):
        return leaf.text  # why it could not be read
    if leaf.type in TENSOR_TYPES:
        return "a tensor"
    return "a NumPy array" if leaf.type == "ndarray" else article(leaf.type)


def _said(path: str) -> str:
    """The beginning of a sentence."""
    return f"`{named(path)}`" if path else "The result"


def _title(one: _Problem, *, sure: bool) -> str:
    """`sure`: it is the same in every case that has it."""
    if one.id in ("returns-nothing", "returns-another-thing", "container"):
        return one.detail
    if one.id == "returns-more":
        return f"{_said(one.path)} comes back besides what is asked for"
    return f"{_said(one.path)} {one.detail if sure else _VAGUE[one.id]}"


_VAGUE: Final = {
    "type": "is another kind of thing than it should be",
    "shape": "has another shape than it should",
    "dtype": "has another dtype than it should",
    "device": "is on another device",
    "text": "is another text than it should be",
}
