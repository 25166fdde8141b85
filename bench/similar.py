"""What `grader similar` takes for a large class: seconds, memory, and whether it finds what was hidden in it.

    python bench/similar.py [SUBMISSIONS]

The class is made of the programs of `tests/teaching/`, each varied with a seed as students vary what all of a
course write: statements come in, others go. Among them lie copies, varied no more but disguised.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from usage import run

ROOT: Final = Path(__file__).parents[1]
COPIES: Final = 100
IDLE: Final = (
    "count{0} = {1}",
    "if number_steps > {1}: count{0} = number_steps",
    "values{0} = [learning_rate, {1}]",
    "values{0}.append(initial_theta)",
    "assert learning_rate >= {1}",
    "for index{0} in range({1}): values{0} = index{0}",
    "scale{0} = max(abs(learning_rate), {1})",
    "text{0} = str(initial_theta).strip()",
    "pair{0} = (learning_rate, number_steps)",
    "helper{0} = lambda x, y={1}: x * y",
)


def varied(source: str, draw: random.Random, most: int) -> str:
    """With statements that do nothing before each indented line, up to so many."""

    def lines() -> Iterator[str]:
        for line in source.splitlines():
            indent = re.match(r"(\s+)\w", line)
            goes_on = line.lstrip().startswith(("elif", "else", "except", "finally"))
            for _ in range(draw.randrange(most + 1) if indent and not goes_on else 0):
                statement = draw.choice(IDLE).format(draw.randrange(9), draw.randrange(9))
                yield str(indent and indent[1]) + statement
            yield line

    return "\n".join(lines()) + "\n"


def disguised(source: str, draw: random.Random) -> str:
    """Other names and comments."""
    named = source
    for name in ("theta", "learning_rate", "number_steps", "optimizer", "optimiser", "opt", "loss"):
        named = re.sub(rf"\b{name}\b", f"{name[::-1]}{draw.randrange(99)}", named)
    return "".join(f"{line}  # {draw.randrange(10**6)}\n" if line else "\n" for line in named.splitlines())


def make(folder: Path, number: int) -> None:
    draw = random.Random(14)  # noqa: S311 -- a class that is the same each time
    programs = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("tests/teaching/right/*.py"))]
    for index in range(number - COPIES):
        source = varied(draw.choice(programs), draw, 2)
        (folder / f"s{index:06}.py").write_text(source, encoding="utf-8")
        if index < COPIES:
            (folder / f"s{index:06}_copy.py").write_text(disguised(source, draw), encoding="utf-8")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as place:
        folder, output = Path(place, "class"), Path(place, "report")
        folder.mkdir()
        make(folder, number)
        command: list[str | Path] = [
            "/usr/bin/env",
            sys.executable,
            "-m",
            "grader",
            "similar",
            folder,
            "-o",
            output,
        ]
        began = time.perf_counter()
        ran = run(command, cwd=Path(place), environment={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)})
        seconds = time.perf_counter() - began
        found = json.loads((output / "similar.json").read_bytes())
        size = (output / "similar.html").stat().st_size
    pairs = {(one["first"], one["second"]) for one in found["pairs"]}
    copies = {(f"s{index:06}", f"s{index:06}_copy") for index in range(COPIES)}
    print(f"{number} submissions: {seconds:.0f} s, {ran.usage.cpu:.0f} s of CPU; page {size / 1e6:.1f} MB")
    print(f"pairs: {len(pairs) + found['more']}; copies found: {len(pairs & copies)} of {COPIES}")


if __name__ == "__main__":
    main()
