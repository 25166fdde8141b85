"""The same call, the same result: a strategy or a reference without that is refused, by its line.

The reference is called twice under one seed and once under another. Where what comes differs, it is run again
line by line: the first line after which two runs hold different values is to blame, or the line before it
that drew random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grader.exercises import Close, Exercise, Sampled, Within
from grader.freezing import drawing, protocols
from grader.freezing.leaves import part_of
from grader.freezing.lines import Blamed, Line, Lines, Place
from grader.freezing.trials import recorded
from grader.judging.leaves import is_below, named
from grader.records import Answer, Leaf, Protocol, Returned, Value
from grader.sandbox import calling, cleaning
from grader.tensors import floats

CALLS: Final = 20  # inputs that are called again
LINES: Final = 20_000  # of a run; more are not looked at

STRATEGY_HINT: Final = (
    "Draw by Hypothesis alone: a number that PyTorch draws, or a counter, is another one each time. A large"
    " tensor is drawn by `strategies.large(...)`."
)
STATE_HINT: Final = (
    "Let a call depend on its arguments alone: keep nothing between calls, look at no clock, seed what draws."
)
RANDOM_HINT: Final = (
    "Let the call draw from a generator that is passed or seeded, or let a probe return a mean of many draws"
    " and check it by `Sampled()` or `Within(...)`."
)


def check_drawing(exercise: Exercise, seed: int) -> None:
    """Raise Blamed where one seed draws two inputs."""

    def few() -> object:
        return [recorded(one, exercise) for one in drawing.few(exercise.arguments, seed)]

    if few() == few():
        return
    runs = [Lines(exercise).run(few) for _ in range(2)]
    raise Blamed("`arguments` draws other inputs each time.", STRATEGY_HINT, _first(*runs, seeded=True))


def check_reference(exercise: Exercise, protocol: Protocol, inputs: Sequence[Mapping[str, Value]]) -> None:
    """Raise Blamed where an input gives two results, and no check of the exercise allows for that."""
    for arguments in inputs:
        first, again, other = (_under(seed, exercise, protocol, arguments) for seed in (0, 0, 1))
        for answer, seeded in ((again, True), (other, False)):
            path = _differing(exercise, first, answer)
            if path is not None:
                raise _refusal(exercise, protocol, arguments, named(path), seeded=seeded)


def _under(seed: int, exercise: Exercise, protocol: Protocol, arguments: Mapping[str, Value]) -> Answer:
    token = calling.SEED.set(seed)
    try:
        return calling.call(exercise.reference, arguments, protocol=protocol)
    finally:
        calling.SEED.reset(token)


def _differing(exercise: Exercise, first: Answer, second: Answer) -> str | None:
    """The path of a leaf that differs and may not. What raises is none of this: the oracle tells it."""
    if not isinstance(first, Returned) or not isinstance(second, Returned) or first == second:
        return None
    one, two = (_by_path(answer) for answer in (first, second))
    own = tuple(map(cleaning.leaf, first.leaves))
    differing = (path for path in dict.fromkeys((*one, *two)) if one.get(path) != two.get(path))
    return next((path for path in differing if not _allowed(exercise, path, own)), None)


def _by_path(answer: Returned) -> dict[str, tuple[Leaf | None, str]]:
    """Each leaf with its numbers as text, in which a NaN is itself."""
    numbers = floats(answer.value) if answer.value else []
    if not answer.leaves:
        return {"": (None, repr(numbers))}
    found: dict[str, tuple[Leaf | None, str]] = {}
    at = 0
    for leaf in map(cleaning.leaf, answer.leaves):
        found[leaf.path] = leaf, repr(numbers[at : at + leaf.size])
        at += leaf.size
    return found


def _allowed(exercise: Exercise, path: str, own: tuple[Leaf, ...]) -> bool:
    wide = [one for one in exercise.rubric if isinstance(one.check, Sampled | Within | Close)]
    return any(is_below(path, part_of(one, own)) for one in wide)


def _refusal(
    exercise: Exercise, protocol: Protocol, arguments: Mapping[str, Value], what: str, *, seeded: bool
) -> Blamed:
    seeds = (0, 0) if seeded else (0, 1)
    runs = [
        Lines(exercise).run(lambda seed=seed: _under(seed, exercise, protocol, arguments))  # type: ignore[misc]
        for seed in seeds
    ]
    place, call = _first(*runs, seeded=seeded), protocols.told(exercise, arguments)
    if not seeded:
        return Blamed(
            f"{call}: {what} hangs on random numbers: under another seed the reference gives another.",
            RANDOM_HINT,
            place,
        )
    drew = any(line.unseeded for line in runs[0])
    told = f"{call}: {what} is another when the reference is called again"
    return Blamed(f"{told}.", RANDOM_HINT if drew else STATE_HINT, place)


def _first(one: Sequence[Line], other: Sequence[Line], *, seeded: bool) -> Place | None:
    """The line to blame, of two runs that end differently."""
    differs = (
        i for i, (a, b) in enumerate(zip(one, other, strict=False)) if (a.line, a.held) != (b.line, b.held)
    )
    at = next(differs, None)
    if at is None:
        return None
    drew = [line for line in one[: at + 1] if (line.unseeded if seeded else line.seeded)]
    blamed = drew[-1] if drew else one[at]
    return blamed.file, blamed.line
