"""Results that stay on the disk and are read as they are asked for: a large class is never whole in memory.

The bytes of each are known by where they begin and how many they are, in a file that is held open: what
replaces it meanwhile, or is added, changes nothing here.
"""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import overload

from msgspec.structs import replace

from grader import decoders
from grader.records import Origin
from grader.results import SubmissionResult


class OnDisk(Sequence[SubmissionResult]):
    """Read anew whenever one is asked for. Equal to any sequence of equal results."""

    def at(self, index: int) -> SubmissionResult:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> SubmissionResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SubmissionResult]: ...
    def __getitem__(self, index: int | slice) -> SubmissionResult | Sequence[SubmissionResult]:
        if isinstance(index, slice):
            return [self.at(one) for one in range(*index.indices(len(self)))]
        return self.at(index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Kept(OnDisk):
    """Those whose bytes stand in one file, from these places on."""

    def __init__(self, path: Path, begins: array[int], sizes: array[int]) -> None:
        """Raises OSError."""
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._fd)
        self._begins, self._sizes = begins, sizes

    def __len__(self) -> int:
        return len(self._begins)

    def at(self, index: int) -> SubmissionResult:
        data = os.pread(self._fd, self._sizes[index], self._begins[index])
        return decoders.json(SubmissionResult).decode(data)


class ByStudent(Mapping[str, SubmissionResult]):
    """The same by student; of these alone who are in `places`."""

    def __init__(self, kept: Kept, places: Mapping[str, int]) -> None:
        self._kept = kept
        self._places = places

    def __getitem__(self, student: str) -> SubmissionResult:
        return self._kept[self._places[student]]

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def only(self, students: Sequence[str]) -> ByStudent:
        return ByStudent(self._kept, {one: self._places[one] for one in students})


class Chosen(OnDisk):
    """Those of some students, in their order, each with where it comes from as was found now."""

    def __init__(
        self, finished: Mapping[str, SubmissionResult], students: Sequence[tuple[str, Origin | None]]
    ) -> None:
        self._finished = finished
        self._students = students

    def __len__(self) -> int:
        return len(self._students)

    def at(self, index: int) -> SubmissionResult:
        student, origin = self._students[index]
        result = self._finished[student]
        return result if result.origin == origin else replace(result, origin=origin)
