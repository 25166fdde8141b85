"""Grade a class of any size but for the students' code: what the parent holds and costs, what resuming takes.

    python bench/large.py --kit FILE N [N ...]

The submissions are the sample class's, each with a comment of its own, so that no two have equal bytes. What
each file of the sample class does is run once, for real, recorded, and given to all that are alike. So all is
as in any run (reading, judging, explaining, evidence, journal, results, pages) but for the workers, whose
time is the students' own and hangs on no size.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import mixed
from startup import PYTHON, environment
from table import Row, at_most, figure, text
from usage import run

from bench import FREEZE

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Grade large classes from recorded executions.")
    parser.add_argument(
        "sizes", type=int, nargs="+", metavar="N", help="the first is what others are laid beside"
    )
    parser.add_argument("--kit", type=Path, help="a kit that is there; default: freeze the assignment's")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
        kit = asked.kit or _frozen(Path(folder))
        _measure(asked.sizes, kit.resolve())


def _measure(sizes: Sequence[int], kit: Path) -> None:
    least = 0.0
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
            used = _graded(Path(folder), size, kit)
        least = least or used["grade_into"] / (size - size // 2)
        print(text({f"A class of {size:,}, from recorded executions": _rows(used, size, least)}), flush=True)


def _frozen(cache: Path) -> Path:
    run([PYTHON, "-c", FREEZE], cwd=ROOT, environment=environment(cache))
    return next(cache.rglob("*.kit"))


def classroom(folder: Path, size: int) -> Path:
    """The sample class over and over, each file with a line of its own."""
    files = [one for one in mixed.sample(ROOT / "submissions") if one.suffix == ".py"]
    folder.mkdir()
    for number in range(size):
        kind = number % len(files)
        source = files[kind].read_bytes() + f"\n# {number}\n".encode()
        (folder / f"c{number:06d}-{kind}.py").write_bytes(source)
    return folder


def _graded(scratch: Path, size: int, kit: Path) -> dict[str, float]:
    """What was used by the run that goes on with a class after half of it was graded and a kill."""
    given = environment(scratch / "cache")
    folder, output, told = classroom(scratch / "class", size), scratch / "report", scratch / "told.json"

    def grade(stop: int, *more: str) -> None:
        arguments: list[str | Path] = ["grade", folder, "--kit", kit, "-o", output, "--jobs", "2", *more]
        run([PYTHON, HERE / "recorded.py", told, str(stop), *arguments], cwd=ROOT, environment=given)

    grade(size // 2)
    grade(0, "--resume")
    found: dict[str, float] = json.loads(told.read_bytes())
    return found | {"page": (output / "index.html").stat().st_size}


def _rows(used: dict[str, float], size: int, least: float) -> list[Row]:
    """A resumed run grades one half, and renders the whole."""
    each = used["grade_into"] / (size - size // 2)
    return [
        figure("grading, each until it is in the journal: CPU", 1e3 * each, "ms"),
        at_most("  against the first class", each / least, 1.1, "x"),
        at_most(
            "memory of the parent until all are graded", used["peak after grade_into"] / 1e6, 200, "MB", 0
        ),
        at_most("  and when results.json is written", used["peak after write_results"] / 1e6, 200, "MB", 0),
        at_most("  and when the pages are", used["peak after render"] / 1e6, 200, "MB", 0),
        figure("results.json, for each: CPU", 1e3 * used["write_results"] / size, "ms"),
        figure("pages, for each: CPU", 1e3 * used["render"] / size, "ms"),
        at_most("the first page of the class", used["page"] / 1e6, 1, "MB"),
        at_most("killed at half, until it grades again: CPU", used["before the first"], 30, "s", 1),
    ]


if __name__ == "__main__":
    main()
