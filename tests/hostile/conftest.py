"""One pool for each level: the real zygote and walls, with little memory and short limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from grader.kit import Limits
from grader.sandbox.jobs import Level
from grader.sandbox.pool import Pool
from tests.cli.conftest import kit_file  # noqa: F401 -- a fixture
from tests.hostile import attacking


class Pools:
    """Started when first asked for; a level that this machine has not is skipped aloud."""

    def __init__(self, open_pools: ExitStack) -> None:
        self._open = open_pools
        self._pools: dict[Level, Pool] = {}

    def at(self, level: Level) -> Pool:
        if level not in self._pools:
            why = "" if level == "none" else attacking.problem(level)
            if why:
                pytest.skip(f"{level} cannot be had here: {why}")
            pool = Pool(attacking.KIT, attacking.LIMITS, level=level)
            self._pools[level] = self._open.enter_context(pool)
        return self._pools[level]

    @contextmanager
    def roomy(self, level: Level) -> Iterator[Pool]:
        """The same pool with the limits of a usual assignment, for honest code."""
        pool = self.at(level)
        usual, pool._limits = pool._limits, Limits()
        yield pool
        pool._limits = usual


@pytest.fixture(scope="session")
def pools() -> Iterator[Pools]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_TOKEN", "canary")
        yield Pools(stack)
