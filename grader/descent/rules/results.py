"""Rules of what is returned in place of the last theta: another one, the loss, a gradient, a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from grader.descent.program import Array, Moment, filled
from grader.descent.reading import Reader, Trial, each, factor, most, nothing, told
from grader.descent.rule import Rule
from grader.descent.rules.thetas import COMPONENTS, RETURN_HINT, component, nth

WHICH_HINT: Final = "Which of your variables does the docstring ask for?"
HOW_MANY_HINT: Final = "How many elements does the result have, and how many should it have?"


def _result(
    name: str, title: str | Callable[..., str], f: Callable[..., Any], rank: int, read: Reader = nothing,
    *samples: tuple[float, ...], hint: str = RETURN_HINT, known: int = 0, teacher: str = "",
) -> Rule:  # fmt: skip
    return Rule(
        f"result-{name}", "result", title, hint, f, read,
        rank=rank, samples=samples or ((),), known=known, teacher=teacher,
    )  # fmt: skip


# --- another theta ------------------------------------------------------------------------------


def _before(at: Moment) -> Array:
    return at.at(np.maximum(at.count - 1, 0))


def _held(at: Moment) -> Array:
    """What .grad holds at the end; nothing where no step was taken."""
    held = np.concatenate([np.full_like(at.path[:1], np.nan), at.held])
    return np.asarray(held[np.minimum(at.count, len(held) - 1), np.arange(held.shape[1])])


def _mean(at: Moment, first: int | Array, last: int = 0) -> Array:
    """Of the thetas from place `first` to `last` after the final one; the initial one where there is none."""
    place = np.arange(len(at.path))[:, None, None]
    kept = (place >= first) & (place <= at.count[:, None] + last)
    number = kept.sum(axis=0).astype(at.path.dtype)
    total = np.where(kept, at.path, 0.0).sum(axis=0)
    return np.where(number > 0, total / np.maximum(number, 1), at.path[0])


def _mean_of_last(_: Array, at: Moment, number: float) -> Array:
    """The start counts as one."""
    return _mean(at, at.count[:, None] - number + 1)


def _best(_: Array, at: Moment) -> Array:
    loss = at.objective.value(at.path)[..., 0]
    taken = np.arange(len(at.path))[:, None] <= at.count
    return at.at(np.where(taken, loss, np.inf).argmin(axis=0))


THETAS: Final = (
    _result("before", "The theta before the last step is returned", lambda x, at: _before(at), 12, known=1,
            hint="In which order do the last update and the line that keeps the result run?",
            teacher="The result is put aside before step()."),
    _result("initial", "The initial theta is returned, not what the steps made of it",
            lambda x, at: at.initial, 11, known=1,
            hint="Which tensor does the optimiser have, and which one do you return?",
            teacher="A copy was optimised, and the argument is returned."),
    _result("first", "The theta after the first step is returned",
            lambda x, at: at.at(np.minimum(at.count, 1)), 14,
            hint="Which tensor does the optimiser have after the first step, and with which do you go on?",
            teacher="theta = theta.detach().clone() in the loop; the optimiser keeps the first tensor."),
    _result("best", "The theta of the smallest loss on the way is returned, not the last", _best, 20),
    _result("mean", "The mean of all thetas is returned, with the initial one",
            lambda x, at: _mean(at, 0), 21, known=1,
            teacher="A list of all thetas is averaged at the end, or a running sum is divided."),
    _result("mean-after", "The mean of the thetas after each step is returned",
            lambda x, at: _mean(at, 1), 21),
    _result("mean-before", "The mean of the thetas before each step is returned",
            lambda x, at: _mean(at, 0, -1), 22),
    _result("mean-of-last", "The mean of the last {0} thetas is returned", _mean_of_last, 22,
            most(_mean_of_last, Trial(*range(2, 11))), (3,), (5,)),
    _result("change", "The change of theta is returned", lambda x, at: x - at.path[0], 20, known=1,
            teacher="final theta - initial theta."),
)  # fmt: skip


# --- gradients, losses, other numbers --------------------------------------------------------------

Part = Callable[[Array, Moment], Array]


def _multiple(name: str, words: str, part: Part, rank: int, *, known: int = 0, teacher: str = "") -> Rule:
    """The part, or any multiple of it, is returned: for each call as many numbers as the part has."""

    def title(c: float) -> str:
        much = words if c == 1 else f"{told(c)} times {words[0].lower()}{words[1:]}"
        return f"{much} is returned, not theta"

    read = each(lambda x, y, at: factor(part(x, at) + 0 * y, y, at))
    return _result(name, title, lambda x, at, c: c * part(x, at), rank, read, (1.0,), (0.5,),
                   hint=WHICH_HINT, known=known, teacher=teacher)  # fmt: skip


def _number(name: str, words: str, f: Callable[..., Array], rank: int) -> Rule:
    title = f"{words} of theta is returned, not theta"
    return _result(name, title, lambda x, at: f(x, axis=1, keepdims=True), rank, hint=HOW_MANY_HINT)


NUMBERS: Final = (
    _multiple("loss", "The loss at the final theta", lambda x, at: at.objective.value(x), 12, known=1,
              teacher="The loss is computed once more after the loop, and returned."),
    _multiple("loss-before", "The loss of the last step, before theta moved,",
              lambda x, at: at.objective.value(_before(at)), 12, known=1, teacher="return loss, at the end."),
    _result("gradient", "The gradient at the final theta is returned, not theta",
            lambda x, at: at.objective.gradient(x), 13, hint=WHICH_HINT),
    _result("gradient-before", "The gradient of the last step is returned, not theta",
            lambda x, at: _held(at), 13, hint=WHICH_HINT, known=1,
            teacher="theta.grad is returned; without a step it is None."),
    _multiple("squared", "The square of each component of the final theta", lambda x, at: x**2, 22),
    _number("norm", "The length", np.linalg.norm, 20),
    _number("sum", "The sum of the components", np.sum, 21),
    _number("average", "The mean of the components", np.mean, 21),
    _result("component", lambda k: f"Of the components of theta only the {nth(k)} is returned",
            lambda x, at, k: component(x, k), 20, COMPONENTS, (0,), (-1,), hint=HOW_MANY_HINT),
)  # fmt: skip


# --- more than one theta ------------------------------------------------------------------------

Piece = tuple[Callable[[Moment], Array], Callable[[int], slice]]
"""Numbers for each place of the path, place x call x number; and the places, by the steps that were taken."""


def _thetas(at: Moment) -> Array:
    return at.path


def _losses(at: Moment) -> Array:
    return at.objective.value(at.path)


def _from(first: int, last: int = 0) -> Callable[[int], slice]:
    """From place `first` to `last` after the final one."""
    return lambda n: slice(first, n + 1 + last)


def _list(
    name: str, words: str, *pieces: Piece, known: int = 0, teacher: str = "", rank: int = 15
) -> Rule:  # fmt: skip
    def f(_: Array, at: Moment) -> Array:
        parts = [(numbers(at), places) for numbers, places in pieces]
        return filled(
            [
                np.concatenate([numbers[places(n), k].ravel() for numbers, places in parts])
                for k, n in enumerate(at.count.tolist())
            ]
        )

    return _result(name, f"{words} are returned, not the last theta alone", f, rank,
                   hint=HOW_MANY_HINT, known=known, teacher=teacher)  # fmt: skip


_THETA: Final[Piece] = (_thetas, lambda n: slice(n, n + 1))
_LISTS: Final[tuple[tuple[str, str, Piece, str], ...]] = (
    ("all-thetas", "The thetas of all steps, with the initial one,", (_thetas, _from(0)),
     "The path, for a plot."),
    ("thetas-before", "The thetas before each step", (_thetas, _from(0, -1)),
     "A list that is filled before step(): the initial theta is in it, the last one is not."),
    ("thetas-after", "The thetas after each step", (_thetas, _from(1)),
     "A list of the theta after each step: empty without a step, and with one it looks right."),
    ("losses-before", "The losses of all steps", (_losses, _from(0, -1)), "A list for a plot is returned."),
    ("losses-after", "The losses after each step", (_losses, _from(1)), "A list for a plot is returned."),
    ("all-losses", "The losses before and after all steps", (_losses, _from(0)),
     "A list for a plot is returned."),
)  # fmt: skip

HISTORIES: Final = (
    *(_list(name, words, piece, known=1, teacher=teacher) for name, words, piece, teacher in _LISTS),
    *(
        _list(f"theta-and-{name}", f"Theta and {words[0].lower()}{words[1:]}", _THETA, piece, teacher=teacher)
        for name, words, piece, teacher in _LISTS
    ),
    _list("theta-and-loss", "Theta and the loss at it", _THETA, (_losses, _THETA[1])),
    _list("theta-and-last-loss", "Theta and the loss of the last step", _THETA,
          (_losses, lambda n: slice(max(n - 1, 0), n))),
    _list("theta-and-last-loss-or-0", "Theta and the loss of the last step, 0 without one,", _THETA,
          (lambda at: np.where(at.count[:, None] > 0, _losses(at), 0),
           lambda n: slice(max(n - 1, 0), max(n, 1))), rank=22),
)  # fmt: skip

EMPTY: Final = Rule(
    "empty-fixed", "empty", "Where number_steps is 0, {0} is returned, not theta",
    "Call your function with number_steps = 0. What should come back?",
    lambda x, at, c: np.where(at.asked == 0, np.asarray(c, x.dtype), x),
    each(lambda x, y, at: np.where(at.asked == 0, y, np.nan)), samples=((0.0,), (1.0,)), known=0,
    teacher="`if number_steps == 0: return ...`, or what the result was before the loop.",
)  # fmt: skip

RULES: Final = (*THETAS, *NUMBERS, *HISTORIES, EMPTY)
