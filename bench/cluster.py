"""Measure what dask costs a submission, and what a second worker gains, in one run.

    python bench/cluster.py [--size N] [--rounds N] [--kit FILE]

The same class is graded in turn by one process and through dask by one and by two workers. A class of one
says what starting costs, so that only what a submission more costs is compared. Of the rounds the least
counts: what disturbs a run can only add to it. Wall time needs a machine with two cores to spare.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Final

import mixed
from startup import GRADER, PYTHON, environment
from table import Row, at_least, at_most, figure, text
from usage import Usage, least, run

from bench import FREEZE, ROOT

WAYS: Final = {"alone": ("--jobs", "1"), "one": ("--workers", "1"), "two": ("--workers", "2")}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what dask costs, and what a second worker gains.")
    parser.add_argument("--size", type=int, default=100, help="submissions of the class")
    parser.add_argument("--rounds", type=int, default=2, help="repetitions, of which the least counts")
    parser.add_argument("--kit", type=Path, help="a kit that is there; default: freeze the assignment's")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
        rows = _measured(Path(folder), asked.size, asked.rounds, asked.kit)
    print(f"{os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n")
    print(text({f"A class of {asked.size}, by dask.distributed": rows}))


def _measured(scratch: Path, size: int, rounds: int, kit: Path | None) -> list[Row]:
    given = environment(scratch / "cache")
    if kit is None:
        run([PYTHON, "-c", FREEZE], cwd=ROOT, environment=given)
        kit = next((scratch / "cache").rglob("*.kit"))
    files = mixed.sample(ROOT / "submissions")
    classes = {n: mixed.mix(files[-1:] if n == 1 else files, n, scratch / f"class-{n}") for n in (1, size)}
    used: dict[tuple[str, int], list[Usage]] = {(way, n): [] for way in WAYS for n in classes}
    for _ in range(rounds):
        for (way, n), found in used.items():
            command: list[str | Path] = [
                GRADER,
                "grade",
                classes[n],
                "--kit",
                kit,
                "-o",
                scratch / f"{way}-{n}",
                *WAYS[way],
            ]
            found.append(run(command, cwd=ROOT, environment=given).usage)
    return _rows({at: least(found) for at, found in used.items()}, size)


def _rows(used: dict[tuple[str, int], Usage], size: int) -> list[Row]:
    def more(way: str) -> Usage:
        """Milliseconds of each submission beyond the first."""
        whole, once = used[way, size], used[way, 1]
        ms = 1000 / (size - 1)
        return Usage((whole.cpu - once.cpu) * ms, (whole.wall - once.wall) * ms)

    alone, one, two = more("alone"), more("one"), more("two")
    return [
        figure("without dask, for each submission: CPU", alone.cpu, "ms", 1),
        figure("one worker, for each submission: CPU", one.cpu, "ms", 1),
        at_most("what dask costs a submission: CPU", one.cpu - alone.cpu, 5, "ms", 1),
        figure("starting one worker: CPU", used["one", 1].cpu - used["alone", 1].cpu, "s", 1),
        figure("one worker, for each submission: wall", one.wall, "ms", 1),
        figure("two workers, for each submission: wall", two.wall, "ms", 1),
        at_least("how much faster two are, started", one.wall / two.wall, 1.8, "x"),
        figure("CPU of two against one", two.cpu / one.cpu, "x"),
    ]


if __name__ == "__main__":
    main()
