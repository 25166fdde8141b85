"""What a finding rests on, in words: the one place that makes them, for every report.

Only of what is proven is it said that all failing cases behave as if it were the mistake. Everything else is
told as what it is: read from steps, seen in how calls end, or a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grader.report.figures import plural
from grader.results import Diagnosis, Ground
from grader.text import one_line

_CAUSE: Final = 300  # characters of a possible cause
_FOR_THE_CLASS: Final[dict[Ground, str]] = {
    "proven": "proven on all failing cases",
    "trace": "read from recorded steps",
    "error": "seen in how calls end",
    "partial": "not proven",
}


def ground(found: Diagnosis) -> str:
    """Why the title is believed, and how far it goes, for its student."""
    if found.evidence == "proven":
        return _proven(found.failing, found.others)
    told = {"trace": _trace, "error": _error, "partial": _partial}[found.evidence](found)
    return f"{told} A possible cause: {_phrase(found.cause)}." if found.cause else told


def _phrase(cause: str) -> str:
    """`The loss is halved.` as it stands within a sentence; a name such as SGD stays."""
    begins = cause[:1].lower() if cause[1:2].islower() or cause[1:2] == " " else cause[:1]
    return begins + one_line(cause, _CAUSE)[1:].rstrip(".")


def _proven(failing: int, others: Sequence[str]) -> str:
    what = "this were the mistake"
    if others:
        more = "another one" if len(others) == 1 else f"{len(others)} others"
        what = f"this mistake were made together with {more}: {'; '.join(map(_phrase, others))}"
    if failing == 1:
        return f"The failing case behaves exactly as if {what}."
    return f"All {failing:,} failing cases behave exactly as if {what}."


def _trace(found: Diagnosis) -> str:
    more = " There may be more to find." if found.partial else ""
    return f"Read from the recorded steps of {plural(found.calls, 'call')}.{more}"


def _error(found: Diagnosis) -> str:
    if found.calls:  # those after the call that was ended only follow from it
        return (
            f"Seen in {plural(found.calls, 'call')}; {found.explained - found.calls:,} after it were not run."
        )
    if found.explained < found.failing:
        return f"Seen in {found.explained:,} of {found.failing:,} failing calls, so there is more to find."
    return (
        "Seen in the failing call." if found.failing == 1 else f"Seen in all {found.failing:,} failing calls."
    )


def _partial(found: Diagnosis) -> str:
    if found.calls:
        return f"Seen in {plural(found.calls, 'call')}. There may be more to find."
    if found.explained < found.failing:
        return f"Explains {found.explained:,} of {found.failing:,} failing cases, so there is more to find."
    return f"Seen in all {plural(found.failing, 'failing case')}. There may be more to find."


def for_the_class(students: Mapping[Ground, int]) -> str:
    """For the instructor, of those who made a mistake: `proven on all failing cases for 3 students`."""
    told = [
        f"{words} for {plural(students[one], 'student')}"
        for one, words in _FOR_THE_CLASS.items()
        if students.get(one)
    ]
    return f"{', '.join(told).capitalize()}."
