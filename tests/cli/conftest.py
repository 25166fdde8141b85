"""The frozen assignment as a file, as students and CI get it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.clusters import grade
from tests.cli.running import ROOT

SAMPLE: Final = ROOT / "submissions"
READS: Final = "import helper\nassert open('data/numbers.txt').read() == helper.NUMBERS\n"


@pytest.fixture(scope="session")
def kit_file(kit: LoadedKit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kit") / "homework.kit"
    path.write_bytes(kits.encode(kit.kit))
    assert kits.load(path).digest == kit.digest
    return path


@pytest.fixture(scope="session")
def small_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file, a notebook, a mistake, a folder that needs its other files, a link, and what is no Python."""
    folder = tmp_path_factory.mktemp("class")
    for name in ("s01.py", "s08.py", "s09.ipynb"):
        shutil.copy(SAMPLE / name, folder)
    own = folder / "s30"
    (own / "data").mkdir(parents=True)
    (own / "helper.py").write_text("NUMBERS = '1 2 3'\n")
    (own / "data" / "numbers.txt").write_text("1 2 3")
    (own / "main.py").write_text(READS + (SAMPLE / "s01.py").read_text())
    (folder / "s31.py").symlink_to(SAMPLE / "s01.py")
    (folder / "s00.py").write_text("def broken(:\n")
    return folder


@pytest.fixture(scope="session")
def alone(small_class: Path, kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes out without a cluster."""
    output = tmp_path_factory.mktemp("alone")
    assert grade(small_class, kit_file, output, "--jobs", "1").code == 0
    return output
