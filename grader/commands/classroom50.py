"""`grader classroom50 FILE`: one submission, checked inside Classroom 50's runner.

Exit code 0 says that it ran, whatever the mark. After a fault there is no result.json, not even one that was
handed in, and the runner reports an error.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from grader import nearby, store
from grader.commands import outputs
from grader.commands.common import load_kit, tell
from grader.commands.options import options_from
from grader.errors import GraderError, HarnessError
from grader.intake.submissions import open_submissions
from grader.pipeline import grade
from grader.run import opened

RESULT: Final = "result.json"
BODY: Final = "release-body.md"


def run(
    path: Path, kit_file: Path | None, assignment: Path | None, expect_digest: str | None, **given: Any
) -> int:
    """Grade, write both files into the working folder, return the exit code."""
    from grader.report import classroom50, markdown  # noqa: PLC0415 -- after --help
    from grader.report.material import of_check  # noqa: PLC0415
    from grader.report.terminal import check  # noqa: PLC0415

    where = classroom50.place(os.environ)
    _make_room()
    with open_submissions(path, one=True) as discovery:
        source = nearby.chosen(kit_file, assignment, nearby.handed_in(path, one=True))
        with opened(load_kit(source, expect_digest), options_from(given)) as (session, head):
            graded = grade(discovery.submissions[0], session)
    if graded.result.status == "harness":
        raise HarnessError(
            f"The grader failed on this submission: {graded.result.message}", "No mark is given."
        )
    material = of_check(graded, head, outputs.root())
    store.write_bytes(Path(RESULT), classroom50.document(material, where).encode())
    store.write_bytes(Path(BODY), markdown.document(material).encode())
    times = classroom50.factor(graded.result)
    if times > 1:
        tell(f"note: {RESULT} has every point {times} times, since only whole ones are taken.")
    outputs.write(
        outputs.chosen((), one=True),
        material,
        lambda symbols: check(graded.result, graded.evidence, head, symbols=symbols, verbose=False),
    )
    return 0


def _make_room() -> None:
    """A file of a result's name that is there already is the student's."""
    for name in (RESULT, BODY):
        try:
            Path(name).unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise GraderError(
                f"{name}: cannot be replaced: {error.strerror}.", "Work in the student's checkout."
            ) from None
        tell(f"note: {name} was there already and is removed.")
