"""View records -> Markdown, for job summaries, comments and notes: tables, no style, nothing folded away.

A student's text may not become markup: everything that Markdown or HTML would read is written so that
it is not read, and a block of code has a fence longer than any in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from grader.overrides import NONE, Overrides
from grader.report import views
from grader.report.attention import AlertView
from grader.report.classview import ClassView
from grader.report.diagnosisview import DiagnosisView
from grader.report.head import Head
from grader.report.material import Material
from grader.report.views import CriterionView, DeviceView, ExerciseView, StudentView
from grader.results import Evidence, SubmissionResult
from grader.text import clean, one_line

ROOM: Final = 900_000  # bytes: GitHub refuses a summary of more than 1 MiB whole
_CUT: Final = "\nThe rest was cut: the document is too long.\n"
_TEXT: Final = 2000  # characters
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~@$:/=])")
_TABLE: Final = "| criterion | device | result | points | what is wrong |\n| --- | --- | --- | ---: | --- |\n"
_CLASS: Final = "| student | points | result | remark |\n| --- | ---: | --- | --- |\n"
_MISTAKES: Final = "\n| likely mistake | students | remark |\n| --- | --- | --- |\n"


def document(material: Material, room: int = ROOM) -> str:
    """A submission or a class, in at most `room` bytes."""
    if not material.one:
        return classroom(material.view, room)
    (result,) = material.results.submissions
    return student(result, material.evidence(result.student), material.head, material.overrides, room)


def student(
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    overrides: Overrides = NONE,
    room: int = ROOM,
) -> str:
    return _within(_student(views.student(result, evidence, head, overrides)), room)


def classroom(view: ClassView, room: int = ROOM) -> str:
    return _within(_class(view), room)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no mention, no link."""
    plain = _MARKDOWN.sub(r"\\\1", one_line(text, _TEXT).replace("&", "&amp;"))
    return plain.replace("<", "&lt;").replace(">", "&gt;").replace("\\@", "&#64;").replace("\\:", "&#58;")


def code(text: str) -> str:
    """A block of code with a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}text\n{clean(text)}\n{fence}\n"


def _within(blocks: Iterable[str], room: int) -> str:
    kept: list[str] = []
    left = room - len(_CUT.encode())
    for block in blocks:
        left -= len(block.encode())
        if left < 0:
            return "".join([*kept, _CUT])
        kept.append(block)
    return "".join(kept)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(escaped, cells))} |\n"


def _student(view: StudentView) -> Iterator[str]:
    yield f"## {escaped(view.path)}: {escaped(view.score)} points\n\n{escaped(view.headline)}\n\n"
    if view.banner:
        yield f"> **{escaped(view.banner)}**\n\n"
    if view.message:
        yield f"{escaped(view.message)}\n\n"
    yield from _devices(view.devices)
    for exercise in view.exercises:
        yield from _exercise(exercise)
    if view.notes:
        yield "### Notes\n\n"
    for note in view.notes:
        yield f"- {escaped(note)}\n"


def _devices(devices: Iterable[DeviceView]) -> Iterator[str]:
    for device in devices:
        if not device.graded:
            yield f"{escaped(device.name)}: {escaped(device.words)}\n\n"


def _exercise(exercise: ExerciseView) -> Iterator[str]:
    yield f"### {escaped(exercise.name)}: {escaped(exercise.score)}, {exercise.words}\n\n"
    for note in exercise.notes:
        yield f"- {escaped(note)}\n"
    if exercise.criteria:
        yield f"\n{_TABLE}"
    for criterion in exercise.criteria:
        yield from _criterion(criterion)
    yield "\n"
    yield from _counterexample(exercise)
    if exercise.diagnosis:
        yield from _diagnosis(exercise.diagnosis)
    for further in exercise.further:
        yield f"Also: {escaped(further.title)}\n\n"


def _criterion(criterion: CriterionView) -> Iterator[str]:
    for part in criterion.parts:
        yield _row([criterion.title, part.device, part.state, part.points, part.message])


def _counterexample(exercise: ExerciseView) -> Iterator[str]:
    found = exercise.counterexample
    if not found:
        return
    yield "The smallest call that shows it:\n"
    yield code("\n".join([found.call, *found.compared]))
    yield "".join(f"\n{escaped(fact)}\n" for fact in found.facts) + "\n"
    if found.support:
        yield f"The call needs this above it:\n{code(found.support)}\n"


def _diagnosis(found: DiagnosisView) -> Iterator[str]:
    yield f"**Likely mistake: {escaped(found.title)}** {escaped(found.hint)}\n\n"
    yield f"{escaped(found.ground)}\n\n"
    if found.quote:
        yield f"{escaped(found.quote.where)}:\n{code(found.quote.text)}\n"


def _class(view: ClassView) -> Iterator[str]:
    yield f"## {escaped(view.title)}\n\n{escaped(view.headline)}\n\n"
    for alert in view.alerts:
        yield from _alert(alert)
    yield from _devices(view.devices)
    for fact in view.summary:
        yield f"- {escaped(fact.name)}: {escaped(fact.text)}\n"
    if view.mistakes:
        yield _MISTAKES
    for one in view.mistakes:
        yield _row([one.title, one.text, " ".join(one.others)])
    yield f"\n{_CLASS}"
    for row in view.rows:
        yield _row([row.student, row.score, row.words, row.remark])


def _alert(alert: AlertView) -> Iterator[str]:
    yield f"> **{escaped(alert.title)}**\n>\n"
    for item in alert.items:
        who = f"{item.student.text}: " if item.student else ""
        yield f"> - {escaped(f'{who}{item.text}')}\n"
    yield code(alert.command) if alert.command else ""
    yield "\n"
