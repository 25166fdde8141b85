"""The counterexample as it is shown: a call to paste, what was expected, what happened, and how far off."""

from __future__ import annotations

from typing import Final

import msgspec

from grader.report.figures import kind, pair, plain, ratio
from grader.results import CaseEvidence, Counterexample, ExerciseEvidence, TensorView, as_float
from grader.text import clean, one_line

_CALL: Final = 2000  # characters of a call to paste
_MESSAGE: Final = 600  # of an exception


class CounterView(msgspec.Struct, frozen=True):
    """`outcome` is what came back or, where `raised`, what happened instead; `facts` are whole sentences."""

    device: str  # empty where there is only one
    call: str
    expected: str
    outcome: str
    raised: bool
    facts: tuple[str, ...]


def counter(found: Counterexample, evidence: ExerciseEvidence | None, *, several: bool) -> CounterView:
    """`several`: more than one device was graded, so the reader has to be told which."""
    case = _case(found, evidence)
    expected, outcome = plain(found.expected), _without_value(found, case)
    facts: tuple[str, ...] = ()
    if found.got is not None:
        expected, outcome = pair(found.expected, found.got)
        facts = (_distance(found, case), _form(found.expected, found.got))
    step = found.first_diverging_step
    leaves = "" if step is None else f"It leaves the reference at step {step}."
    return CounterView(
        device=one_line(found.device) if several else "",
        call=one_line(found.call, _CALL),
        expected=expected,
        outcome=outcome,
        raised=found.got is None,
        facts=tuple(filter(None, (*facts, leaves))),
    )


def _case(found: Counterexample, evidence: ExerciseEvidence | None) -> CaseEvidence | None:
    """The same call among the judged cases; a rung of the ladder is not among them."""
    cases = evidence.cases if evidence else ()
    return next((one for one in cases if (one.call, one.device) == (found.call, found.device)), None)


def _without_value(found: Counterexample, case: CaseEvidence | None) -> str:
    told = found.raised or (case.message if case else "")
    return clean(told or "no value came back", _MESSAGE)


def _distance(found: Counterexample, case: CaseEvidence | None) -> str:
    """How far off; for a value within its bound, what else is wrong with it."""
    over = found.error_over_bound
    if over is None or not as_float(over) <= 1:
        return ratio(over)
    told = f": {one_line(case.form_message, _MESSAGE)}" if case and case.form_message else ""
    return f"The value is right, its form is not{told}."


def _form(expected: TensorView, got: TensorView) -> str:
    return f"It came back as {kind(got)}." if got.shape != expected.shape else ""
