"""Run the grader's command line with recorded executions in the place of workers; say what each part used.

    python bench/recorded.py REPORT.json STOP ARGUMENT ...

Dask's workers do so with DASK_DISTRIBUTED__WORKER__PRELOAD=recorded in the environment.
The first submission of each kind (the number at the end of its name) is run, and what came back is given for
all others of that kind. After STOP results are written the process ends as one that is killed; 0: never.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graded import peak_bytes
from msgspec.structs import replace

from grader.cli import main
from grader.commands import grade, report
from grader.journal import Journal
from grader.records import Execution, Submission
from grader.results import SubmissionResult
from grader.sandbox import reading
from grader.sandbox.pool import Pool


class Recorded:
    """What each kind did, by what was asked of it."""

    def __init__(self) -> None:
        self._run = Pool.run
        self._known: dict[str, Execution] = {}
        self._lock = threading.Lock()

    def run(self, pool: Pool, submission: Submission, *asked: Any, **named: Any) -> Execution:
        key = repr((submission.student.rpartition("-")[2], asked, sorted(named.items())))
        with self._lock:
            if key not in self._known:
                self._known[key] = self._run(pool, submission, *asked, **named)
        return replace(self._known[key], sha256=reading.read(submission).sha256)

    def replace_runs(self) -> None:
        def run(*given: Any, **named: Any) -> Execution:
            return self.run(*given, **named)

        Pool.run = run  # type: ignore[method-assign]


def dask_setup(_worker: object) -> None:
    """What dask calls of a module that a worker preloads."""
    Recorded().replace_runs()


class Parts:
    """CPU seconds of the parts of a run, and the peak of this process's memory after each."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*given: Any, **named: Any) -> Any:
            begin = time.process_time()
            try:
                return work(*given, **named)
            finally:
                self.found[name] = time.process_time() - begin
                self.found[f"peak after {name}"] = peak_bytes()

        return timing

    def appending(self, stop: int) -> Callable[[Journal, SubmissionResult], None]:
        append, done = Journal.append, iter(range(stop - 1))

        def appended(journal: Journal, result: SubmissionResult) -> None:
            self.found.setdefault("before the first", time.process_time())
            append(journal, result)
            if stop and next(done, None) is None:
                os._exit(0)

        return appended


if __name__ == "__main__":
    told, last = Path(sys.argv.pop(1)), int(sys.argv.pop(1))
    parts = Parts()
    Recorded().replace_runs()
    Journal.append = parts.appending(last)  # type: ignore[assignment,method-assign]
    for module, name in ((grade, "grade_into"), (grade, "write_results"), (report, "render")):
        setattr(module, name, parts.timed(name, getattr(module, name)))
    try:
        main()
    finally:
        told.write_text(json.dumps(parts.found), encoding="ascii")
