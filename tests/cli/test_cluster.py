"""`grader grade --scheduler` and `--workers`: the marks of one machine, whoever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pytest

from grader.commands import grade as command
from grader.errors import GraderError
from tests.cli.clusters import scheduler, workers
from tests.cli.running import ROOT, Run, grader, held, results, without_pace, without_times
from tests.hostile.test_lifetimes import descendants, wait_until_gone

pytest.importorskip("distributed")

from distributed import CancelledError
from distributed.comm.core import CommClosedError

from grader.cluster import session

SAMPLE: Final = ROOT / "submissions"
READS: Final = "import helper\nassert open('data/numbers.txt').read() == helper.NUMBERS\n"
AGAIN: Final = [pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(6)]  # with None: 21 kills


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
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


@pytest.fixture(scope="module")
def alone(classroom: Path, kit_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes out without a cluster."""
    output = tmp_path_factory.mktemp("alone")
    assert grade(classroom, kit_file, output, "--jobs", "1").code == 0
    return output


def grade(classroom: Path, kit: Path, output: Path, *more: str | Path) -> Run:
    return grader("grade", classroom, "--kit", kit, "-o", output, *more)


def everything(output: Path) -> tuple[Any, dict[str, bytes]]:
    evidence = {path.name: path.read_bytes() for path in (output / "evidence").iterdir()}
    return without_times(results(output)), evidence


@pytest.mark.parametrize(
    "count", [2, pytest.param(1, marks=pytest.mark.exhaustive), pytest.param(4, marks=pytest.mark.exhaustive)]
)
def test_workers_write_what_one_process_writes(
    count: int, classroom: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    run = grade(classroom, kit_file, tmp_path, "--workers", str(count))

    assert (run.code, run.err) == (0, "")
    assert everything(tmp_path) == everything(alone)


# --- who is killed -----------------------------------------------------------------------------


def stopped(
    after: int, classroom: Path, kit: Path, output: Path, *more: str | Path
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A run that has written so many results and waits for an x to go on."""
    return held(after, "grade", classroom, "--kit", kit, "-o", output, *more)


def dask_workers(pid: int) -> list[int]:
    """Of what a process has started the workers, not who watches them."""
    found = []
    for one in descendants(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # a child of a sandbox that has ended meanwhile
            found += [one] if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes() else []
    return sorted(found)


def journal_of(output: Path) -> list[bytes]:
    return (output / "journal.jsonl").read_bytes().split(b"\n")[1:-1]


def resumed_is_whole(classroom: Path, kit: Path, output: Path, alone: Path) -> None:
    """Nothing is lost, and what was done is not done again."""
    before = journal_of(output)
    run = grade(classroom, kit, output, "--resume", "--jobs", "1")

    assert run.code == 0
    assert f"{len(before)} graded before and unchanged, {6 - len(before)} to grade" in run.err
    assert everything(output) == everything(alone)
    assert journal_of(output)[: len(before)] == before
    assert len(journal_of(output)) == 6


@pytest.mark.parametrize("seed", [None, *AGAIN])
def test_a_worker_that_is_killed_costs_nobody_anything(
    seed: int | None, classroom: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    after = 1 if seed is None else 1 + seed % 5
    with stopped(after, classroom, kit_file, tmp_path, "--workers", "1") as process:
        (victim,) = dask_workers(process.pid)
        os.kill(victim, signal.SIGKILL)
        wait_until_gone({victim})
        _, said = process.communicate("x")

    assert (process.returncode, without_pace(said)) == (0, "")
    assert everything(tmp_path) == everything(alone)
    assert len(journal_of(tmp_path)) == 6


@pytest.mark.parametrize("seed", [None, *AGAIN])
def test_a_scheduler_that_is_killed_ends_the_run_and_resume_goes_on(
    seed: int | None, classroom: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    after = 1 if seed is None else 1 + seed % 5
    output = tmp_path / "report"
    with ExitStack() as stack:
        file, process = stack.enter_context(scheduler(tmp_path))
        stack.enter_context(workers(file))
        run = stack.enter_context(stopped(after, classroom, kit_file, output, "--scheduler", file))
        process.kill()
        process.wait()
        _, said = run.communicate("x")

    assert run.returncode == 2
    assert without_pace(said) == (
        "error: The scheduler is gone, and what it was to grade with it.\n"
        "  help: What is done is kept; go on with the same command and --resume.\n"
    )
    resumed_is_whole(classroom, kit_file, output, alone)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(7))
def test_a_parent_that_is_killed_leaves_no_process_and_resume_goes_on(
    seed: int, classroom: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    after = 1 + seed % 5
    with stopped(after, classroom, kit_file, tmp_path, "--workers", "2") as process:
        started = descendants(process.pid)
        assert len(dask_workers(process.pid)) == 2
        process.kill()
    wait_until_gone(started)

    resumed_is_whole(classroom, kit_file, tmp_path, alone)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("cancelled", CancelledError("a")),  # told by the scheduler, or by the client that lost it
        ("finished", CommClosedError("in <TLS>")),  # while it was fetched
        ("lost", OSError("Timed out")),
    ],
)
def test_what_no_answer_came_of_went_with_the_scheduler(status: str, why: Exception) -> None:
    cluster = session.Cluster(mock.Mock(), mock.Mock(), "name", "key", cuda=False)

    with pytest.raises(GraderError) as error:
        cluster._graded(mock.Mock(), mock.Mock(status=status), why)

    assert str(error.value) == (
        "The scheduler is gone, and what it was to grade with it.\n"
        "  What is done is kept; go on with the same command and --resume."
    )


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "asked", "named"),
    [
        ("distributed", ("tcp://127.0.0.1:9", None), "--scheduler"),
        ("distributed", (None, 2), "--workers"),
        ("cryptography", (None, 2), "--workers"),
    ],
)
def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    missing: str, asked: tuple[str | None, int | None], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [one for one in sys.modules if one.startswith("grader.cluster")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("grader.cluster.session", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(GraderError) as error:
        command._elsewhere(*asked, watch=False)

    assert str(error.value) == (
        f"{named}: {missing} is not installed.\n  Install it: pip install 'torch-grader[cluster]'"
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file of a scheduler."""
    with scheduler(tmp_path_factory.mktemp("dask")) as (file, _):
        yield file


def test_no_scheduler_is_a_sentence(classroom: Path, kit_file: Path, tmp_path: Path) -> None:
    where = "tcp://127.0.0.1:9"
    run = grader(
        "grade", classroom, "--kit", kit_file, "-o", tmp_path, "--scheduler", where,
        DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="100ms",
    )  # fmt: skip

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: --scheduler {where}: no scheduler answers there: "
        f"Timed out trying to connect to {where} after 0.1 s.\n"
        "  help: Start one with `dask scheduler`; for tls:// set dask's distributed.comm.tls.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--scheduler", "away.json"],
            (
                "error: --scheduler away.json: this is no address, and no file that can be read: "
                "No such file or directory.\n"
                "  help: Name what `dask scheduler` prints, tcp://HOST:8786, or the file of its "
                "--scheduler-file.\n"
            ),
        ),
        (
            ["--scheduler", "README.md"],
            (
                "error: --scheduler README.md: this is no scheduler file: "
                "JSON is malformed: invalid character (byte 0).\n"
                "  help: Name what `dask scheduler` prints, tcp://HOST:8786, or the file of its "
                "--scheduler-file.\n"
            ),
        ),
        (
            ["--scheduler", "tcp://127.0.0.1:9", "--workers", "2"],
            (
                "error: --scheduler and --workers: a scheduler has its own workers.\n"
                "  help: Leave one of the two out.\n"
            ),
        ),
        (
            ["--workers", "2", "--watch"],
            "error: --workers and --watch: a watch grades here.\n  help: Leave one of the two out.\n",
        ),
    ],
)
def test_what_names_no_cluster_is_a_sentence(
    arguments: list[str], said: str, classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grade(classroom, kit_file, tmp_path, *arguments)

    assert (run.code, run.out, run.err) == (2, "", said)


def test_a_scheduler_without_workers_is_a_sentence(
    file: Path, classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grader(
        "grade", classroom, "--kit", kit_file, "-o", tmp_path, "--scheduler", file,
        DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT="1s",
    )  # fmt: skip

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: --scheduler {file}: it has had no worker for 1 s.\n"
        "  help: Start some where torch-grader is installed: dask worker ADDRESS --nthreads 1\n"
    )


def other_packages(folder: Path, torch: str | None) -> str:
    """A folder of packages as they are here, but for torch: of another version, or none."""
    import msgspec

    folder.mkdir()
    for path in Path(msgspec.__file__).parents[1].iterdir():
        if not path.name.startswith(("torch-", "torch_grader-", "__editable__")) and path.name != "torch":
            (folder / path.name).symlink_to(path)
    for package, number in (("torch", torch), ("torch-grader", "0.1.0")):
        if number is not None:
            info = folder / f"{package.replace('-', '_')}-{number}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n")
    return f"{folder}:{ROOT}"


