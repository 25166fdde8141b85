"""The frozen assignment beside a notebook, with limits that no test has to wait for."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit


@pytest.fixture(scope="session")
def week(kit: LoadedKit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `homework.kit`."""
    folder = tmp_path_factory.mktemp("week")
    limits = msgspec.structs.replace(kit.kit.limits, case_cpu_seconds=0.1)
    quick = msgspec.structs.replace(kit.kit, limits=limits)
    (folder / "homework.kit").write_bytes(kits.encode(quick))
    return folder
