"""Measure what the grader costs, beside what it must not cost, in one run.

    python bench/bench.py [--quick] [--full] [--record]

Only figures of one run are compared: a machine is never twice the same. CPU seconds count more than
wall time, and of interleaved repetitions the least (a class) or the median (a start) counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import mixed
from classes import Floor, Graded, Walls, floor, graded, least_floor, least_graded, rendered, walls
from startup import PYTHON, environment, starts
from table import Row, at_least, at_most, figure, text
from usage import Usage, least, run

from grader import kit as kits
from grader.judging.verify import verify

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = ROOT / "bench" / "RESULTS.md"
FREEZE: Final = "from pathlib import Path; from grader import kits; kits.cached(Path.cwd())"
LARGE: Final = 1_000
STEP: Final = 0.1  # ms: where a step costs that, a submission may cost 150 ms in all


@dataclass(frozen=True)
class Place:
    """Where one run of the bench works."""

    scratch: Path
    given: Mapping[str, str]


def main() -> None:
    asked = _arguments()
    start = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
        scratch = Path(folder)
        place = Place(scratch, environment(scratch / "cache"))
        sections = _measure(place, asked)
    size = 40 if asked.quick else 200
    head = [*_machine(start), mixed.described(mixed.sample(ROOT / "submissions"), size)]
    table = text(sections)
    print("\n".join([*head, "", table]))
    if asked.record:
        RESULTS.write_text(_document(head, table), encoding="utf-8")
        print(f"\nWritten to {RESULTS.relative_to(ROOT)}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what the grader costs, beside its targets.")
    parser.add_argument("--quick", action="store_true", help="a class of 40, fewer repetitions")
    parser.add_argument(
        "--full", action="store_true", help=f"also a class of {LARGE:,}, for the parent's memory"
    )
    parser.add_argument("--record", action="store_true", help="write the table to bench/RESULTS.md, too")
    return parser.parse_args()


def _measure(place: Place, asked: argparse.Namespace) -> dict[str, list[Row]]:
    _say("freezing")
    frozen = run([PYTHON, "-c", FREEZE], cwd=ROOT, environment=place.given).usage
    kit = next((place.scratch / "cache").rglob("*.kit"))
    size, rounds = (40, 1) if asked.quick else (200, 2)
    files = mixed.sample(ROOT / "submissions")
    folder = mixed.mix(files, size, place.scratch / "class")
    classes = _classes(folder, kit, place, rounds)
    once = graded(mixed.mix(files[-1:], 1, place.scratch / "one"), place.scratch, kit, 1, ROOT, place.given)
    _say("start-ups")
    begun = starts(ROOT, ROOT / "submissions" / "s01.py", place.given, 3 if asked.quick else 7)
    sections = {
        "The suites": _suites(kit, frozen),
        f"A class of {size}, for each submission": _class_rows(classes, once, size),
        "The same class as a whole": _whole_rows(classes),
        "Starting": _start_rows(begun),
    }
    if asked.full:
        _say(f"a class of {LARGE}")
        large = mixed.mix(files, LARGE, place.scratch / "large")
        peak = graded(large, place.scratch, kit, 2, ROOT, place.given).parent_peak
        sections["A class of 1,000"] = [at_most("memory of the parent at its peak", peak / 1e6, 150, "MB", 0)]
    return sections


@dataclass(frozen=True)
class Classes:
    """The same class in several ways, measured in turn."""

    base: Floor
    one: Graded
    two: Graded
    walls: Walls
    rendering: Usage


def _classes(folder: Path, kit: Path, place: Place, rounds: int) -> Classes:
    bases, ones, twos, pages = [], [], [], []
    for turn in range(rounds):
        _say(f"a class, round {turn + 1} of {rounds}")
        bases.append(floor(folder, kit, ROOT, place.given))
        ones.append(graded(folder, place.scratch, kit, 1, ROOT, place.given))
        twos.append(graded(folder, place.scratch, kit, 2, ROOT, place.given))
        pages.append(rendered(ones[-1], ROOT, place.given))
    _say("walls, submission by submission")
    fence = walls(folder, kit, ROOT, place.given)
    return Classes(least_floor(bases), least_graded(ones), least_graded(twos), fence, least(pages))


def _suites(kit: Path, frozen: Usage) -> list[Row]:
    found = verify(kits.load(kit).kit)
    return [
        at_most("SGD steps a submission, both exercises", found.effort, 1300, "", 0),
        at_least("mutation score", 100 * found.mutation_score, 100, "%", 0),
        at_most("freezing, nothing cached: CPU", frozen.cpu, 30, "s", 1),
        figure("freezing: wall", frozen.wall, "s", 1),
    ]


def _class_rows(classes: Classes, once: Graded, size: int) -> list[Row]:
    """All of a run is in the sum: its start, its pages; the floor's start is not in the floor's.

    `once` is a class of one: what it used beyond one submission's share was the start.
    """
    base, one, fence = classes.base, classes.one, classes.walls
    ms = 1000 / size
    above = (one.usage.cpu - base.usage.cpu) * ms
    start = (size * once.usage.cpu - one.usage.cpu) / (size - 1) * ms
    step = base.step * 1000
    return [
        figure("one step of SGD: CPU", step, "ms", 3),
        figure("floor: CPU", base.usage.cpu * ms, "ms", 1),
        figure("grader: CPU", one.usage.cpu * ms, "ms", 1),
        at_most("grader above the floor, its start included: CPU", above, 45, "ms", 1),
        figure("  of this the start (PyTorch), once a run", start, "ms", 1),
        figure("  of this the parent, pages included", one.parent_cpu * ms, "ms", 1),
        at_most("grader above the floor, both warm: CPU", above - start, 45, "ms", 1),
        at_most("walls (strict) against none: CPU, median", fence.median * 1000, 10, "ms", 1),
        figure("  which lies between these, 19 times in 20", fence.low * 1000, "ms", 1),
        figure("  and", fence.high * 1000, "ms", 1),
        at_most(f"in all, at most 150 ms x step / {STEP} ms", one.usage.cpu * ms, 150 * step / STEP, "ms", 1),
        figure("workers of the suite: CPU", one.worker_cpu * ms, "ms", 1),
        figure("floor: wall", base.usage.wall * ms, "ms", 1),
        figure("grader, one worker at a time: wall", one.usage.wall * ms, "ms", 1),
    ]


def _whole_rows(classes: Classes) -> list[Row]:
    one, two = classes.one, classes.two
    explaining = one.explaining_cpu / (one.usage.cpu - one.explaining_cpu)
    pages = classes.rendering.cpu / (one.usage.cpu - classes.rendering.cpu)
    return [
        at_most("explaining, beside all other CPU", 100 * explaining, 10, "%", 1),
        at_most("rendering all pages again, likewise", 100 * pages, 5, "%", 1),
        figure("one worker at a time: wall", one.usage.wall, "s", 1),
        figure("two workers at a time: wall", two.usage.wall, "s", 1),
        at_least("how much faster two are", one.usage.wall / two.usage.wall, 1.7, "x"),
        figure("memory of the parent at its peak", two.parent_peak / 1e6, "MB", 0),
    ]


def _start_rows(begun: Mapping[str, Usage]) -> list[Row]:
    bare, check = begun["bare"], begun["check"]
    return [
        figure("Python, import torch, one step: CPU", bare.cpu, "s"),
        figure("Python, import torch, one step: wall", bare.wall, "s"),
        figure("grader check, kit cached: CPU", check.cpu, "s"),
        figure("grader check, kit cached: wall", check.wall, "s"),
        at_most("grader check against that: CPU", check.cpu / bare.cpu, 1.3, "x"),
        at_most("grader check against that: wall", check.wall / bare.wall, 1.3, "x"),
        at_most("grader --help: wall", begun["help"].wall, 0.25, "s"),
        at_most("grader report, until work starts: wall", begun["report"].wall, 0.25, "s"),
    ]


def _machine(load: float) -> list[str]:
    cores = f"{os.cpu_count()} virtual cores ({platform.machine()}, {platform.system()})"
    loads = f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after"
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {cores}, {loads},",
        f"Python {platform.python_version()}, torch {version('torch')}, numpy {version('numpy')}",
    ]


def _document(head: list[str], table: str) -> str:
    options = " ".join(sys.argv[1:])
    return (
        f"# What `python bench/bench.py {options}` measured\n\n"
        + "\n".join(head)
        + f"\n\n```\n{table}\n```\n"
    )


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
