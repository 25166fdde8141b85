"""The zip for Gradescope, unpacked, set up and run as its harness does. About 25 s."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from grader.kit import LoadedKit
from tests.cli.container import Limited, entered, limited
from tests.cli.running import LIMIT, ROOT, Run, clean_environment, grader, inside

MEMORY: Final = 768_000_000  # what a container of Gradescope has by default, and half a CPU
METADATA: Final = '{"id": 1, "users": [{"id": 2, "name": "s07", "email": "s07@example.org"}]}'
LEAK: Final = """
import torch

kept = []


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    while True:
        kept.append(torch.ones(1 << 20))
"""
ENDLESS: Final = """
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    while True:
        pass


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    while True:
        pass
"""


class Box:
    """An autograder whose image is built."""

    def __init__(self, folder: Path, packed: bytes, other: Mapping[str, bytes] | None = None) -> None:
        """`other`: files in the place of those in the zip."""
        self.folder = folder
        self.root = folder / "autograder"
        self.start = entered(folder)
        for name in ("source", "submission", "results"):
            (self.root / name).mkdir(parents=True)
        subprocess.run(  # keeps the executable bits, as they do
            [sys.executable, "-c", UNPACK, self.root / "source"], input=packed, check=True
        )
        for name, data in (other or {}).items():
            (self.root / "source" / name).write_bytes(data)
        (self.root / "submission_metadata.json").write_text(METADATA, encoding="utf-8")
        shutil.copy(self.root / "source" / "run_autograder", self.root)
        self._have_packages()
        self.built = self._run("bash", "source/setup.sh")

    def _have_packages(self) -> None:
        """What setup.sh would fetch is there already: the packages of this environment, not the grader."""
        venv = [sys.executable, "-m", "venv", "--without-pip", str(self.root / "venv")]
        subprocess.run(venv, check=True)
        (packages,) = (self.root / "venv" / "lib").glob("python*/site-packages")
        (packages / "fetched.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

    def _run(self, *command: str, within: Limited | None = None) -> Run:
        done = subprocess.run(
            [*(within.start if within else []), *self.start, *command],
            cwd=self.root,
            env=clean_environment() | ({} if self.start else {"AUTOGRADER_ROOT": str(self.root)}),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def graded(self, name: str, content: str | bytes, within: Limited | None = None) -> tuple[Run, Any]:
        """Of one submission: how the run ended, and its results, if there are any."""
        for folder in ("submission", "results"):
            shutil.rmtree(self.root / folder)
            (self.root / folder).mkdir()
        data = content if isinstance(content, bytes) else content.encode()
        (self.root / "submission" / name).write_bytes(data)
        results = self.root / "results" / "results.json"
        results.write_text('{"score": 20}', encoding="utf-8")  # of another run
        run = self._run("./run_autograder", within=within)
        return run, json.loads(results.read_bytes()) if results.exists() else None


UNPACK: Final = """
import io, os, sys, zipfile
with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as archive:
    for entry in archive.infolist():
        os.chmod(archive.extract(entry, sys.argv[1]), entry.external_attr >> 16)
