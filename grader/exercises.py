"""What an instructor writes: one file an exercise, found by path in `reference/`.

This module imports neither torch nor Hypothesis; only the freezer loads exercise files.
Version 1 grades functions whose arguments are tensors, floats and ints and that return one
tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from grader import records

if TYPE_CHECKING:
    import torch
    from hypothesis.strategies import SearchStrategy

Arguments = Mapping[str, Any]
"""A call's arguments by name, in the order of the signature: tensors, floats, ints."""

NOTHING: frozenset[str] = frozenset()
"""For a misconception that costs no points: it is named to the student all the same."""


Landmark = records.Landmark
"""A line of a function that a mistake can be pointed at."""


@dataclass(frozen=True)
class Criterion:
    """A line of the rubric, all or nothing.

    `family` says which cases it judges (None: all). Every case must belong to exactly one
    criterion of kind "values". Kind "optimiser" asks that the value returned was made by steps of
    `torch.optim.<optimiser>`, kind "return" that what comes back looks like the first tensor argument.
    """

    id: str
    title: str
    points: float
    kind: Literal["values", "optimiser", "return"]
    family: Callable[[Arguments], bool] | None = None
    optimiser: str = "SGD"


@dataclass(frozen=True)
class Misconception:
    """A program that makes a known mistake.

    `costs` names the criteria that must fail for it; `hint` says what to look at, never the
    solution; `teacher` is a sentence for the instructor alone. `where` is the line that the
    student is shown beside the mistake. `needs="cuda"`: it differs from the reference only there; `raises`
    is then a word of the error that it raises there, if it raises one. `costs` None: whatever it is seen to
    cost; so it is for those that a `diagnoser` makes of its own rules.
    """

    id: str
    title: str
    hint: str
    program: Callable[..., Any]
    costs: frozenset[str] | None
    needs: str | None = None
    teacher: str = ""
    where: Landmark | None = None
    raises: str = ""
    diagnoser: str = ""


@dataclass(frozen=True)
class Exercise:
    """A function to write.

    `arguments` is a Hypothesis strategy of {name: value}, names and order as in the signature,
    whose simplest example is the call a teacher would write first. `bound(arguments, dtype)`
    returns the largest honest rounding error per component as a float64 tensor of the result's
    shape; None: the shadow bound of `oracle`. `effort` is what a case costs to run, for
    instance the steps of its optimiser. Where it grows with an int of the call, some inputs are run with
    more than a hundred, for a mistake that begins late shows nowhere else; `grader verify` says up to which
    one it is caught. `either_shape`: the shapes that the tensors are drawn with are two
    ways to write one input, so values and steps are judged for each and the better one counts.
    `honest` are right programs in other styles, by name: `grader verify` runs each, and it must get
    full marks. `diagnosers` names what else than the misconceptions may explain a wrong answer:
    "descent", for functions that take steps along a gradient.
    """

    name: str
    title: str
    statement: str
    reference: Callable[..., Any]
    arguments: SearchStrategy[dict[str, Any]]
    rubric: tuple[Criterion, ...]
    misconceptions: tuple[Misconception, ...] = ()
    edge_cases: tuple[dict[str, Any], ...] = ()
    bound: Callable[[Arguments, torch.dtype], torch.Tensor] | None = None
    effort: Callable[[Arguments], float] = lambda _: 1.0
    either_shape: bool = False
    honest: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    diagnosers: tuple[str, ...] = ()
