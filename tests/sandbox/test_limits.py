"""What results.json tells of limits and isolation. At once."""

from __future__ import annotations

import sys

import pytest

from grader.kit import Limits
from grader.sandbox import seccomp
from grader.sandbox.limits import as_numbers, isolation_report


def test_the_limits_are_told_as_numbers() -> None:
    assert as_numbers(Limits()) == {
        "case_cpu_seconds": 2.0,
        "case_again_cpu_seconds": 10.0,
        "exercise_cpu_seconds": 20.0,
        "statement_cpu_seconds": 5.0,
        "loading_cpu_seconds": 10.0,
        "import_cpu_seconds": 15.0,
        "wall_factor": 3.0,
        "memory_bytes": 1 << 30,
    }


@pytest.mark.skipif(not seccomp.SUPPORTED, reason="elsewhere nothing filters system calls")
def test_each_level_has_the_layers_of_the_one_below() -> None:
    none, standard, strict = (isolation_report(level) for level in ("none", "standard", "strict"))

    assert set(none.layers) < set(standard.layers) < set(strict.layers)
    assert set(none.missing) > set(standard.missing) > set(strict.missing) == set()
    assert "user, process, mount" in str(isolation_report("strict").layers)
    assert "an unused user for each submission" in isolation_report("strict", privileged=True).layers
    assert "(no luck)" in isolation_report("standard", weaker="no luck").missing[0]


@pytest.mark.skipif(sys.platform != "linux", reason="the layers of other systems are fewer")
def test_the_isolation_says_what_is_applied_and_what_is_missing() -> None:
    report = isolation_report("none")

    assert report.level == "none"
    assert "a limit of memory" in report.layers
    assert "limits of threads, and of files and bytes in its own folder" in report.layers
    assert report.missing == (
        "no capabilities",
        "no files but Python's and its own (Landlock)",
        "no new processes",
        "a filter of system calls (seccomp)",
        "user, process, mount, network, IPC, host name and control group namespaces",
        "a root of its own, read-only, with Python and its packages alone",
    )
