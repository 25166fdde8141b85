"""How long `grader check --watch` takes from a save to its answer, beside the calls themselves.

    python bench/watch.py [FILE] [ROUNDS]

The calls are made in this process as `floor` makes them: warm, unconfined, one thread, no answer looked at.
Each save is followed by them, so that both meet the same neighbours; what counts is the least of each, and
their ratio. An answer is there when its last line can be read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch
from floor import calls_of
from startup import GRADER, ONE_THREAD
from table import at_most, figure, text

from grader import kit as kits
from grader import kits as frozen

ROOT: Final = Path(__file__).resolve().parent.parent


def main(file: Path, rounds: int) -> None:
    torch.set_num_threads(1)
    loaded = frozen.cached(ROOT)
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
        kit, mine = Path(folder, "assignment.kit"), Path(folder, file.name)
        kit.write_bytes(kits.encode(loaded.kit))
        mine.write_bytes(file.read_bytes())
        with _watching(mine, kit) as process:
            pairs = [(_answer(process, mine, turn), _calls(mine, loaded.kit)) for turn in range(rounds)]
    answer, calls = (min(seconds) for seconds in zip(*pairs[1:], strict=True))  # the first fills caches
    middle = statistics.median(one / other for one, other in pairs[1:])
    rows = [
        figure("the calls themselves: wall", calls * 1000, "ms", 1),
        at_most("from a save to the answer: wall", answer * 1000, 300, "ms", 1),
        at_most("that against the calls", answer / calls, 2.5, "x"),
        figure("  median of the rounds", middle, "x"),
    ]
    print(text({f"{file.name}, {rounds} saves, load {os.getloadavg()[0]:.1f}": rows}))


@contextlib.contextmanager
def _watching(file: Path, kit: Path) -> Iterator[subprocess.Popen[str]]:
    """A watch that has answered once; Ctrl-C ends it."""
    command = [str(part) for part in (GRADER, "check", file, "--watch", "--kit", kit)]
    given = os.environ | ONE_THREAD
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=given
    ) as process:
        try:
            _answered(process)
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def _answer(process: subprocess.Popen[str], file: Path, turn: int) -> float:
    data = file.read_bytes()
    time.sleep(0.1)  # what the last answer has left to do is not this one's
    start = time.perf_counter()
    file.write_bytes(data + b"\n" if file.suffix == ".py" else data + b" " * (turn + 1))
    _answered(process)
    return time.perf_counter() - start


def _answered(process: subprocess.Popen[str]) -> None:
    """Wait for the line that ends an answer."""
    assert process.stderr is not None
    if not any("Watching" in line for line in process.stderr):
        raise RuntimeError("the watch has ended")


def _calls(file: Path, kit: kits.Kit) -> float:
    start = time.perf_counter()
    with contextlib.redirect_stdout(None):
        calls_of(file, kit.exercises)
    return time.perf_counter() - start


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0]) if given else ROOT / "submissions" / "s01.py", int(given[1]) if len(given) > 1 else 30
    )