"""


@pytest.fixture(scope="module")
def packed(kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    output = tmp_path_factory.mktemp("packed") / "autograder.zip"
    run = grader("gradescope", "build", "--kit", kit_file, "-o", output)
    assert (run.code, run.err) == (0, "")
    return output.read_bytes()


@pytest.fixture(scope="module")
def box(packed: bytes, tmp_path_factory: pytest.TempPathFactory) -> Box:
    return Box(tmp_path_factory.mktemp("box"), packed)


def test_the_zip_has_everything_at_its_root_and_both_scripts_can_be_run(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
        scripts = [archive.read(name) for name in ("run_autograder", "setup.sh")]

    (wheel,) = (name for name in modes if name.endswith(".whl"))
    assert modes == {
        "constraints.txt": "0o100644",
        "homework.kit": "0o100644",
        "run_autograder": "0o100755",
        "setup.sh": "0o100755",
        wheel: "0o100644",
    }
    assert all(script.startswith(b"#!/usr/bin/env bash\n") and b"\r" not in script for script in scripts)


def test_the_same_kit_gives_the_same_bytes(
    packed: bytes, kit: LoadedKit, kit_file: Path, tmp_path: Path
) -> None:
    run = grader("gradescope", "build", "--kit", kit_file, "-o", "new/again.zip", cwd=tmp_path)

    assert (tmp_path / "new" / "again.zip").read_bytes() == packed
    assert run.out == (
        f"Autograder: new/again.zip ({len(packed) / 1024:.0f} KiB), for 20 points\n"
        f"Digest: {kit.digest}\n"
        "Time: 1 min of half a CPU where every function loops for ever;"
        " no submission takes more than 10 min.\n"
    )


def test_its_image_is_built_from_the_zip_and_what_is_fetched(box: Box) -> None:
    assert box.built.code == 0, box.built.err
    assert "Successfully installed torch-grader-" in box.built.out
    assert "ok    running a submission\n" in box.built.out


@pytest.mark.exhaustive
def test_versions_that_its_python_cannot_have_do_not_stop_the_build(
    packed: bytes, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    numbers = {"constraints.txt": b"numpy==0.0.1\n"}

    built = Box(tmp_path_factory.mktemp("older"), packed, numbers).built

    assert built.code == 0, built.err
    assert (
        "note: the versions in constraints.txt cannot be had for this Python; the newest are taken."
        in built.out
    )
    assert "ok    running a submission\n" in built.out


def test_its_results_are_those_of_a_check(box: Box, kit_file: Path, tmp_path: Path) -> None:
    name = "s07.ipynb"
    content = (ROOT / "submissions" / name).read_bytes()
    (tmp_path / name).write_bytes(content)
    checked = grader("check", tmp_path, "--kit", kit_file, "--format", "gradescope")

    run, results = box.graded(name, content)

    assert run.code == 0, run.out + run.err
    expected = json.loads(checked.out)
    assert results | {"execution_time": 0} == expected | {"execution_time": 0}
    assert results["score"] == 12


def test_what_is_no_submission_gets_no_mark(box: Box) -> None:
    run, results = box.graded("timetable.pdf", b"%PDF")

    assert (run.code, results) == (5, None)
    assert "no submission found" in run.err


def test_a_fault_of_the_grader_gets_no_mark(box: Box) -> None:
    kit = box.root / "source" / "homework.kit"
    kept = kit.read_bytes()
    kit.write_bytes(kept[:-100])
    try:
        run, results = box.graded("s01.py", (ROOT / "submissions" / "s01.py").read_bytes())
    finally:
        kit.write_bytes(kept)

    assert (run.code, results) == (2, None)
    assert run.err.startswith("error: source/homework.kit: ")


def test_a_run_that_takes_too_long_gets_no_mark(box: Box) -> None:
    script = box.root / "run_autograder"
    kept = script.read_text(encoding="utf-8")
    script.write_text(kept.replace("570", "0.1"), encoding="utf-8")
    try:
        run, results = box.graded("s01.py", (ROOT / "submissions" / "s01.py").read_bytes())
    finally:
        script.write_text(kept, encoding="utf-8")

    assert (run.code, results) == (124, None)
    assert run.out.endswith("error: not done after 0.1 s. Give the autograder more time or a whole CPU.\n")


EXISTS: Final = """\
error: a.zip: there is a file of this name already.
  help: To replace it: --force.
"""
NO_ROOM: Final = """\
error: b.zip: cannot be written: File too large.
  help: Name a place that you may write to and that has room: -o.
"""
NO_FOLDER: Final = """\
error: a.zip/b.zip: cannot be written: File exists.
  help: Name a place that you may write to and that has room: -o.
"""
NO_KIT: Final = """\
error: There is no kit and no reference/ to grade with. Looked in {here}, the working folder, and in the \
folders above it.
  help: Name one with --kit FILE or --assignment DIR (its reference/ is run), or work in the assignment's \
folder. With the grader comes --kit builtin:gradient-descent.
"""
OTHER: Final = """\
error: old: this is not a kit.
  help: Freeze the assignment again with this version: grader freeze -o FILE.
