"""`--progress json` and `grader status DIR`: how far a run is, for programs and from another terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader import journal
from grader import progress as far
from grader.commands import common
from grader.commands import progress as telling
from grader.commands.progress import fitted, lasting, pace
from grader.commands.status import told
from grader.progress import EVERY, Progress, Tracker
from tests.cli.running import ROOT, grader, held
from tests.report import samples

DOC = (ROOT / "docs" / "progress.md").read_text(encoding="utf-8")
MEASURED = re.compile(r'("(?:seconds|rate|seconds_left|memory|workers_memory)":)[\d.]+|("updated":)"[^"]+"')


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for name in ("s08.py", "s17.py", "s01.py"):
        (folder / name).write_bytes((ROOT / "submissions" / name).read_bytes())
    return folder


def events(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines() if line.startswith("{")]


def at_work(classroom: Path, kit: Path, folder: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """A run whose second submission is in the journal, and that waits."""
    return held(2, "grade", classroom, "--kit", kit, "-o", folder, "--jobs", "1", "--progress", "json")


def test_programs_hear_of_the_beginning_of_each_that_is_done_and_of_the_end(
    classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    run = grader("grade", classroom, "--kit", kit_file, "-o", tmp_path, "--jobs", "1", "--progress", "json")

    found = events(run.err)
    assert run.code == 0
    assert run.err.count("\n") == len(found) == 5
    assert [(one["state"], one["done"], one["left"], one["load_failed"], one["mean"]) for one in found] == [
        ("running", 0, 3, 0, None),
        ("running", 1, 2, 0, 100.0),
        ("running", 2, 1, 0, 70.0),
        ("running", 3, 0, 1, 46.7),
        ("done", 3, 0, 1, 46.7),
    ]
    assert {one["work"] for one in found} == {"grading"}
    assert found[0]["seconds_left"] is None
    assert [one["workers"] for one in found] == [1] * 5
    assert all(one["memory"] > 1 << 20 and one["workers_memory"] > 1 << 20 for one in found)
    assert (tmp_path / "progress.json").read_text(encoding="utf-8") == run.err.splitlines()[-1] + "\n"


def test_another_terminal_sees_a_run_at_work_and_its_end(
    classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    with at_work(classroom, kit_file, tmp_path) as process:
        running = grader("status", tmp_path)
        second = grader("grade", classroom, "--kit", kit_file, "-o", tmp_path)
        process.communicate("x")
    done = grader("status", tmp_path)

    assert (running.code, running.err) == (4, "")
    assert running.out.startswith(f"{tmp_path}: running\n  1 of 3 graded, 2 left\n")
    assert (second.code, second.err) == (
        2,
        (
            f"error: {tmp_path}/journal.jsonl: another grader is at work there.\n"
            "  help: Wait for its end, which grader status DIR tells, or name another folder: -o DIR.\n"
        ),
    )
    assert (process.returncode, done.code) == (0, 0)
    assert re.sub(r"[\d.]+ (a second|s\b|MiB)", r"9 \1", done.out) == (
        f"{tmp_path}: done\n"
        "  3 of 3 graded, 0 left\n"
        "  9 a second in 9 s\n"
        "  mean 46.7 %; 1 could not be run, 0 faults of the grader\n"
        "  1 worker; memory 9 MiB, workers 9 MiB\n"
    )


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_ended_is_interrupted_and_goes_on(
    classroom: Path, kit_file: Path, tmp_path: Path, blow: signal.Signals
) -> None:
    with at_work(classroom, kit_file, tmp_path) as process:
        process.send_signal(blow)
        process.communicate()
    ended = grader("status", tmp_path)
    as_json = grader("status", tmp_path, "--json")

    run = grader("grade", classroom, "--kit", kit_file, "-o", tmp_path, "--resume", "--progress", "json")

    assert (ended.code, as_json.code, run.code) == (130, 130, 0)
    assert ended.out.startswith(f"{tmp_path}: interrupted\n  1 of 3 graded, 2 left\n")
    assert ended.out.endswith("  What is done is kept: go on with the same command and --resume.\n")
    assert (events(as_json.out)[0]["state"], events(as_json.out)[0]["done"]) == ("interrupted", 1)
    last = events(run.err)[-1]
    assert [last[key] for key in ("state", "of", "done", "before", "left")] == ["done", 3, 3, 2, 0]
    assert "  3 of 3 graded (2 of them before), 0 left\n" in grader("status", tmp_path).out


def test_marks_of_a_run_that_has_not_ended_are_none_and_those_before_it_are_told_as_such(
    classroom: Path, kit_file: Path, tmp_path: Path
) -> None:
    from grader.store import write_results

    with at_work(classroom, kit_file, tmp_path) as process:
        meanwhile = grader("report", tmp_path)
        process.kill()
        process.communicate()
    ended = grader("export", "csv", tmp_path, "-o", tmp_path / "marks.csv")
    write_results(tmp_path, samples.RESULTS)
    stale = grader("export", "csv", tmp_path, "-o", tmp_path / "marks.csv")

    assert (meanwhile.code, meanwhile.err) == (
        2,
        (
            f"error: {tmp_path}: the run there goes on, and results are written when all is graded.\n"
            f"  help: grader status {tmp_path} says how far it is.\n"
        ),
    )
    assert (ended.code, ended.err) == (
        2,
        (
            f"error: {tmp_path}: the run there was ended, and results are written when all is graded.\n"
            "  help: What is done is kept: go on with the same command and --resume.\n"
        ),
    )
    assert (stale.code, stale.err.splitlines()[0]) == (
        0,
        (
            f"warning: {tmp_path}: a later run there was ended; these are results of before. "
            "What is done is kept: go on with the same command and --resume."
        ),
    )


def test_nothing_is_said_where_nothing_is_asked_for(classroom: Path, kit_file: Path, tmp_path: Path) -> None:
    run = grader("grade", classroom / "s01.py", "--kit", kit_file, "-o", tmp_path, "--progress", "none")

    assert (run.code, run.err) == (0, "")


def test_a_folder_without_any_run_has_no_status(tmp_path: Path) -> None:
    run = grader("status", tmp_path)

    assert (run.code, run.out, run.err) == (
        2,
        "",
        (
            f"error: {tmp_path}/results.json: there are no results here.\n"
            "  help: Name the folder that grader grade wrote: its -o DIR.\n"
        ),
    )


def test_pages_made_anew_say_which_corrections_are_nobodys(tmp_path: Path) -> None:
    from grader.store import write_results

    one = samples.submission("same name (17)", samples.passed(samples.ONE))
    write_results(tmp_path, msgspec.structs.replace(samples.RESULTS, submissions=(one,)))
    (tmp_path / "overrides.csv").write_text(
        f"student,exercise,score,comment\nsame name,{samples.ONE},1,\n", encoding="utf-8"
    )

    run = grader("report", tmp_path)

    assert (run.code, run.err.splitlines()[0]) == (
        0,
        (
            "warning: overrides.csv, line 2: there is no submission of 'same name'; "
            "the nearest is 'same name (17)'."
        ),
    )


def test_a_finished_class_without_its_progress_is_done(tmp_path: Path) -> None:
    from grader.store import write_results

    write_results(tmp_path, samples.RESULTS)
    (tmp_path / "progress.json").write_text("{", encoding="utf-8")  # torn

    run = grader("status", tmp_path)

    assert (run.code, run.out) == (
        3,
        (
            f"{tmp_path}: done\n"
            "  5 of 5 graded, 0 left\n"
            "  mean 57.5 %; 1 could not be run, 1 fault of the grader\n"
        ),
    )


class Clock:
    """Seconds that stand still until they are set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_large_class_is_told_of_at_each_hundredth_of_it() -> None:
    tracker = Tracker(1000, 0, clock=Clock())

    due = []
    for number in range(1, 101):
        if tracker.done(samples.RIGHT):
            tracker.now()
            due.append(number)

    assert due == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_a_slow_class_is_told_of_every_few_seconds() -> None:
    clock = Clock()
    tracker = Tracker(1000, 0, clock=clock)

    due = []
    for _ in range(6):
        clock.now += EVERY / 2
        if tracker.done(samples.RIGHT):
            tracker.now()
            due.append(clock.now)

    assert due == [EVERY, 2 * EVERY, 3 * EVERY]


