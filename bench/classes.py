"""A class graded by one worker at a time and by two, beside the floor: what each run used."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from startup import GRADER, PYTHON
from usage import Usage, least, run

HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Graded:
    """One class run: in all, in the parent alone, and what the workers reported of themselves."""

    usage: Usage
    parent_cpu: float
    parent_peak: int  # bytes
    worker_cpu: float
    explaining_cpu: float
    output: Path


@dataclass(frozen=True)
class Floor:
    """The students' functions called on the suite's cases, and nothing else."""

    usage: Usage
    calls: int
    step: float  # CPU seconds of one step of SGD


def graded(
    folder: Path,
    scratch: Path,
    kit: Path,
    jobs: int,
    cwd: Path,
    given: Mapping[str, str],
) -> Graded:
    """Grade a class as a person would, all pages included, into a new folder."""
    output, report = scratch / f"report-{folder.name}-{jobs}", scratch / "used.json"
    options: list[str | Path] = ["--kit", kit, "--jobs", str(jobs), "--output", output]
    command = [PYTHON, HERE / "graded.py", report, "grade", folder, *options]
    usage = run(command, cwd=cwd, environment=given).usage
    used = json.loads(report.read_bytes())
    results = json.loads((output / "results.json").read_bytes())
    workers = sum(one["seconds"] for one in results["submissions"])
    return Graded(usage, used["cpu"], used["peak"], workers, used["explaining"], output)


def walls(folder: Path, kit: Path, cwd: Path, given: Mapping[str, str]) -> Walls:
    """The median of what a submission costs more at `strict` than at `none`."""
    said = run([PYTHON, HERE / "walls.py", kit, folder], cwd=cwd, environment=given).output
    differences = sorted(json.loads(said))
    middle, aside = len(differences) / 2, 0.98 * len(differences) ** 0.5
    return Walls(
        statistics.median(differences),
        differences[max(0, round(middle - aside) - 1)],
        differences[min(len(differences) - 1, round(middle + aside))],
    )


def rendered(graded: Graded, cwd: Path, given: Mapping[str, str]) -> Usage:
    """All pages again, from what is stored, the start of the command included."""
    return run([GRADER, "report", graded.output], cwd=cwd, environment=given).usage


@dataclass(frozen=True)
class Walls:
    """CPU seconds a submission: the median of the differences, and where it lies 19 times in 20."""

    median: float
    low: float
    high: float


def floor(folder: Path, kit: Path, cwd: Path, given: Mapping[str, str]) -> Floor:
    said = json.loads(run([PYTHON, HERE / "floor.py", kit, folder], cwd=cwd, environment=given).output)
    return Floor(Usage(said["cpu"], said["wall"]), said["calls"], said["step"])


def least_graded(runs: list[Graded]) -> Graded:
    return Graded(
        usage=least([one.usage for one in runs]),
        parent_cpu=min(one.parent_cpu for one in runs),
        parent_peak=max(one.parent_peak for one in runs),
        worker_cpu=min(one.worker_cpu for one in runs),
        explaining_cpu=min(one.explaining_cpu for one in runs),
        output=runs[0].output,
    )


def least_floor(runs: list[Floor]) -> Floor:
    return Floor(least([one.usage for one in runs]), runs[0].calls, min(one.step for one in runs))
