"""Trace -> chain: whether steps of the optimiser that was asked for made the value returned.

The chain must hold: each number that is returned was left by a step, which found there the initial
argument or what such a step had left before. So it is right for closures, an optimiser made in the loop
or for each component, `stack`, `detach`, `clone`, float64 inside, and for a parameter that holds further
numbers, and wrong for steps taken by hand beside an idle optimiser. How *many* steps were
taken is another criterion's business; so one step too many may be undone by returning what the one before
it had left, but no more: an optimiser that goes on alone moves another tensor than the one returned. And
where the end is right, the steps have to pass through the values on the way: an end that was known before
cannot be stepped to by gradients made for it. And each step has to be one that the optimiser makes.

What SGD does is known to the last bits: it moves a parameter that has a gradient, to

    after = before - rate * (gradient + decay * before),

the gradient's sign turned where it maximises. A step that says otherwise is false: the parameter was moved
by hand inside it, or there was none. Whether the gradient is the objective's is not asked: what a step took
off is the rate times it, so it is where the steps lead from each value of the reference's to the next.
Momentum adds what no trace tells; but where the end is that of a reference without it, each step was an
optimiser's first, which has the gradient alone (with Nesterov's 1 + momentum times it).

Components are followed by their values alone from one step to the next, since a student may cut and join
tensors in any way; within a step each is followed by its place. Two components that pass through the same
value are told apart by counting: a value is there as often as it was left, and going on from it uses it
up once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from grader import kit as kits
from grader.judging.tolerances import NORMAL, READ, ROUNDOFF, near
from grader.records import Answer, Chain, Raised, Returned, Step, Stopped, Tensor, Trace
from grader.tensors import floats, single, text

Key = float | str
"""A component's value, NaN as "nan": it equals itself here."""

_HALVES: Final = ("float32", "float16", "bfloat16")


def chain(
    index: int, case: kits.Case, trace: Trace | None, answer: Answer, moves: str, optimiser: str
) -> Chain:
    """Judge one traced call."""
    every = trace.steps if trace else ()
    steps = [step for step in every if optimiser in step.classes]
    message = _no_value(answer) or _no_step(every, steps, optimiser)
    if not moves:  # what the steps move is no argument
        message = message or _unmoved(steps, optimiser)
        return Chain(index, holds=not message, steps=len(steps), message=message, optimiser=optimiser)
    start = case.arguments[moves]
    if not message and isinstance(answer, Returned) and answer.value and isinstance(start, Tensor):
        followed = _Followed(start, answer.value, steps)
        if trace and trace.dropped:  # too many steps to record: what was recorded holds
            message = followed.broken_anywhere(moves)
            message = message or _unmoved(steps, optimiser) or impossible(steps, optimiser, memory=True)
        else:
            message = (
                _too_many(answer.value, case)
                or followed.broken(moves, optimiser)
                or _not_stepped(answer.value, case, steps, followed, optimiser)
            )
    return Chain(index, holds=not message, steps=len(steps), message=message, optimiser=optimiser)


def used(index: int, criterion: kits.Criterion, trace: Trace | None, answer: Answer) -> Chain:
    """Whether a traced call uses the functions that it must, and none that it must not."""
    functions = trace.functions if trace else ()
    message = "" if isinstance(answer, Returned) else _no_value(answer)
    wanting = [one for one in criterion.uses if not set(one.split("|")) & set(functions)]
    wrong = [one for names in criterion.avoids for one in names.split("|") if one in functions]
    if wanting and not message:
        message = f"{wanting[0].replace('|', ' or ')} was not used"
    elif wrong and not message:
        message = f"{wrong[0]} was used"
    return Chain(index, holds=not message, steps=0, message=message, criterion=criterion.id)


def chain_of(mistake: kits.Misconception, beside: Chain, exercise: kits.Exercise) -> Chain:
    """That of a misconception for the case and the criterion of another."""
    index = beside.case
    answer, trace = mistake.answers[index], mistake.traces.get(index)
    if beside.criterion:
        criterion = next(one for one in exercise.rubric if one.id == beside.criterion)
        return used(index, criterion, trace, answer)
    return chain(index, exercise.cases[index], trace, answer, exercise.moves, beside.optimiser)


def _no_value(answer: Answer) -> str:
    """Why there is nothing to follow, empty where there is."""
    if isinstance(answer, Stopped):
        return answer.message
    if isinstance(answer, Raised):
        return f"raised {answer.line}"
    return "" if answer.value is not None else f"returned {answer.problem}, no numbers"


