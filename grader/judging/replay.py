"""A counterexample -> one whose steps are known, and that shows the same when it is pasted alone.

In the suite every call meets what those before it left behind; pasted into a fresh process it does not.
So where calls leave something behind, the call is made again by a worker of its own: alone, then twice,
then after a call that may have left what made it wrong. The first that fails is shown, as one line to
paste. A call that was not traced is made again alone. Of nearly all students none is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from grader import kit as kits
from grader import tensors
from grader.judging.award import Finding
from grader.judging.behaviour import values
from grader.judging.counterexample import SEEDED, Shown, shown_again
from grader.records import Answer, ExerciseRun
from grader.results import Diagnosis

Picked = Mapping[str, tuple[int, ...]]
"""Of each exercise, in the kit's order, which of its suite's calls."""

Again = Callable[[str, Picked], Mapping[str, ExerciseRun]]
"""Makes some calls of the suites in a fresh process on a device; the answers are keyed by their order."""

MEMORIES: Final = frozenset({"keeps-state", "keeps-state-or-random", "keeps-answers", "goes-on"})
TRIES: Final = 4  # workers at most, each as dear as a submission
_NO_GRADIENT: Final = "does not require grad"  # in the words of backward()
_KEPT: Final = "Which variables outlive a call?"
_OFF: Final = "Are gradients switched on again at its end? `with torch.no_grad():` sees to that."
_KEEPERS: Final = "A global tensor, object or counter, a mutable default, a cache, or random numbers."
_SWITCHES: Final = "torch.set_grad_enabled(False), which holds for the whole process."
_ALONE: Final = (
    "{name}: the call shown is right in a fresh process: it goes wrong after other calls,"
    " because something outlives a call."
)


@dataclass(frozen=True)
class Asked:
    """A counterexample that may need other calls before it."""

    case: int
    exercise: kits.Exercise
    kit: kits.Kit
    failed: Collection[str]
    device: str
    runs: Mapping[str, ExerciseRun]


def confirmed(
    finding: Finding, exercise: kits.Exercise, kit: kits.Kit, runs: Mapping[str, ExerciseRun], again: Again
) -> Finding:
    """The finding with a counterexample that stands by itself.

    `runs`: what all exercises did on its device, in the kit's order, up to this one.
    """
    asked = _asked(finding, exercise, kit, runs)
    if asked is None:
        return finding
    answered = False
    for picked in islice(_orders(asked), TRIES):
        reply = again(asked.device, picked).get(exercise.name)
        answered = answered or reply is not None
        shown, follows = _tried(picked, asked, reply)
        if shown is not None:
            found = msgspec.structs.replace(
                finding, counterexample=shown.counterexample, steps=shown.steps, difference=shown.difference
            )
            return _remembering(found, off=_off(runs)) if follows and _keeps(runs) else found
    noted = msgspec.structs.replace(finding, notes=(*finding.notes, _ALONE.format(name=exercise.name)))
    return _remembering(noted, off=_off(runs)) if answered and _keeps(runs) else noted


def _remembering(finding: Finding, *, off: bool) -> Finding:
    """With what is kept as the mistake: the call is right alone, so no other name says why it is wrong.

    What else was found was read off calls that had been spoilt before. `off`: calls switch gradients.
    """
    shown = finding.counterexample
    off = off and shown is not None and _NO_GRADIENT in (shown.raised or "")
    outlives = "gradients stay switched off" if off else "something outlives a call"
    named = finding.diagnosis
    if named is None or not MEMORIES.intersection(named.misconceptions):
        failing = max(row.failed_cases for row in finding.criteria)
        named = Diagnosis(
            ("keeps-state",), f"The call is right in a fresh process and wrong after others: {outlives}",
            f"Call your function twice with the same arguments. {_OFF if off else _KEPT}",
            explained=failing, failing=failing, partial=True, calls=1,
            teacher=_SWITCHES if off else _KEEPERS,
        )  # fmt: skip
    return msgspec.structs.replace(finding, diagnosis=named, further=())


def _asked(
    finding: Finding, exercise: kits.Exercise, kit: kits.Kit, runs: Mapping[str, ExerciseRun]
) -> Asked | None:
    """None where the call need not be made again; one that never ends would only cost its wait again."""
    found = finding.counterexample
    if found is None or (found.got is None and found.raised is None):
        return None
    calls = [tensors.call(exercise.called, case.arguments, found.device) for case in exercise.cases]
    case = next((i for i, call in enumerate(calls) if found.call.endswith(call)), None)
    if case is None:
        return None
    own = exercise.cases[case]
    untraced = not own.traced and own.trace is not None and bool(own.trace.steps)
    if not (_keeps(runs) or untraced):
        return None
    rows = [row for row in finding.criteria if row.device == found.device]
    failed = {row.id for row in rows if row.outcome == "failed"}
    return Asked(case, exercise, kit, failed, found.device, runs)


def _keeps(runs: Mapping[str, ExerciseRun]) -> bool:
    return any(run.keeps for run in runs.values())


def _off(runs: Mapping[str, ExerciseRun]) -> bool:
    """Whether a call leaves gradients switched otherwise than it found them."""
    return any("grad enabled" in note.text for run in runs.values() for note in run.notes)


# --- which calls before it ----------------------------------------------------------------


def _orders(asked: Asked) -> Iterator[Picked]:
    """The call twice; after one that got the same answer, of its own or another exercise; after the first."""
    own, case = asked.exercise.name, asked.case
    answers = asked.runs[own].answers
    yield {own: (case, case) if _keeps(asked.runs) else (case,)}
    twins = [i for i, other in answers.items() if i < case and _alike(other, answers.get(case))]
    earlier = [*twins[:1], *(i for i in (0, case - 1) if 0 <= i < case)]
    others = {
        name: next((i for i, other in run.answers.items() if _alike(other, answers.get(case))), 0)
        for name, run in asked.runs.items()
        if name != own and run.found
    }
    yield from ({own: (i, case)} for i in dict.fromkeys(earlier[:1]))
    yield from ({name: (i,), own: (case,)} for name, i in others.items())
    yield from ({own: (i, case)} for i in dict.fromkeys(earlier[1:]))


def _alike(one: Answer, other: Answer | None) -> bool:
    """Whether two calls may have got one answer: the same numbers, in whatever shape."""
    return bool(values(one)) and values(one) == values(other)


# --- what came of them --------------------------------------------------------------------


def _tried(picked: Picked, asked: Asked, reply: ExerciseRun | None) -> tuple[Shown | None, bool]:
    """The call with those before it, as soon as it fails, and whether there are any; None if it does not."""
    if reply is None:
        return None, False
    made = [(one.name, index) for one in asked.kit.exercises for index in picked.get(one.name, ())]
    first = len(made) - len(picked[asked.exercise.name])
    for position, (_, index) in enumerate(made[first:]):
        if index != asked.case or position not in reply.answers:
            continue
        before = _pasted(made[: first + position], asked, draws=reply.draws)
        shown = shown_again(index, reply, position, asked.exercise, asked.failed, asked.device, before)
        if shown is not None:
            return shown, first + position > 0
    return None, False


def _pasted(made: Sequence[tuple[str, int]], asked: Asked, *, draws: bool) -> str:
    exercises = {one.name: one for one in asked.kit.exercises}
    seed = SEEDED if draws else ""
    calls = [
        seed + tensors.call(exercises[name].called, exercises[name].cases[i].arguments, asked.device)
        for name, i in made
    ]
    return "".join(f"{call}; " for call in calls) + seed
