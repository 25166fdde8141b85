"""Counterexamples of functions that remember: what has to be pasted before them. Under 1 s."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from grader.judging.award import Finding
from grader.judging.counterexample import counterexample
from grader.judging.replay import TRIES, Picked, confirmed
from grader.records import Answer, ExerciseRun, Note, Stopped
from grader.results import CriterionResult, Diagnosis
from tests.judging.build import (
    LATE,
    case,
    exercise,
    judged,
    kit_of,
    raised,
    returned,
    run,
    step,
    tensor,
    trace,
)

CASES = [case(0.5, start=[1.0]), case(1.0, start=[2.0]), case(1.5, start=[3.0])]
ONE = exercise(CASES)
OTHER = msgspec.structs.replace(exercise([case(0.5, start=[4.0]), case(0.25, start=[5.0])]), name="earlier")
KIT = kit_of(OTHER, ONE)
FIRST, SECOND, THIRD = (f"descend(torch.tensor([{x}]), 0.1, 1)" for x in ("1.0", "2.0", "3.0"))
RIGHT = [returned(0.5), returned(1.0), returned(1.5)]
FAILED = CriterionResult("values", "", "values", "cpu", "failed", None, 0.0, 1.0, 3, 1, 0, "")


class Fresh:
    """A student's function in fresh processes: what it answers there by the calls that are made in order."""

    def __init__(self, answers: Mapping[str, Answer], *, draws: bool = False) -> None:
        self._answers = answers
        self._draws = draws
        self.asked: list[Picked] = []

    def __call__(self, device: str, picked: Picked) -> dict[str, ExerciseRun]:
        assert device == "cpu"
        self.asked.append(picked)
        made, replies = "", list[Answer]()
        for name, indices in picked.items():
            replies = []
            for index in indices:
                made += f"{name[0]}{index}"
                replies.append(self._answers.get(made, RIGHT[index]))
        return {"descend": run(replies, draws=self._draws)}


def told(
    answers: list[Answer],
    fresh: Fresh,
    *,
    keeps: bool = True,
    earlier: ExerciseRun | None = None,
    known: Diagnosis | None = None,
    further: tuple[Diagnosis, ...] = (),
) -> Finding:
    ran = run(answers, keeps=keeps)
    shown = counterexample(judged(ONE, answers), ONE, ran, {"values"})
    finding = Finding((FAILED,), known, shown.counterexample, (), shown.steps, further)
    runs = {"earlier": earlier} if earlier else {}
    return confirmed(finding, ONE, KIT, {**runs, "descend": ran}, fresh)


def call_of(finding: Finding) -> str:
    assert finding.counterexample is not None
    return finding.counterexample.call


def test_a_call_that_fails_alone_stands_alone_with_what_came_of_it_there() -> None:
    finding = told([returned(9.0), *RIGHT[1:]], Fresh({"d0": returned(8.0)}))

    assert call_of(finding) == FIRST
    assert finding.counterexample is not None
    assert finding.counterexample.got is not None
    assert finding.counterexample.got.values == (8.0,)
    assert finding.notes == ()


def test_one_that_is_right_the_first_time_only_is_called_twice() -> None:
    fresh = Fresh({"d0d0": returned(9.0)})
    finding = told([returned(9.0), *RIGHT[1:]], fresh)

    assert call_of(finding) == f"{FIRST}; {FIRST}"
    assert fresh.asked == [{"descend": (0, 0)}]


def test_one_that_gets_an_earlier_calls_answer_stands_behind_that_call() -> None:
    finding = told([RIGHT[0], RIGHT[1], returned(1.0)], Fresh({"d1d2": returned(1.0)}))

    assert call_of(finding) == f"{SECOND}; {THIRD}"


def test_one_that_gets_another_exercises_answer_stands_behind_its_call() -> None:
    earlier = msgspec.structs.replace(run([returned(0.5), returned(0.25)]), name="earlier")
    finding = told([returned(0.25), *RIGHT[1:]], Fresh({"e1d0": returned(0.25)}), earlier=earlier)

    assert call_of(finding) == f"earlier(torch.tensor([5.0]), 0.1, 1); {FIRST}"


def test_one_that_was_spoilt_by_the_first_call_or_by_the_one_before_it_stands_behind_that() -> None:
    wrong: list[Answer] = [*RIGHT[:2], returned(9.0)]

    assert call_of(told(wrong, Fresh({"d0d2": returned(9.0)}))) == f"{FIRST}; {THIRD}"
    assert call_of(told(wrong, Fresh({"d1d2": raised()}))) == f"{SECOND}; {THIRD}"


def test_where_none_of_these_fails_a_note_says_so() -> None:
    fresh = Fresh({})
    finding = told([*RIGHT[:2], returned(9.0)], fresh)

    assert call_of(finding) == THIRD
    (note,) = finding.notes
    assert note == (
        "descend: the call shown is right in a fresh process: it goes wrong after other calls,"
        " because something outlives a call."
    )
    assert len(fresh.asked) <= TRIES


STATE = "The call is right in a fresh process and wrong after others: something outlives a call"


def named(title: str) -> Diagnosis:
    return Diagnosis(("rate-0.1",), title, "", 1, 1)


def test_a_call_that_is_right_alone_is_named_by_what_is_kept_whatever_it_looked_like() -> None:
    wrong: list[Answer] = [*RIGHT[:2], returned(9.0)]
    looked = named("Every step uses the rate 0.1, whatever is passed")

    for answers in ({"d0d2": returned(9.0)}, {}):
        finding = told(wrong, Fresh(answers), known=looked, further=(named("By hand"),))
        assert finding.diagnosis is not None
        assert (finding.diagnosis.misconceptions, finding.diagnosis.title) == (("keeps-state",), STATE)
        assert (finding.diagnosis.explained, finding.diagnosis.failing) == (1, 1)
        assert finding.further == ()


