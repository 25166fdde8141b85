"""What is shipped: the engine, its templates and the first assignment's kit, which holds no solution."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from grader import wheels
from tests.cli.running import clean_environment

ROOT = Path(__file__).parent.parent
CODE = {".py", ".typed", ".kit"}
TEMPLATES = {".j2", ".css", ".js"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources alone."""
    room = tmp_path_factory.mktemp("wheel")
    sources = room / "sources"
    for folder in ("grader", "templates"):
        shutil.copytree(ROOT / folder, sources / folder)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, sources)
    _succeeds("-m", "build", "--wheel", "--no-isolation", "--outdir", room, sources)
    (wheel,) = room.glob("*.whl")
    return wheel


def _succeeds(*arguments: str | Path) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_holds_the_package_its_templates_and_a_kit_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert shipped == _files("grader", CODE, "grader") | _files(
        "templates", CODE | TEMPLATES, "grader/templates"
    )
    assert any(name.endswith("student.html.j2") for name in shipped)
    _, ours = wheels.built()
    with zipfile.ZipFile(io.BytesIO(ours)) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == shipped


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; what the wheel needs is found where the tests have it.

    A line in a `.pth` file adds that folder, whose own `.pth` files are not read: an editable grader is not.
    """
    room = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(room, symlinks=True)
    (packages,) = room.glob("lib/python*/site-packages")
    pip = ("-m", "pip", "--python", room, "--disable-pip-version-check", "install")
    _succeeds(*pip, "--no-index", "--no-deps", wheel)
    needed = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (packages / "needed.pth").write_text("\n".join(needed), encoding="utf-8")
    return room / "bin"


def test_whoever_installs_the_wheel_checks_a_file_without_anything_else(
    installed: Path, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "submissions" / "s01.py", tmp_path)
    shutil.copy(ROOT / "submissions" / "s07.ipynb", tmp_path)
    where = [str(installed / "python"), "-I", "-c", "import grader; print(grader.__file__)"]

    origin = subprocess.check_output(where, cwd=tmp_path, text=True)
    lines = [_checked(installed, name, tmp_path) for name in ("s01.py", "s07.ipynb")]

    assert Path(origin.strip()).is_relative_to(installed.parent)
    assert lines == [
        (0, "s01.py: 20 / 20 points. All 12 checks passed.\n", ""),
        (1, "s07.ipynb: 12 / 20 points. 8 of 12 checks passed.\n", ""),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s01.py", "s07.ipynb"]


def _checked(installed: Path, name: str, folder: Path) -> tuple[int, str, str]:
    """A student's own command, in a folder with nothing but what is checked."""
    command = [str(installed / "grader"), "check", name, "--kit", "builtin:gradient-descent", "-q"]
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def _files(folder: str, kinds: set[str], shipped_as: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.suffix in kinds)
    return {f"{shipped_as}/{path.relative_to(ROOT / folder).as_posix()}" for path in found}
