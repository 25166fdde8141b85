"""A class of our own, marked: nobody who is right loses a point, and every mistake is called by its name.

What `right/` and `wrong/` hold was written as students write it, before any of it was graded, by
someone who had not read the catalogue of mistakes. The first suite grades a quarter of them; `make test-all`
has each of three suites grade everyone. `pytest -s` prints the confusion table of each.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from grader import kit as kits
from grader.descent.rules import RULES
from grader.diagnosis import returns
from grader.kit import LoadedKit
from grader.results import ExerciseResult, Results, SubmissionResult
from tests.cli.running import ROOT, grader
from tests.conftest import frozen
from tests.teaching import replay, verdicts
from tests.teaching.verdicts import HERE, labels

QUARTER = (0, 4)  # a suite's seed, and each how many of the class it grades
WHOLE = ((0, 1), (1, 1), (2, 1))
NAMED = 0.95  # of the wrong ones, where a wrong name counts double


@pytest.fixture(
    scope="module",
    params=[QUARTER, *(pytest.param(suite, marks=pytest.mark.exhaustive) for suite in WHOLE)],
    ids="suite {0[0]}, 1 of {0[1]}".format,
)
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The class graded by one suite, as an instructor grades it: walls and all.

    With less time, which changes no mark: one of the sample class never ends.
    """
    seed, each = request.param
    folder = tmp_path_factory.mktemp("graded")
    (folder / "class").mkdir()
    for path in handed_in(each):
        shutil.copy(path, folder / "class")
    (folder / "suite.kit").write_bytes(kits.encode(frozen(seed or None).kit))
    files = ("--kit", folder / "suite.kit", "-o", folder / "report")
    run = grader("grade", folder / "class", *files, "--jobs", "2", "--timeout", "0.4")
    assert run.code == 0, run.err
    return msgspec.json.decode((folder / "report" / "results.json").read_bytes(), type=Results)


def handed_in(each: int) -> list[Path]:
    """Right and wrong ones, and the sample class beside them, for its counterexamples to be pasted, too."""
    everyone = sorted(path for kind in ("right", "wrong") for path in (HERE / kind).iterdir())
    return [*everyone[::each], *sorted((ROOT / "submissions").iterdir())]


def those_in(kind: str, results: Results) -> list[SubmissionResult]:
    names = {path.stem for path in (HERE / kind).iterdir()}
    found = [one for one in results.submissions if one.student in names]
    assert len(found) >= len(names) // 4 - 1
    return found


def losses(submission: SubmissionResult, exercises: Iterator[ExerciseResult]) -> list[str]:
    return [
        f"{submission.student}, {row.id}: {row.message}"
        for exercise in exercises
        if exercise.score != exercise.max_score
        for row in exercise.criteria
        if row.outcome == "failed"
    ]


def test_nobody_who_is_right_loses_a_point(results: Results) -> None:
    right = those_in("right", results)

    lost = [line for one in right for line in losses(one, iter(one.exercises))]
    assert lost == []
    assert [one.student for one in right if one.score != one.max_score] == []


def test_the_exercise_beside_a_mistake_keeps_its_points(results: Results) -> None:
    known = labels()
    beside = [
        line
        for one in those_in("wrong", results)
        for line in losses(
            one, (x for x in one.exercises if x.status == "graded" and x.name not in known[one.student].wrong)
        )
    ]
    assert beside == []


def test_nobody_who_is_wrong_keeps_all_points(results: Results) -> None:
    known = labels()
    passed = [
        f"{one.student}, {exercise.name}: {known[one.student].mistake}"
        for one in those_in("wrong", results)
        for exercise in verdicts.exercises(one, known[one.student])
        if exercise.score == exercise.max_score
    ]
    assert passed == []


def test_every_lost_point_is_shown_by_a_call_or_by_what_no_call_can_show(results: Results) -> None:
    known = labels()
    bare = [
        f"{one.student}, {exercise.name}"
        for one in those_in("wrong", results)
        for exercise in verdicts.exercises(one, known[one.student])
        if exercise.score != exercise.max_score and not is_shown(exercise)
    ]
    assert bare == []


def is_shown(exercise: ExerciseResult) -> bool:
    """By the smallest call; or, where values are right or nothing ran, by the sentence that says why."""
    failed = [row for row in exercise.criteria if row.outcome == "failed"]
    unseen = exercise.status == "missing" or all(row.kind == "optimiser" for row in failed)
    return exercise.counterexample is not None or (unseen and all(row.message for row in failed))


def test_a_pasted_call_alone_gives_what_is_printed_and_the_reference_what_is_expected(
    results: Results,
) -> None:
    assert replay.differences(results, (HERE / "right", HERE / "wrong", ROOT / "submissions")) == []


def test_the_mistakes_are_named(results: Results) -> None:
    rows = verdicts.rows(results, labels())
    table = verdicts.table(rows)
    print(f"\n\n{table}")  # noqa: T201 - for whoever runs this with -s

    assert verdicts.score(rows) >= NAMED, table


# --- the class itself ---------------------------------------------------------------------------


def test_the_class_is_as_large_as_promised() -> None:
    assert len(list((HERE / "right").iterdir())) >= 60
    assert len(labels()) >= 120


def test_every_wrong_submission_has_a_label() -> None:
    assert sorted(labels()) == sorted(path.stem for path in (HERE / "wrong").iterdir())


def test_labels_accept_only_what_the_grader_can_say(kit: LoadedKit) -> None:
    rooms = (ROOT / "grader" / "diagnosis", ROOT / "grader" / "descent")
    written = "".join(path.read_text() for room in rooms for path in room.glob("*.py"))
    known = {one.id for one in RULES} | set(re.findall(r'"([a-z0-9-]+)"', written))
    known |= {one.id for exercise in kit.kit.exercises for one in exercise.misconceptions}
    known |= {f"goes-through-{dtype}" for dtype in returns.COARSE}
    known |= {name.lower() for name in vars(torch.optim)}  # what a trace shows is called as it is

    accepted = {
        entry.partition(" ")[0].removesuffix(":") for label in labels().values() for entry in label.accepts
    }
    assert sorted(accepted - known) == []
