"""What `--watch` looks at, and when: the state of the files says what is new, watchfiles only when to look.

So no save is lost between two alarms, on a network drive that tells of none, or while a folder is away; and
however an editor saves (over the file, or by a rename that takes its place), it is one change. Folders are
watched one by one: the alarm follows links where it watches a tree, and a student's link may lead anywhere.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

STEP: Final = 5  # ms without a change, after which a save has ended: an answer waits for nothing else
LONGEST: Final = 100  # ms: one that never ends is looked at all the same
LOOK: Final = 250  # ms: after which the files are looked at without an alarm
MOST: Final = 10_000  # files and folders; where more are handed in, the rest is looked at with them

Stamps = dict[str, tuple[int, ...]]
"""Of a file its inode, time and size, of a folder its inode: what comes into it has a stamp of its own."""


@dataclass(frozen=True)
class Seen:
    """What was there; equal as long as nothing is saved, removed or put into another's place."""

    handed_in: Stamps
    kit: Stamps
    beside: Stamps
    folders: Stamps  # where a change is to be told of

    @property
    def files(self) -> tuple[Stamps, ...]:
        return self.handed_in, self.kit, self.beside


@dataclass(frozen=True)
class Place:
    """What is watched: what is handed in, without `output`; the kit, or what it is made of; and more."""

    path: Path
    kit: Path
    beside: tuple[Path, ...] = ()
    output: Path | None = None

    def look(self) -> Seen:
        """All of it as it is now; what cannot be read is not there."""
        handed_in = _stamps(_below(self.path, self.output))
        kit = _stamps(_below(self.kit, None))
        beside = _stamps(chain.from_iterable(_below(one, None) for one in self.beside))
        inner = {name: stamp for name, stamp in (handed_in | kit | beside).items() if len(stamp) == 1}
        around = (folder for one in (self.path, self.kit, *self.beside) for folder in _around(one))
        return Seen(handed_in, kit, beside, inner | _stamps(around))


class Changes:
    """What there is, at once, and again whenever it has changed; to be iterated once."""

    def __init__(self, place: Place) -> None:
        self._look = place.look
        self._seen = self._look()
        self._missed = False

    def overtaken(self) -> bool:
        """Whether something has been handed in since; what comes next is news then, be it as it was."""
        self._missed |= self._look().handed_in != self._seen.handed_in
        return self._missed

    def __iter__(self) -> Iterator[Seen]:
        yield self._seen
        while True:
            watched = self._seen.folders
            for now in _alarms(self._look, watched):
                before, self._seen = self._seen, now
                if self._missed or now.files != before.files:
                    self._missed = False
                    yield now
                if now.folders != watched:
                    break


def _alarms(look: Callable[[], Seen], folders: Stamps) -> Iterator[Seen]:
    """What there is after every change that these folders tell of, and now and then without one."""
    from watchfiles import watch  # noqa: PLC0415 -- only who watches waits for it

    told = watch(
        *folders,
        watch_filter=None,
        debounce=LONGEST,
        step=STEP,
        rust_timeout=LOOK,
        yield_on_timeout=True,
        recursive=False,
        ignore_permission_denied=True,
    )
    try:
        yield from (look() for _ in told)
    except (OSError, RuntimeError):  # a folder is gone by now, or they are more than the system watches
        time.sleep(LOOK / 1000)
        yield look()


def _below(root: Path, output: Path | None) -> Iterator[str]:
    """A file, or a folder and all in it but what tools keep there; no link in it is followed."""
    real = os.path.realpath(root)
    own = output and os.path.realpath(output)
    yield real
    for folder, folders, files in os.walk(real):
        folders[:] = [name for name in folders if _is_work(name) and f"{folder}/{name}" != own]
        yield from (f"{folder}/{name}" for name in (*folders, *files) if _is_work(name))


def _is_work(name: str) -> bool:
    """Not hidden, as an editor's swap files are, and no backup."""
    return not name.startswith(".") and not name.endswith("~") and name != "__pycache__"


def _around(path: Path) -> Iterator[str]:
    """The nearest folders that there are of what a path names, and of where it leads if it is a link."""
    for end in {os.path.abspath(path), os.path.realpath(path)}:  # noqa: PTH100 -- resolve would follow it
        yield next(str(one) for one in (Path(end), *Path(end).parents) if one.is_dir())


def _stamps(paths: Iterator[str]) -> Stamps:
    found: Stamps = {}
    for path in islice(paths, MOST):
        with suppress(OSError):
            state = os.lstat(path)
            is_folder = stat.S_ISDIR(state.st_mode)
            found[path] = (state.st_ino,) if is_folder else (state.st_ino, state.st_mtime_ns, state.st_size)
    return found