def test_a_call_that_is_wrong_alone_keeps_its_name_though_the_function_remembers() -> None:
    looked = named("Every step uses the rate 0.1, whatever is passed")
    finding = told([returned(9.0), *RIGHT[1:]], Fresh({"d0": returned(9.0)}), known=looked, further=(looked,))

    assert (finding.diagnosis, finding.further) == (looked, (looked,))


def test_a_name_for_what_is_kept_stands_and_what_was_read_off_spoilt_calls_does_not() -> None:
    cached = Diagnosis(
        ("keeps-answers",), "Calls with the same rate all get the first one's answer", "", 1, 1
    )
    fresh = Fresh({"d1d2": returned(1.0)})
    finding = told([*RIGHT[:2], returned(1.0)], fresh, known=cached, further=(named("By hand"),))

    assert (finding.diagnosis, finding.further) == (cached, ())


def test_a_seed_that_a_call_needs_stands_before_each() -> None:
    finding = told([returned(9.0), *RIGHT[1:]], Fresh({"d0d0": returned(9.0)}, draws=True))

    assert call_of(finding) == f"torch.manual_seed(0); {FIRST}; torch.manual_seed(0); {FIRST}"


def test_a_function_that_draws_lots_is_shown_with_its_seed() -> None:
    answers: list[Answer] = [returned(9.0), *RIGHT[1:]]
    shown = counterexample(judged(ONE, answers), ONE, run(answers, draws=True), {"values"})

    assert shown.counterexample is not None
    assert shown.counterexample.call == f"torch.manual_seed(0); {FIRST}"


def test_the_steps_are_those_of_the_call_that_is_shown() -> None:
    traced = exercise([case(0.5, trajectory=[tensor(1.0), tensor(0.5)])])
    ran = run([returned(9.0)], {0: trace(step([1.0], [0.5]))}, keeps=True)
    shown = counterexample(judged(traced, [returned(9.0)]), traced, ran, {"values"})
    finding = Finding((FAILED,), counterexample=shown.counterexample, steps=shown.steps)
    again = run([returned(0.5), returned(8.0)], {1: trace(step([1.0], [8.0]))})

    finding = confirmed(finding, traced, kit_of(traced), {"descend": ran}, lambda *_: {"descend": again})

    assert finding.steps is not None
    assert (finding.steps.call, finding.steps.diverges) == (call_of(finding), 1)
    assert finding.counterexample is not None
    assert finding.counterexample.first_diverging_step == 1


def test_a_call_that_was_not_traced_is_made_again_alone_for_its_steps() -> None:
    untraced = msgspec.structs.replace(case(0.5, trajectory=[tensor(1.0), tensor(0.5)]), traced=False)
    one, ran = exercise([untraced]), run([returned(9.0)])
    shown = counterexample(judged(one, [returned(9.0)]), one, ran, {"values"})
    finding = Finding((FAILED,), counterexample=shown.counterexample)
    assert shown.steps is None
    asked: list[Picked] = []

    def again(_: str, picked: Picked) -> dict[str, ExerciseRun]:
        asked.append(picked)
        return {"descend": run([returned(9.0)], {0: trace(step([1.0], [9.0]))})}

    finding = confirmed(finding, one, kit_of(one), {"descend": ran}, again)

    assert asked == [{"descend": (0,)}]
    assert call_of(finding) == FIRST
    assert finding.steps is not None
    assert finding.steps.diverges == 1


@pytest.mark.parametrize(
    ("setting", "outlives"),
    [("grad enabled", "gradients stay switched off"), ("default dtype", "something outlives a call")],
)
def test_gradients_that_stay_switched_off_are_said_where_a_call_leaves_them_so(
    setting: str, outlives: str
) -> None:
    error = raised("RuntimeError", "element 0 of tensors does not require grad")
    answers: list[Answer] = [error, *RIGHT[1:]]
    shown = counterexample(judged(ONE, answers), ONE, run(answers), {"values"})
    finding = Finding((FAILED,), counterexample=shown.counterexample)
    ran = run(answers, keeps=True, notes=(Note(f"descend leaves settings of PyTorch changed ({setting})"),))

    found = confirmed(finding, ONE, KIT, {"descend": ran}, Fresh({"d0d0": error}))

    assert call_of(found) == f"{FIRST}; {FIRST}"
    assert found.diagnosis is not None
    assert found.diagnosis.title == (
        f"The call is right in a fresh process and wrong after others: {outlives}"
    )


@pytest.mark.parametrize(
    ("answers", "keeps"),
    [
        ([returned(9.0), *RIGHT[1:]], False),  # nothing is left behind
        ([LATE, *RIGHT[1:]], True),  # one that never ends would cost its wait again
        (RIGHT, True),  # nothing to show
    ],
)
def test_no_call_is_made_again_where_that_shows_nothing(answers: list[Answer], *, keeps: bool) -> None:
    fresh = Fresh({})
    before = told(answers, fresh, keeps=keeps)

    assert fresh.asked == []
    assert before.notes == ()


def test_a_process_that_could_not_make_the_calls_changes_nothing() -> None:
    answers: list[Answer] = [returned(9.0), *RIGHT[1:]]
    shown = counterexample(judged(ONE, answers), ONE, run(answers, keeps=True), {"values"})
    finding = Finding((FAILED,), counterexample=shown.counterexample)

    for reply in ({}, {"descend": run({})}, {"descend": run([Stopped(LATE.failure, "late")] * 2)}):
        found = confirmed(finding, ONE, KIT, {"descend": run(answers, keeps=True)}, lambda *_, r=reply: r)
        assert call_of(found) == FIRST
