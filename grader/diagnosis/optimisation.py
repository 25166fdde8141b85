"""Who took the steps: what the traces of torch.optim show. A claim of the student's process, told as that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from grader import kit as kits
from grader.diagnosis.candidates import ALL_KINDS, STEPS, Candidate
from grader.diagnosis.seen import Seen
from grader.judging.family import OPTIONS_HINT
from grader.judging.walks import Walk
from grader.kit import CriterionKind
from grader.records import Step, Tensor, Trace
from grader.tensors import floats, single

RANK: Final = 120
FEW: Final = 2  # traced calls that a sign has to be seen in
SINGLE: Final = ("optimiser-options", "another-start", "another-count")  # decisions of the run
_FLAGS: Final = ("nesterov", "maximize")
_OPTIONS: Final = ("momentum", "dampening", "weight_decay", *_FLAGS)
_BOTH: Final[frozenset[CriterionKind]] = frozenset({"optimiser", "values"})


def candidates(seen: Seen) -> Iterator[Candidate]:
    asked = next((one.optimiser for one in seen.exercise.rubric if one.optimiser), None)
    if asked is None or not seen.traces:
        return
    traces = [trace for index, trace in seen.traces.items() if index in seen.failing]
    steps = [step for trace in traces for step in trace.steps]
    calls = sum(bool(trace.steps) for trace in traces)
    yield from _another(seen, asked, steps, calls)
    if not any(step.classes for step in steps):
        yield from _by_hand(seen, len(traces))
    yield from _without_gradient(seen, steps, calls)
    yield from _idle(seen, asked, steps, calls)
    yield from _options(seen, asked)
    yield from _another_start(seen)
    yield from _another_count(seen)


def _another(seen: Seen, asked: str, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """Steps of another optimiser than the one asked for, and of no other."""
    names = sorted({step.classes[0] for step in steps if step.classes})
    if not names or any(asked in step.classes for step in steps):
        return
    rates = {step.options.get("lr") for step in steps}
    rate = rates.pop() if len(rates) == 1 else None
    with_rate = "" if rate is None else f" with lr {rate:g}"
    yield Candidate(
        id="another-optimiser",
        title=f"The steps are taken by {' and '.join(names)}{with_rate}, not by {asked}",
        hint="Which class of torch.optim does the exercise ask for?",
        explained=seen.broken["optimiser"] | seen.broken["values"],
        whole=False,
        rank=RANK,
        evidence="trace",
        calls=calls,
        teacher="Read from the trace: the class whose step() was called.",
        where="optimiser",
        kinds=_BOTH,
    )


def _by_hand(seen: Seen, calls: int) -> Iterator[Candidate]:
    """No optimiser took any step, and theta moved all the same."""
    if not seen.outcomes.moved or not seen.broken["optimiser"]:
        return
    yield Candidate(
        id="by-hand",
        title="Theta is updated by hand, not by the optimiser",
        hint="No optimiser took a step. Which object of torch.optim can make this update for you?",
        explained=seen.broken["optimiser"],
        whole=False,
        rank=RANK,
        evidence="trace",
        calls=calls,
        teacher="No optimiser's step() was called in any traced call.",
        where="step",
        kinds=STEPS,
    )


def _without_gradient(seen: Seen, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """step() was called, but what it should have moved had no gradient."""
    gradients = [gradient for step in steps for gradient in step.gradients]
    if not gradients or any(one is not None and any(floats(one)) for one in gradients):
        return
    none = all(one is None for one in gradients)
    yield Candidate(
        id="steps-without-gradient",
        title="The optimiser's steps change nothing: its tensor has no gradient"
        if none
        else "The optimiser's steps change nothing: its gradient is zero",
        hint="Print .grad of the tensor that the optimiser has, just before step().",
        explained=_unmoved(seen),
        whole=False,
        rank=RANK,
        evidence="trace",
        calls=calls,
        teacher="No backward(), one into another tensor than the optimiser's, or gradients cleared between.",
        where="backward",
        kinds=STEPS if seen.outcomes.moved else _BOTH,
    )


def _unmoved(seen: Seen) -> frozenset[int]:
    """What a step that moves nothing explains: the values, too, where nothing else moved them."""
    return (
        seen.broken["optimiser"] if seen.outcomes.moved else seen.broken["optimiser"] | seen.broken["values"]
    )


def _idle(seen: Seen, asked: str, steps: Sequence[Step], calls: int) -> Iterator[Candidate]:
    """The optimiser moves a tensor, and another one is returned."""
    moved = any(step.before != step.after for step in steps if asked in step.classes)
    wrong = bool(seen.broken["values"]) and seen.outcomes.moved
    if not moved or not seen.broken["optimiser"] or wrong:
        return
    yield Candidate(
        id="another-tensor",
        title="The optimiser moves one tensor, and another one comes back",
        hint="Which tensor does the optimiser have, and which one do you return? Print both after a step.",
        explained=_unmoved(seen),
        whole=False,
        rank=RANK,
        evidence="trace",
        calls=calls,
        teacher="The optimiser has a copy of theta, or the function returns its argument.",
        where="return",
        kinds=STEPS if seen.outcomes.moved else _BOTH,
    )


def _options(seen: Seen, asked: str) -> Iterator[Candidate]:
    """Options of the optimiser that are not the reference's, each with one value of its own."""
    told: dict[str, set[float]] = {}
    calls = set[int]()
    for index in seen.broken["values"] & seen.traces.keys():
        for step in seen.traces[index].steps:
            if asked in step.classes:
                odd = _odd(step.options, _usual(seen.exercise) or step.options)
                calls |= {index} if odd else set()
                for name, value in odd.items():
                    told.setdefault(name, set()).add(value)
    options = {name: values.pop() for name, values in told.items() if len(values) == 1}
    if options:
        yield Candidate(
            id="optimiser-options",
            title=f"{asked} runs with {options_told(options)}",
            hint=OPTIONS_HINT,
            explained=seen.broken["values"],
            whole=False,
            rank=RANK + 1,
            evidence="trace",
            calls=len(calls),
            teacher="Read from the trace: options that the exercise did not ask for.",
            where="optimiser",
        )


