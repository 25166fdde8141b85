"""A diagnosis as it is shown to its student; what it tells the instructor stays out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from grader.records import Cell
from grader.report.figures import plural
from grader.report.sourceview import QuoteView, quote
from grader.results import Diagnosis
from grader.text import one_line

_SENTENCE = 600  # characters of a text


class DiagnosisView(msgspec.Struct, frozen=True):
    title: str
    hint: str
    ground: str  # how many cases it explains
    partial: str  # a sentence, where there is more to find than this
    alternatives: tuple[str, ...]  # what the suite cannot tell apart from it
    quote: QuoteView | None


def diagnosis(found: Diagnosis, cells: Sequence[Cell]) -> DiagnosisView:
    """`cells`: the source that is shown on the same page."""
    rest = found.failing - found.explained
    return DiagnosisView(
        title=one_line(found.title, _SENTENCE),
        hint=one_line(found.hint, _SENTENCE),
        ground=_ground(found.explained, found.failing),
        partial=_partial(rest) if found.partial else "",
        alternatives=tuple(one_line(title, _SENTENCE) for title in found.titles[1:]),
        quote=quote(found.quote, cells) if found.quote else None,
    )


def _ground(explained: int, failing: int) -> str:
    """Why the title is believed, and how much it explains."""
    if failing == 1:
        return "The failing case behaves exactly as if this were the mistake."
    count = f"All {failing:,}" if explained == failing else f"{explained:,} of {failing:,}"
    return f"{count} failing cases behave exactly as if this were the mistake."


def _partial(rest: int) -> str:
    others = (
        f"{plural(rest, 'other case')} {'behaves' if rest == 1 else 'behave'}"
        if rest > 0
        else "Others behave"
    )
    return f"This is part of it: {others} otherwise, so there is more to find."
