"""The frozen assignment as a file, as students and CI get it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import kit as kits
from grader.kit import LoadedKit


@pytest.fixture(scope="session")
def kit_file(kit: LoadedKit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kit") / "homework.kit"
    path.write_bytes(kits.encode(kit.kit))
    assert kits.load(path).digest == kit.digest
    return path
