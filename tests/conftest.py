"""What several tests share: the repository's own assignment, frozen once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import kits
from grader.kit import LoadedKit

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def kit() -> LoadedKit:
    """The kit of `reference/`, through the cache that the command line uses."""
    return kits.find(ROOT, kit=None, assignment=ROOT)
