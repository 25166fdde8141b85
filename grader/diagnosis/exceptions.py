"""How calls end that never return: which exception, or what had to end them, and for which inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from grader.diagnosis.messages import TABLE, Message
from grader.diagnosis.partitions import exactly, which
from grader.diagnosis.report import ALL_KINDS, Candidate, FailureReport
from grader.records import Failure, Raised

FIRST: Final = 100  # the rank of an exception: any program of the instructor's is plainer
UNKNOWN: Final = 150  # of an exception that the table does not have
SHORT: Final = 60  # letters of its name
ANY: Final = Message(
    "raises", "", "", "The function raises {0}",
    "Read the last line of the error: what went wrong? The line above it says where.",
    "An exception that stands for no known mistake.",
)  # fmt: skip

PROBED: Final = Message(
    "probed", "", "", "What your code gives cannot be used as the exercise uses it: {0}",
    "Read what stands above the call: which of its lines uses what your code gave, and what did it give?",
    "Raised in the probe, not in the student's code: it met another thing than it looks for.",
)  # fmt: skip
"""Where none of the student's lines took part."""

_STOPS: Final[dict[Failure, tuple[str, str, str, str]]] = {
    Failure.TIMED_OUT: (
        "no-end", "",  # the limit that was reached is all that is known
        "Which condition ends your loop, if there is one? Follow its variables by hand for the call shown.",
        "A loop whose condition is never met, a sleep, or very much work.",
    ),
    Failure.OUT_OF_MEMORY: (
        "memory", "The function uses up all memory",
        "Which list or tensor grows and grows, and does it have to?", "Something grows without end.",
    ),
    Failure.EXITED: (
        "exits", "The function ends the whole program",
        "exit() and quit() end Python itself. How does a function give back its result?",
        "exit() or sys.exit() in place of return.",
    ),
    Failure.CRASHED: (
        "crashes", "The function ends its process", "Which line talks to the operating system?",
        "os._exit, a signal, or an error in compiled code.",
    ),
    Failure.FLOODED: (
        "floods", "The function prints without end",
        "Which print stands in a loop that never ends?", "Endless output.",
    ),
}  # fmt: skip
"""Id, title, hint and the sentence for the instructor."""

_WAITS: Final = "What does your function wait for? A sleep, an input or a lock ends no sooner than it is let."
_ended: Final = partial(Candidate, whole=True, evidence="error", kinds=ALL_KINDS)


def candidates(report: FailureReport) -> Iterator[Candidate]:
    yield from _stopped(report)
    yield from _raised(report)


def _stopped(report: FailureReport) -> Iterator[Candidate]:
    """What had to be ended. Cases that were not run only follow from that."""
    causes: dict[int, Failure] = {
        i: one.failure for i, one in report.stopped.items() if one.failure is not Failure.NOT_RUN
    }
    causes |= {i: one.failure for i, one in report.raised.items() if one.failure in _STOPS}
    follow = report.stopped.keys() - causes.keys()
    for failure in dict.fromkeys(causes.values()):
        if failure not in _STOPS:
            continue
        name, title, hint, teacher = _STOPS[failure]
        own = frozenset(i for i, one in causes.items() if one is failure)
        messages = [report.stopped[i].message for i in sorted(own & report.stopped.keys())]
        yield _ended(
            name, (title or messages[0][:1].upper() + messages[0][1:]) + _for_which_stopped(own, report),
            _WAITS if any("waits" in one for one in messages) else hint, own | follow, rank=FIRST,
            teacher=teacher, where="loop" if failure is Failure.TIMED_OUT else None,
            calls=len(own) if follow else 0,
        )  # fmt: skip


def _for_which_stopped(own: frozenset[int], report: FailureReport) -> str:
    """Only a call that has nothing to do says where: after another the rest was not run."""
    if own & report.moving or not report.moving <= report.returned.keys():
        return ""
    every = frozenset(range(len(report.answers)))
    part = exactly(every - report.moving, every, report)
    return f" ({part.words})" if part else ""


def _raised(report: FailureReport) -> Iterator[Candidate]:
    groups: dict[tuple[Message, str], set[int]] = {}
    for index, raised in report.raised.items():
        if raised.failure not in _STOPS:
            probed = bool(report.exercise.protocol.probe) and raised.place is None
            told = (PROBED, PROBED.title.format(raised.line)) if probed else message_of(raised)
            groups.setdefault(told, set()).add(index)
    for (message, title), own in groups.items():
        yield _ended(
            message.id, title + for_which(frozenset(own), report), message.hint, frozenset(own),
            rank=UNKNOWN if message.id in (ANY.id, PROBED.id) else FIRST, cause=message.cause,
            teacher=message.teacher or f"Often {message.cause}.", where=message.where,
        )  # fmt: skip


def message_of(raised: Raised) -> tuple[Message, str]:
    """The first message of the table that it is, filled in, and its title; `ANY` where there is none."""
    read = ((one, one.read(raised)) for one in TABLE)
    message, groups = next(
        ((one, groups) for one, groups in read if groups is not None), (ANY, (raised.type[:SHORT],))
    )
    title = message.title.format(*groups).strip(" :")
    return replace(message, hint=message.hint.format(*groups)), title


def for_which(own: frozenset[int], report: FailureReport) -> str:
    """For which inputs it raises, in words; empty where for all."""
    every = frozenset(range(len(report.answers)))
    told = which(own, every, report)
    return f" (in {len(own)} of {len(every)} calls)" if told is None else told