def _no_step(every: Sequence[Step], steps: Sequence[Step], optimiser: str) -> str:
    if steps:
        return ""
    others = sorted({step.classes[0] if step.classes else "another optimiser" for step in every})
    beside = f"; steps were taken by {', '.join(others)}" if others else ""
    return f"torch.optim.{optimiser} took no step{beside}"


def _too_many(returned: Tensor, case: kits.Case) -> str:
    """A list of all that the steps left is not what they made in the end."""
    numbers, wanted = len(floats(returned)), len(floats(case.expected))
    return f"returned {numbers} numbers, expected {wanted}" if numbers > wanted else ""


def _not_stepped(
    returned: Tensor, case: kits.Case, steps: Sequence[Step], followed: _Followed, optimiser: str
) -> str:
    """Steps that no optimiser took, or that took a short cut to an end that was known."""
    every = (*case.trajectory, *(tensor for step in steps for tensor in step.after))
    roundoff = ROUNDOFF["float32" if any(one.dtype in _HALVES for one in every) else "float64"]
    wanted = [floats(tensor) for tensor in case.trajectory]
    allowed = [READ * roundoff * n * _largest(wanted[:n]) for n in range(1, len(wanted) + 1)]
    end = floats(returned)
    right = bool(wanted) and len(end) == len(wanted[-1])
    right = right and all(map(near, end, wanted[-1], allowed[-1:] * len(end)))
    theirs = case.trace.steps if case.trace else ()
    memory = not right or any(step.options.get("momentum") for step in theirs)  # then it says nothing of it
    wrong = impossible(steps, optimiser, memory=memory)
    return wrong or (_short_cut(wanted, allowed, followed) if right else "")


def _short_cut(wanted: Sequence[Sequence[float]], allowed: Sequence[float], followed: _Followed) -> str:
    """Steps that end at the right value and have not passed through those on the way there.

    Whoever knows the end can make gradients that lead to it. So where the end is right, steps have to lead
    from near each of the reference's values to near the next, by whichever of several optimisers.
    """
    here = [{key} for key in followed.start]
    for number, value in enumerate(wanted[1:], start=1):
        here = [
            {key for key in followed.reached(begun) if near(float(key), x, allowed[number])}
            for begun, x in zip(here, value, strict=True)
        ]
        if not all(here):
            return f"it ends where the reference ends, but no step went to where its step {number} leads"
    return ""


def _largest(values: Sequence[Sequence[float]]) -> float:
    return max((abs(x) for value in values for x in value if math.isfinite(x)), default=0.0)


def _unmoved(steps: Sequence[Step], optimiser: str) -> str:
    moves = any(step.before != step.after for step in steps)
    return "" if moves else f"no step of torch.optim.{optimiser} changed anything"


