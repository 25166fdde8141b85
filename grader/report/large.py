"""A class too large for one page: the first one says how the whole class stands, others hold its students.

Each of these is a page like the first's table, with its own search, a share of the students in their order.
Nobody is left out of those; of lists on the first page the beginning is shown, with how many there are more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from grader.report.attention import AlertView, ItemView
from grader.report.classview import ClassView, filters
from grader.report.mistakes import LinkView

PAGE: Final = 1_000  # students on a page: with as many the first page has about 0.6 MB
PAGES: Final = "students-[0-9]*.html"  # their files, and no others' in that folder
LISTED: Final = 100  # of anything else


def is_large(view: ClassView) -> bool:
    return len(view.rows) > PAGE


def name(number: int) -> str:
    """The file of a page of students, from 1."""
    return f"students-{number:03}.html"


def first(view: ClassView) -> ClassView:
    """The page on which one begins."""
    looks, clusters = len(view.looks) - LISTED, len(view.clusters) - LISTED
    return replace(
        view,
        alerts=tuple(map(_shortened, view.alerts)),
        looks=view.looks[:LISTED],
        looks_more=f"And {looks:,} more: they are marked among the students." if looks > 0 else "",
        mistakes=tuple(replace(one, students=_few(one.students)) for one in view.mistakes[:LISTED]),
        clusters=tuple(replace(one, students=_few(one.students)) for one in view.clusters[:LISTED]),
        clusters_more=f"And {clusters:,} more, of fewer students." if clusters > 0 else "",
        map=replace(view.map, standing=()),
        rows=(),
        pages=tuple(_link(number, page) for number, page in enumerate(pages(view), 1)),
    )


def pages(view: ClassView) -> Iterator[ClassView]:
    """The students, in their order: the same view with nobody else in it."""
    for begin in range(0, len(view.rows), PAGE):
        rows = view.rows[begin : begin + PAGE]
        headline = f"Students {begin + 1:,} to {begin + len(rows):,} of {len(view.rows):,}."
        yield replace(view, headline=headline, rows=rows, filters=tuple(filters(rows)))


def _link(number: int, page: ClassView) -> LinkView:
    return LinkView(f"{page.rows[0].student} to {page.rows[-1].student}", name(number))


def _few(students: tuple[LinkView, ...]) -> tuple[LinkView, ...]:
    """All of them or none: who is searched for by the mistake's words is found among the students."""
    return students if len(students) <= LISTED else ()


def _shortened(alert: AlertView) -> AlertView:
    more = len(alert.items) - LISTED
    if more <= 0:
        return alert
    return replace(alert, items=(*alert.items[:LISTED], ItemView(None, f"and {more:,} more")))
