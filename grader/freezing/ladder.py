"""The ladder: inputs from the simplest up, where an unknown mistake finds its counterexample.

Nothing is shrunk while grading; a student whose mistake is not known climbs this, and the first
rung that breaks is shown. So every length of run has its rungs, and the simplest come first.
"""

from __future__ import annotations

from typing import Final

import msgspec

from grader import kit, tensors
from grader.freezing.oracle import finite
from grader.freezing.trials import Trials
from grader.records import Value

RUNGS: Final = 200
RUNG_EFFORT: Final = 6.0  # a counterexample is followed by hand
LADDER_EFFORT: Final = 600.0


def ladder(trials: Trials, drawn: list[dict[str, Value]]) -> tuple[kit.Case, ...]:
    """Rungs of every effort in turn, the simplest of each, then in order."""
    levels: dict[float, list[dict[str, Value]]] = {}
    for arguments in sorted(drawn, key=lambda one: simplicity(trials, one)):
        if trials.effort(arguments) <= RUNG_EFFORT:
            levels.setdefault(trials.effort(arguments), []).append(arguments)
    picked: list[dict[str, Value]] = []
    left = LADDER_EFFORT
    for turn in range(RUNGS):
        for effort, level in levels.items():
            if turn < len(level) and len(picked) < RUNGS and effort <= left:
                picked.append(level[turn])
                left -= effort
    cases = [trials.case(one) for one in sorted(picked, key=lambda one: simplicity(trials, one))]
    return tuple(msgspec.structs.replace(case, origin="ladder") for case in cases if finite(case))


def simplicity(trials: Trials, arguments: dict[str, Value]) -> tuple[float, int, str]:
    """Little effort before much, numbers that are quick to read before others."""
    call = tensors.call("", arguments)
    return trials.effort(arguments), len(call), call
