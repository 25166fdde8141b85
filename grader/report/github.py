"""Stored results -> workflow commands: what GitHub Actions shows on the lines of the submitted file.

A student's text may not become a command: the data of ours are escaped, and text for people that goes
to the same output stands where no command is read (`unread`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Final

import msgspec

from grader.report import views
from grader.report.grounds import ground
from grader.report.material import Material, Spot, spot
from grader.results import Diagnosis, Evidence, ExerciseResult, SubmissionResult, absent
from grader.text import clean, one_line

MOST: Final = 9  # of ten annotations a step that GitHub keeps; the tenth says how many more there are
_MESSAGE: Final = 4000  # characters
_PATH: Final = 1000  # likewise
_LEGACY: Final = "##["  # begins a command anywhere in a line
_WRITTEN: Final = dict.fromkeys(("json", "gradescope"), (r"\u0023", ":")) | {"junit": ("&#35;", "&#58;")}
_COMMAND: Final = re.compile(r"^([^\S\n]*)::", re.MULTILINE)


class Annotation(msgspec.Struct, frozen=True):
    title: str
    message: str
    file: str
    line: int = 1


def commands(material: Material) -> str:
    """Workflow commands, one a failure; of a class only what the grader failed on."""
    found = list(_all(material))
    rest = len(found) - MOST
    if rest > 1:
        more = Annotation("grader", f"and {rest} more: see the summary of this job", found[MOST].file)
        found = [*found[:MOST], more]
    return "".join(f"{command(one)}\n" for one in found)


def command(one: Annotation) -> str:
    """`::error file=...,line=...,title=...::...` with GitHub's escapes."""
    place = (
        f"file={_property(one_line(one.file, _PATH))},line={one.line},title={_property(one_line(one.title))}"
    )
    return f"::error {place}::{_data(clean(one.message, _MESSAGE))}"


def unread(text: str) -> str:
    """Text in which no command is read, whatever stands in it: the token cannot be foreseen."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def harmless(text: str, form: str = "text") -> str:
    """Lines for an output where commands are read, the error output too: none is one.

    A program that reads JSON or XML reads what was there before.
    """
    hash_sign, colon = _WRITTEN.get(form, (" #", " :"))
    return _COMMAND.sub(rf"\1:{colon}", text.replace(_LEGACY, f"#{hash_sign}["))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _all(material: Material) -> Iterator[Annotation]:
    for result, evidence, _ in material.submissions():
        if material.one or result.status == "harness":
            yield from _found(result, evidence, material)


def _found(result: SubmissionResult, evidence: Evidence | None, material: Material) -> Iterator[Annotation]:
    """What failed, most important first."""
    if result.status != "graded":
        file = Spot(result.path, None, material.root).file
        yield Annotation(views.headline(result), result.message or "no reason was given", file)
        return
    for exercise in result.exercises:
        yield from _exercise(exercise, spot(result, exercise, evidence, material.root))


def _exercise(exercise: ExerciseResult, at: Spot) -> Iterator[Annotation]:
    name = exercise.name
    if exercise.status == "missing":
        yield Annotation(name, f"not started: {absent(name)}", at.file)
        return
    if exercise.diagnosis:
        yield Annotation(f"{name}: likely mistake", _told(exercise.diagnosis), at.file, at.line)
    for row in exercise.criteria:
        if row.outcome == "failed":
            yield Annotation(f"{name}: {row.title} ({row.device})", row.message or "failed", at.file, at.line)


def _told(found: Diagnosis) -> str:
    """With the place in a notebook, which has no lines of its own."""
    cell = (
        f"\nSee cell {found.quote.cell}, line {found.quote.line}." if found.quote and found.quote.cell else ""
    )
    return f"{found.title}\n{ground(found)}\n{found.hint}{cell}"
