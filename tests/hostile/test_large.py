"""Valid frames that were made to be large: the parent's memory, the evidence and the page stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader import wire
from grader.records import Step, Tensor, Trace
from grader.sandbox.totals import Totals, numbers
from tests.hostile.attacking import ROOT
from tests.hostile.conftest import Pools
from tests.sandbox.small import answers, first, notebook, notes, submission

_HEAD = "import os\nfrom grader import wire\nfrom grader.records import *\n"
FLOODS = {
    "empty cells": ("wire.Source((Cell('', None, ''),) * 1000)", "5000 cells"),
    "long cells": ("wire.Source((Cell('a', None, 'x' * 1_000_000),))", "16777216 bytes of results"),
    "notes": ("wire.Output('note', '')", "200000 frames"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_valid_frames_while_loading_ends_the_worker(
    pools: Pools, tmp_path: Path, flood: str
) -> None:
    frame, most = FLOODS[flood]
    source = f"{_HEAD}frame = wire.encode({frame})\nwhile True: os.write(4, frame)\n"

    execution = pools.at("strict").run(submission(tmp_path, source + first("return initial_theta")))

    why = f"its results were tampered with: more than {most}"
    assert execution.harness is None
    assert notes(execution) == [
        f"s01.py:5: This statement was skipped: {why}. What stands below it ran all the same."
    ]
    assert answers(execution.exercises[0]) == ["Tensor"]


_MEASURE = """
import resource, sys
from pathlib import Path
from grader.sandbox.pool import Pool
from tests.hostile import attacking
from tests.sandbox import small
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
with Pool(attacking.KIT, attacking.LIMITS) as pool:
    pool.run(small.submission(Path(sys.argv[1]), small.RIGHT))
    before = peak()
    pool.run(small.submission(Path(sys.argv[1]), Path(sys.argv[2]).read_text()))
    print(peak() - before)
"""


@pytest.mark.parametrize("flood", FLOODS)
def test_the_memory_of_the_parent_stays_flat_under_a_flood(tmp_path: Path, flood: str) -> None:
    """By its peak, in a process of its own; 2.9 GiB were seen without totals."""
    attack = tmp_path / "attack.txt"
    attack.write_text(f"{_HEAD}frame = wire.encode({FLOODS[flood][0]})\nwhile True: os.write(4, frame)\n")

    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path), str(attack)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 150


_TINY = Tensor("int8", (), b"1")
_STEP = Step(("SGD",), {}, (_TINY,) * 16, (_TINY,) * 16, (_TINY,) * 16)


def test_traces_hold_so_many_numbers_and_no_more() -> None:
    """However small each number is."""
    trace = wire.Traced(0, 0, Trace((_STEP,) * 1000))
    totals = Totals()
    assert numbers(trace.trace) == 48_000

    for _ in range(4):
        totals.add(trace, 1)

    with pytest.raises(wire.ProtocolError, match=r"^more than 200000 numbers in traces$"):
        totals.add(trace, 1)


def test_a_notebook_of_very_many_cells_runs_without_being_shown(pools: Pools, tmp_path: Path) -> None:
    cells = [first("return initial_theta"), *[""] * 5_000]

    execution = pools.at("strict").run(submission(tmp_path, notebook(*cells), "s01.ipynb"))

    assert notes(execution) == ["There is too much source to be shown; it ran all the same."]
    assert (execution.cells, answers(execution.exercises[0])) == ((), ["Tensor"])
