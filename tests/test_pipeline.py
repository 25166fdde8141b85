"""The main path, with the real sandbox and a small kit. About 20 s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.diagnosis.findings import find
from grader.diagnosis.prepared import Prepared
from grader.judging.award import Finding
from grader.judging.evidence import CaseTexts
from grader.kit import Exercise, Kit, Limits
from grader.pipeline import Session, explain, grade, grade_class, judge
from grader.records import Failure, Submission
from grader.report.clusters import clusters
from grader.results import Device, Graded, Quote, SubmissionResult
from grader.sandbox.pool import Pool
from tests.judging.build import case, criterion, exercise, kit_of, mistake, returned, tensor, trace
from tests.report import samples

LIMITS = Limits(case_cpu_seconds=0.1, exercise_cpu_seconds=2.0)


def descent(name: str, *start: float) -> Exercise:
    """Steps on the sum of squares with rate 0.25 halve theta."""

    def one(steps: int, criterion: str = "steps", repeats: int | None = None) -> object:
        return case(
            *(x / 2**steps for x in start),
            start=start,
            bound=1e-6,
            rate=0.25,
            steps=steps,
            criterion=criterion,
            repeats=repeats,
            trajectory=[tensor(*(x / 2**n for x in start)) for n in range(steps + 1)],
        )

    halves = [returned(*(x * 0.75**n for x in start)) for n in (1, 2, 2)]
    half = mistake("half-rate", [*halves, returned(*start)], ["steps"], 1e-6, {2: trace()}, smallest=0)
    made = exercise(
        [one(1), one(2), one(2, repeats=1), one(0, "no-steps")],  # type: ignore[list-item]
        [
            criterion("steps", [0, 1, 2], points=3.0),
            criterion("no-steps", [3], points=1.0),
            criterion("sgd", [2], "optimiser", points=2.0),
            criterion("form", [0, 1, 2], "return", points=1.0),
        ],
        [msgspec.structs.replace(half, where="optimiser")],
        [
            case(
                *(2 * x for x in start),
                start=[4 * x for x in start],
                bound=1e-6,
                rate=0.25,
                criterion="steps",
            )
        ],
    )
    return msgspec.structs.replace(made, name=name)


KIT = msgspec.structs.replace(
    kit_of(descent("descend", 1.0), descent("descend_two", 1.0, -2.0)), limits=LIMITS
)
BODY = """
    theta = torch.nn.Parameter(theta.clone())
    optimiser = torch.optim.SGD([theta], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (theta * theta).sum().backward()
        optimiser.step()
    return theta.detach()
"""
TWO = f"def descend_two(theta, rate, steps):{BODY}"
RIGHT = f"import torch\nprint('hello')\ndef descend(theta, rate, steps):{BODY}{TWO}"
HALF = RIGHT.replace("lr=rate", "lr=rate / 2", 1)
UNKNOWN = RIGHT.replace("return theta.detach()", "return theta.detach() + 1", 1)
MISSING = f"import torch\ndef descent(theta, rate, steps):{BODY}{TWO}"
ENDLESS = RIGHT.replace("for _ in range(steps):", "while True:", 1)
BROKEN = "def descend(theta, rate, steps)\n    return theta\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(KIT, LIMITS, 2) as running:
        yield running


def session_of(pool: Pool, kit: Kit = KIT, devices: Sequence[str] = ("cpu",)) -> Session:
    graded = tuple(Device(name, True, None, None) for name in devices)
    texts = CaseTexts(msgspec.structs.replace(kit, devices=tuple(devices)))
    return Session(kit, pool, graded, 2, texts, {one.name: Prepared(one) for one in kit.exercises})


@pytest.fixture(scope="module")
def session(pool: Pool) -> Session:
    return session_of(pool)


def submission(folder: Path, source: str, student: str = "s01") -> Submission:
    path = folder / f"{student}.py"
    path.write_text(source)
    return Submission(student, path.name, (path,))


def points(result: SubmissionResult) -> list[list[float]]:
    return [[row.points for row in one.criteria] for one in result.exercises]


ALL = [3.0, 1.0, 2.0, 1.0]


def test_a_right_submission_gets_everything(session: Session, tmp_path: Path) -> None:
    graded = grade(submission(tmp_path, RIGHT), session)

    result = graded.result
    assert (result.status, result.message, result.score, result.max_score) == ("graded", None, 14.0, 14.0)
    assert (result.student, result.path, result.notes) == ("s01", "s01.py", ())
    assert result.seconds > 0
    assert points(result) == [ALL, ALL]
    assert [(one.diagnosis, one.counterexample) for one in result.exercises] == [(None, None)] * 2
    assert graded.evidence.output.startswith("hello")
    assert graded.evidence.source[0].text == RIGHT
    assert [len(one.cases) for one in graded.evidence.exercises] == [4, 4]
    assert [one.place.line for one in graded.evidence.exercises if one.place] == [3, 11]
    assert [one.holds for one in graded.evidence.exercises[0].traces] == [True]


def test_a_known_mistake_is_named_and_costs_its_own_exercise_only(session: Session, tmp_path: Path) -> None:
    result = grade(submission(tmp_path, HALF), session).result

    first, second = result.exercises
    assert points(result) == [[0.0, 1.0, 2.0, 1.0], ALL]
    assert first.diagnosis is not None
    assert (first.diagnosis.misconceptions, first.diagnosis.title) == (("half-rate",), "It is half-rate")
    assert first.counterexample is not None
    assert first.counterexample.call == "descend(torch.tensor([1.0]), 0.25, 1)"
    assert (second.diagnosis, second.counterexample) == (None, None)


def test_the_first_diverging_step_comes_from_the_trace_of_the_same_call(
    session: Session, tmp_path: Path
) -> None:
    source = RIGHT.replace("optimiser.zero_grad()", "pass", 1).replace(
        "return", "steps == 1 and 1 / 0\n    return", 1
    )

    shown = grade(submission(tmp_path, source), session).result.exercises[0].counterexample

    assert shown is not None
    assert shown.raised == "ZeroDivisionError: division by zero"
    second = RIGHT.replace("optimiser.zero_grad()", "pass", 1)
    shown = grade(submission(tmp_path, second), session).result.exercises[0].counterexample
    assert shown is not None
    assert (shown.call, shown.first_diverging_step) == ("descend(torch.tensor([1.0]), 0.25, 2)", 2)


def test_the_steps_and_the_students_own_line_stand_in_the_evidence(session: Session, tmp_path: Path) -> None:
    graded = grade(submission(tmp_path, HALF), session)

    first, second = graded.evidence.exercises
    assert first.steps is not None
    assert [(row.value, row.reference_value, row.apart) for row in first.steps.rows] == [
        ((1.0,), (1.0,), False),
        ((0.75,), (0.5,), True),
    ]
    assert first.steps.shows[0].startswith("1 step by SGD with lr 0.125, where")
    assert second.steps is None
    diagnosis = graded.result.exercises[0].diagnosis
    assert diagnosis is not None
    assert diagnosis.quote == Quote("s01.py", None, 5, "optimiser = torch.optim.SGD([theta], lr=rate / 2)")


def test_a_function_that_remembers_is_shown_by_calls_that_stand_alone(
    session: Session, tmp_path: Path
) -> None:
    source = RIGHT.replace("return theta.detach()", "kept.append(theta.detach())\n    return kept[0]", 1)

    graded = grade(submission(tmp_path, "kept = []\n" + source), session)

    shown = graded.result.exercises[0].counterexample
    assert shown is not None
    first, last = shown.call.split("; ")
    assert (first, last) == (
        "descend(torch.tensor([1.0]), 0.25, 1)",
        "descend(torch.tensor([1.0]), 0.25, 2)",
    )
    assert shown.got is not None
    assert shown.got.values == (0.5,)


def test_a_mistake_known_in_part_climbs_the_ladder(session: Session, tmp_path: Path) -> None:
    raises = "if steps == 0:\n        raise ValueError('no')\n    "
    wrong = raises + "return theta.detach() + (steps > 1 or theta > 1)"

    first = grade(
        submission(tmp_path, RIGHT.replace("return theta.detach()", wrong, 1)), session
    ).result.exercises[0]

    assert first.diagnosis is not None
    assert (first.diagnosis.explained, first.diagnosis.failing) == (1, 3)
    assert first.diagnosis.partial
    assert first.diagnosis.title == "The function raises ValueError (where steps is 0)"
    assert first.counterexample is not None
    assert first.counterexample.call == "descend(torch.tensor([4.0]), 0.25, 1)"


def test_one_function_that_is_missing_leaves_the_other(session: Session, tmp_path: Path) -> None:
    result = grade(submission(tmp_path, MISSING), session).result

    assert [one.status for one in result.exercises] == ["missing", "graded"]
    assert points(result) == [[0.0] * 4, ALL]
    assert {row.message for row in result.exercises[0].criteria} == {
        "no function named descend; the most similar name is descent"
    }


def test_what_cannot_be_loaded_says_why_and_earns_nothing(session: Session, tmp_path: Path) -> None:
    graded = grade(submission(tmp_path, BROKEN), session)

    assert (graded.result.status, graded.result.score) == ("load_failed", 0.0)
    assert graded.result.message is not None
    assert graded.result.message.startswith("s01.py, line 1: SyntaxError: expected ':'")
    assert {row.failure for one in graded.result.exercises for row in one.criteria} == {Failure.LOAD_FAILED}


def test_a_file_that_discovery_refused_is_not_run(session: Session) -> None:
    given = Submission("s01", "s01.py", problem="s01.py is a folder, not a file.")

    graded = grade(given, session)

    assert (graded.result.status, graded.result.message) == ("load_failed", "s01.py is a folder, not a file.")
    assert (graded.result.score, graded.evidence.source) == (0.0, ())


def test_a_call_that_never_ends_does_not_cost_the_other_exercise(session: Session, tmp_path: Path) -> None:
    result = grade(submission(tmp_path, ENDLESS), session).result

    assert points(result) == [[0.0] * 4, ALL]
    assert result.exercises[0].criteria[0].failure is Failure.TIMED_OUT
    assert result.exercises[0].counterexample is not None
    assert result.exercises[0].counterexample.call == "descend(torch.tensor([1.0]), 0.25, 1)"


def test_two_runs_give_the_same_but_for_the_time(session: Session, tmp_path: Path) -> None:
    given = submission(tmp_path, UNKNOWN)

    first, second = (timeless(grade(given, session)) for _ in range(2))

    assert first == second


def timeless(graded: Graded) -> Graded:
    return msgspec.structs.replace(graded, result=msgspec.structs.replace(graded.result, seconds=0.0))


# --- several devices --------------------------------------------------------------------------


def test_an_exercise_of_the_cpu_alone_earns_all_its_points_there(pool: Pool, tmp_path: Path) -> None:
    through = RIGHT.replace("return theta.detach()", "return torch.tensor(theta.detach().numpy())")
    first, *others = KIT.exercises
    kit = msgspec.structs.replace(KIT, exercises=(msgspec.structs.replace(first, devices=("cpu",)), *others))

    result = grade(submission(tmp_path, through), session_of(pool, kit, ("cpu", "twin"))).result

    assert [(row.device, row.points) for row in result.exercises[0].criteria] == [
        *(("cpu", whole) for whole in (3.0, 1.0, 2.0, 1.0)),
    ]
    assert {row.device for row in result.exercises[1].criteria} == {"cpu", "twin"}


def test_what_goes_through_numpy_is_right_on_the_cpu_only(pool: Pool, tmp_path: Path) -> None:
    through = RIGHT.replace("return theta.detach()", "return torch.tensor(theta.detach().numpy())")

    result = grade(submission(tmp_path, through), session_of(pool, devices=("cpu", "twin"))).result

    assert (result.score, result.max_score) == (7.0, 14.0)
    first = result.exercises[0]
    assert [(row.device, row.points) for row in first.criteria] == [
        *(("cpu", half) for half in (1.5, 0.5, 1.0, 0.5)),
        *(("twin", 0.0) for _ in range(4)),
    ]
    assert first.diagnosis is not None
    assert (
        first.diagnosis.title == "Right on the cpu, but a tensor on twin goes through NumPy, which refuses it"
    )
    assert first.counterexample is not None
    assert first.counterexample.device == "twin"


def test_what_loads_on_one_device_only_is_graded_there(tmp_path: Path) -> None:
    endless = "class Endless:\n    while torch._C._get_privateuse1_backend_name() == 'twin': pass\n"
    given = submission(tmp_path, f"import torch\n{3 * endless}{RIGHT}")
    short = Limits(case_cpu_seconds=0.1)

    with Pool(KIT, short, 1) as own:
        graded = grade(given, session_of(own, devices=("cpu", "twin")))

    assert (graded.result.status, graded.result.score) == ("graded", 7.0)
    first = graded.result.exercises[0]
    assert (first.criteria[4].failure, first.diagnosis) == (Failure.TIMED_OUT, None)
    assert first.criteria[4].message.startswith(
        "right on the cpu, wrong on twin: all 3 cases fail: nothing of it could run on twin: "
    )
    assert len(graded.evidence.exercises[0].cases) == 8


# --- faults of ours ---------------------------------------------------------------------------


def test_files_that_are_gone_are_a_fault_of_ours(session: Session, tmp_path: Path) -> None:
    given = submission(tmp_path, RIGHT)
    given.files[0].unlink()

    result = grade(given, session).result

    assert (result.status, result.score) == ("harness", None)
    assert result.message == "s01.py: its files were found, and were gone when they were to be read"


def test_a_process_of_ours_that_ends_twice_is_a_fault_of_ours(tmp_path: Path) -> None:
    kill = "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1000)\n"
    with Pool(KIT, LIMITS, 1, level="none") as own:  # behind walls nobody can reach that process
        result = grade(submission(tmp_path, kill), session_of(own)).result

    assert (result.status, result.score, result.max_score) == ("harness", None, 14.0)
    assert result.message == "the process that runs submissions ended twice while this one ran"
    assert [(one.status, one.score) for one in result.exercises] == [("harness", None)] * 2


def test_an_exception_in_our_own_stages_is_a_fault_of_ours_for_that_student_only(
    pool: Pool, tmp_path: Path
) -> None:
    """A kit whose bounds are lost breaks only the judging of those who return numbers."""
    first, second = KIT.exercises
    lost = tuple(msgspec.structs.replace(one, bounds={}) for one in first.cases)
    broken = msgspec.structs.replace(KIT, exercises=(msgspec.structs.replace(first, cases=lost), second))
    class_ = [submission(tmp_path, RIGHT, "s01"), submission(tmp_path, MISSING, "s02")]

    results = {
        one.student: one for one in grade_class(class_, session_of(pool, broken), lambda one: one.result)
    }

    assert (results["s01"].status, results["s01"].score) == ("harness", None)
    assert results["s01"].message is not None
    assert results["s01"].message.startswith("ValueError: ")
    assert (results["s02"].status, results["s02"].score) == ("graded", 7.0)


# --- a class ------------------------------------------------------------------------------------


def test_a_class_is_graded_whole_and_each_is_kept_once(session: Session, tmp_path: Path) -> None:
    sources = {"s01": RIGHT, "s02": HALF, "s03": BROKEN, "s04": MISSING}
    kept: list[str] = []

    def keep(graded: Graded) -> SubmissionResult:
        kept.append(graded.result.student)
        return graded.result

    results = list(grade_class([submission(tmp_path, s, n) for n, s in sources.items()], session, keep))

    assert sorted(kept) == sorted(sources)
    assert {one.student: one.score for one in results} == {"s01": 14.0, "s02": 11.0, "s03": 0.0, "s04": 7.0}


def test_what_cannot_be_kept_ends_the_class(session: Session, tmp_path: Path) -> None:
    def keep(graded: Graded) -> SubmissionResult:
        raise OSError(28, "No space left on device", graded.result.student)

    with pytest.raises(OSError, match="No space left on device"):
        list(grade_class([submission(tmp_path, RIGHT)], session, keep))


def test_an_empty_class_is_done_at_once(session: Session) -> None:
    assert list(grade_class([], session, lambda one: one.result)) == []


# --- the stages by themselves ---------------------------------------------------------------------


def test_judging_goes_by_exercise_then_device(pool: Pool, session: Session, tmp_path: Path) -> None:
    given = submission(tmp_path, RIGHT)
    executions = [pool.run(given, device) for device in ("cpu", "twin")]

    judged = judge(executions, KIT)

    assert list(judged) == ["descend", "descend_two"]
    assert [[outcomes.device for _, outcomes in one] for one in judged.values()] == [["cpu", "twin"]] * 2
    found = explain(given, executions, judged, session)
    assert [type(one) for one in found.values()] == [Finding, Finding]
    assert all(row.outcome == "passed" for one in found.values() for row in one.criteria)


def test_a_mistake_without_a_name_is_kept_by_what_it_does_and_no_other_is(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless(*given: Any) -> Finding:
        return msgspec.structs.replace(find(*given), diagnosis=None, further=())

    ends = ("return torch.sin(50 * theta.detach())", "return theta.detach().mul(50).sin()")
    known = [grade(submission(tmp_path, source), session).result for source in (HALF, RIGHT)]
    monkeypatch.setattr("grader.pipeline.find", nameless)
    unknown = [
        grade(submission(tmp_path, RIGHT.replace("return theta.detach()", end, 1), f"s{n}"), session).result
        for n, end in enumerate(ends, 2)
    ]

    assert [one.exercises[0].behaviour for one in known] == ["", ""]
    kept = unknown[0].exercises[0].behaviour
    assert len(kept.split(";")) == len(session.kit.exercises[0].cases)
    (pair,) = clusters(msgspec.structs.replace(samples.RESULTS, submissions=(*known, *unknown)))
    assert [link.text for link in pair.students] == ["s2", "s3"]
