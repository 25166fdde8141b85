"""What an instructor writes: one file an exercise, found by path in `reference/`.

This module imports neither torch nor Hypothesis; only the freezer loads exercise files.

The plain exercise is a function of tensors, floats and ints that returns one tensor. Arguments and results
may also be any nesting of lists, tuples and dicts of tensors, numbers, texts and None, results named tuples
and dataclasses as well; then each leaf is judged by itself. What is no function is called by a `probe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from grader import records

if TYPE_CHECKING:
    import torch
    from hypothesis.strategies import SearchStrategy

Arguments = Mapping[str, Any]
"""A call's arguments by name, in the order of the signature."""

NOTHING: frozenset[str] = frozenset()
"""For a misconception that costs no points: it is named to the student all the same."""


Landmark = records.Landmark
"""A line of a function that a mistake can be pointed at."""


@dataclass(frozen=True)
class Close:
    """Right within `atol + rtol * |expected|`; the reason is for whoever reads the exercise."""

    rtol: float
    atol: float
    reason: str


@dataclass(frozen=True)
class Exact:
    """Right to the last bit."""


@dataclass(frozen=True)
class Within:
    """Right between two numbers that hold for every right program; `interval(arguments)` gives them."""

    interval: Callable[[Arguments], tuple[float, float]]
    reason: str


@dataclass(frozen=True)
class Sampled:
    """For what is drawn at random: as far from the mean as the reference may be under other seeds.

    The reference is run under `draws` of them. A right program fails at most with the probability `error` in
    a whole class of a thousand, if the number is nearly normal: so let the probe return a mean of many.
    """

    draws: int = 64
    error: float = 1e-9


Check = Close | Exact | Within | Sampled
Kind = Literal["values", "gradients", "unchanged", "return", "optimiser", "calls"]


@dataclass(frozen=True)
class Criterion:
    """A line of the rubric, all or nothing.

    `family` says which cases it judges (None: all).

    Kind "values" asks for right numbers; every case must belong to one, and to just one where the result is
    one tensor. "gradients" asks that gradients flow to the tensors given, through all that comes back, and
    are right. "unchanged" asks that the tensors given are after the call what they were. "return" asks that
    what comes back looks like what the reference returns: type, shape, dtype, device. "optimiser" asks that
    the value returned was made by steps of `torch.optim.<optimiser>`. "calls" asks that traced calls use
    every function in `uses` and none in `avoids`, by their names in PyTorch; "torch.optim" is any optimiser,
    "torch" anything, "backward|grad" one of the two.

    Kinds "values" and "return" look at the leaves at `part` alone: 1 for `result[1]`, "loss" for
    `result["loss"]` or `result.loss`, and a tuple of these for what lies deeper. `check` takes the place of
    the derived bound.
    """

    id: str
    title: str
    points: float
    kind: Kind
    family: Callable[[Arguments], bool] | None = None
    optimiser: str = "SGD"
    part: int | str | tuple[int | str, ...] = ()
    check: Check | None = None
    uses: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Misconception:
    """A program that makes a known mistake.

    `costs` names the criteria that must fail for it; `hint` says what to look at, never the
    solution; `teacher` is a sentence for the instructor alone. `where` is the line that the
    student is shown beside the mistake. `needs="cuda"`: it differs from the reference only there; `raises`
    is then a word of the error that it raises there, if it raises one. `costs` None: whatever it is seen to
    cost; so it is for those that a `diagnoser` makes of its own rules, and those `derived` from the
    reference's source. `idle`: it does nothing of what is asked.
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
    idle: bool = False
    derived: bool = False


@dataclass(frozen=True)
class Exercise:
    """A function or a class to write.

    `reference` is the solution. Where it is no function, or more is to be looked at than one call,
    `probe(student, **arguments)` takes what the student wrote (or the solution) and returns what is to be
    compared. It holds no solution: its source travels with the kit, runs beside the student's code, and is
    what a student pastes to see a mistake. It may use torch, math, np, and what it names of its own file.
    `support`: functions of the file that make arguments (`strategies.made_by`); their source travels too.

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

    `moves`: the tensor argument that the function is to move; with a diagnoser or a criterion of kind
    "optimiser" it is the first tensor. Who only returns it, or zero, earns nothing. `idle` are programs that
    do nothing of what is asked; whoever does what one of them does earns nothing. `accepted(result)` gives
    other right results, made of the reference's by moving its numbers about: another order, a transpose.
    `mutants`: whether mistakes are derived from the reference's source; None: where no diagnoser is named.
    `devices`: of the assignment's those that it is graded on; none named: all. Where the statement says
    nothing of devices, who makes tensors on the CPU is right.
    `tells_source`: whether students may read the line of the solution that a derived mistake changes.
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
    probe: Callable[..., Any] | None = None
    support: tuple[Callable[..., Any], ...] = ()
    moves: str | None = None
    idle: tuple[Callable[..., Any], ...] = ()
    accepted: Callable[[Any], Iterable[Any]] | None = None
    mutants: bool | None = None
    tells_source: bool = False
    devices: tuple[str, ...] = ()
