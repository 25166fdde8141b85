"""`grader grade --scheduler` and `--workers`: what cannot be is a sentence."""

from __future__ import annotations

import re
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import pytest

from grader.commands import grade as command
from grader.errors import GraderError
from grader.run import Options
from tests.cli.clusters import grade, other_packages, resumed_is_whole, scheduler, workers
from tests.cli.running import grader

pytest.importorskip("distributed")

from distributed import CancelledError
from distributed.comm.core import CommClosedError

from grader.cluster import agreement, connecting, session, worker
from grader.cluster.connecting import Where


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("cancelled", CancelledError("a")),  # told by the scheduler, or by the client that lost it
        ("finished", CommClosedError("in <TLS>")),  # while it was fetched
        ("lost", OSError("Timed out")),
    ],
)
def test_what_no_answer_came_of_went_with_the_scheduler(status: str, why: Exception) -> None:
    cluster = session.Cluster(mock.Mock(), mock.Mock(), "name", mock.Mock(key="key"), cuda=False)

    with pytest.raises(GraderError) as error:
        cluster._graded(mock.Mock(), mock.Mock(status=status), why)

    assert str(error.value) == (
        "The scheduler is gone, and what it was to grade with it.\n"
        "  What is done is kept; go on with the same command and --resume."
    )


def test_a_late_worker_that_has_left_since_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_compare_versions", mock.Mock(side_effect=OSError("lost")))
    cluster = session.Cluster(mock.Mock(), mock.Mock(), "name", mock.Mock(), cuda=False)

    with pytest.raises(GraderError) as error:
        cluster._graded(mock.Mock(), mock.Mock(status="error"), worker.Unlike("Worker tcp://a came late"))

    assert str(error.value) == (
        "Worker tcp://a came late.\n"
        "  Stop it, or make it like the others. "
        "What is done is kept; go on with the same command and --resume."
    )


def test_whether_anybody_works_cannot_be_asked_of_a_scheduler_that_is_gone() -> None:
    client = mock.Mock(**{"scheduler_info.side_effect": OSError("Timed out")})

    with pytest.raises(GraderError) as error:
        _ = session.Cluster(client, mock.Mock(), "name", mock.Mock(key="key"), cuda=False).jobs

    assert str(error.value).startswith("The scheduler is gone, and what it was to grade with it.")


def test_whatever_dask_makes_of_a_scheduler_that_has_gone_is_told_as_that() -> None:
    with pytest.raises(GraderError) as error, session._while_there(mock.Mock(status="closed")):
        raise RuntimeError("Client is closed")

    assert str(error.value) == (
        "The scheduler is gone, and what it was to grade with it.\n"
        "  What is done is kept; go on with the same command and --resume."
    )
    with pytest.raises(RuntimeError), session._while_there(mock.Mock(status="running")):
        raise RuntimeError("ours")


def test_what_was_found_is_told_also_where_taking_leave_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = mock.Mock(**{"close.side_effect": TimeoutError("timed out after 2 s.")})
    monkeypatch.setattr(connecting, "_client", lambda _: gone)

    with pytest.raises(GraderError, match="as it was found"), connecting.connected(Where("tcp://a:1")):
        raise GraderError("as it was found")


def test_workers_are_asked_anew_where_one_is_lost_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    told = mock.Mock()
    lost, begun, there = OSError("lost"), dict[str, object](), {"tcp://127.0.0.1:1": told}
    monkeypatch.setattr(session, "wait_for_a_worker", mock.Mock())
    monkeypatch.setattr(session, "_compare_versions", mock.Mock())
    monkeypatch.setattr(session, "_answers", mock.Mock(side_effect=[lost, begun, there]))
    monkeypatch.setattr(agreement, "agreed", lambda answers: answers["tcp://127.0.0.1:1"])

    assert session._agreed(mock.Mock(status="running"), Where(), mock.Mock(), mock.Mock()) is told


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            "connecting",
            (
                "The scheduler is gone, and what it was to grade with it.\n"
                "  What is done is kept; go on with the same command and --resume."
            ),
        ),
        ("running", "No worker was there for long enough, in 0 s.\n  See what they print."),
    ],
)
def test_workers_that_never_stay_are_a_sentence(
    status: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "patience", lambda: 0.0)

    with pytest.raises(GraderError) as error:
        session._agreed(mock.Mock(status=status), Where(), mock.Mock(), mock.Mock())

    assert str(error.value) == said


