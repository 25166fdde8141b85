"""Moodle's grading worksheet (Download grading worksheet), with grades filled in.

Its columns are named in the site's language, and Moodle looks them up by these names: so the file that was
downloaded goes back, and what another language calls a column has to be said. The first column is always
the participant, a word and the number that this assignment knows them by: the number of another assignment
is another's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Final

from grader import names
from grader.errors import GraderError
from grader.gradebooks.comments import Wanted, commented
from grader.gradebooks.entries import Entry
from grader.gradebooks.filling import Column, Filled, decimal_of, factor, fill, number, written
from grader.gradebooks.matching import Keys, Matched, match
from grader.records import Person
from grader.sheets import Row, Sheet, columns
from grader.text import one_line

LAYOUT: Final = "moodle"
NAMES: Final = {
    "grade": "Grade",
    "maximum": "Maximum grade",
    "changeable": "Grade can be changed",
    "name": "Full name",
    "email": "Email address",
    "id": "ID number",
    "group": "Group",
    "comments": "Feedback comments",
}
_PARTICIPANT: Final = re.compile(r"(?P<word>.*?)\s*(?P<id>\d+)", re.DOTALL)
_NO_COMMENTS: Final = (
    f"There is no column {NAMES['comments']!r}: if it has another name, --column comments NAME fills it, too."
)
_ANOTHER: Final = "Download the worksheet of the assignment whose submissions were graded."
_LOCKED: Final = frozenset(
    {
        *("no", "nein", "non", "nee", "não", "nej", "nei", "ei", "nie", "ne", "нет", "ні", "όχι", "hayır"),  # noqa: RUF001
        *("لا", "לא", "いいえ", "否", "아니오"),
    }
)
"""How sites in other languages write that a grade cannot be changed."""


@dataclass(frozen=True)
class _Places:
    """Which column is which; None where there is none."""

    grade: int
    maximum: int
    changeable: int | None
    name: int | None
    email: int | None
    id: int | None
    group: int | None
    comments: int | None


def filled(
    sheet: Sheet,
    called: Mapping[str, str],
    entries: Sequence[Entry],
    *,
    most: float,
    scale: bool,
    replace: bool,
    comments: Wanted,
    hide_expected: bool,
) -> Filled:
    """`called`: what the site's language calls a column. Raises GraderError for what is not ours to fill."""
    places = _places(sheet, called)
    target = Column(places.grade, _maximum(sheet, places), decimal_of(sheet, (places.grade, places.maximum)))
    times = factor(sheet.name, target, most, scale=scale)
    found = _matched(sheet, places, entries)
    open_, told = _open(sheet, places, target, found.rows, times)
    left = tuple(
        f"line {row.line}, {one_line(row.value(places.name) or row.value(0))}"
        for place, row in enumerate(sheet.rows)
        if place and place not in found.rows
    )
    done = fill(sheet, target, open_, found.lost, left, times=times, replace=replace)
    done = replaced(done, kept=(*done.kept, *told))
    if places.comments is None:
        return replaced(done, hint=_NO_COMMENTS if called and comments != "none" else "")
    column, whole = places.comments, most * times
    beside = commented(done, column, open_, comments, most=whole, times=times, hide_expected=hide_expected)
    return replaced(done, comments=beside)


def _places(sheet: Sheet, called: Mapping[str, str]) -> _Places:
    named = {key: columns(sheet, called.get(key, name)) for key, name in NAMES.items()}
    found = {key: places[-1] if places else None for key, places in named.items()}  # as Moodle does
    unknown = [called[key] for key in called if found[key] is None]
    grade = found.pop("grade")
    participants = all(_PARTICIPANT.fullmatch(row.value(0)) for row in sheet.rows[1:])
    if grade is None or unknown or not participants:
        raise _refusal(sheet, unknown, participants=participants)
    maximum = found.pop("maximum")
    return _Places(grade=grade, maximum=grade + 1 if maximum is None else maximum, **found)


def _refusal(sheet: Sheet, unknown: Sequence[str], *, participants: bool) -> GraderError:
    there = f"found {one_line(', '.join(sheet.columns), 300)}"
    if not participants:
        return GraderError(
            f"{sheet.name}: this is not a grading worksheet of Moodle, whose first column is Identifier "
            f"(Participant and a number); {there}.",
            "Download it again: the assignment, Submissions, Download grading worksheet.",
        )
    absent = f"is no column {unknown[0]!r}" if unknown else "is no column Grade; is it in another language?"
    return GraderError(
        f"{sheet.name}, line 1: there {absent}{'' if absent.endswith('?') else ';'} {there}.",
        "Say what it is called there: --column grade NAME, likewise for " + ", ".join(list(NAMES)[1:]) + ".",
    )


