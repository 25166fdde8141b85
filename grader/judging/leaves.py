"""A result of several leaves, each judged by itself: its numbers within its own bound, its form by its own.

Where a tensor is expected and as many numbers stand below its path, these are its numbers, in another form.
A leaf that is missing costs whoever looks at it, and no other leaf.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from grader import kit as kits
from grader.judging.tolerances import ROUNDOFF, TENSOR_TYPES, component
from grader.records import Failure, Leaf, Outcome, Part, Returned
from grader.tensors import floats, text
from grader.text import article

LISTS: Final = ("list", "tuple", "Size")
_STEP: Final = re.compile(r"\[[^\]]*\]|\.\w+")  # of a path: one that is no key with a bracket in it
SHOWN: Final = 12  # numbers: more are told by the worst of them
LISTED: Final = 3  # parts that came back in the place of one that is missing
NEAR: Final = 1000  # times the bound: beyond it the digits show the difference, below a number has to
_SHORT: Final = dict.fromkeys(("float64", "complex64", "complex128"), "float32")  # as which numbers are told

Numbers = Sequence[float]
Told = tuple[list[float], str, tuple[int, ...]]


class _Found(NamedTuple):
    """What stands at an expected leaf's path, or below it."""

    leaves: tuple[Leaf, ...]
    numbers: list[float]


def judge(index: int, case: kits.Case, answer: Returned, device: str) -> Outcome:
    """Judge a case by its leaves; of several accepted answers the one that fits best counts."""
    given = cut(answer.leaves, floats(answer.value) if answer.value else [])
    accepted = (case.expected, *case.accepted)
    tried = [_judged(case, floats(one), given, device) for one in accepted]
    best = min(range(len(tried)), key=lambda i: sum(part.failure is not None for part in tried[i]))
    parts = tried[best] + tuple(_besides(case, answer))
    failed = next((one for one in parts if one.failure), None)
    formed = next((one for one in parts if one.form), None)
    ratios = [one for one in parts if one.error_over_bound is not None]
    shown = failed or max(ratios, key=lambda one: one.error_over_bound or 0.0, default=None)
    return Outcome(
        index, answer, failed.failure if failed else None, formed.form if formed else None,
        *((shown.error, shown.bound, shown.error_over_bound) if shown else (None, None, None)),
        failed.message if failed else "", formed.form_message if formed else "", parts, best,
    )  # fmt: skip


def seen(criterion: kits.Criterion, outcome: Outcome) -> tuple[Failure | None, str]:
    """A case as a criterion of kind "values" or "return" sees it: how it fails, and a sentence."""
    one = next(iter(wrong(criterion, outcome)), None) if outcome.parts else outcome
    if one is None:
        return None, ""
    return (one.form, one.form_message) if criterion.kind == "return" else (one.failure, one.message)


def wrong(criterion: kits.Criterion, outcome: Outcome) -> list[Part]:
    """The parts that a criterion of kind "values" or "return" finds wrong."""
    own = [one for one in outcome.parts if is_below(one.path, criterion.part)]
    return [one for one in own if (one.form if criterion.kind == "return" else one.failure)]


def is_close(criterion: kits.Criterion, outcome: Outcome) -> bool:
    """Whether a criterion accepts a case, but above a quarter of the bound."""
    if not outcome.parts:
        return outcome.borderline
    own = [one for one in outcome.parts if is_below(one.path, criterion.part)]
    return not any(one.failure for one in own) and any(one.borderline for one in own)


def is_below(path: str, part: str) -> bool:
    """Whether a leaf belongs to a part; the whole is what comes back, not what is seen besides."""
    if not part:
        return not path or path[0] in "[."
    return path.startswith(part) and (path == part or part.endswith(" ") or path[len(part)] in "[.")


def named(path: str) -> str:
    """A leaf as one writes it."""
    return f"result{path}" if not path or path[0] in "[." else path


def cut(leaves: Sequence[Leaf], numbers: list[float]) -> list[tuple[Leaf, list[float]]]:
    """Each leaf with its own numbers."""
    own, at = [], 0
    for leaf in leaves:
        own.append((leaf, numbers[at : at + leaf.size]))
        at += leaf.size
    return own


def _judged(
    case: kits.Case, expected: list[float], given: list[tuple[Leaf, list[float]]], device: str
) -> tuple[Part, ...]:
    parts, at = [], 0
    for leaf in case.leaves:
        own = [(one, numbers) for one, numbers in given if is_below(one.path, leaf.path)]
        found = _Found(tuple(one for one, _ in own), [x for _, numbers in own for x in numbers])
        here = slice(at, at + leaf.size)
        if found.leaves:
            parts.append(_part(case, leaf, expected[here], found, here, device))
        else:
            parts.append(_failed(leaf, Failure.WRONG_TYPE, _absent(leaf, [one for one, _ in given])))
        at += leaf.size
    return tuple(parts)


