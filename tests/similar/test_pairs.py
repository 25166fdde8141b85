"""What is shared, weighted by how rare it is: which pairs are listed, and how they hang together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from grader.similar import pairs
from grader.similar.pairs import compare
from grader.similar.reading import Read


def student(name: str, hashes: Iterable[int]) -> Read:
    found = np.array(list(hashes), np.uint64)
    return Read(name, found, np.ones((len(found), 3), np.uint32))


def others(number: int, own: int = 30) -> list[Read]:
    """So many that share nothing."""
    return [student(f"s{n:03}", range(1000 * (n + 1), 1000 * (n + 1) + own)) for n in range(number)]


def test_two_who_share_what_nobody_else_has_are_listed_with_their_share_of_each() -> None:
    reads = [student("a", range(20)), student("b", range(10, 50)), *others(98)]

    (pair,) = compare(reads, least=0.3).pairs

    assert (pair.first, pair.second, pair.common) == (0, 1, 10)
    assert (pair.of_first, pair.of_second) == pytest.approx((10 / 20, 10 / 40))
    assert (pair.share, pair.raw) == pytest.approx((10 / math.sqrt(20 * 40),) * 2)


def test_what_all_have_counts_nothing_and_what_many_have_little() -> None:
    base = set(range(30))
    reads = [student(one.student, [*base, *one.hashes.tolist()]) for one in others(98, 10)]
    two = [student("a", [*base, *range(50, 60)]), student("b", [*base, *range(50, 60)])]

    (pair,) = compare([*reads, *two]).pairs

    assert (pair.first, pair.second) == (98, 99)
    assert pair.share == pytest.approx(1.0, abs=0.02)
    assert compare(reads).pairs == ()


def test_so_little_is_no_evidence_however_large_its_share_is() -> None:
    assert compare([student("a", range(6)), student("b", range(6)), *others(98)]).pairs == ()


def test_starter_code_counts_for_nobody() -> None:
    reads = [student("a", range(20)), student("b", range(20)), *others(98)]

    assert compare(reads, [student("starter.py", range(15))]).pairs == ()
    assert len(compare(reads, [student("starter.py", range(10))]).pairs) == 1


def test_who_is_connected_through_others_is_one_group() -> None:
    chain = [student(f"c{n}", range(100 * n, 100 * n + 150)) for n in range(4)]
    pair = [student("p", range(10**6, 10**6 + 20)), student("q", range(10**6, 10**6 + 20))]

    found = compare([*pair, *chain, *others(200)], least=0.3)

    assert found.groups == ((2, 3, 4, 5), (0, 1))
    assert [(one.first, one.second) for one in found.pairs] == [(0, 1), (2, 3), (3, 4), (4, 5)]


def test_of_very_many_pairs_those_that_share_most_are_listed_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairs, "LISTED", 3)
    same = [student(f"c{n}", [*range(20), *range(100 * (n + 1), 100 * (n + 1) + 10 - n)]) for n in range(9)]

    found = compare([*same, *others(200)])

    assert [(one.first, one.second) for one in found.pairs] == [(7, 8), (6, 8), (5, 8)]
    assert found.more == 9 * 8 // 2 - 3
    assert found.groups == (tuple(range(9)),)


@pytest.mark.parametrize(
    "reads", [[], [student("a", [])], [student("a", range(25)), student("b", range(25))]]
)
def test_a_class_of_a_handful_has_nothing_that_is_rare(reads: list[Read]) -> None:
    assert (compare(reads).pairs, compare(reads).groups) == ((), ())