class _Followed:
    """The values of one call, followed from step to step."""

    def __init__(self, start: Tensor, returned: Tensor, steps: Sequence[Step]) -> None:
        everything = [start, returned, *(t for step in steps for t in (*step.before, *step.after))]
        self._single = any(tensor.dtype in _HALVES for tensor in everything)  # then all is compared in it
        self._returned = self._keys([returned])
        self.start = self._keys([start])
        self._pairs: list[tuple[Key, Key]] = []  # before and after, in the order of the steps
        self._passed = Counter(self.start)  # passed to the call, and not yet gone on from
        self._left: Counter[Key] = Counter()  # left by a step, and not yet gone on from
        self._came: dict[Key, set[Key]] = {}  # from where steps came to a value
        self._known = set(self._passed)  # passed to the call, or made of that by steps
        self._made: set[Key] = set()  # by steps
        self._astray: dict[Key, tuple[int, Key]] = {}  # left by a step, begun elsewhere: at which, by what
        for number, step in enumerate(steps, start=1):
            self._follow(number, list(zip(self._keys(step.before), self._keys(step.after), strict=False)))

    def _follow(self, number: int, pairs: list[tuple[Key, Key]]) -> None:
        self._pairs += pairs
        for before, after in pairs:
            stock = self._passed if self._passed[before] else self._left
            stock[before] -= stock[before] > 0  # several may go on from one: a loop that begins again
            self._came.setdefault(after, set()).add(before)
        self._left.update(after for _, after in pairs)
        made = {after for before, after in pairs if before in self._known}
        lost = [(before, after) for before, after in pairs if before not in self._known]
        self._astray |= {after: self._astray.get(before, (number, before)) for before, after in lost}
        self._made |= made
        self._known |= made

    def reached(self, begun: set[Key]) -> set[Key]:
        """These values, and where steps led from them."""
        values = set(begun)
        for before, after in self._pairs:
            if before in values:
                values.add(after)
        return values

    def broken(self, moves: str, optimiser: str) -> str:
        """What is returned and was not made by steps, as a sentence; else empty."""
        ends = {key for key, count in self._left.items() if count}
        late = ends.union(*(self._came[key] for key in ends))
        for key in self._returned:
            if key not in self._made and key in self._astray:
                return self._unknown(*self._astray[key], moves)
            if key not in self._made or key not in late:
                which = "one of the last two steps" if key in self._made else "a step"
                told = f"what came back, {self._told(key)}, was not left by {which}"
                return f"{told} of torch.optim.{optimiser}"
        return ""

    def broken_anywhere(self, moves: str) -> str:
        """The first step that went on from a value of unknown origin, as a sentence; else empty."""
        return next((self._unknown(*begun, moves) for begun in self._astray.values()), "")

    def _unknown(self, number: int, key: Key, moves: str) -> str:
        if number == 1:
            return f"before the first step the parameter was {self._told(key)}, not a value of {moves}"
        return f"before step {number} the parameter was {self._told(key)}, where no earlier step had left it"

    def _told(self, key: Key) -> str:
        return text([float(key)], "float32" if self._single else "float64", ())

    def _keys(self, tensors: Sequence[Tensor]) -> list[Key]:
        """Every component; rounded, where anything in this call is in single precision or less."""
        keys: list[Key] = []
        for tensor in tensors:
            exact = not self._single or tensor.dtype in _HALVES
            values = floats(tensor)
            keys += ["nan" if math.isnan(x) else x if exact else single(x) for x in values]
        return keys


# --- the steps that an optimiser can make ----------------------------------------------------


class _Move(NamedTuple):
    """One number of one parameter in one step."""

    before: float
    after: float
    gradient: float
    dtypes: tuple[str, ...]

    def lead(self, options: dict[str, float]) -> list[float]:
        """Where SGD may go from here."""
        rate, momentum = options.get("lr", 0.0), options.get("momentum", 0.0)
        sign = -1.0 if options.get("maximize") else 1.0
        step = rate * (sign * self.gradient + options.get("weight_decay", 0.0) * self.before)
        factors = (1.0, 1.0 + momentum) if options.get("nesterov") else (1.0,)
        return [self.before - factor * step for factor in factors]

    def leads(self, options: dict[str, float]) -> bool:
        """Whether it went there; what is no number any more may have come from anywhere."""
        if not math.isfinite(self.after):
            return True
        roundoff, lost = (
            max(table.get(one, table["float64"]) for one in self.dtypes) for table in (ROUNDOFF, NORMAL)
        )
        decay = abs(options.get("weight_decay", 0.0) * self.before)
        size = abs(self.before) + abs(options.get("lr", 0.0)) * (abs(self.gradient) + decay)
        allowed = READ * roundoff * size + lost
        return math.isfinite(size) and any(abs(one - self.after) <= allowed for one in self.lead(options))


def impossible(steps: Sequence[Step], optimiser: str, *, memory: bool) -> str:
    """The first step that `optimiser` cannot have made, in words; `memory`: momentum may have added some."""
    for number, step in enumerate(steps, start=1):
        for index, (before, after) in enumerate(zip(step.before, step.after, strict=False)):
            if before != after:
                message = _wrong(step, index, before, after, plain=optimiser == "SGD", memory=memory)
                if message:
                    return f"step {number} {message}"
    return ""


def _wrong(step: Step, index: int, before: Tensor, after: Tensor, *, plain: bool, memory: bool) -> str:
    gradient = step.gradients[index] if index < len(step.gradients) else None
    if gradient is None or gradient.shape != before.shape:
        return "moved a parameter that had no gradient"
    options = step.each[index] if index < len(step.each) else step.options
    if not plain or (options.get("momentum") and memory):
        return ""
    dtypes = (before.dtype, after.dtype, gradient.dtype)
    for numbers in zip(floats(before), floats(after), floats(gradient), strict=False):
        move = _Move(*numbers, dtypes)
        if not move.leads(options):
            start, end, wanted = (
                text([x], before.dtype, ()) for x in (move.before, move.after, move.lead(options)[0])
            )
            return f"took a parameter from {start} to {end}, where its rate and its gradient lead to {wanted}"
    return ""