def _part(
    case: kits.Case, leaf: Leaf, expected: list[float], found: _Found, here: slice, device: str
) -> Part:
    first = found.leaves[0]
    if not leaf.dtype:
        return _text(leaf, found)
    if len(found.numbers) != len(expected) or any(not one.dtype for one in found.leaves):
        return _failed(leaf, _unlike(leaf, found), _another(leaf, found))
    bounds = floats(case.bounds[_dtype(case, leaf, first)])[here]
    form, form_message = _form(leaf, found, device)
    if not expected:
        return Part(leaf.path, None, form, None, None, None, "", form_message)
    rows = [component(*row) for row in zip(found.numbers, expected, bounds, strict=True)]
    worst = max(range(len(rows)), key=lambda i: rows[i][2])
    error, bound, ratio = rows[worst]
    failure, message, wrong = None, "", list[int]()
    if ratio > 1:
        infinite = not math.isfinite(found.numbers[worst]) and math.isfinite(expected[worst])
        failure = Failure.NOT_FINITE if infinite else Failure.WRONG_VALUE
        far = [math.inf if math.isnan(one[0]) else one[0] for one in rows]
        wrong = sorted((i for i, one in enumerate(rows) if one[2] > 1), key=lambda i: -far[i])
        message = _difference(leaf, first, expected, found.numbers, wrong[0], len(wrong))
        message += f" ({ratio:.3g} times the rounding error allowed)" if bound > 0 and ratio < NEAR else ""
    return Part(leaf.path, failure, form, error, bound, ratio, message, form_message, tuple(wrong))


def _failed(leaf: Leaf, failure: Failure, message: str) -> Part:
    return Part(leaf.path, failure, failure, None, None, None, message, message)


def _absent(leaf: Leaf, given: Sequence[Leaf]) -> str:
    """That it is missing, and what stands there instead: less of it, or other names."""
    above = next((one for one in given if is_below(leaf.path, one.path)), None)
    if above is not None:
        return f"{_no(leaf)}: {named(above.path)} is {_told(_Found((above,), []))}"
    others = [named(one.path) for one in given if is_below(one.path, "")]
    rest = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
    return f"{_no(leaf)}, only {', '.join(others[:LISTED])}{rest}" if others else _no(leaf)


def _no(leaf: Leaf) -> str:
    return f"there is no {named(leaf.path).removeprefix('the ')}"


def _text(leaf: Leaf, found: _Found) -> Part:
    """What has no numbers must be the same text, or None, and nothing that holds one."""
    first = found.leaves[0]
    failure = Failure.WRONG_VALUE if first.type == leaf.type else Failure.WRONG_TYPE
    if len(found.leaves) > 1 or first.path != leaf.path:
        return _failed(leaf, Failure.WRONG_TYPE, _container(leaf, first))
    if (leaf.type, leaf.text) != (first.type, first.text) or first.dtype:
        told = first.text or _a(first)
        return _failed(leaf, failure, f"{named(leaf.path)} is {told}, expected {leaf.text}")
    form = None if first.inside == leaf.inside else Failure.WRONG_TYPE
    message = _container(leaf, first) if form else ""
    return Part(leaf.path, None, form, 0.0, 0.0, 0.0, "", message)


def _dtype(case: kits.Case, leaf: Leaf, found: Leaf) -> str:
    """The dtype whose bound applies: the returned one where there is one, else the coarsest."""
    if found.type in TENSOR_TYPES and found.dtype in case.bounds and leaf.dtype in case.bounds:
        return found.dtype
    return max(case.bounds, key=lambda dtype: ROUNDOFF[dtype])


# --- form ---------------------------------------------------------------------------------


def _form(leaf: Leaf, found: _Found, device: str) -> tuple[Failure | None, str]:
    """The first thing in which a leaf does not look like the reference's."""
    first, name = found.leaves[0], named(leaf.path)
    if len(found.leaves) > 1 or _kind(first.type) != _kind(leaf.type):
        return Failure.WRONG_TYPE, f"{name} is {_told(found)}, expected {_a(leaf)}"
    if first.inside != leaf.inside:
        return Failure.WRONG_TYPE, _container(leaf, first)
    if first.shape != leaf.shape:
        return Failure.WRONG_SHAPE, f"{name} has shape {first.shape}, expected shape {leaf.shape}"
    if first.dtype != leaf.dtype and leaf.type not in LISTS:
        return Failure.WRONG_DTYPE, f"{name} is {first.dtype}, expected {leaf.dtype}"
    if leaf.device is not None and first.device != device:
        return Failure.WRONG_DEVICE, f"{name} is on the device {first.device}, expected {device}"
    return None, ""


