"""What an interruption keeps."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader import journal, store
from grader.errors import GraderError
from grader.journal import Header
from grader.results import SubmissionResult
from tests.report import samples

HEADER: Final = Header(
    kit="sha256:ab", devices=("cpu",), limits={"case_cpu_seconds": 2.0}, settings={"grader": "0.1.0"}
)


def write(path: Path, *results: SubmissionResult, header: Header = HEADER, resume: bool = False) -> None:
    with journal.keep(path, header, resume=resume) as kept:
        for result in results:
            kept.append(result)


def test_what_was_appended_is_read_by_student(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    write(path, samples.RIGHT, samples.WRONG)

    assert journal.read(path, HEADER) == {"s01": samples.RIGHT, "s02": samples.WRONG}


def test_no_journal_holds_nothing(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "journal.jsonl", HEADER) == {}


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(HEADER, kit="sha256:cd"),
        msgspec.structs.replace(HEADER, devices=("cpu", "cuda")),
        msgspec.structs.replace(HEADER, limits={"case_cpu_seconds": 3.0}),
        msgspec.structs.replace(HEADER, settings={"grader": "0.2.0"}),
        msgspec.structs.replace(HEADER, schema="grader/journal/v2"),
    ],
)
def test_results_under_another_header_do_not_count(tmp_path: Path, other: Header) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, samples.RIGHT)

    assert journal.read(path, other) == {}
    write(path, samples.WRONG, header=other, resume=True)
    assert journal.read(path, HEADER) == {}
    assert journal.read(path, other) == {"s02": samples.WRONG}


def test_torn_at_any_byte_it_holds_the_lines_that_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = msgspec.structs.replace(
        samples.HARNESS, student="s01", exercises=()
    )  # short: every byte is tried
    write(path, first, samples.HARNESS)
    data = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")]

    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        whole = [{}, {}, {"s01": first}, {"s01": first, "s05": samples.HARNESS}]
        assert journal.read(path, HEADER) == whole[sum(end <= cut for end in ends)]


@pytest.mark.parametrize("torn", [b"", b'{"student": "s0', b"\x00" * 40, b'{"student": "s01"}'])
def test_a_resumed_run_goes_on_behind_the_last_line_that_ends(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, samples.RIGHT)
    path.write_bytes(path.read_bytes() + torn)

    write(path, samples.WRONG, resume=True)

    assert journal.read(path, HEADER) == {"s01": samples.RIGHT, "s02": samples.WRONG}
    assert path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("bad", [b"\x00\xff\n", b"\n", b"{}\n", b"[" * 100_000 + b"\n"])
def test_a_damaged_line_costs_only_itself(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, samples.RIGHT)
    path.write_bytes(path.read_bytes() + bad + store.encode(samples.WRONG) + b"\n")

    assert journal.read(path, HEADER) == {"s01": samples.RIGHT, "s02": samples.WRONG}


def test_the_last_line_of_a_student_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    later = msgspec.structs.replace(samples.RIGHT, sha256="1" * 64)
    write(path, samples.RIGHT, later)

    assert journal.read(path, HEADER) == {"s01": later}


def test_without_resume_a_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, samples.RIGHT)
    write(path, samples.WRONG)

    assert journal.read(path, HEADER) == {"s02": samples.WRONG}


def test_a_line_is_on_the_disk_before_the_next_submission_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with journal.keep(path, HEADER, resume=False) as kept:
        assert journal.read(path, HEADER) == {}
        kept.append(samples.RIGHT)
        assert journal.read(path, HEADER) == {"s01": samples.RIGHT}


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    results = [msgspec.structs.replace(samples.WRONG, student=f"s{index}") for index in range(100)]
    with journal.keep(path, HEADER, resume=False) as kept, ThreadPoolExecutor(8) as threads:
        list(threads.map(kept.append, results))

    assert sorted(journal.read(path, HEADER)) == sorted(one.student for one in results)


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(GraderError) as caught:
        write(tmp_path / "file" / "journal.jsonl")

    assert str(caught.value) == (
        f"{tmp_path}/file/journal.jsonl: cannot be written: File exists.\n"
        "  Name a place that you may write to and that has room: -o."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full: a disk that has no room")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(GraderError, match=r"/dev/full: cannot be written: No space left on device"):
        write(Path("/dev/full"))


def test_an_error_of_whoever_writes_is_not_blamed_on_the_journal(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"), journal.keep(tmp_path / "j", HEADER, resume=False):
        raise OSError("mine")


def test_a_long_journal_is_resumed_without_being_whole_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, samples.RIGHT)
    head, line = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(head + 5_000 * line + b"torn")

    tracemalloc.start()
    write(path, samples.WRONG, resume=True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert path.read_bytes().count(b"\n") == 5_002
    assert journal.read(path, HEADER) == {"s01": samples.RIGHT, "s02": samples.WRONG}
    assert most < path.stat().st_size / 10
