"""Stored marks for Gradescope, as an autograder that grades nothing: it hands out what was graded here.

Gradescope takes marks from autograders alone. This one is a zip with a results.json for each submission of
its export; "Regrade all submissions" runs it once for each, and it copies the one with the number that
Gradescope names. Whoever is not among them gets no mark, and the instructor is told.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from typing import IO, Final

from grader.gradebooks.entries import Entry
from grader.gradebooks.feedback import Pack, member

SETUP: Final = """\
#!/usr/bin/env bash
# Nothing is graded there: the marks are in results/.
set -euo pipefail
command -v python3 || { apt-get update && apt-get install --yes python3; }
"""
RUN: Final = """\
#!/usr/bin/env python3
# Runs in /autograder, once for each submission.
import json, pathlib, shutil

number = json.loads(pathlib.Path("submission_metadata.json").read_text(encoding="utf-8"))["id"]
marks = pathlib.Path(f"source/results/{int(number)}.json")
if not marks.exists():
    raise SystemExit(f"Submission {number} was not graded: it is not in this autograder.")
pathlib.Path("results").mkdir(exist_ok=True)
shutil.copy(marks, "results/results.json")
"""


def autograder(file: IO[bytes], entries: Sequence[Entry], document: Callable[[Entry], str]) -> Pack:
    """Write the zip to upload; `document` is a submission's results.json."""
    lost, count = [], 0
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member("setup.sh", 0o755), SETUP)
        archive.writestr(member("run_autograder", 0o755), RUN)
        for entry in entries:
            if not entry.id_from("gradescope"):
                lost.append(f"{entry.student}: was not handed in through Gradescope.")
            elif entry.mark.score is None:
                lost.append(f"{entry.student}: has no mark, by a fault of the grader.")
            else:
                archive.writestr(member(f"results/{entry.origin.id}.json"), document(entry))
                count += 1
    return Pack(count, tuple(lost))
