"""View records -> text for a terminal, laid out for 80 columns, that reads well without colour too.

What comes out is a rich `Text`: rich decides about colour, and no student's text is ever read as its
markup. Print it with `console.print(text, soft_wrap=True)`, so that calls to paste stay on one line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec
from rich.text import Text

from grader.overrides import NONE, Overrides
from grader.report import classview, views
from grader.report.classview import ClassView
from grader.report.head import Head
from grader.report.views import CriterionView, ExerciseView, PartView, State, StudentView
from grader.results import Evidence, Results, SubmissionResult

WIDTH: Final = 80
_LABEL: Final = 14  # columns before what was expected and what came back
LISTED: Final = 40  # students a summary lists; of a larger class the distribution is shown
_ALERTS: Final = 10  # lines of one warning

_STYLES: Final[dict[State, str]] = {
    "passed": "green",
    "partly": "yellow",
    "failed": "red",
    "missing": "yellow",
    "harness": "bold red",
}
_SYMBOLS: Final[dict[State, str]] = {
    "passed": "✓",
    "partly": "✗",
    "failed": "✗",
    "missing": "·",
    "harness": "!",
}
_WORDS: Final[dict[State, str]] = {
    "passed": "ok",
    "partly": "FAIL",
    "failed": "FAIL",
    "missing": "--",
    "harness": "ERROR",
}


class Line(msgspec.Struct, frozen=True):
    """A line and how it looks."""

    text: str
    style: str = ""


def can_show(encoding: str | None) -> bool:
    """Whether a stream of this encoding can show the marks."""
    try:
        "".join(_SYMBOLS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def check(
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    overrides: Overrides = NONE,
    *,
    symbols: bool = True,
) -> Text:
    """What `grader check` says; `symbols=False` for a terminal that cannot show them (`can_show`)."""
    view = views.student(result, evidence, head, overrides)
    lines = chain(_banner(head), _student(view, symbols=symbols))
    return _text(lines, symbols=symbols)


def class_summary(results: Results, overrides: Overrides = NONE, *, symbols: bool = True) -> Text:
    """What `grader grade` says at the end."""
    return _text(_class(classview.classroom(results, overrides), symbols=symbols), symbols=symbols)


def _text(lines: Iterator[Line], *, symbols: bool) -> Text:
    text = Text(end="")
    for line in lines:
        plain = line.text if symbols else _ascii(line.text)
        text.append(plain.rstrip(), style=line.style)
        text.append("\n")
    return text


def _ascii(text: str) -> str:
    r"""Our own dashes as dashes, everything else as `\u2713`: no encoding fails on it."""
    plain = text.replace("\N{EN DASH}", "-").replace("\N{HORIZONTAL ELLIPSIS}", "...")
    return plain.encode("ascii", "backslashreplace").decode("ascii")


def _student(view: StudentView, *, symbols: bool) -> Iterator[Line]:
    yield Line(_apart(view.path, f"{view.score} points"), "bold")
    yield from _wrapped(view.headline, "", _STYLES[view.state])
    yield from _wrapped(view.message, "")
    yield from _wrapped(view.correction, "", "yellow")
    for device in view.devices:
        if not device.graded:
            yield from _wrapped(f"{device.name}: {device.words}", "", "dim")
    if view.state != "harness" and not view.message:
        for exercise in view.exercises:
            yield from _exercise(exercise, symbols=symbols)
    yield from _notes(view)


def _banner(head: Head) -> Iterator[Line]:
    """Who runs a check is who would be harmed: first of all, and in red."""
    told = views.banner(head)
    if told:
        yield from _wrapped(told, "", "bold red")
        yield Line("")


def _exercise(exercise: ExerciseView, *, symbols: bool) -> Iterator[Line]:
    yield Line("")
    begun = exercise.state not in ("missing", "harness")
    right = exercise.score if begun else f"{exercise.words}   {exercise.score}"
    yield Line(_apart(exercise.name, right), "bold" if begun else _STYLES[exercise.state])
    yield from _wrapped(exercise.correction, "  ", "yellow")
    for note in exercise.notes:
        yield from _wrapped(note, "  ")
    said: set[str] = set()
    for criterion in exercise.criteria:
        yield from _criterion(criterion, said, symbols=symbols)
    yield from _counterexample(exercise)
    if exercise.diagnosis:
        yield Line("")
        yield from _wrapped(f"Likely mistake: {exercise.diagnosis.title}", "  ", "bold")
        yield from _wrapped(f"Hint: {exercise.diagnosis.hint}", "  ")


def _criterion(criterion: CriterionView, said: set[str], *, symbols: bool) -> Iterator[Line]:
    """One line, or one for each device where they differ; a failing one says why."""
    alike = len({(part.state, part.message) for part in criterion.parts}) == 1
    if alike:
        yield _marked(criterion.title, criterion.state, criterion.points, symbols=symbols)
        yield from _why(criterion.parts[0], said)
        return
    for part in criterion.parts:
        title = f"{criterion.title} ({part.device})"
        yield _marked(title, part.state, part.points, symbols=symbols)
        yield from _why(part, said)


def _marked(title: str, state: State, points: str, *, symbols: bool) -> Line:
    mark = _SYMBOLS[state] if symbols else f"{_WORDS[state]:4}"
    return Line(_apart(f"  {mark} {title}", points), _STYLES[state])


def _why(part: PartView, said: set[str]) -> Iterator[Line]:
    """What is wrong; a reason that was `said` above is not told again in full."""
    counted, _, reason = part.message.partition(": ")
    known = bool(reason) and reason in said
    said.add(reason)
    message = f"{counted.partition(',')[0]}, as above" if known else part.message
    return _wrapped(message, "      ", "" if part.state == "failed" else "dim")


def _counterexample(exercise: ExerciseView) -> Iterator[Line]:
    found = exercise.counterexample
    if not found:
        return
    where = f" on {found.device}" if found.device else ""
    yield Line("")
    yield Line(f"  The smallest call that shows it{where}:")
    yield Line(f"    {found.call}", "cyan")
    yield from _labelled("expected", found.expected)
    yield from _labelled("happened" if found.raised else "got", found.outcome, "red")
    for fact in found.facts:
        yield from _wrapped(fact, "    ")


def _labelled(label: str, text: str, style: str = "") -> Iterator[Line]:
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, WIDTH - _LABEL) or [""]]
    for number, line in enumerate(lines):
        yield Line(f"    {'' if number else label:9} {line}", style)


def _notes(view: StudentView) -> Iterator[Line]:
    if view.notes:
        yield Line("")
        yield Line("Notes", "bold")
    for note in view.notes:
        yield from _wrapped(note, "  - ")


def _class(view: ClassView, *, symbols: bool) -> Iterator[Line]:
    for alert in view.alerts:
        style = "bold red" if alert.level == "fault" else "yellow"
        yield from _wrapped(f"{alert.title}:", "", style)
        for item in alert.items[:_ALERTS]:
            yield from _wrapped(item, "  - ", style)
        if len(alert.items) > _ALERTS:
            yield Line(f"  - and {len(alert.items) - _ALERTS} more: see the report", style)
        yield Line("")
    yield from _wrapped(f"{view.title}: {view.headline}", "", "bold")
    for device in view.devices:
        if not device.graded:
            yield from _wrapped(f"{device.name}: {device.words}", "", "dim")
    yield Line("")
    yield from (
        _rows(view, symbols=symbols) if len(view.rows) <= LISTED else _distribution(view, symbols=symbols)
    )
    yield Line("")
    for fact in view.summary:
        yield Line(f"{fact.name:12} {fact.text}")


def _rows(view: ClassView, *, symbols: bool) -> Iterator[Line]:
    widest = max((len(row.student) for row in view.rows), default=0)
    room = min(max(widest, 7), 30)
    for row in view.rows:
        mark = _SYMBOLS[row.state] if symbols else f"{_WORDS[row.state]:5}"
        start = f"{mark} {textwrap.shorten(row.student, room, placeholder='…'):{room}}  {row.score:>9}  "
        left = WIDTH - len(start)
        told = row.remark or row.words
        yield Line(start + (told if len(told) <= left else f"{told[: left - 1]}…"), _STYLES[row.state])


def _distribution(view: ClassView, *, symbols: bool) -> Iterator[Line]:
    block = "█" if symbols else "#"
    for one in view.bins:
        yield Line(f"{one.label:>11}  {one.count:>5}  {block * (one.height // 2)}")


def _apart(left: str, right: str) -> str:
    """Two texts at the two ends of a line; the left one gives way."""
    room = WIDTH - len(right) - 2
    if len(left) > room:
        left = f"{left[: room - 1]}…"
    return f"{left}{' ' * (WIDTH - len(left) - len(right))}{right}"


def _wrapped(text: str, indent: str, style: str = "") -> Iterator[Line]:
    """A paragraph; nothing where there is no text."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_on_hyphens=False,
        break_long_words=False,
    )
    for line in lines:
        yield Line(line, style)
