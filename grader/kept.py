"""What of a class is made anew whenever it is asked for, so that a large one is never whole in memory.

Results stay on the disk. The bytes of each are known by where they begin and how many they are, in a file
that is held open: what replaces it meanwhile, or is added, changes nothing here. Submissions that were found
stay in memory, as the few bytes that they come to.
"""

from __future__ import annotations

import json
import os
import weakref
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec
from msgspec.structs import replace

from grader import decoders
from grader.records import Submission
from grader.results import SubmissionResult

S = TypeVar("S")
T = TypeVar("T")


class OneByOne(Sequence[T], ABC):
    """Made anew whenever one is asked for. Equal to any sequence of equal ones."""

    @abstractmethod
    def at(self, index: int) -> T:
        """As for a list."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self.at(one) for one in range(*index.indices(len(self)))]
        return self.at(index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Made(OneByOne[T]):
    """What is made of each of these."""

    def __init__(self, make: Callable[[S], T], given: Sequence[S]) -> None:
        self._make: Callable[[Any], T] = make
        self._given = given

    def __len__(self) -> int:
        return len(self._given)

    def at(self, index: int) -> T:
        return self._make(self._given[index])


class Kept(OneByOne[SubmissionResult]):
    """Results whose bytes stand in one file, from these places on."""

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

    def __contains__(self, student: object) -> bool:
        return student in self._places  # without reading it

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def only(self, students: Iterable[str]) -> ByStudent:
        return ByStudent(self._kept, {one: self._places[one] for one in students})


class Found(OneByOne[Submission]):
    """Submissions that were found, one behind the other in one block, which leaves no holes."""

    def __init__(self, submissions: Iterable[Submission] = ()) -> None:
        self._data = bytearray()
        self._ends = array("Q", (0,))
        for one in submissions:
            self._data += _packed(one)
            self._ends.append(len(self._data))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def at(self, index: int) -> Submission:
        place = range(len(self))[index]
        return _unpacked(self._data[self._ends[place] : self._ends[place + 1]])

    def those(self, wanted: Callable[[Submission], bool]) -> Sequence[Submission]:
        """In their order."""
        return Made(self.at, array("L", (index for index, one in enumerate(self) if wanted(one))))


class Chosen(OneByOne[SubmissionResult]):
    """Results of these submissions, in their order, each with where it comes from as was found now."""

    def __init__(self, finished: Mapping[str, SubmissionResult], submissions: Sequence[Submission]) -> None:
        self._finished = finished
        self._submissions = submissions

    def __len__(self) -> int:
        return len(self._submissions)

    def at(self, index: int) -> SubmissionResult:
        found = self._submissions[index]
        result = self._finished[found.student]
        return result if result.origin == found.origin else replace(result, origin=found.origin)


def _packed(one: Submission) -> bytes:
    """As JSON that holds any text, that of a file's name which is no Unicode, too."""
    return json.dumps(msgspec.to_builtins(one, enc_hook=os.fspath), separators=(",", ":")).encode("ascii")


def _unpacked(packed: bytes | bytearray) -> Submission:
    return decoders.convert(json.loads(packed), Submission, hook=lambda _, path: Path(path))