def test_rate_and_time_left_are_those_of_this_run() -> None:
    clock = Clock()
    tracker = Tracker(20, 80, 4, clock)
    clock.now = 2.0
    for one in (samples.RIGHT, samples.WRONG, samples.LOAD_FAILED, samples.HARNESS, samples.RIGHT):
        tracker.done(one)

    now = tracker.now()

    assert (now.of, now.done, now.left, now.workers) == (100, 85, 15, 4)
    assert (now.rate, now.seconds_left) == (2.5, 6.0)
    assert (now.load_failed, now.harness) == (1, 1)


LARGE = Progress(
    "running", 100_000, 50_000, 0, 50_000, 12, 3, 75.04, 4000.0, 12.5, 4000.0, 16, 200 << 20, 1 << 31, "now"
)


def test_workers_on_other_machines_have_no_memory_here_to_tell_of() -> None:
    elsewhere = msgspec.structs.replace(LARGE, workers_memory=0)

    assert list(told(Path("report"), elsewhere))[-1] == "  16 workers; memory 200 MiB"
    assert list(told(Path("report"), LARGE))[-1] == "  16 workers; memory 200 MiB, workers 2048 MiB"


def test_an_interruption_counts_whoever_was_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(said: str) -> None:
        common.tell(said)
        if said == "1 of 2: s01: 20 / 20":
            raise KeyboardInterrupt

    monkeypatch.setattr(telling, "tell", tell)

    with pytest.raises(KeyboardInterrupt), telling.Progress(Tracker(2, 0), 0, tmp_path, verbose=True) as done:
        done(samples.RIGHT)

    assert capsys.readouterr().err == (
        "1 of 2: s01: 20 / 20\n"
        f"Interrupted with at most 1 to grade; what is done is kept in {tmp_path}.\n"
        "  Go on with the same command and --resume.\n"
    )


