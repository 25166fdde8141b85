"""The exercises themselves, for the tests that run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.freezing import assignment
from grader.freezing.assignment import Assignment

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def loaded() -> Assignment:
    return assignment.load(ROOT)
