"""How calls end that never return: which exception, or what had to end them, and for which inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.judging.candidates import ALL_KINDS, Candidate
from grader.judging.parts import exactly
from grader.judging.raises import known_sign
from grader.judging.seen import Seen
from grader.records import Failure, Raised

FIRST: Final = 100  # the rank of a sign: any program of the instructor's is plainer
UNKNOWN: Final = 150  # of an exception that the table does not have
SHORT: Final = 60  # of an unknown exception's name

_STOPS: Final[dict[Failure, tuple[str, str, str, str]]] = {
    Failure.TIMED_OUT: (
        "never-ends",
        "The function does not end",
        "Which condition ends your loop? Follow its variables by hand for the call that is shown.",
        "A loop whose condition is never met, or a sleep.",
    ),
    Failure.OUT_OF_MEMORY: (
        "memory",
        "The function uses up all memory",
        "Which list or tensor grows in every step, and does it have to?",
        "Something grows without end.",
    ),
    Failure.EXITED: (
        "exits",
        "The function ends the whole program",
        "exit() and quit() end Python itself. How does a function give back its result?",
        "exit() or sys.exit() in place of return.",
    ),
    Failure.CRASHED: (
        "crashes",
        "The function ends its process",
        "Which line talks to the operating system?",
        "os._exit, a signal, or an error in compiled code.",
    ),
    Failure.FLOODED: (
        "floods",
        "The function prints without end",
        "Which print stands in a loop that never ends?",
        "Endless output.",
    ),
}
"""Id, title, hint and the sentence for the instructor."""


def candidates(seen: Seen) -> Iterator[Candidate]:
    yield from _stopped(seen)
    yield from _raised(seen)


def _stopped(seen: Seen) -> Iterator[Candidate]:
    """What had to be ended. Cases that were not run only follow from that."""
    causes: dict[int, Failure] = {
        i: one.failure for i, one in seen.stopped.items() if one.failure is not Failure.NOT_RUN
    }
    causes |= {i: one.failure for i, one in seen.raised.items() if one.failure in _STOPS}
    for failure in dict.fromkeys(causes.values()):
        if failure not in _STOPS:
            continue
        name, title, hint, teacher = _STOPS[failure]
        own = frozenset(i for i, one in causes.items() if one is failure)
        yield Candidate(
            id=name,
            title=title + _where_it_stops(own, seen),
            hint=hint,
            explained=frozenset(own | (seen.stopped.keys() - causes.keys())),
            whole=True,
            rank=FIRST,
            teacher=teacher,
            where="loop" if failure is Failure.TIMED_OUT else None,
            kinds=ALL_KINDS,
        )


def _where_it_stops(own: frozenset[int], seen: Seen) -> str:
    """Only a call without a step says where: after another the rest was not run."""
    if own & seen.moving:
        return ""
    return " when there is no step" if seen.moving <= seen.returned.keys() else ""


def _raised(seen: Seen) -> Iterator[Candidate]:
    groups: dict[tuple[str, ...], dict[int, Raised]] = {}
    for index, raised in seen.raised.items():
        if raised.failure not in _STOPS:
            groups.setdefault(_told(raised), {})[index] = raised
    for (name, title, hint, teacher, where), own in groups.items():
        unknown = name == "raises"
        yield Candidate(
            id=name,
            title=title + _for_which(frozenset(own), seen),
            hint=hint,
            explained=frozenset(own),
            whole=True,
            rank=UNKNOWN if unknown else FIRST,
            teacher=teacher,
            where=where or None,
            kinds=ALL_KINDS,
        )


def _told(raised: Raised) -> tuple[str, ...]:
    found = known_sign(raised)
    if found is not None:
        sign, title = found
        return sign.id, title, sign.hint, sign.teacher, sign.where or ""
    return (
        "raises",
        f"The function raises {raised.type[:SHORT]}",
        "Read the last line of the error: what went wrong? The line above it says where.",
        "An exception that stands for no known mistake.",
        "",
    )


def _for_which(own: frozenset[int], seen: Seen) -> str:
    """For which inputs it raises, in words; empty where for all."""
    every = frozenset(range(len(seen.answers)))
    if seen.moving <= own:
        return ""
    part = exactly(own, every, seen) or exactly(own & seen.moving, seen.moving, seen)
    return f" ({part.words})" if part else f" (in {len(own)} of {len(every)} calls)"