@pytest.mark.parametrize("torch", ["2.5.0", None])
def test_a_worker_with_another_torch_or_none_is_told_by_name(
    torch: str | None, file: Path, classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    from importlib.metadata import version

    packages = other_packages(tmp_path / "packages", torch)
    with workers(file, before=["-S"], PYTHONPATH=packages):
        run = grade(classroom, kit_file, tmp_path / "report", "--scheduler", file)

    said, _, hint = run.err.partition("\n")
    assert (run.code, run.out) == (2, "")
    assert said.startswith("error: Worker tcp://127.0.0.1:")
    assert said.endswith(f" has {f'torch {torch}' if torch else 'no torch'}, and {version('torch')} is here.")
    assert hint == (
        "  help: Grade with the same versions everywhere: one environment, or one container image.\n"
        if torch
        else f"  help: Install it there: pip install 'torch-grader[cluster]=={version('torch-grader')}'.\n"
    )


def test_a_full_disk_ends_the_run_and_what_is_done_is_kept(
    file: Path, classroom: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    with workers(file):
        run = grader(
            "grade", classroom, "--kit", kit_file, "-o", output, "--scheduler", file,
            before=["prlimit", "--fsize=60000"],
        )  # fmt: skip
    assert run.code == 2
    assert "cannot be written: File too large.\n" in run.err
    assert "help: Name a folder that you may write to and that has room: -o DIR." in run.err
    resumed_is_whole(classroom, kit_file, output, alone)
