"""What is shipped: the engine and its default templates, and nothing of an assignment."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from grader import wheels

ROOT = Path(__file__).parent.parent
CODE = {".py", ".typed"}
TEMPLATES = {".j2", ".css", ".js"}


def test_the_wheel_holds_the_package_and_its_templates_only(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    for folder in ("grader", "templates"):
        shutil.copytree(ROOT / folder, sources / folder)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, sources)

    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(sources),
    ]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert shipped == _files("grader", CODE, "grader") | _files(
        "templates", CODE | TEMPLATES, "grader/templates"
    )
    assert any(name.endswith("student.html.j2") for name in shipped)
    _, ours = wheels.built()
    with zipfile.ZipFile(io.BytesIO(ours)) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == shipped


def _files(folder: str, kinds: set[str], shipped_as: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.suffix in kinds)
    return {f"{shipped_as}/{path.relative_to(ROOT / folder).as_posix()}" for path in found}
