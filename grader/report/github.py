"""View records -> what GitHub Actions shows: annotations on the submitted file, and a job summary.

A student's text may neither become a workflow command nor markup: commands escape their data, and in
the summary everything that Markdown or HTML would read is written so that it is not read.
"""

# No `from __future__ import annotations` here: the name is taken by the function below.

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from grader.overrides import NONE, Overrides
from grader.report import views
from grader.report.head import Head
from grader.report.views import CriterionView, ExerciseView, StudentView
from grader.results import Evidence, SubmissionResult
from grader.text import clean, one_line

MOST: Final = 9  # of ten annotations a step that GitHub keeps; the tenth says how many more there are
ROOM: Final = 900_000  # bytes: GitHub refuses a summary of more than 1 MiB whole
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~@$:/])")


class Annotation(msgspec.Struct, frozen=True):
    title: str
    message: str
    line: int = 1


def annotations(result: SubmissionResult, evidence: Evidence | None, file: str) -> str:
    """Workflow commands, one a failure; `file` is the submitted file's path from the repository's root."""
    found = list(_found(result, evidence))
    rest = len(found) - MOST
    if rest > 1:
        found = [*found[:MOST], Annotation("grader", f"and {rest} more: see the summary of this job")]
    return "".join(f"{command(one, file)}\n" for one in found)


def command(one: Annotation, file: str) -> str:
    """`::error file=...,line=...,title=...::...` with GitHub's escapes."""
    place = f"file={_property(file)},line={one.line},title={_property(one_line(one.title))}"
    return f"::error {place}::{_data(clean(one.message))}"


def summary(
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    overrides: Overrides = NONE,
    room: int = ROOM,
) -> str:
    """Markdown to append to $GITHUB_STEP_SUMMARY, at most `room` bytes."""
    view = views.student(result, evidence, head, overrides)
    cut = "\nThe rest was cut: the summary is too long for GitHub.\n"
    kept: list[str] = []
    left = room - len(cut.encode())
    for block in _summary(view):
        left -= len(block.encode())
        if left < 0:
            return "".join([*kept, cut])
        kept.append(block)
    return "".join(kept)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no mention, no link."""
    plain = _MARKDOWN.sub(r"\\\1", one_line(text, 2000).replace("&", "&amp;"))
    return plain.replace("<", "&lt;").replace(">", "&gt;").replace("\\@", "&#64;").replace("\\:", "&#58;")


def code(text: str) -> str:
    """A block of code with a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}text\n{text}\n{fence}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _found(result: SubmissionResult, evidence: Evidence | None) -> Iterator[Annotation]:
    """What failed, most important first."""
    if result.status != "graded":
        yield Annotation(views.headline(result), result.message or "no reason was given")
        return
    lines = _lines(evidence)
    for exercise in result.exercises:
        line = lines.get(exercise.name, 1)
        if exercise.status == "missing":
            yield Annotation(exercise.name, f"not started: no function named {exercise.name}")
            continue
        if exercise.diagnosis:
            told = f"{exercise.diagnosis.title}\n{exercise.diagnosis.hint}"
            yield Annotation(f"{exercise.name}: likely mistake", told, line)
        for row in exercise.criteria:
            if row.outcome == "failed":
                yield Annotation(
                    f"{exercise.name}: {row.title} ({row.device})", row.message or "failed", line
                )


def _lines(evidence: Evidence | None) -> dict[str, int]:
    """Where each graded definition stands; a line of a notebook's cell is no line of its file."""
    exercises = evidence.exercises if evidence else ()
    return {one.name: one.place.line for one in exercises if one.place is not None and one.place.cell is None}


def _summary(view: StudentView) -> Iterator[str]:
    yield f"## {escaped(view.path)}: {escaped(view.score)} points\n\n{escaped(view.headline)}\n\n"
    if view.banner:
        yield f"> **{escaped(view.banner)}**\n\n"
    if view.message:
        yield f"{escaped(view.message)}\n\n"
    for device in view.devices:
        if not device.graded:
            yield f"{escaped(device.name)}: {escaped(device.words)}\n\n"
    for exercise in view.exercises:
        yield from _exercise(exercise)
    if view.notes:
        yield "### Notes\n\n"
    for note in view.notes:
        yield f"- {escaped(note)}\n"


def _exercise(exercise: ExerciseView) -> Iterator[str]:
    yield f"### {escaped(exercise.name)}: {escaped(exercise.score)}, {exercise.words}\n\n"
    for note in exercise.notes:
        yield f"- {escaped(note)}\n"
    if exercise.criteria:
        yield "\n| criterion | device | result | points | what is wrong |\n| --- | --- | --- | ---: | --- |\n"
    for criterion in exercise.criteria:
        yield from _criterion(criterion)
    yield "\n"
    found = exercise.counterexample
    if found:
        label = "happened" if found.raised else "got"
        yield "The smallest call that shows it:\n"
        yield code(f"{found.call}\nexpected  {found.expected}\n{label:9} {found.outcome}")
        yield "".join(f"\n{escaped(fact)}\n" for fact in found.facts) + "\n"
    if exercise.diagnosis:
        title, hint = escaped(exercise.diagnosis.title), escaped(exercise.diagnosis.hint)
        yield f"**Likely mistake: {title}** {hint}\n\n"


def _criterion(criterion: CriterionView) -> Iterator[str]:
    for part in criterion.parts:
        cells = [criterion.title, part.device, part.state, part.points, part.message]
        yield f"| {' | '.join(map(escaped, cells))} |\n"
