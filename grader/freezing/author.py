"""What an author can write that is no exercise: each is refused with the file, the line, and what to write.

`check` looks at what stands in the calls of Exercise, Criterion and Misconception, field by field; `guarded`
looks at what their functions return while an assignment is frozen. Nothing here is a fault of the grader.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args, get_type_hints

import torch
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from grader import exercises
from grader.errors import GraderError
from grader.exercises import Close, Criterion, Exact, Exercise, Misconception, Sampled, Within
from grader.kit import tensors_in
from grader.records import Value
from grader.text import article

LARGEST: Final = 128 << 10  # bytes of one call: a kit holds some two hundred
READ: Final = 4  # numbers of a tensor
DRAWABLE: Final = "Let it draw something: no filter that nothing passes, no range that ends before it begins."
KEPT: Final = "Draw plain dense tensors on the CPU that require no gradient."

Part = Exercise | Criterion | Misconception


class Unfit(GraderError):
    """Something in an exercise's file; `located` says where."""

    def __init__(self, message: str, hint: str, part: Part | None = None) -> None:
        self.part = part
        super().__init__(message, hint)


# --- what each field holds ----------------------------------------------------------------


def _text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _id(value: object) -> bool:
    return _text(value) and bool(str(value).strip())


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _optional(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _tuple_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(map(fits, value))


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _named(kind: type[Any], fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def fits_all(value: Any) -> bool:
        return isinstance(value, kind) and all(_text(key) and fits(one) for key, one in value.items())

    return fits_all


def _part(value: object) -> bool:
    steps = value if isinstance(value, tuple) else (value,)
    return all(isinstance(one, int | str) for one in steps)


def _check(value: object) -> bool:
    if isinstance(value, Close):
        return _number(value.rtol) and _number(value.atol) and _text(value.reason)
    if isinstance(value, Within):
        return callable(value.interval) and _text(value.reason)
    if isinstance(value, Sampled):
        return type(value.draws) is int and value.draws > 1 and _number(value.error) and 0 < value.error < 1
    return isinstance(value, Exact)


KINDS: Final = get_args(get_type_hints(Criterion)["kind"])
LANDMARKS: Final = get_args(exercises.Landmark)

Rule = tuple[Callable[[Any], bool], str]
TEXT: Final[Rule] = _text, "Write text in quotes."
ID: Final[Rule] = _id, 'Write a short text in quotes, for instance "no-momentum".'
FUNCTION: Final[Rule] = callable, "Write a function."
OPTION: Final[Rule] = _is(bool), "Write True or False."

RULES: Final[Mapping[type[Any], Mapping[str, Rule]]] = {
    Exercise: {
        "name": (lambda value: _text(value) and value.isidentifier(), "Write the name to define in quotes."),
        "title": TEXT,
        "statement": TEXT,
        "reference": (callable, "Write the solution's name without calling it: reference=solution."),
        "arguments": (
            _is(SearchStrategy),
            "Write a strategy of dicts: arguments=strategies.calls(x=strategies.tensors(...)).",
        ),
        "rubric": (
            lambda value: _tuple_of(_is(Criterion))(value) and len(value) > 0,
            "Write a tuple of criteria, with a comma after each: rubric=(Criterion(...),).",
        ),
        "misconceptions": (
            _tuple_of(_is(Misconception)),
            "Write a tuple of misconceptions, with a comma after each: misconceptions=(Misconception(...),).",
        ),
        "edge_cases": (
            _tuple_of(_named(dict, lambda _: True)),
            'Write a tuple of calls, each a dict: edge_cases=({"x": torch.tensor(1.0)},).',
        ),
        "bound": (_optional(callable), "Write a function of (arguments, dtype), or leave it out."),
        "effort": (callable, 'Write a function of the arguments: effort=lambda a: a["steps"].'),
        "either_shape": OPTION,
        "honest": (
            _named(Mapping, callable),
            'Write right programs by name: honest={"by hand": by_hand}.',
        ),
        "diagnosers": (_tuple_of(_text), 'Write a tuple with a comma: diagnosers=("descent",).'),
        "probe": (_optional(callable), "Write a function of (student, ...), or leave it out."),
        "support": (_tuple_of(callable), "Write a tuple of functions, with a comma: support=(make_data,)."),
        "moves": (_optional(_text), "Write the argument's name in quotes, or leave it out."),
        "idle": (_tuple_of(callable), "Write a tuple of programs, with a comma: idle=(does_nothing,)."),
        "accepted": (_optional(callable), "Write a function of the reference's result, or leave it out."),
        "mutants": (_optional(_is(bool)), "Write True or False, or leave it out."),
        "tells_source": OPTION,
    },
    Criterion: {
        "id": ID,
        "title": TEXT,
        "points": (_number, "Write a number, 0 or more."),
        "kind": (lambda value: value in KINDS, f"Write one of: {', '.join(KINDS)}."),
        "family": (
            _optional(callable),
            'Write a function of the arguments: lambda a: a["steps"] > 0, or leave it out.',
        ),
        "optimiser": (_text, 'Write the name of a class of torch.optim: optimiser="SGD".'),
        "part": (_part, 'Write where it stands in the result: part=1, part="loss", part=("loss", 0).'),
        "check": (_optional(_check), "Write Close(rtol, atol, reason), Exact(), Within(...) or Sampled()."),
        "uses": (_tuple_of(_id), 'Write a tuple of names, with a comma: uses=("softmax",).'),
        "avoids": (_tuple_of(_id), 'Write a tuple of names, with a comma: avoids=("softmax",).'),
    },
    Misconception: {
        "id": ID,
        "title": TEXT,
        "hint": TEXT,
        "program": FUNCTION,
        "costs": (
            _optional(lambda value: isinstance(value, set | frozenset) and all(map(_text, value))),
            'Write a set of the criteria that must fail: costs=frozenset({"value"}), or NOTHING.',
        ),
        "needs": (_optional(_text), 'Write the device in quotes: needs="cuda", or leave it out.'),
        "teacher": TEXT,
        "where": (
            lambda value: value is None or value in LANDMARKS,
            f"Write one of: {', '.join(map(str, LANDMARKS))}; or leave it out.",
        ),
        "raises": TEXT,
        "diagnoser": TEXT,
    },
}


def check(exercise: Exercise) -> None:
    """Raise Unfit for the first field that holds something else than it should."""
    _check_fields(exercise)
    parts: tuple[Part, ...] = (*exercise.rubric, *exercise.misconceptions)
    for part in parts:
        _check_fields(part)
    _check_signatures(exercise)


def _check_fields(part: Part) -> None:
    for field, (fits, remedy) in RULES[type(part)].items():
        value = getattr(part, field, None)
        if not _fits(fits, value):
            raise Unfit(f"`{field}` of {told(part)} is {shown(value)}.", remedy, part)


def _fits(fits: Callable[[Any], bool], value: object) -> bool:
    """A value's own `__eq__` or `__hash__` may raise; then it is none of those that fit."""
    try:
        return bool(fits(value))
    except Exception:  # noqa: BLE001 -- whatever an author's object does
        return False


def told(part: Part) -> str:
    """`the misconception 'no-momentum'`."""
    name = part.name if isinstance(part, Exercise) else part.id
    kind = type(part).__name__.lower()
    return f"the {kind} {name!r}" if _text(name) else article(kind)


def shown(value: object) -> str:
    """`a list: ['moves']`; of what is not read at a glance the kind alone: `a tuple of int, Criterion`."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if isinstance(value, list | tuple) and not _readable(value):
        return f"{article(kind)} of {', '.join(dict.fromkeys(type(one).__name__ for one in value))}"
    return article(kind) + (f": {reprlib.repr(value)}" if _readable(value) else "")


def _readable(value: object) -> bool:
    if type(value) in (list, tuple):
        return all(map(_readable, value))  # type: ignore[call-overload]
    return type(value) in (bool, int, float, str, bytes) or (
        type(value) is torch.Tensor and value.numel() <= READ and value.layout is torch.strided
    )


# --- signatures ---------------------------------------------------------------------------


def _check_signatures(exercise: Exercise) -> None:
    """That the reference names its arguments, and that every other program takes as many."""
    if exercise.probe is not None:
        _parameters(exercise, exercise.probe, "probe")
        return
    names = _parameters(exercise, exercise.reference, "reference")
    others: Iterator[tuple[str, Callable[..., Any], Part]] = (
        *((f"`program` of {told(one)}", one.program, one) for one in exercise.misconceptions),
        *((f"the honest program {name!r}", one, exercise) for name, one in exercise.honest.items()),
        *((f"`idle[{i}]`", one, exercise) for i, one in enumerate(exercise.idle)),
    )  # type: ignore[assignment]
    for what, program, part in others:
        signature = _signature(program)
        if signature is not None and not _takes(signature, len(names)):
            raise Unfit(
                f"{what} takes {signature}, the reference ({', '.join(names)}).",
                "Every program is called as the reference is, by position.",
                part,
            )


def _parameters(exercise: Exercise, function: Callable[..., Any], what: str) -> list[str]:
    signature = _signature(function)
    usual = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if signature is None or not all(one.kind in usual for one in signature.parameters.values()):
        found = "has no signature to read" if signature is None else f"takes {signature}"
        raise Unfit(
            f"the {what} {found}.",
            f"Name its arguments one by one: def {what}(x, y). The keys of `arguments` are these names.",
            exercise,
        )
    return list(signature.parameters)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _takes(signature: inspect.Signature, many: int) -> bool:
    try:
        signature.bind(*range(many))
    except TypeError:
        return False
    return True


# --- what its functions return ------------------------------------------------------------


def guarded(exercise: Exercise) -> Exercise:
    """The exercise with functions that refuse by name what they cannot use."""
    return dataclasses.replace(
        exercise,
        rubric=tuple(
            dataclasses.replace(one, family=_guard(one, "family", _truth)) if one.family else one
            for one in exercise.rubric
        ),
        effort=_guard(exercise, "effort", _cost),
        bound=_guard(exercise, "bound", _bound) if exercise.bound else None,
    )


def _guard(part: Exercise | Criterion, field: str, read: Callable[[Any], Any]) -> Callable[..., Any]:
    function = getattr(part, field)

    def asked(*arguments: Any) -> Any:
        try:
            found = function(*arguments)
        except Exception as error:
            raise raised(f"`{field}` of {told(part)}", error, part) from error
        try:
            return read(found)
        except TypeError as error:
            raise Unfit(f"`{field}` of {told(part)} returned {shown(found)}.", str(error), part) from None

    return asked


def raised(what: str, error: Exception, part: Part) -> Unfit:
    return Unfit(f"{what} raised {_why(error)}.", "Correct this line.", part)


def _why(error: Exception) -> str:
    """Its type and the first sentence of what it says."""
    first = re.split(r"\.\s|\n", str(error).strip())[0].removesuffix(".")
    return f"{type(error).__name__}: {first}"


def _truth(found: Any) -> bool:
    if isinstance(found, bool) or type(found).__name__ in ("bool", "bool_"):
        return bool(found)
    if isinstance(found, torch.Tensor) and found.dtype == torch.bool and found.numel() == 1:
        return bool(found)
    raise TypeError(
        "It says whether a criterion judges a call: return True or False, for instance by bool()."
    )


def _cost(found: Any) -> float:
    try:
        cost = math.nan if isinstance(found, str) else float(found)
    except (TypeError, ValueError, RuntimeError):
        cost = math.nan
    if not 0 <= cost < math.inf:
        raise TypeError("It says what a call costs: return a number, 0 or more, for instance its steps.")
    return cost


def _bound(found: Any) -> Any:
    if isinstance(found, torch.Tensor) and bool(found.isnan().any()):
        raise TypeError("It says how far an honest result may stray: return numbers, 0 or more.")
    return found


# --- what it draws ------------------------------------------------------------------------


def drawn(
    exercise: Exercise,
    draw: Callable[[], list[Any]],
    read: Callable[[Any, Exercise], dict[str, Value]],
) -> list[dict[str, Value]]:
    """The inputs as values; those of `edge_cases` are looked at, too. Raises Unfit for what is no call."""
    try:
        found = draw()
    except HypothesisException as error:
        raise Unfit(f"`arguments` cannot be drawn: {_why(error)}.", DRAWABLE, exercise) from None
    except Exception as error:
        raise raised("`arguments`", error, exercise) from error
    for one in found:
        if not _named(dict, lambda _: True)(one):
            raise Unfit(f"`arguments` drew {shown(one)}.", RULES[Exercise]["arguments"][1], exercise)
    for one in exercise.edge_cases:
        _read(one, exercise, read)
    return [_read(one, exercise, read) for one in found]


def _read(
    drawn: dict[str, Any], exercise: Exercise, read: Callable[[Any, Exercise], dict[str, Value]]
) -> dict[str, Value]:
    try:
        values = read(drawn, exercise)
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 -- PyTorch has many kinds of tensors, and says of each what it lacks
        raise Unfit(f"an argument cannot be frozen: {_why(error)}.", KEPT, exercise) from None
    size = sum(len(one.data) for value in values.values() for one in tensors_in(value))
    if size > LARGEST:
        raise Unfit(
            f"a call's arguments take {size / 2**10:,.0f} KiB, at most {LARGEST >> 10} KiB are frozen.",
            "Draw smaller tensors, or draw them by `strategies.large(...)`, of which only a seed is kept.",
            exercise,
        )
    return values
