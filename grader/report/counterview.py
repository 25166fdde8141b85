"""The counterexample as it is shown: a call to paste, what was expected, what happened, and how far off."""

from __future__ import annotations

from typing import Final

import msgspec

from grader.report.differences import Marked, marked
from grader.report.figures import kind, pair, plain, ratio
from grader.report.redaction import HIDDEN
from grader.results import CaseEvidence, Counterexample, ExerciseEvidence, TensorView, as_float
from grader.text import clean, one_line

_CALL: Final = 20_000  # characters of a call to paste: one that is cut is none
_SUPPORT: Final = 20_000  # and of what stands above it
_PART: Final = 200
_LABEL: Final = 9  # columns before what was expected and what came
_MESSAGE: Final = 600  # of an exception
_TRACEBACK: Final = 4000


class CounterView(msgspec.Struct, frozen=True):
    """`outcome` is what came back or, where `raised`, what happened instead; `facts` are whole sentences.

    `expected` is empty where a student may not see it.
    """

    device: str  # empty where there is only one
    call: str
    support: str  # to be pasted above it: the source of a probe; empty where there is none
    part: (
        str  # of a result of several, or a number of many: `result[1]`; empty where it is all that came back
    )
    expected: str
    outcome: str
    raised: bool
    facts: tuple[str, ...]
    marked: tuple[Marked, Marked]  # both again, with the first difference
    traceback: str = ""

    @property
    def label(self) -> str:
        """Of what was expected: `expected result[1]`."""
        return f"expected {self.part}".rstrip()

    @property
    def compared(self) -> tuple[str, ...]:
        """What was expected and what came, as lines under each other."""
        room = max(len(self.label), _LABEL) if self.expected else _LABEL
        expected = [f"{self.label:{room}} {self.expected}"] if self.expected else []
        return (*expected, f"{'happened' if self.raised else 'got':{room}} {self.outcome}")


def counter(found: Counterexample, evidence: ExerciseEvidence | None, *, several: bool) -> CounterView:
    """`several`: more than one device was graded, so the reader has to be told which."""
    case = _case(found, evidence)
    wanted = None if found.expected == HIDDEN else found.expected
    expected, outcome = plain(wanted) if wanted else "", _without_value(found, case)
    facts: tuple[str, ...] = ()
    came = found.got if wanted or found.expected or not found.said else None
    if came is not None:
        expected, outcome = pair(wanted, came) if wanted else ("", plain(came))
        facts = (_many(found), _distance(found, case), _form(found, came))
    step = found.first_diverging_step
    leaves = "" if step is None else f"It leaves the reference at step {step}."
    return CounterView(
        device=one_line(found.device) if several else "",
        call=one_line(found.bare, _CALL),
        support=clean(found.support, _SUPPORT).rstrip(),
        part=one_line(f"{found.part or 'result'}{found.place}" if found.place else found.part, _PART),
        expected=expected,
        outcome=outcome,
        raised=came is None,
        facts=tuple(filter(None, (*facts, leaves))),
        marked=marked(expected, outcome) if wanted and came is not None else _unmarked(expected, outcome),
        traceback=clean(case.traceback, _TRACEBACK) if case and came is None else "",
    )


def _case(found: Counterexample, evidence: ExerciseEvidence | None) -> CaseEvidence | None:
    """The same call among the judged cases; a rung of the ladder is not among them."""
    cases = evidence.cases if evidence else ()
    same = (found.bare, found.device, found.part)
    return next((one for one in cases if (one.call, one.device, one.part) == same), None)


def _without_value(found: Counterexample, case: CaseEvidence | None) -> str:
    told = found.raised or found.said or (case.message if case else "")
    return clean(told or "no value came back", _MESSAGE)


def _many(found: Counterexample) -> str:
    """Of many numbers, how many are wrong and which is furthest off; empty where all are shown."""
    return f"{one_line(found.said.partition(': ')[0], _MESSAGE)}." if found.place else ""


def _distance(found: Counterexample, case: CaseEvidence | None) -> str:
    """How far off; for a value within its bound, what else is wrong with it."""
    over = found.error_over_bound
    right = as_float(over) <= 1 if over is not None else bool(case and case.form and not case.failure)
    if not right:
        return ratio(over, found.bound)
    said = found.said or (case.form_message if case else "")
    told = f": {one_line(said, _MESSAGE)}" if said else ""
    return f"The value is right, its form is not{told}."


def _form(found: Counterexample, got: TensorView) -> str:
    other = found.expected not in (None, HIDDEN) and got.shape != found.expected.shape
    return f"It came back as {kind(got)}." if other else ""


def _unmarked(expected: str, outcome: str) -> tuple[Marked, Marked]:
    return Marked(expected, "", "", ""), Marked(outcome, "", "", "")
