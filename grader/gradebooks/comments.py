"""A sentence or two beside a mark, for its student: the mark, and what was found first.

It is HTML, as Moodle stores what its worksheet's comments hold, of what the student's own page may say. What
an instructor has written is kept.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, Literal

from grader.gradebooks.entries import Entry
from grader.gradebooks.filling import Change, Comments, Filled
from grader.overrides import ExerciseMark
from grader.report import redaction
from grader.report.figures import points
from grader.report.views import NAME, headline, sentence
from grader.results import ExerciseResult, absent
from grader.text import one_line

Wanted = Literal["empty", "all", "none"]
"""Which cells are filled."""

LONGEST: Final = 300  # characters of what was found: the student's page has all of it
_NONE: Final = "none"


def commented(
    done: Filled,
    column: int,
    entries: Mapping[int, Entry],
    wanted: Wanted,
    *,
    most: float,
    times: float,
    hide_expected: bool,
) -> Comments | None:
    """For the rows, of those in `entries`, in which the report's mark stands once the file is filled."""
    if wanted == _NONE:
        return None
    changes, kept, same = [], [], 0
    for place in sorted([*done.same, *(one.row for one in done.changes)]):
        row, entry = done.sheet.rows[place], entries[place]
        mark = f"{points((entry.mark.score or 0.0) * times)} of {points(most)} points."
        text = done.sheet.spelled(comment(entry, mark, hide_expected=hide_expected))
        before = row.value(column)
        if before == text:
            same += 1
        elif before and wanted != "all":
            kept.append(row.line)
        else:
            changes.append(Change(place, column, entry.student, before, text))
    return Comments(tuple(changes), same, tuple(kept))


def comment(entry: Entry, mark: str, *, hide_expected: bool) -> str:
    """As HTML in one line."""
    result, _ = redaction.for_student(entry.result, None, hide_expected=hide_expected)
    if result.status == "load_failed" and not entry.mark.corrected:
        told = _without_path(sentence(result.message or headline(result)), sentence(result.path))
    else:
        several = len(result.exercises) > 1
        pairs = zip(result.exercises, entry.mark.exercises, strict=True)
        told = next((text for one, worth in pairs for text in _found(one, worth, several=several)), "")
    return html.escape(f"{mark} {_ended(one_line(told, LONGEST))}".rstrip(), quote=False)


def _found(exercise: ExerciseResult, worth: ExerciseMark, *, several: bool) -> Iterator[str]:
    """What the instructor says of it, else what was found to be wrong."""
    name = one_line(exercise.name, NAME)
    if worth.override:
        if worth.override.comment:
            yield f"{name}: {sentence(worth.override.comment)}"
    elif exercise.status == "missing":
        text = exercise.criteria[0].message if exercise.criteria else absent(exercise.name)
        yield sentence(text[:1].upper() + text[1:])
    elif exercise.diagnosis:
        yield f"Likely mistake{f' in {name}' if several else ''}: {sentence(exercise.diagnosis.title)}"
    else:
        failed = (row for row in exercise.criteria if row.outcome == "failed")
        yield from (f"{name}: {sentence(row.message or row.title)}" for row in islice(failed, 1))


def _without_path(text: str, path: str) -> str:
    """Where the grader found it says nothing to its student."""
    rest = text.removeprefix(path) if path else text
    if rest != text and rest.startswith(("/", ": ")):
        return rest.lstrip("/: ")
    return f"What you handed in{rest}" if rest != text and rest.startswith(" ") else text


def _ended(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
