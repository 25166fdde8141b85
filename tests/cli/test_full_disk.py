"""A temporary folder without room: said once, and nobody's submission is worth less for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import COURSE
from tests.intake.exports import zipped

CLASS = 12
MOUNTED = 'mount -t tmpfs -o size=32k tmpfs "$TMPDIR" && exec "$0" -P -m grader "$@"'


def in_little_room(*arguments: object, cwd: Path) -> tuple[int, str, str]:
    """Where temporary files find 32 KiB; returns the exit code and both streams."""
    room = cwd / "room"
    room.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, sys.executable]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        env={"TMPDIR": str(room), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.replace(str(room), "TMPDIR")


def _can_mount() -> bool:
    unshare = shutil.which("unshare")
    tried = [unshare or "", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return unshare is not None and not subprocess.run(tried, capture_output=True, check=False).returncode


pytestmark = pytest.mark.skipif(not _can_mount(), reason="needs a user namespace that may mount")

NO_ROOM = (
    "error: TMPDIR: no room for temporary files: No space left on device.\n"
    "  help: Make room there, or name another folder in the environment: TMPDIR=DIR.\n"
)


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_class_that_finds_no_room_is_refused_and_nobody_is_told_to_hand_in_again(
    form: str, tmp_path: Path
) -> None:
    source = COURSE.read_bytes() + b"#" * 4_000
    files = {f"student{one}_{one}_{one}_hw.py": source for one in range(1, CLASS)}
    if form == "zip":
        named = zipped(tmp_path / "class.zip", files)
    else:
        named = tmp_path / "class"
        named.mkdir()
        for name, data in files.items():
            (named / name).write_bytes(data)

    assert in_little_room("grade", named.name, "--dry-run", cwd=tmp_path) == (2, "", NO_ROOM)


def test_a_sandbox_that_finds_no_room_is_no_fault_of_the_grader(kit_file: Path, tmp_path: Path) -> None:
    shutil.copy(COURSE, tmp_path / "s01.py")

    code, out, errors = in_little_room("check", "s01.py", "--kit", kit_file, cwd=tmp_path)

    assert (code, out, errors) == (2, "", NO_ROOM)