"""


@pytest.mark.parametrize(
    ("arguments", "before", "text"),
    [
        ("--kit {kit} -o a.zip", (), EXISTS),
        ("--kit {kit} -o b.zip", ("prlimit", "--fsize=1000"), NO_ROOM),
        ("--kit {kit} -o a.zip/b.zip", (), NO_FOLDER),
        ("-o b.zip", (), NO_KIT),
        ("--kit old -o b.zip", (), OTHER),
    ],
)
def test_what_cannot_be_built_is_told_and_nothing_is_left(
    arguments: str, before: tuple[str, ...], text: str, kit_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")
    (tmp_path / "old").write_bytes(b"hello")

    given = arguments.format(kit=kit_file).split()
    if before and shutil.which(before[0]) is None:
        pytest.skip(f"there is no {before[0]} here")
    run = grader("gradescope", "build", *given, cwd=tmp_path, before=before)

    assert (run.code, run.out, run.err) == (2, "", text.format(here=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "old"]
    assert (tmp_path / "a.zip").read_bytes() == b"mine"


def test_an_interrupted_build_leaves_nothing(
    kit_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, beside = zipfile.ZipFile.writestr, set[str]()

    def interrupted(archive: zipfile.ZipFile, member: Any, data: bytes) -> None:
        write(archive, member, data)
        beside.update(path.name for path in tmp_path.iterdir())
        if getattr(member, "filename", "") == "run_autograder":
            raise KeyboardInterrupt

    monkeypatch.setattr(zipfile.ZipFile, "writestr", interrupted)

    run = inside("gradescope", "build", "--kit", kit_file, "-o", "a.zip", cwd=tmp_path)

    assert (run.code, run.out) == (130, "")
    assert len(beside) == 1, "it is written as it is made"
    assert list(tmp_path.iterdir()) == []


def test_limits_and_level_stand_in_the_script_and_a_file_is_replaced_when_asked(
    kit_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")

    options = ("--memory", "256", "--isolation", "none", "--minutes", "5", "--force")
    run = grader("gradescope", "build", "--kit", kit_file, "-o", "a.zip", *options, cwd=tmp_path)

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        script = archive.read("run_autograder").decode()
    assert run.code == 0, run.err
    assert (
        "timeout --signal=INT --kill-after=10 270 venv/bin/grader check submission "
        "--kit source/homework.kit --memory 256 --isolation none \\\n"
    ) in script
    assert run.err == (
        "note: after 5 min a run is given up without a mark.\n"
        "  help: Where that happens set a longer timeout in Gradescope, and here: --minutes N.\n"
    )


# --- in a container of their size ------------------------------------------------------------


@pytest.fixture
def within() -> Iterator[Limited]:
    try:
        with limited(MEMORY, 0.5) as found:
            yield found
    except OSError as error:
        pytest.skip(f"control groups may not be made here: {error}")


@pytest.mark.exhaustive
@pytest.mark.parametrize(("content", "score"), [(None, 12), (ENDLESS, 0)], ids=["s07.ipynb", "endless"])
def test_it_grades_in_768_mb_and_half_a_cpu(
    content: str | None, score: int, box: Box, within: Limited
) -> None:
    name = "mine.py" if content else "s07.ipynb"

    run, results = box.graded(name, content or (ROOT / "submissions" / name).read_bytes(), within)

    assert run.code == 0, run.out + run.err
    assert results["score"] == score
    assert within.peak() < MEMORY / 2


@pytest.mark.exhaustive
def test_who_needs_more_than_the_container_has_gets_no_mark(box: Box, within: Limited) -> None:
    """The kit allows more than that, so it is no mistake of the submission."""
    run, results = box.graded("mine.py", LEAK, within)

    assert (run.code, results) == (3, None)
    assert "memory ran out on this machine or in its container" in run.out
