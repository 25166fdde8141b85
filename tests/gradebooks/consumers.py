"""What learning systems do with a file that comes back, in small: their rules for rows, columns and values.

Canvas: lib/gradebook_importer.rb and infer_comment_context_from_filename of assignment.rb. Moodle:
mod/assign/feedback/offline and mod/assign/feedback/file/importziplib.php.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True)
class User:
    name: str
    sortable: str
    sis: str = ""
    login: str = ""


@dataclass
class Course:
    """Canvas's: users by id, the titles of assignments by id, the marks that are there."""

    users: Mapping[int, User]
    assignments: Mapping[int, str]
    marks: dict[tuple[int, int], str] = field(default_factory=dict)


class InvalidHeaderRow(Exception):
    pass


def canvas_import(data: bytes, course: Course) -> dict[tuple[str, str], str]:
    """What would change: by user's and assignment's name; those that are not there are made, as +NAME."""
    rows = _canvas_rows(data.decode("utf-8"))
    header = next(rows)
    columns, first, named = _canvas_header(header, course)
    points: Sequence[str] = ()
    changes = {}
    for row in rows:
        if "Points Possible" in row[0]:
            points = row
        elif not all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell, re.IGNORECASE) for cell in row):
            user = _canvas_user(row, header, course, first)
            for place, assignment in columns:
                change = _canvas_change(row[place].strip(), course.marks.get((user, assignment), ""))
                if change is not None and not (points and re.search(r"read\s+only", points[place])):
                    name = course.users[user].name if user in course.users else f"+{row[0]}"
                    changes[name, named[assignment]] = change
    return changes


def _canvas_rows(text: str) -> Iterator[list[str]]:
    lines = text.splitlines()[:3]
    counts = {}
    for separator in ";,":
        found = {len(next(csv.reader([line], delimiter=separator), [])) for line in lines}
        counts[separator] = found.pop() if len(found) == 1 else 0
    separator = ";" if counts[";"] > counts[","] else ","
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if row and not re.fullmatch(r"[;, ]+", separator.join(row)):
            yield [_with_point(cell) for cell in row]


def _with_point(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *whole, last = re.split(r"[,.]", cell)
    return f"{''.join(whole)}.{last}" if whole else last


def _canvas_header(row: Sequence[str], course: Course) -> tuple[list[tuple[int, int]], int, dict[int, str]]:
    whole = len(row) > 3 and "Student" in row[0] and "ID" in row[1]
    parts = len(row) > 4 and "LastName" in row[0] and "FirstName" in row[1] and "ID" in row[2]
    if not (whole or parts):
        raise InvalidHeaderRow(row)
    first = 3 if parts and not whole else 2
    student = first + 1
    if re.search(r"SIS\s+Login\s+ID", row[first]):
        student += 1
    elif re.search(r"SIS\s+User\s+ID", row[first]) and re.search(r"SIS\s+Login\s+ID", row[first + 1]):
        student += 2 + bool(re.search(r"Integration\s+ID", row[first + 2]))
        student += bool(re.search(r"Root\s+Account", row[student - 1]))
    if "Section" not in row[student - 1]:
        raise InvalidHeaderRow(row)
    named = dict(course.assignments)
    columns = []
    for place, title in enumerate(row[student:], student):
        if re.search("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)", title):
            continue
        match = re.fullmatch(r"(.*)\s\((\d+)\)", title)
        own = int(match[2]) if match and int(match[2]) in course.assignments else None
        own = own or next((one for one, name in course.assignments.items() if name == title), None)
        if own is None:
            own = -place
            named[own] = f"+{title}"
        columns.append((place, own))
    return columns, first, named


def _canvas_user(row: Sequence[str], header: Sequence[str], course: Course, first: int) -> int:
    number = row[first - 1]
    if number.isdecimal() and int(number) in course.users:
        return int(number)
    cells = dict(zip(header, row, strict=False))
    for kind, column in (("sis", "SIS User ID"), ("login", "SIS Login ID")):
        for user, one in course.users.items():
            if cells.get(column) and getattr(one, kind) == cells[column]:
                return user
    name = f"{row[1]} {row[0]}" if first == 3 else row[0]
    return next((user for user, one in course.users.items() if name in (one.name, one.sortable)), -1)


def _canvas_change(new: str, old: str) -> str | None:
    """The new mark; None where nothing changes. An empty cell over a mark erases it."""
    no_score = ("", "-")
    if new == old or (new in no_score and old in no_score):
        return None
    if new and old and "EX" not in (new.upper(), old.upper()) and f"{float(new):.2f}" == f"{float(old):.2f}":
        return None
    return new


def canvas_attach(name: str, attachments: Mapping[int, int]) -> tuple[int, str] | None:
    """Whose comment an uploaded file becomes; `attachments` are users' by number."""
    numbers = [part for part in PurePosixPath(name).name.split("_") if re.fullmatch(r"\d+", part)][:2]
    if len(numbers) < 2 or name.rpartition("_")[2].startswith("link"):
        return None
    user, attachment = map(int, numbers)
    return (user, name) if attachments.get(attachment) == user else None


@dataclass(frozen=True)
class Worksheet:
    """Moodle's side: its words, participants by number with grade and when it was given, who is locked."""

    maximum: float
    grades: dict[int, tuple[float | None, int]]
    locked: frozenset[int] = frozenset()
    words: Mapping[str, str] = field(
        default_factory=lambda: {
            "id": "Identifier",
            "grade": "Grade",
            "modified": "Last modified (grade)",
            "participant": "Participant ",
        }
    )


def moodle_comments(
    data: bytes, there: Worksheet, modified: Mapping[str, int], stored: Mapping[int, str]
) -> dict[int, str]:
    """The comments that would be stored, as HTML: also where the grade is locked or stays as it is."""
    found = {}
    for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        number = int(row[there.words["id"]][len(there.words["participant"]) :])
        _, given = there.grades[number]
        new = row["Feedback comments"]
        if given <= modified[row[there.words["modified"]]] + 60 and new != stored.get(number, ""):
            found[number] = new
    return found


def moodle_import(data: bytes, there: Worksheet, modified: Mapping[str, int]) -> dict[int, float]:
    """The grades that would be set; `modified` reads a date. Raises KeyError where a column is missing."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    found = {}
    for row in rows:
        number = row[there.words["id"]][len(there.words["participant"]) :]
        if not number.isdecimal() or int(number) not in there.grades:
            continue
        grade, given = there.grades[int(number)]
        stale = given > modified[row[there.words["modified"]]] + 60
        text = row[there.words["grade"]].replace(",", ".")
        try:
            new = float(text)
        except ValueError:
            continue
        if new != grade and not stale and int(number) not in there.locked and 0 <= new <= there.maximum:
            found[int(number)] = new
    return found


def moodle_feedback(path: str, participants: Sequence[int]) -> tuple[int, str] | None:
    """Whose feedback a file of the zip becomes, and under which name."""
    if PurePosixPath(path).name[:1] in (".", "~"):
        return None
    parts = ["", *path.split("/")]
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdecimal() or int(info[1]) not in participants:
            continue
        if (info[2], info[3]) not in (("assignsubmission", "file"), ("assignsubmission", "onlinetext")):
            continue
        return int(info[1]), "/".join([*info[4:5], *parts]).lstrip("/")
    return None
