"""How calls end that never return: which exception, or what had to end them, and for which inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grader.diagnosis.candidates import ALL_KINDS, Candidate
from grader.diagnosis.messages import Sign
from grader.diagnosis.parts import exactly
from grader.diagnosis.raises import ANY, sign_of
from grader.diagnosis.seen import Seen
from grader.records import Failure

FIRST: Final = 100  # the rank of a sign: any program of the instructor's is plainer
UNKNOWN: Final = 150  # of an exception that the table does not have

_STOPS: Final[dict[Failure, tuple[str, str, str, str]]] = {
    Failure.TIMED_OUT: (
        "no-end",
        "",  # the limit that was reached is all that is known
        "Which condition ends your loop, if there is one? Follow its variables by hand for the call shown.",
        "A loop whose condition is never met, a sleep, or very much work.",
    ),
    Failure.OUT_OF_MEMORY: (
        "memory",
        "The function uses up all memory",
        "Which list or tensor grows and grows, and does it have to?",
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

_WAITS: Final = "What does your function wait for? A sleep, an input or a lock ends no sooner than it is let."


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
            title=(title or _reached(own, seen)) + _where_it_stops(own, seen),
            hint=_WAITS if any(_waits(seen, i) for i in own) else hint,
            explained=frozenset(own | (seen.stopped.keys() - causes.keys())),
            whole=True,
            rank=FIRST,
            evidence="error",
            teacher=teacher,
            where="loop" if failure is Failure.TIMED_OUT else None,
            kinds=ALL_KINDS,
            calls=len(own) if seen.stopped.keys() - causes.keys() else 0,
        )


def _waits(seen: Seen, case: int) -> bool:
    return case in seen.stopped and "waits" in seen.stopped[case].message


def _reached(own: frozenset[int], seen: Seen) -> str:
    """`No end within 10 s of CPU time`, of the first call that was ended."""
    why = seen.stopped[min(own)].message
    return why[:1].upper() + why[1:]


def _where_it_stops(own: frozenset[int], seen: Seen) -> str:
    """Only a call that has nothing to do says where: after another the rest was not run."""
    if own & seen.moving or not seen.moving <= seen.returned.keys():
        return ""
    every = frozenset(range(len(seen.answers)))
    part = exactly(every - seen.moving, every, seen)
    return f" ({part.words})" if part else ""


def _raised(seen: Seen) -> Iterator[Candidate]:
    groups: dict[tuple[Sign, str], set[int]] = {}
    for index, raised in seen.raised.items():
        if raised.failure not in _STOPS:
            groups.setdefault(sign_of(raised), set()).add(index)
    for (sign, title), own in groups.items():
        yield Candidate(
            id=sign.id,
            title=title + for_which(frozenset(own), seen),
            hint=sign.hint,
            explained=frozenset(own),
            whole=True,
            rank=UNKNOWN if sign is ANY else FIRST,
            evidence="error",
            cause=sign.cause,
            teacher=sign.teacher,
            where=sign.where,
            kinds=ALL_KINDS,
        )


def for_which(own: frozenset[int], seen: Seen) -> str:
    """For which inputs it raises, in words; empty where for all."""
    every = frozenset(range(len(seen.answers)))
    if seen.moving <= own:
        return ""
    part = exactly(own, every, seen) or exactly(own & seen.moving, seen.moving, seen)
    return f" ({part.words})" if part else f" (in {len(own)} of {len(every)} calls)"
