"""What the grader said of a class whose mistakes are known, laid beside what it should have said.

A submission is named rightly where, in every exercise that it gets wrong, one of the mistakes listed
first is one that its label accepts. "No known mistake fits" is not named; any other name is a wrong one,
which counts double: it sends a student looking for what is not there.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterator
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


def said(submission: SubmissionResult, label: Label) -> list[Said]:
    return [_said(submission, one, label) for one in exercises(submission, label)]


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
    """At most three ids, each with its title."""
    titles = diagnosis.titles or (diagnosis.title,) * len(diagnosis.misconceptions)
    return list(zip(diagnosis.misconceptions[:3], titles[:3], strict=True))


# --- the class ------------------------------------------------------------------------------


def verdicts(results: Results) -> dict[str, Verdict]:
    """Of each wrong submission, its worst."""
    known = labels()
    return {
        one.student: max(part.verdict for part in said(one, known[one.student]))
        for one in results.submissions
        if one.student in known
    }


def score(results: Results) -> float:
    """1 where all are named rightly; one not named costs one share, a wrong name two."""
    counts = Counter(verdicts(results).values())
    return (counts[Verdict.NAMED] - counts[Verdict.WRONG_NAME]) / counts.total()


def table(results: Results) -> str:
    """The confusion table: each mistake and what was said of it; what was not named comes first."""
    known, worst = labels(), verdicts(results)
    wrong = [one for one in results.submissions if one.student in known]
    wrong.sort(key=lambda one: (-worst[one.student], one.student))
    rows = [row for one in wrong for row in _rows(one, known[one.student])]
    head = _columns(" ", "Submission", "Its mistake", "What the grader says")
    return "\n".join((_summary(results), "", *head, "-" * 100, *rows))


def _summary(results: Results) -> str:
    counts = Counter(verdicts(results).values())
    return (
        f"{counts.total()} wrong submissions: {counts[Verdict.NAMED]} named rightly, "
        f"{counts[Verdict.NOT_NAMED]} not named (?), {counts[Verdict.WRONG_NAME]} named wrongly (✗); "
        f"score {score(results):.1%}"
    )


def _rows(submission: SubmissionResult, label: Label) -> list[str]:
    parts = said(submission, label)
    if len({(one.verdict, one.words) for one in parts}) == 1:
        parts = parts[:1]
    rows = []
    for i, part in enumerate(parts):
        which = f"{1 if part.exercise == FIRST else 2}: " if len(parts) > 1 else ""
        begin = (submission.student, label.mistake) if i == 0 else ("", "")
        rows += _columns(SIGNS[part.verdict], *begin, which + part.words)
    return rows


def _columns(sign: str, *cells: str) -> list[str]:
    """Wrapped cells under each other."""
    columns = [textwrap.wrap(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
    lines = zip_longest([sign], *columns, fillvalue="")
    return [
        " ".join(f"{cell:{width}}" for cell, width in zip(line, (1, *WIDTHS), strict=True)).rstrip()
        for line in lines
    ]
