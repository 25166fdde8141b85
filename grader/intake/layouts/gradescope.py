"""Gradescope, "Export submissions": folders `submission_ID`, and submission_metadata.yml says whose each is.

That file is Gradescope's, and is taken only from where Gradescope writes it; still it may be anyone's bytes.
It is read up to a size, as events: of all it says only who handed in what is kept, every scalar as the text
that it is (the id 0123 is no octal number), and no tag, Ruby's or another, makes anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import yaml

from grader.errors import GraderError
from grader.intake.files import Entry, Folder, Kind
from grader.intake.layouts.handin import HandIn, Layout, Read
from grader.records import Origin, Person
from grader.text import one_line

METADATA: Final = "submission_metadata.yml"
EXPORT: Final = re.compile(r"assignment_\d+_export")
LIMIT: Final = 32 << 20  # bytes: a large course's, with what its autograder printed
_KEY: Final = re.compile(r"submission_\d+")
_KEPT: Final = frozenset({":submitters", ":name", ":sid", ":email", ":created_at"})
_DEPTH: Final = 4  # all submissions, one, its submitters, one of them
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml's is five times as fast
_DIGITS: Final = 100  # of a number that no system writes, Python reads no more than some thousand
_NOTHING: Final = ("", "~", "null")

_Said = Mapping[str, Any]


def _read(folder: Folder, entries: Sequence[Entry], _: float) -> Read | None:
    metadata = next((entry for entry in entries if entry.path.name == METADATA), None)
    if metadata is None or metadata.kind is not Kind.OTHER:
        return None
    said = _said(metadata)
    folders = {entry.path.name: entry for entry in entries if _is_submission(entry)}
    others = tuple(one for one in entries if one.path.name not in folders and one is not metadata)
    found = [
        (
            _time(_text(said.get(key, {}).get(":created_at"))),
            _handin(key, said.get(key, {}), folders.get(key), folder),
        )
        for key in sorted({*said, *folders}, key=_number)
    ]
    return Read(tuple(_last_of_each(found)), others)


def _number(key: str) -> int:
    return int(key.removeprefix("submission_")[:_DIGITS])


def _is_submission(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER and _KEY.fullmatch(entry.path.name) is not None


def _said(metadata: Entry) -> _Said:
    """What is said of each submission. Raises GraderError where the file is not as Gradescope writes it."""
    try:
        events = yaml.parse(_bytes(metadata), _LOADER)
        said = next((_value(events, one, 1) for one in events if _begins(one)), None)
        list(events)  # what follows has to be YAML, too
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        raise _refusal(metadata, error) from None
    if not isinstance(said, dict) or not said:
        raise _refusal(metadata, ValueError("it lists no submissions"))
    return {key: each if isinstance(each, dict) else {} for key, each in said.items()}


def _begins(event: Any) -> bool:
    return isinstance(event, (yaml.NodeEvent, yaml.CollectionStartEvent))


def _value(events: Iterator[Any], event: Any, depth: int) -> Any:
    """What begins with this event: a text, a list, a dict; None for what is too deep or an alias."""
    if isinstance(event, yaml.ScalarEvent):
        return event.value
    if not isinstance(event, yaml.CollectionStartEvent):
        return None
    if depth > _DEPTH:
        return _skip(events)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(events, one, depth + 1) for one in _items(events)]
    return dict(_pairs(events, depth))


def _items(events: Iterator[Any]) -> Iterator[Any]:
    for one in events:
        if isinstance(one, yaml.CollectionEndEvent):
            return
        yield one


def _pairs(events: Iterator[Any], depth: int) -> Iterator[tuple[str, Any]]:
    for one in _items(events):
        key = _value(events, one, _DEPTH + 1)
        kept = isinstance(key, str) and (key in _KEPT or _KEY.fullmatch(key))
        value = _value(events, next(events), depth + 1 if kept else _DEPTH + 1)
        if kept:
            yield key, value


def _skip(events: Iterator[Any]) -> None:
    """Pass over the rest of a list or a mapping, however deep it goes."""
    depth = 1
    while depth:
        one = next(events)
        depth += isinstance(one, yaml.CollectionStartEvent) - isinstance(one, yaml.CollectionEndEvent)


def _refusal(metadata: Entry, error: Exception) -> GraderError:
    mark = getattr(error, "problem_mark", None)  # of an error in YAML, and not of every one
    where = f", line {mark.line + 1}" if mark else ""
    why = getattr(error, "problem", None) or str(error) or type(error).__name__
    return GraderError(
        f"{metadata.shown}{where}: Gradescope's list of submissions cannot be read: {one_line(why)}.",
        "Export the submissions again, or grade the folders as students: --layout folders.",
    )


def _bytes(metadata: Entry) -> bytes:
    if metadata.problem is not None:
        raise ValueError(metadata.problem)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(metadata.path, flags), "rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError(f"it has more than {LIMIT >> 20} MiB")
    return data


def _handin(key: str, said: _Said, entry: Entry | None, folder: Folder) -> HandIn:
    people = tuple(_people(said))
    name = " & ".join(person.name or person.email or person.id for person in people) or key
    shown = entry.shown if entry else f"{folder.shown}/{key}"
    origin = Origin("gradescope", key.removeprefix("submission_"), key, people)
    notes = () if people else (f"{METADATA} does not say whose {key} is.",)
    found = HandIn(name, shown, origin, notes=notes)
    if entry is None:
        return replace(found, problem=f"{shown}: {METADATA} lists it, and there is no such folder.")
    if entry.problem is not None:
        return replace(found, problem=entry.problem)
    return replace(found, folders=(Folder(entry.path, entry.shown, folder.refused),))


def _people(said: _Said) -> Iterator[Person]:
    listed = said.get(":submitters")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield Person(*(_text(one.get(key)) for key in (":name", ":sid", ":email")))


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) and value not in _NOTHING else ""


def _time(text: str) -> datetime:
    """Of whatever zone; the first of all times where it is none."""
    with suppress(ValueError):
        found = datetime.fromisoformat(re.sub(r"\s+(?=Z$|[+-][0-9:]+$)", "", text))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)


def _last_of_each(found: Sequence[tuple[datetime, HandIn]]) -> Iterator[HandIn]:
    """Of the same people the newest counts; one whose people are not said stands by itself."""
    of: dict[object, list[HandIn]] = {}
    for _, one in sorted(found, key=lambda each: each[0]):
        people = one.origin.people
        known = bool(people) and all(person.id or person.email for person in people)  # two may have one name
        of.setdefault(people if known else one.origin.id, []).append(one)
    for *before, last in of.values():
        earlier = tuple(one.shown for one in before)
        notes = tuple(f"{one} is an earlier attempt and does not count." for one in earlier)
        origin = msgspec.structs.replace(last.origin, earlier=earlier)
        yield replace(last, origin=origin, notes=(*last.notes, *notes)) if earlier else last


GRADESCOPE: Final = Layout(
    "gradescope", "a Gradescope export", f"{METADATA} beside folders submission_ID", _read
)
