"""The marks of the sample class depend neither on the walls nor on how many run at once. About 10 seconds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.diagnosis.prepared import Prepared
from grader.judging.evidence import CaseTexts
from grader.kit import LoadedKit
from grader.pipeline import Session, grade_class
from grader.records import Submission
from grader.results import Device, SubmissionResult
from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool
from tests.hostile import attacking

CPU = Device("cpu", graded=True, reason=None, hardware=None)


def graded(kit: LoadedKit, level: Level, jobs: int, each: int) -> dict[str, SubmissionResult]:
    files = [path for path in sorted(Path(attacking.ROOT, "submissions").iterdir()) if path.is_file()]
    given = [Submission(path.stem, path.name, (path,)) for path in files if path.suffix in (".py", ".ipynb")]
    given = given[::each]
    with Pool(kit.kit, kit.kit.limits, jobs, level=level) as pool:
        prepared = {one.name: Prepared(one) for one in kit.kit.exercises}
        session = Session(kit.kit, pool, (CPU,), jobs, CaseTexts(kit.kit), prepared)
        results = list(grade_class(given, session, lambda one: one.result))
    return {one.student: msgspec.structs.replace(one, seconds=0.0) for one in results}


@pytest.mark.parametrize("each", [2, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.promise(15, "strict")
@pytest.mark.skipif(bool(attacking.problem("strict")), reason="this machine has no strict")
def test_the_class_gets_the_same_behind_the_walls_eight_at_once_as_without_one_by_one(
    kit: LoadedKit, each: int
) -> None:
    free = graded(kit, "none", 1, each)
    walled = graded(kit, "strict", 8, each)

    assert walled == free
    assert len(walled) > 20 / each