def _maximum(sheet: Sheet, places: _Places) -> float:
    """What a full mark is. Raises GraderError where the assignment is marked in words."""
    found = {number(row.value(places.maximum)) for row in sheet.rows[1:]}
    if not found:
        raise GraderError(f"{sheet.name}: the worksheet has no participants.", _ANOTHER)
    most = found.pop() if len(found) == 1 else None
    if most is None:
        raise GraderError(
            f"{sheet.name}: the column beside the grades does not say one maximum: is the assignment graded "
            "by a scale?",
            "Only points are filled in; --column maximum NAME names the column, if it is another.",
        )
    return most


def _matched(sheet: Sheet, places: _Places, entries: Sequence[Entry]) -> Matched:
    """Raises GraderError where the worksheet is another assignment's or course's."""
    rows = {place: _keys(row, places) for place, row in enumerate(sheet.rows) if place}
    groups = _of_groups(sheet, places, entries)
    grouped = {one.student for one in groups.values()}
    single = [one for one in entries if one.student not in grouped]
    strangers = set(_strangers(single, sheet, rows))
    found = match(sheet, rows, [one for one in single if one.student not in strangers], _known_by)
    if not found.rows and not groups:
        why = "knows participants by other numbers" if strangers else "has no row for anybody in the report"
        raise GraderError(f"{sheet.name}: the worksheet {why}: of another assignment or course?", _ANOTHER)
    lost = [f"{one}: who bears the name or the number there is another." for one in sorted(strangers)]
    return Matched({**groups, **found.rows}, (*found.lost, *lost))


def _strangers(entries: Sequence[Entry], sheet: Sheet, rows: Mapping[int, Keys]) -> Iterator[str]:
    """Whose number another name bears, or, where nobody has it, whose name another number."""
    by_number = {number: place for place, keys in rows.items() for number in keys[0]}
    named = {form for keys in rows.values() for form in keys[-1]}
    for entry in entries:
        own, name = entry.id_from(LAYOUT), _name_there(entry)
        place = by_number.get(own)
        taken = place is not None and not _may_be(sheet.rows[place], rows[place], name)
        renumbered = place is None and not named.isdisjoint(names.borne(name))
        if own and (taken or renumbered):
            yield entry.student


def _may_be(row: Row, keys: Keys, name: str) -> bool:
    """Whether this participant may be called so; in a blind download everybody is called a participant."""
    there = keys[-1]
    word = _PARTICIPANT.fullmatch(row.value(0))
    blind = word is not None and names.plain(word["word"]) == names.plain(name)
    return blind or not there or not there.isdisjoint(names.borne(name))


def _name_there(entry: Entry) -> str:
    """As Moodle's own download has it, whatever a roster calls the student."""
    who, _, _ = entry.prefix_from(LAYOUT).partition("_assignsubmission_")
    name, _, number_ = who.rpartition("_")
    return name if number_.isdecimal() else who


def _keys(row: Row, places: _Places) -> Keys:
    participant = _PARTICIPANT.fullmatch(row.value(0))
    assert participant is not None  # every row was looked at
    texts = [row.value(places.email), row.value(places.id)]
    plain = [frozenset({names.plain(text)} - {""}) for text in texts]
    return (frozenset({participant["id"]}), *plain, names.listed(row.value(places.name)))


def _known_by(entry: Entry, person: Person) -> Keys:
    ids = {person.id, *([entry.student] if len(entry.people) == 1 else [])}
    plain = frozenset(map(names.plain, ids)) - {""}
    return (
        frozenset({entry.id_from(LAYOUT)} - {""}),
        plain | (frozenset({names.plain(person.email)}) - {""}),
        plain,
        names.borne(person.name) | names.borne(_name_there(entry)),
    )


def _of_groups(sheet: Sheet, places: _Places, entries: Sequence[Entry]) -> dict[int, Entry]:
    """The rows of everybody in a group that handed in together."""
    by_name = {names.plain(_name_there(one)): one for one in entries if one.prefix_from(LAYOUT)}
    of = {place: names.plain(row.value(places.group)) for place, row in enumerate(sheet.rows) if place}
    return {place: by_name[group] for place, group in of.items() if group and group in by_name}


def _open(
    sheet: Sheet, places: _Places, target: Column, rows: Mapping[int, Entry], times: float
) -> tuple[dict[int, Entry], list[str]]:
    """The rows that Moodle would take a mark for; what there is to say of the others."""
    told, open_ = [], {}
    for place, entry in sorted(rows.items()):
        row, mark = sheet.rows[place], (entry.mark.score or 0.0) * times
        if row.value(places.changeable).casefold() in _LOCKED:
            told.append(f"line {row.line}, {entry.student}: the grade is locked in Moodle.")
        elif target.most is not None and mark > target.most:
            said = written(mark, target.decimal)
            told.append(f"line {row.line}, {entry.student}: {said} is more than Moodle's maximum.")
        else:
            open_[place] = entry
    return open_, told
