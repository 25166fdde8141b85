"""A diagnosis as it is shown to its student; what it tells the instructor stays out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from grader.records import Cell
from grader.report.grounds import ground
from grader.report.sourceview import QuoteView, quote
from grader.results import Diagnosis
from grader.text import one_line

_SENTENCE = 600  # characters of a text


class DiagnosisView(msgspec.Struct, frozen=True):
    title: str
    hint: str
    ground: str  # what it rests on, and how far it goes
    alternatives: tuple[str, ...]  # what the suite cannot tell apart from it
    quote: QuoteView | None


def diagnosis(found: Diagnosis, cells: Sequence[Cell]) -> DiagnosisView:
    """`cells`: the source that is shown on the same page."""
    return DiagnosisView(
        title=one_line(found.title, _SENTENCE),
        hint=one_line(found.hint, _SENTENCE),
        ground=one_line(ground(found), _SENTENCE),
        alternatives=tuple(one_line(title, _SENTENCE) for title in found.titles[1:]),
        quote=quote(found.quote, cells) if found.quote else None,
    )
