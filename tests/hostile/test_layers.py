"""Each layer alone, as `grader doctor` tries it: both halves of each experiment. About 5 seconds."""

from __future__ import annotations

import os

import pytest

from grader.sandbox import experiments
from tests.hostile import attacking

ROOTS_OWN = {"another user", "no capabilities", "no new privileges"}  # an ordinary user cannot try them

pytestmark = pytest.mark.skipif(
    bool(attacking.problem("strict")), reason="this machine has not all the layers"
)


def test_each_layer_alone_stops_what_it_forbids() -> None:
    expected = ROOTS_OWN if os.geteuid() else set()

    failed = {one.layer: one for one in experiments.findings() if one.verdict != "works"}

    assert failed.keys() == expected, failed
