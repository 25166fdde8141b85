"""What shows in the parts of a result, whatever the exercise is.

Arguments changed in place, gradients that do not flow, numbers that overflow, an end that is missing,
functions that are not to be used, or are. Each is seen and not guessed, and told only where nothing else is
wrong with the same call's numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from grader.diagnosis.partitions import which_returned
from grader.diagnosis.report import Candidate, FailureReport
from grader.judging.behaviour import values
from grader.judging.leaves import cut, is_below, named
from grader.judging.tolerances import near
from grader.records import Failure, Leaf, Part
from grader.tensors import floats

RANK: Final = 120
ARGUMENT: Final = "the argument "
GRADIENT: Final = "the gradient at "
UNREACHED: Final = "nothing that comes back depends on it for autograd"
ASKING: Final = "asking for it "  # how what was raised instead of a gradient begins

_seen = partial(Candidate, whole=True, rank=RANK, evidence="error", where="definition")


def candidates(report: FailureReport) -> Iterator[Candidate]:
    yield from _functions(report)
    wrong = {i: _wrong(i, report) for i in report.broken["values"] & report.returned.keys()}
    yield from _of_one_kind(wrong, report, ARGUMENT, _changed)
    yield from _of_one_kind(wrong, report, GRADIENT, _unreached)
    yield from _overflowing(wrong, report)
    yield from _ends(wrong, report)


def _wrong(index: int, report: FailureReport) -> list[Part]:
    """The parts of a call that are wrong and are judged."""
    judged = [one.part for one in report.exercise.rubric if one.kind == "values" and index in one.cases]
    parts = report.outcomes.outcomes[index].parts
    return [one for one in parts if one.failure and any(is_below(one.path, part) for part in judged)]


def _functions(report: FailureReport) -> Iterator[Candidate]:
    """What traced calls use, or do not."""
    groups: dict[str, set[int]] = {}
    for chain in report.outcomes.chains:
        if chain.criterion and not chain.holds and chain.case in report.returned:
            groups.setdefault(chain.message, set()).add(chain.case)
    for message, own in groups.items():
        name, used, _ = message.partition(" was used")
        absent = message.removesuffix(" was not used")
        yield _seen(
            "functions",
            f"`{name}` is used, which is to be done without" if used else f"`{absent}` is not used",
            "Read the statement once more: which functions are you to use, and which to write yourself?",
            frozenset(own), kinds=frozenset({"calls"}),
            teacher="Seen while the calls were watched; the student's process can forge it.",
        )  # fmt: skip


def _of_one_kind(
    wrong: dict[int, list[Part]],
    report: FailureReport,
    beginning: str,
    words: Callable[[str, list[str]], tuple[str, str, str] | None],
) -> Iterator[Candidate]:
    """Where nothing is wrong but parts whose names begin so."""
    own = {i for i, parts in wrong.items() if parts and all(one.path.startswith(beginning) for one in parts)}
    paths = dict.fromkeys(
        re.split(r"[\[.]", one.path.removeprefix(beginning))[0] for i in sorted(own) for one in wrong[i]
    )
    texts = [leaf.text for i in own for leaf in report.returned[i].leaves if leaf.path.startswith(beginning)]
    told = words(" and ".join(f"`{one}`" for one in paths), texts) if own else None
    if told is not None:
        title, hint, teacher = told
        title += which_returned(own, report)
        whole = own == report.broken["values"]
        yield _seen(beginning.split()[1], title, hint, frozenset(own), whole=whole, teacher=teacher)


def _changed(names: str, _: list[str]) -> tuple[str, str, str]:
    return (
        f"The call changes {names} in place",
        "Print the argument before and after the call. Which line writes into it?",
        "An operation in place, `-=` on a tensor, or `.data` of what was passed.",
    )


def _unreached(names: str, texts: list[str]) -> tuple[str, str, str] | None:
    raised = [one for one in texts if one and one != UNREACHED]
    if raised:
        return (
            f"Asking for gradients {raised[0].removeprefix(ASKING)}",
            "Call your function on a tensor that needs a gradient, and ask for the gradient of its sum.",
            "A backward that is missing or wrong, numbers that left PyTorch, or something changed in place.",
        )
    if UNREACHED not in texts:
        return None
    return (
        f"No gradient flows to {names}",
        "Look at .grad_fn of what comes back, and of what it was made of: where does it end?",
        "detach(), .data, no_grad, .item() or NumPy on the way.",
    )


def _overflowing(wrong: dict[int, list[Part]], report: FailureReport) -> Iterator[Candidate]:
    """Where each call that is wrong gives something infinite, or no number, in every part that is wrong."""
    own = {
        i for i, parts in wrong.items() if parts and all(one.failure is Failure.NOT_FINITE for one in parts)
    }
    if not own or own != wrong.keys():
        return
    names = " and ".join(dict.fromkeys(f"`{named(p.path)}`" for i in sorted(own) for p in wrong[i]))
    came = {x for i in own for x in values(report.answers[i]) if not math.isfinite(x)}
    told = "no number" if any(math.isnan(x) for x in came) else "infinite"
    yield _seen(
        "overflow", f"{names} becomes {told}" + which_returned(own, report),
        "Follow the largest number through your formula: which step leaves the range of its dtype?",
        frozenset(own),
        teacher="An exp, a division by zero, or inf - inf; there is a way to write it that stays in range.",
    )  # fmt: skip


# --- ends -----------------------------------------------------------------------------------


def _ends(wrong: dict[int, list[Part]], report: FailureReport) -> Iterator[Candidate]:
    """The right numbers, but for one at the beginning or the end."""
    found: dict[tuple[str, str], set[int]] = {}
    for index, parts in wrong.items():
        told = _end(index, parts[0].path, report) if len(parts) == 1 else None
        if told is not None:
            found.setdefault((parts[0].path, told), set()).add(index)
    for (path, told), own in found.items():
        if own == report.broken["values"]:
            yield _seen(
                "end", f"`{named(path)}` {told}",
                "Write down what belongs at the beginning and at the end, for a call of two rounds.",
                frozenset(own), evidence="proven", teacher="What is kept begins, or ends, one round off.",
                where="loop",
            )  # fmt: skip


def _end(index: int, path: str, report: FailureReport) -> str | None:
    case, answer = report.exercise.cases[index], report.returned[index]
    wanted = _numbers(case.leaves, floats(case.expected), path)
    widest = max(case.bounds.values(), key=lambda one: sum(floats(one)))
    bounds = _numbers(case.leaves, floats(widest), path)
    got = _numbers(answer.leaves, values(answer), path)
    ways = {
        "lacks its first number": (wanted[1:], bounds[1:], got),
        "lacks its last number": (wanted[:-1], bounds[:-1], got),
        "has a number too many at the beginning": (wanted, bounds, got[1:]),
        "has a number too many at the end": (wanted, bounds, got[:-1]),
    }
    if abs(len(got) - len(wanted)) != 1:
        return None
    for name, (expected, allowed, came) in ways.items():
        if len(expected) == len(came) and all(map(near, expected, came, allowed)):
            return name
    return None


def _numbers(leaves: tuple[Leaf, ...], numbers: list[float], path: str) -> list[float]:
    return [x for leaf, own in cut(leaves, numbers) if is_below(leaf.path, path) for x in own]
