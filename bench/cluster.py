"""Measure what dask costs a submission, and what a second worker gains, in one run.

    python bench/cluster.py [--size N] [--rounds N] [--kit FILE]

The same class is graded in turn by one process, by two side by side that know nothing of each other (each
half of it: what two cores of this machine give at best), and through dask by one and by two workers. A class
of one says what starting costs, so that only what a submission more costs is compared. What dask costs is a
small difference of large figures, and so it is measured once more with recorded executions in the place of
torch; there a class that has each kind once says what starting costs. Of the rounds the least counts: what
disturbs a run can only add to it. Wall time needs a machine with two cores to spare.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import mixed
from startup import GRADER, PYTHON, environment
from table import Row, at_least, at_most, figure, text
from usage import Usage, least, run, together

from bench import FREEZE, ROOT

HERE: Final = Path(__file__).resolve().parent
KINDS: Final = len(mixed.sample(ROOT / "submissions"))
RECORDED: Final = 400  # submissions, as they cost little
JOBS: Final = ("--jobs", "1")
WAYS: Final = {
    "alone": JOBS,
    "apart": JOBS,
    "one": ("--workers", "1"),
    "two": ("--workers", "2"),
    "recorded alone": JOBS,
    "recorded one": ("--workers", "1"),
}


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
    sizes = {1, size // 2, size, KINDS, RECORDED}
    classes = {n: mixed.mix(files, n, scratch / f"class-{n}") for n in sizes}
    used: dict[tuple[str, int], list[Usage]] = {(way, n): [] for way in WAYS for n in _sizes(way, size)}
    for _ in range(rounds):
        for (way, n), found in used.items():
            parts = [max(n // 2, 1)] * 2 if way == "apart" else [n]
            folders = [scratch / f"{way}-{n}-{part}" for part in range(len(parts))]
            asked = [
                [*_program(way, scratch), "grade", classes[part], "--kit", kit, "-o", folder, *WAYS[way]]
                for part, folder in zip(parts, folders, strict=True)
            ]
            found.append(together(asked, cwd=ROOT, environment=_environment(way, given)))
    return _rows({at: least(found) for at, found in used.items()}, size)


def _sizes(way: str, size: int) -> tuple[int, int]:
    return (KINDS, RECORDED) if way.startswith("recorded") else (1, size)


def _program(way: str, scratch: Path) -> list[str | Path]:
    if way.startswith("recorded"):
        return [PYTHON, HERE / "recorded.py", scratch / "told.json", "0"]
    return [GRADER]


def _environment(way: str, given: Mapping[str, str]) -> Mapping[str, str]:
    if way != "recorded one":
        return given
    return {**given, "PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__WORKER__PRELOAD": "recorded"}


def _rows(used: dict[tuple[str, int], Usage], size: int) -> list[Row]:
    def more(way: str) -> Usage:
        """Milliseconds of each submission beyond the first, of the smaller class."""
        few, many = _sizes(way, size)
        whole, once = used[way, many], used[way, few]
        ms = 1000 / (many - few * (2 if way == "apart" else 1))
        return Usage((whole.cpu - once.cpu) * ms, (whole.wall - once.wall) * ms)

    alone, apart, one, two = (more(way) for way in ("alone", "apart", "one", "two"))
    recorded = more("recorded one").cpu - more("recorded alone").cpu
    best, gained = alone.wall / apart.wall, one.wall / two.wall
    return [
        figure("without dask, for each submission: CPU", alone.cpu, "ms", 1),
        figure("one worker, for each submission: CPU", one.cpu, "ms", 1),
        at_most("what dask costs a submission: CPU", one.cpu - alone.cpu, 5, "ms", 1),
        at_most("the same, with executions recorded", recorded, 5, "ms", 1),
        figure("starting one worker: CPU", used["one", 1].cpu - used["alone", 1].cpu, "s", 1),
        figure("without dask, for each submission: wall", alone.wall, "ms", 1),
        figure("one worker, for each submission: wall", one.wall, "ms", 1),
        figure("two workers, for each submission: wall", two.wall, "ms", 1),
        at_least("how much faster two are, started", gained, 1.8, "x"),
        figure("CPU of two against one", two.cpu / one.cpu, "x"),
        figure("two without dask side by side, against one", best, "x"),
        figure("CPU of these two against one", apart.cpu / alone.cpu, "x"),
        figure("what two workers have of that", 100 * gained / best, "%", 0),
    ]


if __name__ == "__main__":
    main()
