"""What the walls cost: each submission at `none` and at `strict`, one right after the other.

    python bench/walls.py KIT FOLDER

A pair is measured within half a second, and which level goes first changes from pair to pair, so what
else the machine does falls on both alike. Counted is the CPU of the worker, of the zygote and of the
parent; the kernel does some of its clearing up after a worker in threads of its own, which nobody is
charged for. Prints the differences in seconds as JSON, in the order of the files.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final

from grader import kit as kits
from grader.records import Submission
from grader.sandbox import linux
from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool

LEVELS: Final[tuple[Level, ...]] = ("none", "strict")
WARM: Final = 25  # jobs before the first pair: what a zygote does once in its life


def main(kit_file: Path, folder: Path) -> None:
    kit = kits.load(kit_file).kit
    given = [Submission(path.stem, path.name, (path,)) for path in sorted(folder.iterdir())]
    none, strict = (Pool(kit, kit.limits, level=level) for level in LEVELS)
    with none, strict:
        for pool in (none, strict):
            for one in given[:WARM]:
                pool.run(one)
        differences = []
        for number, one in enumerate(given):
            order = (none, strict) if number % 2 else (strict, none)
            used = {id(pool): _cpu(pool, one) for pool in order}
            differences.append(used[id(strict)] - used[id(none)])
    sys.stdout.write(json.dumps(differences))


def _cpu(pool: Pool, submission: Submission) -> float:
    server = _server(pool)
    before = time.process_time() + (linux.cpu_seconds(server) or 0.0)
    worker = pool.run(submission).cpu_seconds
    return time.process_time() + (linux.cpu_seconds(server) or 0.0) - before + worker


def _server(pool: Pool) -> int:
    """The process that forks: where it has namespaces of its own, the child of the one that was started."""
    outer = pool._zygote(cuda=False).pid  # noqa: SLF001 -- nobody but a bench wants to know
    inner = Path(f"/proc/{outer}/task/{outer}/children").read_text(encoding="ascii").split()
    return int(inner[0]) if inner and pool.isolation.level == "strict" else outer


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
