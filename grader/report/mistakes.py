"""Stored results -> the known mistakes of a class: how many make each, who, and one of them to look at.

A mistake counts once a student, in whichever exercises it was made. Mistakes fitted with a number of
their own ("the result is scaled by 0.5") are one mistake with different numbers.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode

from grader.kept import Made
from grader.report.figures import percent, plural
from grader.report.grounds import for_the_class
from grader.report.views import NAME, View, sentence
from grader.results import Diagnosis, Ground, Results
from grader.store import file_name
from grader.text import one_line

TITLES: Final = 3  # other wordings of one mistake that are shown


class LinkView(View, frozen=True):
    """`link` is a relative address made of a safe file name."""

    text: str
    link: str


class MistakeView(View, frozen=True):
    """`title` is the most frequent wording; `others` are sentences for the instructor."""

    title: str
    where: str  # in which exercises
    text: str  # how many students
    width: int  # percent of the most frequent
    others: tuple[str, ...]
    example: LinkView
    students: Sequence[LinkView]  # all of them, where they are more than the example
    search: str  # what its words are searched by on the page of a large class


class Found(NamedTuple):
    """A mistake that one student made in one exercise, the `place`-th on their page."""

    student: int  # in the order of the results
    exercise: str
    place: int
    diagnosis: Diagnosis


class _Group:
    """Who made one mistake, and in which words: of each finding no more is kept than is told of all."""

    def __init__(self) -> None:
        self.students = array("L")
        self.titles: Counter[str] = Counter()  # a student counts once for each
        self.exercises: dict[str, None] = {}
        self.teacher = ""
        self.grounds: Counter[Ground] = Counter()  # likewise
        self.causes: dict[str, None] = {}
        self.alike: dict[str, None] = {}
        self.example: Found | None = None
        self._last: set[str] = set()  # grounds and titles of the last student

    def add(self, one: Found) -> None:
        """Findings of one student come one after another."""
        found = one.diagnosis
        if not self.students or self.students[-1] != one.student:
            self.students.append(one.student)
            self._last = set()
        self.grounds[found.evidence] += found.evidence not in self._last
        self.titles[found.title] += found.title not in self._last
        self._last |= {found.evidence, found.title}
        self.exercises[one.exercise] = None
        self.teacher = self.teacher or found.teacher
        self.causes |= {sentence(found.cause): None} if found.cause else {}
        self.alike |= dict.fromkeys(found.titles[1:])
        if self.example is None or (self.example.diagnosis.partial and not found.partial):
            self.example = one  # a submission that the mistake explains wholly, where there is one


def mistakes(results: Results, exercises: Sequence[str]) -> tuple[MistakeView, ...]:
    """Known mistakes, the most common first."""
    groups: defaultdict[str, _Group] = defaultdict(_Group)
    for one in found_in(results):
        groups[name(one.diagnosis)].add(one)
    counted = sorted(groups.values(), key=lambda group: -len(group.students))
    most = len(counted[0].students) if counted else 0
    return tuple(_mistake(group, most, exercises, results) for group in counted)


def found_in(results: Results) -> Iterator[Found]:
    for number, result in enumerate(results.submissions):
        for place, exercise in enumerate(result.exercises, 1):
            for diagnosis in (exercise.diagnosis, *exercise.further):
                if diagnosis:
                    yield Found(number, exercise.name, place, diagnosis)


def name(diagnosis: Diagnosis) -> str:
    """Its id; what only one device shows may have none."""
    return diagnosis.misconceptions[0] if diagnosis.misconceptions else diagnosis.title


def _mistake(group: _Group, most: int, exercises: Sequence[str], results: Results) -> MistakeView:
    assert group.example is not None
    title = group.titles.most_common(1)[0][0]
    return MistakeView(
        title=sentence(title),
        where=_where(list(group.exercises), exercises),
        text=plural(len(group.students), "student"),
        width=percent(len(group.students), most),
        others=tuple(_others(group)),
        example=link_to(results.submissions[group.example.student].student, group.example.place),
        students=links(results, group.students),
        search=urlencode({"q": one_line(title)}),
    )


def _where(found: Sequence[str], exercises: Sequence[str]) -> str:
    if len(found) < len(exercises) or len(exercises) == 1:
        return f"in {', '.join(one_line(name, NAME) for name in found)}"
    return "in both exercises" if len(exercises) == 2 else f"in all {len(exercises)} exercises"  # noqa: PLR2004 -- both are two


def _others(group: _Group) -> Iterator[str]:
    """What the instructor may want to know beside the name."""
    if group.teacher:
        yield sentence(group.teacher)
    yield for_the_class(group.grounds)
    if group.causes:
        yield f"Possible causes: {'; '.join(group.causes)}."
    if group.alike:
        yield f"Not to be told apart from: {'; '.join(map(sentence, group.alike))}."
    others = group.titles.most_common()[1:]
    for title, count in others[:TITLES]:
        whose = f"For {count:,} of them" if len(group.students) > 1 else "Also"
        yield f"{whose}: {sentence(title)}."
    if len(others) > TITLES:
        yield f"In {len(others) - TITLES:,} more ways for others."


def links(results: Results, students: Sequence[int]) -> Sequence[LinkView]:
    """To all of them, where they are more than one."""
    return Made(lambda one: link_to(results.submissions[one].student), students if len(students) > 1 else ())


def link_to(student: str, exercise: int = 0) -> LinkView:
    """To a student's page, or to the exercise that stands there in this place."""
    place = f"#exercise-{exercise}" if exercise else ""
    return LinkView(one_line(student, NAME), f"students/{file_name(student)}.html{place}")
