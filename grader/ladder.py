"""The ladder: inputs from the simplest up, where an unknown mistake finds its counterexample.

Nothing is shrunk while grading; a student whose mistake is not known climbs this, and the first
rung that breaks is shown. So every length of run has its rungs, and the simplest come first.
"""

from __future__ import annotations

from typing import Final

import msgspec

from grader import kit, tensors
from grader.records import Value
from grader.trials import Trials, key

RUNGS: Final = 200
RUNG_EFFORT: Final = 6.0  # a counterexample is followed by hand
LADDER_EFFORT: Final = 600.0


def ladder(trials: Trials, drawn: list[dict[str, Value]]) -> tuple[kit.Case, ...]:
    """Rungs of every effort in turn, the simplest of each, then in order."""
    cases = {key(arguments): trials.case(arguments) for arguments in drawn}
    short = sorted((case for case in cases.values() if case.effort <= RUNG_EFFORT), key=simplicity)
    levels: dict[float, list[kit.Case]] = {}
    for case in short:
        levels.setdefault(case.effort, []).append(case)
    picked: list[kit.Case] = []
    effort = 0.0
    for turn in range(RUNGS):
        for level in [one for one in levels.values() if turn < len(one)]:
            if len(picked) < RUNGS and effort + level[turn].effort <= LADDER_EFFORT:
                picked.append(level[turn])
                effort += level[turn].effort
    return tuple(msgspec.structs.replace(case, origin="ladder") for case in sorted(picked, key=simplicity))


def simplicity(case: kit.Case) -> tuple[float, int, str]:
    """Few steps before many, numbers that are quick to read before others."""
    call = tensors.call("", case.arguments)
    return case.effort, len(call), call
