"""A file of somebody else's: nothing of it changes, not even its mode and its times. About 5 seconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pytest

from grader.sandbox.jobs import Level
from tests.hostile.attacking import attempt
from tests.hostile.conftest import Pools

# Each way to change what the kernel keeps of a file beside its bytes; {0!r} is its path.
WAYS: Final = {
    "chmod": "os.chmod({0!r}, 0o666)",
    "chmod that makes it root's program": "os.chmod({0!r}, 0o4777)",
    "chmod by a folder": "os.chmod('neighbour', 0o666, dir_fd=os.open(os.path.dirname({0!r}), os.O_PATH))",
    "chmod by its own call": "libc.syscall(90, {0!r}.encode(), 0o666)",
    "fchmod": "os.fchmod(os.open({0!r}, os.O_RDONLY), 0o666)",
    "fchmodat": "libc.syscall(268, -100, {0!r}.encode(), 0o666)",
    "fchmodat2": "libc.syscall(452, -100, {0!r}.encode(), 0o666, 0)",
    "fchmodat2 of a file that is only named": (
        "libc.syscall(452, os.open({0!r}, os.O_PATH), b'', 0o666, 0x1000)"
    ),
    "utime": "libc.syscall(132, {0!r}.encode(), None)",
    "utimes": "libc.syscall(235, {0!r}.encode(), None)",
    "futimesat": "libc.syscall(261, -100, {0!r}.encode(), None)",
    "utimensat": "os.utime({0!r}, (1, 1))",
    "utimensat of an open file": "libc.syscall(280, os.open({0!r}, os.O_RDONLY), None, None, 0)",
    "chown": "os.chown({0!r}, 1, 1)",
    "lchown": "os.lchown({0!r}, 1, 1)",
    "fchown": "os.fchown(os.open({0!r}, os.O_RDONLY), 1, 1)",
    "fchownat": "libc.syscall(260, -100, {0!r}.encode(), 1, 1, 0)",
    "setxattr": "os.setxattr({0!r}, 'user.x', b'y')",
    "removexattr": "os.removexattr({0!r}, 'user.a')",
    "file_setattr": "libc.syscall(469, -100, {0!r}.encode(), bytes(64), 24, 0)",
    "truncate": "os.truncate({0!r}, 0)",
    "open that empties": "os.open({0!r}, os.O_RDONLY | os.O_TRUNC)",
    "open that empties and reads nothing": "os.open({0!r}, 3 | os.O_TRUNC)",
    "creat": "libc.syscall(85, {0!r}.encode(), 0o666)",
    "rename": "os.rename({0!r}, {0!r} + '2')",
    "link": "os.link({0!r}, 'mine')",
    "unlink": "os.unlink({0!r})",
    "a mode of its folder": "os.chmod(os.path.dirname({0!r}), 0o777)",
}
pytestmark = pytest.mark.promise(4)
_TRY: Final = "libc = ctypes.CDLL(None, use_errno=True)\ntry: {}\nexcept OSError: pass\nreturn initial_theta"


def facts(path: Path) -> dict[str, object]:
    found = path.stat()
    return {
        "mode": oct(found.st_mode),
        "owner": (found.st_uid, found.st_gid),
        "times": found.st_mtime_ns,
        "links": found.st_nlink,
        "attributes": os.listxattr(path),
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("level", ["strict", "standard"])
def test_a_neighbours_file_stays_as_it_is(pools: Pools, tmp_path: Path, level: Level, way: str) -> None:
    folder = tmp_path / "class"
    folder.mkdir(mode=0o755)
    neighbour = folder / "neighbour"
    neighbour.write_text("canary")
    neighbour.chmod(0o640)
    os.utime(neighbour, (1_000_000_000, 1_000_000_000))
    os.setxattr(neighbour, "user.a", b"b")
    before = (facts(neighbour), facts(folder))

    answer, other = attempt(pools.at(level), tmp_path, _TRY.format(WAYS[way].format(str(neighbour))))

    assert (facts(neighbour), facts(folder)) == before, json.dumps(facts(neighbour))
    assert neighbour.read_text() == "canary"
    assert (answer, other) == ("Tensor", "Tensor")


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_what_all_share_stays_as_it_is(pools: Pools, tmp_path: Path, level: Level) -> None:
    """Python's own files are readable, and so can be opened; /dev/null can be written."""
    shared = [Path(json.__file__), Path(os.devnull)]
    before = [path.stat().st_mode for path in shared]
    body = "\n".join(
        f"try: os.fchmod(os.open({str(path)!r}, os.O_RDONLY), 0o744)\nexcept OSError: pass" for path in shared
    )

    answer, _ = attempt(pools.at(level), tmp_path, body + "\nreturn initial_theta")

    after = [path.stat().st_mode for path in shared]
    for path, mode in zip(shared, before, strict=True):
        if path.stat().st_mode != mode:
            path.chmod(mode & 0o7777)  # the machine is to go on
    assert (after, answer) == (before, "Tensor")
