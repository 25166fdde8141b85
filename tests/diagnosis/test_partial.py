"""Mistakes that explain a part: beside another mistake, or in some of the inputs only. Under 1 s."""

from __future__ import annotations

from collections.abc import Sequence

from grader import kit
from grader.diagnosis import diagnose
from grader.diagnosis.partitions import exactly, partitions
from grader.diagnosis.prepared import Prepared
from grader.diagnosis.report import FailureReport
from grader.records import Answer
from grader.results import Diagnosis
from tests.judging.build import case, criterion, exercise, judged, mistake, raised, returned

STARTS = (1.0, 2.0, -3.0, 4.0, 5.0, -6.0)
CASES = [
    case(x / 2, start=[x], dtype=dtype, rate=rate)
    for dtype in ("float32", "float64")
    for x, rate in zip(STARTS, (0.1, 0.2, 0.3, 0.6, 0.7, 0.8), strict=True)
] + [case(x, start=[x], steps=0, criterion="no-steps") for x in STARTS]


def times(factor: float) -> list[Answer]:
    """Theta times a factor after a step, and theta itself without one."""
    stepped = [returned(factor * x, dtype=dtype) for dtype in ("float32", "float64") for x in STARTS]
    return [*stepped, *map(returned, STARTS)]


RIGHT, DOUBLE = times(0.5), times(2.0)
RUBRIC = [criterion("values", range(12)), criterion("no-steps", range(12, 18))]


def given(*misconceptions: kit.Misconception) -> kit.Exercise:
    return exercise(CASES, RUBRIC, misconceptions)


def explained(answers: Sequence[Answer], *misconceptions: kit.Misconception) -> list[Diagnosis]:
    one = given(*misconceptions)
    failed = frozenset({"values", "no-steps"})
    told = diagnose.explain(FailureReport(judged(one, answers), Prepared(one), failed))
    return [named.diagnosis for named in (told.first, *told.further) if named]


def counts(found: Sequence[Diagnosis]) -> list[tuple[str, int, int, bool]]:
    return [(one.title, one.explained, one.failing, one.partial) for one in found]


KNOWN = mistake("double", DOUBLE)


def test_a_mistake_beside_a_crash_without_a_step_is_two_findings() -> None:
    crash = raised("ZeroDivisionError", "division by zero")

    found = explained([*DOUBLE[:12], *[crash] * 6], KNOWN)

    assert counts(found) == [
        ("It is double", 12, 18, True),
        ("The function divides by zero (where steps is 0)", 6, 18, True),
    ]


def test_a_mistake_in_one_dtype_only_is_told_with_it() -> None:
    found = explained([*RIGHT[:6], *DOUBLE[6:12], *RIGHT[12:]], KNOWN)

    assert counts(found) == [("It is double, but only for float64 tensors", 6, 6, True)]


def test_most_of_what_fails_is_named_where_nothing_that_passes_speaks_against_it() -> None:
    odd: list[Answer] = [returned(99.0), *DOUBLE[1:]]

    assert counts(explained(odd, KNOWN)) == [("It is double", 11, 12, True)]


def test_a_mistake_that_a_passing_case_contradicts_is_not_named() -> None:
    odd: list[Answer] = [returned(99.0), returned(98.0), *RIGHT[2:4], *DOUBLE[4:]]

    assert explained(odd, KNOWN) == []


def test_an_unknown_mistake_in_a_part_is_told_by_its_place() -> None:
    odd: list[Answer] = [
        returned(7.0 + i, dtype="float64") if 6 <= i < 12 else one for i, one in enumerate(RIGHT)
    ]

    (found,) = explained(odd, KNOWN)

    assert (found.misconceptions, found.title, found.partial) == (
        ("wrong-in-a-part",),
        "Right, but not for float64 tensors",
        True,
    )


def test_few_cases_are_no_place() -> None:
    assert explained([*RIGHT[:11], returned(7.0, dtype="float64"), *RIGHT[12:]], KNOWN) == []


# --- partitions ---------------------------------------------------------------------------------


def words(cases: set[int], among: set[int] | None = None) -> str | None:
    one = given()
    report = FailureReport(judged(one, RIGHT), Prepared(one), frozenset())
    part = exactly(frozenset(cases), frozenset(among or range(12)), report)
    return part.words if part else None


def test_parts_are_told_by_the_names_of_the_arguments() -> None:
    assert words({6, 7, 8, 9, 10, 11}) == "for float64 tensors"
    assert words({2, 5, 8, 11}) == "where theta is negative"
    assert words({3, 4, 5, 9, 10, 11}) == "where rate is above 1/2"
    assert words(set(range(12, 18)), set(range(18))) == "where steps is 0"


def test_a_border_between_two_values_is_a_part() -> None:
    assert words({4, 5, 10, 11}) == "where rate is 0.7 or more (right up to 0.6)"
    assert words({0, 1, 6, 7}) == "where rate is 0.2 or less (right from 0.3 on)"


def test_what_is_no_part_has_no_words() -> None:
    assert words({0, 7}) is None
    assert words(set()) is None
    assert words(set(range(12))) is None


def test_every_part_leaves_something_out() -> None:
    assert all(0 < len(part.cases) < len(CASES) for part in partitions(given()))
