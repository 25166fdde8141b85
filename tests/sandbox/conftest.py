"""One pool for all tests of the sandbox: the real zygote, started once.

At the level none, where submissions can do the most: what the walls forbid, tests/hostile tries.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.sandbox.pool import Pool
from tests.sandbox import small


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(small.KIT, small.LIMITS, level="none") as started:
        yield started
