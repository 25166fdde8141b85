"""What the grader said of a class whose mistakes are known, laid beside what it should have said.

A submission is named rightly where, in every exercise that it gets wrong, one of the mistakes listed
first is one that its label accepts. "No known mistake fits" is not named; any other name is a wrong one,
which counts double: it sends a student looking for what is not there.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest
from pathlib import Path
from typing import Final, Literal

from grader.results import Diagnosis, ExerciseResult, Results, SubmissionResult

HERE: Final = Path(__file__).parent
FIRST: Final = "gradient_descent_torch_optimiser"
SECOND: Final = "gradient_descent_norm_torch_optimiser"
EXERCISES: Final = {"first": (FIRST,), "second": (SECOND,), "both": (FIRST, SECOND)}
WIDTHS: Final = (36, 29, 31)  # of the table's columns: 100 with the sign and what stands between


class Verdict(IntEnum):
    """Worst last."""

    NAMED = 0
    NOT_NAMED = 1
    WRONG_NAME = 2


SIGNS: Final = {Verdict.NAMED: " ", Verdict.NOT_NAMED: "?", Verdict.WRONG_NAME: "✗"}


@dataclass(frozen=True)
class Label:
    """What a submission does wrong, in the words of labels.toml."""

    mistake: str
    exercise: Literal["first", "second", "both"]
    accepts: tuple[str, ...] = ()
    tells: str | None = None

    @property
    def wrong(self) -> tuple[str, ...]:
        return EXERCISES[self.exercise]

    def accepted(self, identity: str, title: str) -> bool:
        for one in self.accepts:
            wanted, _, words = one.partition(" ")
            if one == f"{identity}: {title}":
                return True
            if wanted == identity and all(word in _words(title) for word in words.split()):
                return True
        return False


def _words(title: str) -> set[str]:
    """`0.3` is no word of `0.35`, and `[-1,` holds `-1`."""
    return {word.strip(".,:;()[]") for word in title.split()}


def labels() -> dict[str, Label]:
    read = tomllib.loads((HERE / "labels.toml").read_text())
    return {name: Label(**{**one, "accepts": tuple(one.get("accepts", ()))}) for name, one in read.items()}


# --- one submission -------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What was said of one exercise, and how it stands to the label."""

    exercise: str
    verdict: Verdict
    words: str


def exercises(submission: SubmissionResult, label: Label) -> Iterator[ExerciseResult]:
    """Those that the label says are wrong."""
    return (one for one in submission.exercises if one.name in label.wrong)


def said(submission: SubmissionResult, label: Label) -> tuple[Said, ...]:
    return tuple(_said(submission, one, label) for one in exercises(submission, label))


def _said(submission: SubmissionResult, exercise: ExerciseResult, label: Label) -> Said:
    if label.tells is not None:
        told = (*(row.message for row in exercise.criteria), *submission.notes)
        words = " ".join(dict.fromkeys(told))
        verdict = Verdict.NAMED if label.tells in words else Verdict.NOT_NAMED
        return Said(exercise.name, verdict, words)
    if exercise.diagnosis is None:
        return Said(exercise.name, Verdict.NOT_NAMED, "no known mistake fits")
    named = any(label.accepted(*one) for one in _listed(exercise.diagnosis))
    words = " / ".join(title for _, title in _listed(exercise.diagnosis))
    partly = f"partly ({exercise.diagnosis.explained} of {exercise.diagnosis.failing} cases): "
    return Said(
        exercise.name,
        Verdict.NAMED if named else Verdict.WRONG_NAME,
        (partly if exercise.diagnosis.partial else "") + words,
    )


def _listed(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """At most three ids, each with its title; with a possible cause, where one is told."""
    titles = diagnosis.titles or (diagnosis.title,) * len(diagnosis.misconceptions)
    cause = f"; possibly {diagnosis.cause}" if diagnosis.cause else ""
    return [(one, title + cause) for one, title in zip(diagnosis.misconceptions[:3], titles[:3], strict=True)]


# --- the class ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A wrong submission: its label, and what was said of each exercise that it gets wrong."""

    student: str
    label: Label
    said: tuple[Said, ...]

    @property
    def verdict(self) -> Verdict:
        return max(one.verdict for one in self.said)


def rows(results: Results, known: Mapping[str, Label]) -> list[Row]:
    """Those with a label, the worst first."""
    wrong = [one for one in results.submissions if one.student in known]
    found = [Row(one.student, known[one.student], said(one, known[one.student])) for one in wrong]
    return sorted(found, key=lambda row: (-row.verdict, row.student))


def score(rows: Sequence[Row]) -> float:
    """1 where all are named rightly; one not named costs one share, a wrong name two."""
    counts = Counter(row.verdict for row in rows)
    return (counts[Verdict.NAMED] - counts[Verdict.WRONG_NAME]) / len(rows)


def table(rows: Sequence[Row]) -> str:
    """The confusion table: each mistake and what was said of it."""
    head = _columns(" ", "Submission", "Its mistake", "What the grader says")
    body = [line for row in rows for line in _lines(row)]
    return "\n".join((summary(rows), "", *head, "-" * 100, *body))


def summary(rows: Sequence[Row]) -> str:
    counts = Counter(row.verdict for row in rows)
    return (
        f"{len(rows)} wrong submissions: {counts[Verdict.NAMED]} named rightly, "
        f"{counts[Verdict.NOT_NAMED]} not named (?), {counts[Verdict.WRONG_NAME]} named wrongly (✗); "
        f"score {score(rows):.1%}"
    )


def _lines(row: Row) -> list[str]:
    """One paragraph where the same was said of both exercises, else one for each."""
    alike = len({(one.verdict, one.words) for one in row.said}) == 1
    parts = row.said[:1] if alike else row.said
    lines = []
    for i, part in enumerate(parts):
        which = "" if len(parts) == 1 else "1: " if part.exercise == FIRST else "2: "
        begin = (row.student, row.label.mistake) if i == 0 else ("", "")
        lines += _columns(SIGNS[part.verdict], *begin, which + part.words)
    return lines


def _columns(sign: str, *cells: str) -> list[str]:
    """Wrapped cells under each other."""
    columns = [textwrap.wrap(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
    lines = zip_longest([sign], *columns, fillvalue="")
    return [
        " ".join(f"{cell:{width}}" for cell, width in zip(line, (1, *WIDTHS), strict=True)).rstrip()
        for line in lines
    ]
