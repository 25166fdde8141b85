"""What of a class is made anew whenever it is asked for, so that a large one is never whole in memory.

Results stay on the disk. The bytes of each are known by where they begin and how many they are, in a file
that is held open: what replaces it meanwhile, or is added, changes nothing here. Submissions that were found
stay in memory, as the few bytes that they come to.
"""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, overload

import msgspec
from msgspec.structs import replace

from grader import decoders
from grader.records import Submission
from grader.results import SubmissionResult

S = TypeVar("S")
T = TypeVar("T")

_FOUND: Final = tuple[Submission, tuple[bytes, ...], bytes | None]  # the last two: its files, its folder


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
    """Submissions that were found."""

    def __init__(self, submissions: Iterable[Submission] = ()) -> None:
        self._packed = list(map(_packed, submissions))

    def __len__(self) -> int:
        return len(self._packed)

    def at(self, index: int) -> Submission:
        return _unpacked(self._packed[index])

    def those(self, wanted: Callable[[Submission], bool]) -> Found:
        """In their order."""
        found = Found()
        found._packed = [one for one in self._packed if wanted(_unpacked(one))]
        return found


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


def _packed(one: Submission) -> bytes | Submission:
    """As it is where a text of it is no Unicode."""
    files = tuple(map(os.fsencode, one.files))
    folder = one.folder and os.fsencode(one.folder)
    try:
        return msgspec.msgpack.encode((replace(one, files=(), folder=None), files, folder))
    except UnicodeEncodeError:
        return one


def _unpacked(packed: bytes | Submission) -> Submission:
    if isinstance(packed, Submission):
        return packed
    one, files, folder = decoders.msgpack(_FOUND).decode(packed)
    paths = tuple(Path(os.fsdecode(path)) for path in files)
    return replace(one, files=paths, folder=None if folder is None else Path(os.fsdecode(folder)))