def test_a_line_says_as_much_as_80_columns_hold() -> None:
    small = msgspec.structs.replace(
        LARGE, of=20, load_failed=0, harness=0, seconds_left=6.0, memory=71 << 20, workers=1
    )

    assert fitted(["5 of 20 graded", *pace(small)]) == (
        "5 of 20 graded, 12.5 a second, 6 s left, mean 75 %, 71 MiB, 1 worker"
    )
    assert fitted(["50000 of 100000 graded", *pace(LARGE)]) == (
        "50000 of 100000 graded, 12.5 a second, 67 min left, 15 failed, mean 75 %"
    )
    assert all(len(line) <= 80 for line in told(Path("report"), LARGE))
    assert blocks("text") == ["50000 of 100000 graded, 12.5 a second, 67 min left, 12 failed, mean 75 %\n"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99.4, "99 s"), (99.5, "2 min"), (5900.0, "98 min"), (11100.0, "3 h 05 min")],
)
def test_time_is_told_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_a_folder_that_cannot_be_written_ends_no_grading(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    far.keep(tmp_path / "file", LARGE)

    assert (tmp_path / "file").read_bytes() == b""


def test_a_journal_is_held_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert not journal.held(path)
    with journal.keep(path, journal.Header("sha256:ab", ("cpu",), {}), resume=False):
        assert journal.held(path)
    assert not journal.held(path)


def test_the_document_has_every_key_and_every_code() -> None:
    keys = re.findall(r"^\| `(\w+)` \|", DOC.partition("For programs")[2], re.MULTILINE)
    codes = re.findall(r"^\| (\d+) \|", DOC, re.MULTILINE)

    assert sorted(keys) == sorted(Progress.__struct_fields__)
    assert codes == ["0", "3", "4", "130", "2"]