def test_a_worker_that_is_lost_while_it_is_asked_is_no_other_version() -> None:
    client = mock.Mock(**{"run.return_value": {"tcp://127.0.0.1:1": OSError("lost")}})

    with pytest.raises(OSError, match="lost"):
        session._compare_versions(client)


def test_a_process_that_does_not_start_is_a_sentence(
    small_class: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "LocalCluster", mock.Mock(side_effect=RuntimeError("Nanny failed.")))

    with pytest.raises(GraderError) as error:
        connecting._started(2, small_class)

    assert str(error.value) == (
        "--workers 2: a process ended while it was started: Nanny failed.\n"
        "  Start the command again; where it ends so each time, grade without --workers."
    )


def test_a_worker_without_room_for_a_sandbox_says_so() -> None:
    grading = worker.Grading("name", b"", Options())
    grading._sandbox = mock.Mock(**{"head.side_effect": OSError("No space left on device")})

    assert grading._asked() == agreement.Refused(
        "its sandbox cannot be opened: No space left on device",
        "See that it has room, and may start processes.",
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


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_listens_and_is_no_scheduler_is_a_sentence_and_not_waited_for_forever(
    answer: bytes, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    with _listening(answer) as port:
        address = f"tcp://127.0.0.1:{port}"
        run = grader(
            "grade", small_class, "--kit", kit_file, "-o", tmp_path / "there", "--scheduler", address,
            DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="500ms",
        )  # fmt: skip

    assert run.code == 2
    assert run.err.endswith(
        f"error: --scheduler {address}: no scheduler answers there: what listens there does not answer as "
        "one, as a dashboard does not.\n"
        "  help: Start one with `dask scheduler`; for tls:// set dask's distributed.comm.tls.\n"
    )


@contextmanager
def _listening(answer: bytes) -> Iterator[int]:
    """A port where whoever connects gets this answer."""

    class Answering(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(answer)
            while self.request.recv(1 << 16):  # until the other side leaves
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_no_scheduler_is_a_sentence(small_class: Path, kit_file: Path, tmp_path: Path) -> None:
    where = "tcp://127.0.0.1:9"
    run = grader(
        "grade", small_class, "--kit", kit_file, "-o", tmp_path, "--scheduler", where,
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
    arguments: list[str], said: str, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grade(small_class, kit_file, tmp_path, *arguments)

    assert (run.code, run.out, run.err) == (2, "", said)


def test_a_scheduler_without_workers_is_a_sentence(
    file: Path, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grader(
        "grade", small_class, "--kit", kit_file, "-o", tmp_path, "--scheduler", file,
        DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT="1s",
    )  # fmt: skip

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"{file} has no worker yet: waiting for one, 1 s at most.\n"
        f"error: --scheduler {file}: it has had no worker for 1 s.\n"
        "  help: Start some where torch-grader is installed: dask worker ADDRESS --nthreads 1\n"
    )


def test_a_worker_with_another_distributed_is_told_in_one_sentence(
    file: Path, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    packages = other_packages(tmp_path / "packages", **{"distributed": "0.0.9", "torch-grader": "0.1.0"})
    with workers(file, start=[sys.executable, "-S"], PYTHONPATH=packages):
        run = grade(small_class, kit_file, tmp_path / "report", "--scheduler", file)

    assert (run.code, run.out) == (2, "")
    assert re.sub(r"tcp://[\d.:]+", "tcp://1", run.err) == (
        f"error: Worker tcp://1 has distributed 0.0.9, and {version('distributed')} is here.\n"
        "  help: Grade with the same versions everywhere: one environment, or one container image.\n"
    )


@pytest.mark.parametrize("torch", ["2.5.0", None])
def test_a_worker_with_another_torch_or_none_is_told_by_name(
    torch: str | None, file: Path, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    packages = other_packages(tmp_path / "packages", **{"torch": torch, "torch-grader": "0.1.0"})
    with workers(file, start=[sys.executable, "-S"], PYTHONPATH=packages):
        run = grade(small_class, kit_file, tmp_path / "report", "--scheduler", file)

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
    file: Path, small_class: Path, kit_file: Path, alone: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    with workers(file):
        run = grader(
            "grade", small_class, "--kit", kit_file, "-o", output, "--scheduler", file,
            before=["prlimit", "--fsize=60000"],
        )  # fmt: skip
    assert run.code == 2
    assert "cannot be written: File too large.\n" in run.err
    assert "help: Name a place that you may write to and that has room: -o." in run.err
    resumed_is_whole(small_class, kit_file, output, alone)
