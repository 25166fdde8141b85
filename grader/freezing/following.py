"""The reference's own steps on each case, where a student's are to be laid beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from grader import kit
from grader.freezing.ladder import simplicity
from grader.freezing.trials import Trials
from grader.sandbox import calling
from grader.sandbox.tracing import FEW

TRACED_EACH: Final = 4  # cases of each criterion, beside those that are repeated or shrunk


def followed(trials: Trials, cases: list[kit.Case], telling: Iterable[int] = ()) -> list[kit.Case]:
    """The cases with the reference's steps; those that become counterexamples again and again are traced.

    A step costs a third more when it is recorded, so that is done where a case is judged by its steps,
    where it was shrunk, for the simplest of each criterion, and for those that a diagnoser finds `telling`.
    Any other that is shown is called again.
    """
    traced = set(telling) | {
        i for i, case in enumerate(cases) if case.repeats is not None or case.origin == "shrunk"
    }
    for criterion in trials.exercise.rubric:
        own = [i for i, case in enumerate(cases) if case.criterion == criterion.id and case.repeats is None]
        traced.update(sorted(own, key=lambda i: simplicity(trials, cases[i].arguments))[:TRACED_EACH])
    return [with_steps(trials, case, traced=i in traced) for i, case in enumerate(cases)]


def with_steps(trials: Trials, case: kit.Case, *, traced: bool) -> kit.Case:
    """A reference that takes its steps without an optimiser has none to show."""
    _, trace = calling.traced_call(
        trials.exercise.reference, case.arguments, limit=FEW, protocol=trials.protocol
    )
    if not trace.steps and (case.effort > 0 or trials.protocol.leaves):
        return case
    return replace(case, trace=trace, traced=traced)