def _container(leaf: Leaf, found: Leaf) -> str:
    """The outermost list, tuple or dict on the way that is another."""
    wanted, got = leaf.inside.split("/"), found.inside.split("/")
    depth = next(i for i, pair in enumerate(zip_longest(wanted, got)) if pair[0] != pair[1])
    place = "".join(_STEP.findall(leaf.path)[:depth])
    told, asked = ((rows[depth] if depth < len(rows) else "") or "value" for rows in (got, wanted))
    return f"{named(place)} is a {told}, expected a {asked}"


def _kind(name: str) -> str:
    return "Tensor" if name in TENSOR_TYPES else "list" if name in LISTS else name


def _another(leaf: Leaf, found: _Found) -> str:
    """That something else is there; where a gradient is missing, what is told says why."""
    first = found.leaves[0]
    if first.type == "str" and not is_below(leaf.path, ""):
        return f"{_no(leaf)}: {first.text}"
    return f"{named(leaf.path)} is {_told(found)}, expected {_a(leaf)}"


def _unlike(leaf: Leaf, found: _Found) -> Failure:
    first = found.leaves[0]
    alike = len(found.leaves) == 1 and first.dtype and _kind(first.type) == _kind(leaf.type)
    return Failure.WRONG_SHAPE if alike else Failure.WRONG_TYPE


def _besides(case: kits.Case, answer: Returned) -> Iterator[Part]:
    """What came back and was not asked for costs the form."""
    known = [leaf.path for leaf in case.leaves]
    for leaf in sorted(answer.leaves, key=lambda one: one.path):  # in whatever order a dict has them
        if not any(is_below(leaf.path, path) for path in known):
            message = f"{named(leaf.path)} came back besides, which is not asked for"
            yield Part(leaf.path, None, Failure.WRONG_TYPE, None, None, None, "", message)


# --- words --------------------------------------------------------------------------------


def _told(found: _Found) -> str:
    if len(found.leaves) == 1:
        return found.leaves[0].text or _a(found.leaves[0])
    return f"made of {len(found.leaves)} values"


def _a(leaf: Leaf) -> str:
    if not leaf.dtype:
        return leaf.text
    if leaf.type in TENSOR_TYPES:
        return f"{article(leaf.dtype)} tensor of shape {leaf.shape}"
    if leaf.type in LISTS:
        return f"a {leaf.type} of {leaf.shape[0]} numbers"
    if leaf.type == "ndarray":
        return f"a NumPy array of shape {leaf.shape}"
    return article(leaf.type)


def _difference(leaf: Leaf, found: Leaf, expected: Numbers, got: Numbers, worst: int, wrong: int) -> str:
    """What was expected and what came; of many numbers the one that is furthest off."""
    name = named(leaf.path)
    if len(expected) > SHOWN:
        many = f"{wrong} of {len(expected)} numbers of {name} are wrong, furthest off the one"
        if wrong == 1:
            many = f"1 of {len(expected)} numbers of {name} is wrong, the one"
        wanted, told = _pair(leaf, found, [expected[worst]], [got[worst]], ())
        return f"{many} at {place(worst, leaf)}: expected {wanted}, got {told}"
    shape = leaf.shape if not leaf.dtype.startswith("complex") else (*leaf.shape, 2)
    wanted, told = _pair(leaf, found, list(expected), list(got), shape)
    return f"{name}: expected {wanted}, got {told}"


def _pair(
    leaf: Leaf, found: Leaf, expected: list[float], got: list[float], shape: tuple[int, ...]
) -> tuple[str, str]:
    wanted, came = (_SHORT.get(one.dtype, one.dtype) for one in (leaf, found))
    return told_apart((expected, wanted, shape), (got, came, shape))


def told_apart(one: Told, other: Told) -> tuple[str, str]:
    """Numbers, dtype and shape of two: in the digits of their dtypes, or in all where these are the same."""
    texts = text(*one), text(*other)
    if texts[0] != texts[1]:
        return texts
    return text(one[0], "float64", one[2]), text(other[0], "float64", other[2])


def place(flat: int, leaf: Leaf) -> str:
    """`[3, 5]`, of a leaf's number."""
    if leaf.dtype.startswith("complex"):
        flat //= 2
    indices = []
    for side in reversed(leaf.shape):
        flat, index = divmod(flat, side)
        indices.append(index)
    return str(indices[::-1])
