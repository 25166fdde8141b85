"""A class too large for one page: the first one says how the whole class stands, others hold its students.

Each of these is a page like the first's table, with its own search, a share of the students in their order.
Nobody is left out of those; of lists on the first page the beginning is shown, with how many there are more.
One more page has everybody, for who searches or sorts the whole class: its table is made by its script, of
data within the page, for no page may fetch another, and drawn as far as a browser lays it out in no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from grader.report.attention import AlertView, ItemView
from grader.report.classview import ClassView, RowView, filters
from grader.report.embedding import listed
from grader.report.mistakes import LinkView

PAGE: Final = 1_000  # students on a page: with as many the first page has about 0.6 MB
EVERYBODY: Final = "students-all.html"
PAGES: Final = "students-*.html"  # all of these files, and no others' in that folder
LISTED: Final = 100  # of anything else
NAMED: Final = 20  # students of one mistake
KINDS: Final = 5_000  # different rows that are told once


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
        everybody=EVERYBODY,
        pages=tuple(_link(view.rows, begin) for begin in range(0, len(view.rows), PAGE)),
    )


def pages(view: ClassView) -> Iterator[ClassView]:
    """The students, in their order: the same view with nobody else in it."""
    for begin in range(0, len(view.rows), PAGE):
        rows = view.rows[begin : begin + PAGE]
        headline = f"Students {begin + 1:,} to {begin + len(rows):,} of {len(view.rows):,}."
        yield replace(view, headline=headline, rows=rows, filters=tuple(filters(rows)))


def everybody(view: ClassView) -> tuple[ClassView, Iterator[str]]:
    """The page of all students, and the data that its table is made of."""
    headline = f"All {len(view.rows):,} students, to be searched and sorted."
    return replace(view, headline=headline, rows=(), everybody=EVERYBODY), _encoded(view.rows)


def _encoded(rows: Iterable[RowView]) -> Iterator[str]:
    """Each with its number among the different rows, which few students have to themselves."""
    kinds: dict[tuple[object, ...], int] = {}
    yield '{"rows":['
    yield from listed(_lean(row, kinds) for row in rows)
    yield '],"kinds":['
    yield from listed(kinds)
    yield "]}"


def _lean(row: RowView, kinds: dict[tuple[object, ...], int]) -> tuple[object, ...]:
    kind = (row.state, row.words, row.look, row.fails, row.score, row.exercises, row.devices, row.remark)
    if len(kinds) < KINDS:
        kinds.setdefault(kind, len(kinds))
    link = "" if row.link == f"students/{row.student}.html" else row.link
    return row.student, link, kinds.get(kind, kind)


def _link(rows: Sequence[RowView], begin: int) -> LinkView:
    """To the page that begins with this one."""
    last = min(begin + PAGE, len(rows)) - 1
    return LinkView(f"{rows[begin].student} to {rows[last].student}", name(begin // PAGE + 1))


def _few(students: Sequence[LinkView]) -> Sequence[LinkView]:
    """All of them or none: who is searched for by the mistake's words is found among the students."""
    return students if len(students) <= NAMED else ()


def _shortened(alert: AlertView) -> AlertView:
    more = len(alert.items) - LISTED
    if more <= 0:
        return alert
    return replace(alert, items=(*alert.items[:LISTED], ItemView(None, f"and {more:,} more")))
