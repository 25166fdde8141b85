"""Functions whose answer depends on something else than their arguments, or on too few of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import partial
from itertools import combinations
from typing import Final

from grader.diagnosis.partitions import numbers_of
from grader.diagnosis.report import ALL_KINDS, VALUES, Candidate, FailureReport
from grader.judging.behaviour import values
from grader.judging.compare import changed
from grader.judging.tolerances import CONVINCING
from grader.records import Answer, Returned
from grader.tensors import floats

RANK: Final = 110

_state = partial(Candidate, rank=RANK, whole=False, where="definition", kinds=ALL_KINDS)


def candidates(report: FailureReport) -> Iterator[Candidate]:
    yield from _not_the_same_twice(report)
    yield from _goes_on(report)
    yield from _kept_answers(report)
    yield from _constant(report)


def _not_the_same_twice(report: FailureReport) -> Iterator[Candidate]:
    """The suite makes some calls again: each gets its answer once more, unless something was kept."""
    again = [(case.repeats, i) for i, case in enumerate(report.exercise.cases) if case.repeats is not None]
    firsts = [one for one, two in again if changed(report.answers[one], report.answers[two])]
    if not firsts:
        return
    right = report.wrong.isdisjoint(firsts)
    how = "is right the first time and wrong the second" if right else "gives another answer the second time"
    yield _state(
        "keeps-state" if right else "keeps-state-or-random",
        f"The same call {how}: something is kept between calls, or left to chance",
        "Call your function twice with the same arguments. Which variables outlive a call?",
        report.wrong, evidence="partial", calls=2 * len(firsts), kinds=VALUES,
        teacher="A global tensor, object or counter, a mutable default, a cache, or random numbers.",
    )  # fmt: skip


def _goes_on(report: FailureReport) -> Iterator[Candidate]:
    """The first step of a call begins where the call before it ended."""
    went_on, begins = set[int](), set[tuple[float, ...]]()
    for index, trace in report.traces.items():
        before = report.answers[index - 1] if index else None
        if not isinstance(before, Returned) or not before.value:
            continue
        if not trace.steps or index not in report.wrong:
            continue
        begun = [x for tensor in trace.steps[0].before for x in floats(tensor)]
        if begun != floats(before.value):
            return
        begins.add(tuple(begun))
        if begun != numbers_of(report.exercise.cases[index].arguments[report.exercise.moves]):
            went_on.add(index)
    if len(went_on) >= CONVINCING and len(begins) > 1:  # one beginning for all may be a fixed one
        moved = report.exercise.moved
        yield _state(
            "goes-on",
            f"Each call goes on from where the last one ended, not from the {moved} that is passed",
            "Call your function twice with the same arguments. Where does the second call begin?",
            report.wrong, rank=RANK - 1, evidence="trace", calls=len(went_on),
            teacher="What is moved lives outside the function: a global, an attribute or a default argument.",
        )  # fmt: skip


def _kept_answers(report: FailureReport) -> Iterator[Candidate]:
    """Every wrong answer is the right one of an earlier call that has some arguments in common."""
    names = list(report.exercise.cases[0].arguments)
    for own in (own for size in range(1, len(names)) for own in combinations(names, size)):
        explained, whole = _taken_over(own, report)
        if report.fresh(explained) >= CONVINCING and explained >= report.failing:
            yield _state(
                "keeps-answers", f"Calls with the same {' and '.join(own)} all get the first one's answer",
                "Which calls get another call's answer? What does your cache go by?",
                explained, whole=whole, evidence="proven" if whole else "partial",
                teacher="A cache or memo whose key leaves out some of the arguments.",
            )  # fmt: skip
            return


def _taken_over(own: tuple[str, ...], report: FailureReport) -> tuple[frozenset[int], bool]:
    """The calls that got an earlier one's right answer, and whether all calls got the first one's."""
    first: dict[Hashable, int] = {}
    explained, whole = set(), True
    for index, case in enumerate(report.exercise.cases):
        key = tuple(tuple(numbers_of(case.arguments[name])) for name in own)
        earlier = first.setdefault(key, index)
        same = _numbers(report.answers[index]) == _numbers(report.answers[earlier])
        whole = whole and same
        if same and index in report.failing and earlier not in report.failing:
            explained.add(index)
    return frozenset(explained), whole


def _numbers(answer: Answer) -> tuple[str, ...]:
    """As text: nan equals itself."""
    return tuple(map(repr, values(answer)))


def _constant(report: FailureReport) -> Iterator[Candidate]:
    """One answer to all calls."""
    answers = {_numbers(answer) for answer in report.returned.values()}
    if len(answers) != 1 or len(report.returned) != len(report.answers) or answers == {()}:
        return
    (only,) = answers
    yield _state(
        "always-the-same", f"Every call returns the same, {', '.join(only[:3])}, whatever is passed",
        "Which of your lines use the parameters of the function?", report.failing, whole=True,
        rank=RANK - 2, evidence="proven", teacher="Nothing of the arguments reaches the result.",
        where="return", kinds=VALUES,
    )  # fmt: skip
