"""What several tests share: the repository's own assignment, frozen once for all workers of a session."""

from __future__ import annotations

import fcntl
import getpass
import os
import signal
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from grader import kits
from grader.kit import LoadedKit

ROOT = Path(__file__).parent.parent

# A slow machine makes no example wrong; where CI is set the same examples are drawn each time.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def kit() -> LoadedKit:
    """The kit of `reference/`."""
    return frozen()


def frozen(seed: int | None = None, assignment: Path = ROOT) -> LoadedKit:
    """The kit of `reference/`, through the cache that the command line uses, kept between sessions."""
    cache = cache_home()
    with pytest.MonkeyPatch.context() as patch, (cache / "lock").open("w") as lock:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker freezes, the others find it done
        return kits.cached(assignment, seed)


def cache_home() -> Path:
    """Where kits are kept between sessions."""
    cache = Path(tempfile.gettempdir()) / f"torch-grader-tests-{getpass.getuser()}"
    cache.mkdir(exist_ok=True)
    return cache


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """What a shell starts in the background ignores SIGINT, and so would all that a test starts.

    And dask_jobqueue has a handler of its own from the moment that a test imports it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests for a CUDA device say aloud that there is none."""
    needing = [item for item in items if item.get_closest_marker("cuda")]
    if needing and not torch.cuda.is_available():
        for item in needing:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device here"))
