"""Stored results -> the known mistakes of a class: how many make each, who, and one of them to look at.

A mistake counts once a student, in whichever exercises it was made. Mistakes fitted with a number of
their own ("the result is scaled by 0.5") are one mistake with different numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from grader.report.figures import percent, plural
from grader.report.grounds import for_the_class
from grader.report.views import NAME, View, sentence
from grader.results import Diagnosis, Results
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
    students: tuple[LinkView, ...]  # all of them, where they are more than the example


class Made(NamedTuple):
    """A mistake that one student made in one exercise, the `place`-th on their page."""

    student: str
    exercise: str
    place: int
    diagnosis: Diagnosis


def mistakes(results: Results) -> tuple[MistakeView, ...]:
    """Known mistakes, the most common first."""
    groups: dict[str, list[Made]] = {}
    for one in made(results):
        groups.setdefault(name(one.diagnosis), []).append(one)
    counted = sorted(groups.values(), key=lambda group: -len(_students(group)))
    most = len(_students(counted[0])) if counted else 0
    exercises = tuple(dict.fromkeys(one.name for result in results.submissions for one in result.exercises))
    return tuple(_mistake(group, most, exercises) for group in counted)


def made(results: Results) -> Iterator[Made]:
    for result in results.submissions:
        for place, exercise in enumerate(result.exercises, 1):
            for diagnosis in (exercise.diagnosis, *exercise.further):
                if diagnosis:
                    yield Made(result.student, exercise.name, place, diagnosis)


def name(diagnosis: Diagnosis) -> str:
    """Its id; what only one device shows may have none."""
    return diagnosis.misconceptions[0] if diagnosis.misconceptions else diagnosis.title


def _students(group: Sequence[Made]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.student for one in group))


def _mistake(group: Sequence[Made], most: int, exercises: Sequence[str]) -> MistakeView:
    students = _students(group)
    titles = Counter(one.diagnosis.title for one in group)
    return MistakeView(
        title=sentence(titles.most_common(1)[0][0]),
        where=_where(list(dict.fromkeys(one.exercise for one in group)), exercises),
        text=plural(len(students), "student"),
        width=percent(len(students), most),
        others=tuple(_others(group, titles)),
        example=_example(group),
        students=tuple(map(link_to, students)) if len(students) > 1 else (),
    )


def _where(found: Sequence[str], exercises: Sequence[str]) -> str:
    if len(found) < len(exercises) or len(exercises) == 1:
        return f"in {', '.join(one_line(name, NAME) for name in found)}"
    return "in both exercises" if len(exercises) == 2 else f"in all {len(exercises)} exercises"  # noqa: PLR2004 -- both are two


def _others(group: Sequence[Made], titles: Counter[str]) -> Iterator[str]:
    """What the instructor may want to know beside the name."""
    teacher = next((one.diagnosis.teacher for one in group if one.diagnosis.teacher), "")
    if teacher:
        yield sentence(teacher)
    yield for_the_class((one.student, one.diagnosis) for one in group)
    causes = dict.fromkeys(sentence(one.diagnosis.cause) for one in group if one.diagnosis.cause)
    if causes:
        yield f"Possible causes: {'; '.join(causes)}."
    alike = dict.fromkeys(title for one in group for title in one.diagnosis.titles[1:])
    if alike:
        yield f"Not to be told apart from: {'; '.join(map(sentence, alike))}."
    others = [title for title, _ in titles.most_common()][1:]
    if others:
        rest = f"; and {len(others) - TITLES:,} more" if len(others) > TITLES else ""
        yield f"Also: {'; '.join(map(sentence, others[:TITLES]))}{rest}."


def _example(group: Sequence[Made]) -> LinkView:
    """A submission that the mistake explains wholly, where there is one, at its exercise."""
    one = min(group, key=lambda one: one.diagnosis.partial)
    link = link_to(one.student)
    return LinkView(link.text, f"{link.link}#exercise-{one.place}")


def link_to(student: str) -> LinkView:
    return LinkView(one_line(student, NAME), f"students/{file_name(student)}.html")
