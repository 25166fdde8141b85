"""No way of asking for memory goes past its limit: each is tried to the end. About 10 seconds."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from grader.sandbox import confine
from grader.sandbox.jobs import Level
from tests.hostile import attacking
from tests.hostile.conftest import Pools

pytestmark = pytest.mark.promise(11)
MOST: Final = (attacking.MEMORY + confine.UNWRITTEN_BYTES) >> 20
# They say where a mapping stands and when its pages come, not how much may be mapped.
ELSEWHERE: Final = (0x10, 0x100000, 0x2000, 0x8000)
MAP: Final = f"""
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
SIZE = 32 << 20
file = os.open("f", os.O_RDWR | os.O_CREAT)
os.ftruncate(file, SIZE)

def mapped(access, flags, fd):
    held = []
    while len(held) < 100:
        address = libc.mmap(None, SIZE, access, flags, fd, 0)
        if address is None or address == ctypes.c_void_p(-1).value: break
        held.append(address)
    for address in held: libc.munmap(address, SIZE)
    return len(held) * SIZE >> 20

def largest():
    bits = [0, *(1 << bit for bit in range(4, 31) if 1 << bit not in {ELSEWHERE})]
    return max(
        mapped(access, kind | anonymous | bit, -1 if anonymous else file)
        for bit in bits for kind in (1, 2, 3) for anonymous in (0, 0x20) for access in (0, 1, 3)
    )
"""


@pytest.mark.parametrize("level", ["strict", "standard", "none"])
def test_no_flag_of_a_mapping_goes_past_the_limit(pools: Pools, tmp_path: Path, level: Level) -> None:
    answer, other = attacking.attempt(pools.at(level), tmp_path, "raise ValueError(largest())", MAP)

    assert answer.startswith("raised: ValueError: "), answer
    assert attacking.MEMORY >> 20 < int(answer.rpartition(" ")[2]) <= MOST
    assert other == "Tensor"


GROWING: Final = "raise ValueError(mapped(3, 2 | 0x20 | 0x100, -1))"


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_a_mapping_that_grows_is_refused(pools: Pools, tmp_path: Path, level: Level) -> None:
    assert attacking.attempt(pools.at(level), tmp_path, GROWING, MAP)[0] == "raised: ValueError: 0"


HIDDEN: Final = """
total = 0
while total < 4 << 30:  # written, then no longer to be written: no count of what may be written holds it
    address = libc.mmap(None, SIZE, 3, 0x22, -1, 0)
    if address == ctypes.c_void_p(-1).value: break
    ctypes.memset(address, 1, 4096)
    libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(SIZE), 1)
    total += SIZE
raise ValueError(total >> 20)
"""


@pytest.mark.parametrize("level", ["strict", "standard", "none"])
def test_memory_that_is_written_and_then_closed_counts(pools: Pools, tmp_path: Path, level: Level) -> None:
    answer, _ = attacking.attempt(pools.at(level), tmp_path, HIDDEN, MAP)

    assert answer.startswith("raised: ValueError: "), answer
    assert int(answer.rpartition(" ")[2]) <= MOST


INHERITED: Final = """
import resource, sys
from pathlib import Path
from grader.sandbox.pool import Pool
from tests.hostile import attacking
resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY,) * 2)
with Pool(attacking.KIT, attacking.LIMITS, level="none") as pool:
    body = "import resource; raise ValueError(resource.getrlimit(resource.RLIMIT_STACK))"
    print(attacking.attempt(pool, Path(sys.argv[1]), body)[0])
"""


@pytest.mark.promise(11, "none")
@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_STACK)[1] != resource.RLIM_INFINITY,
    reason="the stack has a limit here",
)
def test_a_stack_without_end_is_not_inherited(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INHERITED, str(tmp_path)],
        cwd=attacking.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (
        done.stdout + done.stderr == f"raised: ValueError: ({confine.STACK_BYTES}, {confine.STACK_BYTES})\n"
    )
