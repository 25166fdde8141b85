"""What similar.html, similar.json and the terminal show: pairs, what they share, who hangs together.

All of it is for a person to look at: nothing here says that anybody copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from grader.records import Record
from grader.report.sidebyside import SideView, sides
from grader.results import Stored
from grader.similar.pairs import LISTED, Compared, Pair
from grader.similar.reading import Read

SCHEMA: Final = "grader/similar/v1"
DETAILED: Final = 100  # pairs whose lines are shown side by side
GROUP: Final = 3  # submissions: a pair is listed as one


class PairView(Record, frozen=True):
    anchor: str
    first: str
    second: str
    share: str
    of_first: str
    of_second: str
    raw: str
    common: int
    sides: tuple[SideView, ...]  # empty where it is not shown in detail


class GroupView(Record, frozen=True):
    text: str  # `3 submissions`
    students: tuple[str, ...]


class SimilarView(Record, frozen=True):
    title: str
    headline: str
    notes: tuple[str, ...]
    groups: tuple[GroupView, ...]
    pairs: tuple[PairView, ...]
    unread: tuple[tuple[str, str], ...]  # who, and why
    graded: bool = False  # whether the page of the class stands beside this one


class SimilarPair(Stored, frozen=True):
    """One pair of similar.json; shares from 0 to 1."""

    first: str
    second: str
    share: float
    of_first: float
    of_second: float
    raw: float
    common: int


class Similar(Stored, frozen=True):
    """similar.json."""

    schema: str
    submissions: int
    least: float
    starter: tuple[str, ...]
    pairs: tuple[SimilarPair, ...]
    more: int
    groups: tuple[tuple[str, ...], ...]
    unread: dict[str, str]


def document(reads: Sequence[Read], compared: Compared, least: float, starter: Sequence[str]) -> Similar:
    """For programs."""
    names = [one.student for one in reads]
    return Similar(
        schema=SCHEMA,
        submissions=len(reads),
        least=least,
        starter=tuple(starter),
        pairs=tuple(_plain(pair, names) for pair in compared.pairs),
        more=compared.more,
        groups=tuple(tuple(names[at] for at in group) for group in compared.groups),
        unread={one.student: one.problem for one in reads if one.problem},
    )


def _plain(pair: Pair, names: Sequence[str]) -> SimilarPair:
    return SimilarPair(
        first=names[pair.first],
        second=names[pair.second],
        share=round(pair.share, 3),
        of_first=round(pair.of_first, 3),
        of_second=round(pair.of_second, 3),
        raw=round(pair.raw, 3),
        common=pair.common,
    )


def view(found: Similar, compared: Compared, texts: Mapping[str, Read]) -> SimilarView:
    """For people; `texts` are those who are shown in detail."""
    return SimilarView(
        title="Similar submissions",
        headline=headline(found),
        notes=tuple(_notes(found)),
        groups=tuple(
            GroupView(f"{len(group)} submissions", group) for group in found.groups if len(group) >= GROUP
        ),
        pairs=tuple(_pair(number, pair, compared, texts) for number, pair in enumerate(found.pairs, 1)),
        unread=tuple(found.unread.items()),
    )


def headline(found: Similar) -> str:
    """How many pairs there are, as a sentence."""
    number = len(found.pairs) + found.more
    if not number:
        return f"No two of {found.submissions:,} submissions share more than the exercise explains."
    pairs, share = ("pair", "shares") if number == 1 else ("pairs", "share")
    of = f"among {found.submissions:,} submissions"
    return f"{number:,} {pairs} {of} {share} more than the exercise explains."


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _notes(found: Similar) -> Iterator[str]:
    yield f"A pair is listed where it shares {percent(found.least)} or more."
    if found.more:
        yield f"The {LISTED:,} that share most are listed, {found.more:,} are not."
    if found.starter:
        yield f"What stands in {', '.join(found.starter)} counts for nobody."


def _pair(number: int, pair: SimilarPair, compared: Compared, texts: Mapping[str, Read]) -> PairView:
    one, other = texts.get(pair.first), texts.get(pair.second)
    shown = number <= DETAILED and one is not None and other is not None
    return PairView(
        anchor=f"pair-{number}",
        first=pair.first,
        second=pair.second,
        share=percent(pair.share),
        of_first=percent(pair.of_first),
        of_second=percent(pair.of_second),
        raw=percent(pair.raw),
        common=pair.common,
        sides=sides(one, other, compared) if shown and one and other else (),
    )
