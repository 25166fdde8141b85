"""Which submissions share more than chance and the exercise explain, and how they hang together.

In a small exercise independent solutions look alike, so what many share says little. A fingerprint counts
`log(N / others)`: how surprising it is to meet it in one more of N submissions when `others` besides that
one have it. That is nothing where all have it, and most where only two do. A pair's share is what both have,
of the geometric mean of what each has; shares that count every fingerprint alike stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grader.records import Record
from grader.similar.reading import Hashes, Read

LEAST: Final = 0.5  # a share that is listed
SURPRISE: Final = (
    20.0  # and so many nats of it, beyond those by which one of so many pairs is surprising anyway
)
LISTED: Final = 1_000  # pairs at most, those with the largest share
_PRUNED: Final = 8  # times as many are kept before those that cannot be listed are dropped

Numbers = NDArray[np.float64]
Codes = NDArray[np.intp]  # of fingerprints: their places in the order of all that there are


class Pair(Record, frozen=True):
    """Two submissions by their index."""

    first: int
    second: int
    share: float  # 0 to 1, weighted
    of_first: float  # what both have, of all that the first has, weighted
    of_second: float
    raw: float  # the same as `share`, every fingerprint counted alike
    common: int  # fingerprints


@dataclass(frozen=True)
class Compared:
    """A class."""

    pairs: tuple[Pair, ...]  # the largest share first
    more: int  # that are not listed
    groups: tuple[tuple[int, ...], ...]  # submissions that pairs connect, the largest group first
    weights: dict[int, float]  # of each fingerprint that two have
    rare: float  # a weight from which on hardly anybody else has it: of N others at most the root of N


def compare(
    reads: Sequence[Read],
    starter: Iterable[Read] = (),
    least: float = LEAST,
    done: Callable[[], object] = lambda: None,
) -> Compared:
    """Every pair of a class, without what the starter code has; `done` hears of each submission."""
    given = np.unique(np.concatenate([one.hashes for one in starter] or [np.empty(0, np.uint64)]))
    index = _Index([np.setdiff1d(one.hashes, given) for one in reads])
    found = _Found(len(reads))
    for at in range(len(reads)):
        found.add(at, index.alike(at, least))
        done()
    return Compared(
        tuple(map(index.pair, *found.best())), found.more, found.groups(), index.weights(), index.rare
    )


class _Found:
    """The pairs of a class as they come: the best are kept, and who hangs together with whom."""

    def __init__(self, size: int) -> None:
        self._home = np.arange(size)
        self._rows: list[tuple[NDArray[np.intp], NDArray[np.intp], Numbers]] = []
        self._kept = self._total = 0

    @property
    def more(self) -> int:
        return max(0, self._total - LISTED)

    def add(self, at: int, alike: tuple[NDArray[np.intp], Numbers]) -> None:
        others, share = alike
        if not len(others):
            return
        self._total += len(others)
        self._rows.append((np.full(len(others), at), others, share))
        homes = self._home[[at, *others]]
        self._home[np.isin(self._home, homes)] = homes.min()
        self._kept += len(others)
        if self._kept > _PRUNED * LISTED:
            self._rows = [self._sorted()]
            self._kept = LISTED

    def best(self) -> tuple[list[int], list[int]]:
        """The first and the second of each."""
        first, second, _ = self._sorted()
        return first.tolist(), second.tolist()

    def _sorted(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Numbers]:
        none = np.empty(0, np.intp)
        first, second, share = (
            np.concatenate(parts) for parts in zip((none, none, np.empty(0)), *self._rows, strict=True)
        )
        order = np.lexsort((second, first, -share))[:LISTED]
        return first[order], second[order], share[order]

    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Who is connected by pairs, directly or through others, the largest group first."""
        homes, sizes = np.unique(self._home, return_counts=True)
        found = [np.flatnonzero(self._home == home).tolist() for home in homes[sizes > 1]]
        return tuple(sorted(map(tuple, found), key=lambda group: (-len(group), group)))


class _Index:
    """Who has which fingerprint, and what it counts."""

    def __init__(self, own: Sequence[Hashes]) -> None:
        sizes = [len(one) for one in own]
        self._values, self._codes, self._held = np.unique(
            np.concatenate([*own, np.empty(0, np.uint64)]), return_inverse=True, return_counts=True
        )
        present = max(sum(size > 0 for size in sizes), 1)
        self._weight: Numbers = np.log(present / np.maximum(self._held - 1, 1))
        self.rare = float(np.log(present)) / 2
        self._enough = SURPRISE + float(np.log(max(present * (present - 1) / 2, 1)))
        self._starts = np.cumsum([0, *sizes])
        owners = np.repeat(np.arange(len(own)), sizes)
        self._owners = owners[np.argsort(self._codes, kind="stable")]
        self._lists = np.cumsum([0, *self._held.tolist()])
        self._sizes = np.array(sizes, np.float64)
        totals = np.bincount(owners, self._weight[self._codes], minlength=len(own))
        self._totals: Numbers = np.maximum(totals, 1e-9)

    def weights(self) -> dict[int, float]:
        shared = self._held > 1
        return dict(zip(self._values[shared].tolist(), self._weight[shared].tolist(), strict=True))

    def alike(self, at: int, least: float) -> tuple[NDArray[np.intp], Numbers]:
        """Who behind it shares so much with it, and how much."""
        surprise = np.zeros(len(self._sizes))
        for codes, others in self._shared(at):
            surprise += np.bincount(others, np.repeat(self._weight[codes], self._held[codes]), len(surprise))
        surprise[: at + 1] = 0.0
        share = surprise / np.sqrt(self._totals * self._totals[at])
        found = np.flatnonzero((share >= least) & (surprise >= self._enough))
        return found, share[found]

    def _shared(self, at: int) -> Iterator[tuple[Codes, NDArray[np.intp]]]:
        """Its fingerprints that others have, and all who have these, in this order."""
        codes = self._own(at)
        codes = codes[self._held[codes] > 1]
        if len(codes):
            yield codes, np.concatenate([self._owners[self._lists[i] : self._lists[i + 1]] for i in codes])

    def _own(self, at: int) -> Codes:
        return self._codes[self._starts[at] : self._starts[at + 1]]

    def pair(self, first: int, second: int) -> Pair:
        both = np.intersect1d(self._own(first), self._own(second))
        surprise = float(self._weight[both].sum())
        of_first, of_second = (surprise / float(self._totals[at]) for at in (first, second))
        return Pair(
            first,
            second,
            share=float(np.sqrt(of_first * of_second)),
            of_first=of_first,
            of_second=of_second,
            raw=len(both) / float(np.sqrt(self._sizes[first] * self._sizes[second])),
            common=len(both),
        )