def options_told(options: Mapping[str, float]) -> str:
    """`momentum 0.9, nesterov`."""
    return ", ".join(
        name if name in _FLAGS else f"{name.replace('_', ' ')} {value:g}"
        for name, value in sorted(options.items())
    )


def _odd(options: Mapping[str, float], usual: Mapping[str, float]) -> dict[str, float]:
    return {name: x for name, x in options.items() if name in _OPTIONS and x != usual.get(name)}


def _usual(exercise: kits.Exercise) -> Mapping[str, float] | None:
    """The reference's options; None where it takes no step."""
    return next(
        (case.trace.steps[0].options for case in exercise.cases if case.trace and case.trace.steps), None
    )


def odd_options(exercise: kits.Exercise, walks: Sequence[Walk]) -> dict[str, float] | None:
    """The options that are not the reference's; None where the recorded steps do not agree on them."""
    usual = _usual(exercise)
    found = [_odd(taken.options, usual) for walk in walks for taken in walk.taken] if usual else []
    return found[0] if found and all(one == found[0] for one in found) else None


def by_the_one_asked_for(traces: Mapping[int, Trace], asked: str) -> bool:
    """Whether every recorded step was taken by this optimiser itself."""
    return all(asked in step.classes[:1] for trace in traces.values() for step in trace.steps)


def _another_start(seen: Seen) -> Iterator[Candidate]:
    """The first step begins from another theta than the one passed, in every traced call."""
    begun = {
        index: [single(x) for tensor in seen.traces[index].steps[0].before for x in floats(tensor)]
        for index in seen.broken["values"] & seen.traces.keys() & seen.telling
        if seen.traces[index].steps
    }
    if len(begun) < FEW or any(
        set(values) & _given(seen, index, seen.exercise.moves) for index, values in begun.items()
    ):
        return
    others = [name for name in seen.exercise.parameters if name != seen.exercise.moves]
    other = next((n for n in others if all(set(v) == _given(seen, i, n) for i, v in begun.items())), None)
    yield Candidate(
        id="arguments-swapped" if other else "another-start",
        title=f"The descent starts at {other}, not at {seen.exercise.moves}, as if parameters were exchanged"
        if other
        else "The first step does not begin at the theta that is passed",
        hint="In which order does the exercise pass its arguments? Compare with your `def` line."
        if other
        else "Print theta just before the first step. Where does it come from?",
        explained=seen.failing,
        whole=False,
        rank=RANK + 1,
        evidence="trace",
        calls=len(begun),
        teacher="Read from the trace: theta is another argument, random, fixed, or changed before the loop.",
        where="definition" if other else "optimiser",
        kinds=ALL_KINDS,
    )


def _given(seen: Seen, index: int, name: str) -> set[float]:
    value = seen.exercise.cases[index].arguments[name]
    return set(map(single, floats(value) if isinstance(value, Tensor) else [float(value)]))


def _another_count(seen: Seen) -> Iterator[Candidate]:
    """Another number of steps than the reference takes, in every traced call that is wrong."""
    counts = {}
    for index in seen.broken["values"] & seen.traces.keys() & seen.telling:
        mine, theirs = seen.traces[index], seen.exercise.cases[index].trace
        if (
            theirs is None
            or not theirs.steps
            or not mine.steps
            or _size(mine.steps[0]) != _size(theirs.steps[0])
        ):
            return
        counts[index] = (len(mine.steps) + mine.dropped, len(theirs.steps))
    if len(counts) < FEW or any(own == wanted for own, wanted in counts.values()):
        return
    own, wanted = counts[min(counts, key=lambda index: (counts[index][1], index))]
    yield Candidate(
        id="another-count",
        title=f"Another number of steps is taken than asked for: {own} in place of {wanted}, for instance",
        hint="Count how often step() runs. What ends your loop?",
        explained=seen.broken["values"],
        whole=False,
        rank=RANK + 2,
        evidence="trace",
        calls=len(counts),
        teacher="Read from the traces; which number is taken follows no known rule.",
        where="loop",
    )


def _size(step: Step) -> int:
    return sum(len(floats(tensor)) for tensor in step.before)
