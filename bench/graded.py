"""Run the grader's command line in this process, and say at the end what the process itself used.

    python bench/graded.py REPORT.json ARGUMENT ...

What the children used, and so the zygote and its workers, is what the caller's own count has beyond this.
Also told is what explaining took: of this process, and of the workers that climbed a ladder for it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader import pipeline
from grader.cli import main
from grader.judging.award import Finding
from grader.judging.evidence import JudgedRun
from grader.records import Execution, Submission
from grader.sandbox.pool import Pool


class Explaining:
    """CPU seconds of `explain`, its workers included; what the zygote does for these is not."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._explain, self._run = pipeline.explain, Pool.run

    def watch(self) -> None:
        """Put our own in the place of the two functions."""
        pipeline.explain = self.explain
        Pool.run = self.counting()  # type: ignore[method-assign]

    def explain(
        self,
        submission: Submission,
        executions: Sequence[Execution],
        judged: dict[str, list[JudgedRun]],
        session: pipeline.Session,
    ) -> dict[str, Finding]:
        start = time.thread_time()
        try:
            return self._explain(submission, executions, judged, session)
        finally:
            self.seconds += time.thread_time() - start

    def counting(self) -> Any:
        def run(
            pool: Pool, submission: Submission, device: str = "cpu", *more: Any, **named: Any
        ) -> Execution:
            execution = self._run(pool, submission, device, *more, **named)
            if more or named:  # calls of a ladder, which nothing but explaining asks for
                self.seconds += execution.cpu_seconds
            return execution

        return run


def peak_bytes() -> int:
    """The largest resident size of this process. Not getrusage's, which an exec inherits."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) << 10 if found else 0


if __name__ == "__main__":
    report = Path(sys.argv.pop(1))
    explaining = Explaining()
    explaining.watch()
    try:
        main()
    finally:
        used = {"cpu": time.process_time(), "peak": peak_bytes(), "explaining": explaining.seconds}
        report.write_text(json.dumps(used), encoding="ascii")
