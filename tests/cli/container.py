"""A container as Gradescope has it: a root with /autograder in it, a limit of memory, a part of a CPU."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_ENTER: Final = """
set -e
mount -t tmpfs box "$1/mnt"
mkdir "$1/mnt/upper" "$1/mnt/work" "$1/mnt/root"
mount -t overlay box -o "lowerdir=/,upperdir=$1/mnt/upper,workdir=$1/mnt/work" "$1/mnt/root"
for folder in proc dev sys tmp; do mount --rbind "/$folder" "$1/mnt/root/$folder"; done
mkdir "$1/mnt/root/autograder"
mount --bind "$1/autograder" "$1/mnt/root/autograder"
root="$1/mnt/root"
shift
exec chroot "$root" sh -c 'cd /autograder && exec "$@"' sh "$@"
"""
_CGROUPS: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 100_000  # microseconds


def entered(box: Path) -> list[str]:
    """The start of a command that runs what follows in /autograder, which is `box`/autograder.

    Empty where this user may not lay such a root.
    """
    (box / "mnt").mkdir(exist_ok=True)
    start = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh", str(box)]
    try:
        tried = subprocess.run([*start, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return start if tried.returncode == 0 else []


class Limited:
    """Control groups of one container, of the first or second kind."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        files = " ".join(f"{folder}/cgroup.procs" for folder in folders)
        join = f'for file in {files}; do echo $$ > "$file"; done; exec "$@"'
        self.start = ["sh", "-c", join, "sh"]

    def peak(self) -> int:
        """Bytes of memory that were in use at once."""
        names = ("memory.peak", "memory.max_usage_in_bytes")
        (found,) = (one for folder in self._folders for name in names if (one := folder / name).exists())
        return int(found.read_text())


@contextmanager
def limited(memory: int, cpus: float) -> Iterator[Limited]:
    """Raises OSError where control groups may not be made."""
    name = f"grader-test-{uuid.uuid4().hex[:8]}"
    first = (_CGROUPS / "memory").is_dir()
    quota = int(cpus * _PERIOD)
    wanted = (
        {f"memory/{name}/memory.limit_in_bytes": f"{memory}", f"cpu/{name}/cpu.cfs_quota_us": f"{quota}"}
        if first
        else {f"{name}/memory.max": f"{memory}", f"{name}/cpu.max": f"{quota} {_PERIOD}"}
    )
    folders = tuple(dict.fromkeys((_CGROUPS / file).parent for file in wanted))
    try:
        for folder in folders:
            folder.mkdir()
        for file, text in wanted.items():
            (_CGROUPS / file).write_text(text)
        yield Limited(folders)
    finally:
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()
