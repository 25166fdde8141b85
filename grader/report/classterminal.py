"""View records -> what `grader grade` says at the end: what the instructor reads before opening the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from grader.report.attention import AlertView
from grader.report.classview import ClassView, RowView
from grader.report.clusters import ClusterView
from grader.report.figures import plural
from grader.report.lines import STYLES, WIDTH, Line, code, fitted, sign, to_text, wrapped

LISTED: Final = 40  # students that are listed; of a larger class the distribution is shown
_ALERTS: Final = 10  # lines of one warning
_MISTAKES: Final = 5  # mistakes that are told, the most common first
_CLOSE: Final = 8  # students with answers close to the bound
_CALLS: Final = 3  # lines of one of them
_NAMES: Final = 8  # students of one cluster
_BAR: Final = 50  # columns of the longest bar
_NAME: Final = range(7, 31)  # columns of a student's name


def class_summary(view: ClassView, *, symbols: bool = True) -> Text:
    """The marks, who is to be looked at, and the mistakes with a sentence for the instructor."""
    return to_text(_class(view, symbols=symbols), symbols=symbols)


def _class(view: ClassView, *, symbols: bool) -> Iterator[Line]:
    for alert in view.alerts:
        yield from _alert(alert)
    yield from wrapped(view.title, "", "bold")
    yield from wrapped(view.headline)
    for device in view.devices:
        if not device.graded:
            yield from wrapped(f"{device.name}: {device.words}", "", "dim")
    yield Line("")
    few = len(view.rows) <= LISTED
    yield from _rows(view.rows, symbols=symbols) if few else _distribution(view, symbols=symbols)
    yield from _mistakes(view)
    yield from _clusters(view)
    yield from _close(view)
    yield Line("")
    for fact in view.summary:
        yield Line(f"{fact.name:12} {fact.text}")


def _alert(alert: AlertView) -> Iterator[Line]:
    style = "bold red" if alert.level == "fault" else "yellow"
    yield from wrapped(f"{alert.title}:", "", style)
    for item in alert.items[:_ALERTS]:
        who = f"{item.student.text}: " if item.student else ""
        yield from wrapped(f"{who}{item.text}", "  - ", style)
    if len(alert.items) > _ALERTS:
        yield Line(f"  - and {len(alert.items) - _ALERTS} more: see the report", style)
    if alert.command:
        yield Line(f"  {alert.command}", "cyan")  # one line, to be pasted
    yield Line("")


def _rows(rows: Sequence[RowView], *, symbols: bool) -> Iterator[Line]:
    widest = max((len(row.student) for row in rows), default=0)
    room = min(max(widest, _NAME[0]), _NAME[-1])
    for row in rows:
        start = f"{sign(row.state, symbols=symbols):{1 if symbols else 5}} {fitted(row.student, room):{room}}"
        yield Line(fitted(f"{start}  {row.score:>9}  {row.remark or row.words}", WIDTH), STYLES[row.state])


def _distribution(view: ClassView, *, symbols: bool) -> Iterator[Line]:
    block = "█" if symbols else "#"
    most = max((one.count for one in view.bins), default=0)
    for one in view.bins:
        yield Line(f"{one.label:>11}  {one.count:>5}  {block * round(_BAR * one.count / max(most, 1))}")


def _mistakes(view: ClassView) -> Iterator[Line]:
    """The most common, with what the instructor may want to know of each."""
    if not view.mistakes:
        return
    yield Line("")
    yield Line("Likely mistakes", "bold")
    for one in view.mistakes[:_MISTAKES]:
        yield from wrapped(one.title, "  ", hang=f"{one.text}: ")
        for told in one.others:
            yield from wrapped(told, "      ", "dim")
    rest = len(view.mistakes) - _MISTAKES
    if rest > 0:
        yield Line(f"  and {rest} more: see the report", "dim")


def _clusters(view: ClassView) -> Iterator[Line]:
    """What no known mistake explains, by equal behaviour: the largest clusters, with one call each."""
    if not view.clusters:
        return
    yield Line("")
    yield Line("No known mistake fits, by what they have in common", "bold")
    for one in view.clusters[:_MISTAKES]:
        yield from _cluster(one)
    rest = len(view.clusters) - _MISTAKES
    if rest > 0:
        yield Line(f"  and {rest} more: see the report", "dim")


def _cluster(one: ClusterView) -> Iterator[Line]:
    links = one.students or (one.example,)
    more = f" and {len(links) - _NAMES} more" if len(links) > _NAMES else ""
    names = ", ".join(link.text for link in links[:_NAMES])
    yield from wrapped(f"{names}{more}, {one.where}", "  ", hang=f"{one.text}: ")
    yield from wrapped(one.title, "      ", "dim")
    for told in one.told:
        yield from wrapped(told, "      ", "dim")
    if one.shown:
        yield from code(one.shown.call, "      ")
        came = f"{'happened' if one.shown.raised else 'got'} {one.shown.outcome}"
        of_it = f"{one.shown.part} " if one.shown.part else ""
        told = f"expected {of_it}{one.shown.expected}, {came}" if one.shown.expected else came
        yield from wrapped(told, "      ")


def _close(view: ClassView) -> Iterator[Line]:
    """Whose answers were accepted close to the bound, and on which calls."""
    if not view.close:
        return
    yield Line("")
    yield Line("Accepted close to the bound", "bold")
    for look in view.close[:_CLOSE]:
        for index, told in enumerate(look.close[:_CALLS]):
            yield from wrapped(
                told, "    " if index else "  ", hang="" if index else f"{look.student.text}: "
            )
        if len(look.close) > _CALLS:
            yield Line(f"    and {len(look.close) - _CALLS} more: see the report", "dim")
    if len(view.close) > _CLOSE:
        yield Line(f"  and {plural(len(view.close) - _CLOSE, 'student')} more: see the report", "dim")
