"""The counterexample as it is shown: a call to paste, what was expected, what happened, and how far off."""

from __future__ import annotations

from typing import Final

import msgspec

from grader.report.differences import Marked, marked
from grader.report.figures import kind, pair, plain, ratio
from grader.report.redaction import HIDDEN
from grader.results import CaseEvidence, Counterexample, ExerciseEvidence, TensorView, as_float
from grader.text import clean, one_line

_CALL: Final = 2000  # characters of a call to paste
_MESSAGE: Final = 600  # of an exception
_TRACEBACK: Final = 4000


class CounterView(msgspec.Struct, frozen=True):
    """`outcome` is what came back or, where `raised`, what happened instead; `facts` are whole sentences.

    `expected` is empty where a student may not see it.
    """

    device: str  # empty where there is only one
    call: str
    expected: str
    outcome: str
    raised: bool
    facts: tuple[str, ...]
    marked: tuple[Marked, Marked]  # both again, with the first difference
    traceback: str = ""


def counter(found: Counterexample, evidence: ExerciseEvidence | None, *, several: bool) -> CounterView:
    """`several`: more than one device was graded, so the reader has to be told which."""
    case = _case(found, evidence)
    wanted = None if found.expected == HIDDEN else found.expected
    expected, outcome = plain(wanted) if wanted else "", _without_value(found, case)
    facts: tuple[str, ...] = ()
    if found.got is not None:
        expected, outcome = pair(wanted, found.got) if wanted else ("", plain(found.got))
        facts = (_distance(found, case), _form(found, found.got))
    step = found.first_diverging_step
    leaves = "" if step is None else f"It leaves the reference at step {step}."
    return CounterView(
        device=one_line(found.device) if several else "",
        call=one_line(found.call, _CALL),
        expected=expected,
        outcome=outcome,
        raised=found.got is None,
        facts=tuple(filter(None, (*facts, leaves))),
        marked=marked(expected, outcome)
        if wanted and found.got is not None
        else _unmarked(expected, outcome),
        traceback=clean(case.traceback, _TRACEBACK) if case and found.got is None else "",
    )


def _case(found: Counterexample, evidence: ExerciseEvidence | None) -> CaseEvidence | None:
    """The same call among the judged cases; a rung of the ladder is not among them."""
    cases = evidence.cases if evidence else ()
    return next((one for one in cases if (one.call, one.device) == (found.call, found.device)), None)


def _without_value(found: Counterexample, case: CaseEvidence | None) -> str:
    told = found.raised or found.said or (case.message if case else "")
    return clean(told or "no value came back", _MESSAGE)


def _distance(found: Counterexample, case: CaseEvidence | None) -> str:
    """How far off; for a value within its bound, what else is wrong with it."""
    over = found.error_over_bound
    right = as_float(over) <= 1 if over is not None else bool(case and case.form and not case.failure)
    if not right:
        return ratio(over)
    told = f": {one_line(case.form_message, _MESSAGE)}" if case and case.form_message else ""
    return f"The value is right, its form is not{told}."


def _form(found: Counterexample, got: TensorView) -> str:
    other = found.expected not in (None, HIDDEN) and got.shape != found.expected.shape
    return f"It came back as {kind(got)}." if other else ""


def _unmarked(expected: str, outcome: str) -> tuple[Marked, Marked]:
    return Marked(expected, "", "", ""), Marked(outcome, "", "", "")
