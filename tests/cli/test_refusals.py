"""Wrong use: what was found, what to do, exit code 2 or 5, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from grader.sandbox import seccomp
from tests.cli.running import COURSE, ROOT, Run, grader
from tests.hostile.machines import LANDLOCK, UNSHARE, without

needs_filter = pytest.mark.skipif(
    not seccomp.SUPPORTED, reason="another machine is played by a filter of calls"
)


def assert_refused(run: Run, code: int, text: str) -> None:
    assert (run.code, run.out, run.err) == (code, "", text)


def test_nothing_at_the_path(kit_file: Path) -> None:
    run = grader("check", "nowhere.py", "--kit", kit_file)

    assert_refused(
        run,
        2,
        "error: nowhere.py cannot be read: No such file or directory.\n"
        "  help: Name a .py or .ipynb file, a folder or a zip of them.\n",
    )


def test_a_folder_without_submissions(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "notes.txt").write_text("hello", encoding="utf-8")

    run = grader("grade", "class", "--kit", kit_file, cwd=tmp_path)

    assert_refused(
        run,
        5,
        "error: class: no submission found. Looked for .py and .ipynb files, and for folders and zips that "
        "hold some. Found class/notes.txt.\n"
        "  help: Name a file, or the folder that holds one file or one folder for each student.\n",
    )


def test_a_file_that_is_no_kit(tmp_path: Path) -> None:
    (tmp_path / "a.kit").write_bytes(b"hello")

    run = grader("check", COURSE, "--kit", "a.kit", cwd=tmp_path)

    assert_refused(
        run,
        2,
        "error: a.kit: this is not a kit.\n"
        "  help: Freeze the assignment again with this version: grader freeze -o FILE.\n",
    )


def test_a_kit_of_another_version(kit: LoadedKit, tmp_path: Path) -> None:
    other = msgspec.structs.replace(kit.kit, schema="grader/kit/v9")
    (tmp_path / "a.kit").write_bytes(kits.encode(other))

    run = grader("check", COURSE, "--kit", "a.kit", cwd=tmp_path)

    assert_refused(
        run,
        2,
        "error: a.kit: the kit has the format 'grader/kit/v9', this grader reads 'grader/kit/v4'.\n"
        "  help: Freeze the assignment again with this version: grader freeze -o FILE.\n",
    )


def test_neither_a_kit_nor_a_reference_near(tmp_path: Path) -> None:
    if any(list(folder.glob("*.kit")) for folder in tmp_path.parents):
        pytest.skip("a kit lies above the temporary folder")
    (tmp_path / "s01.py").write_bytes(COURSE.read_bytes())

    run = grader("check", "s01.py", cwd=tmp_path)

    assert_refused(
        run,
        2,
        f"error: There is no kit and no reference/ to grade with. Looked in {tmp_path}, the working folder, "
        "and in the folders above it.\n"
        "  help: Name one with --kit FILE or --assignment DIR (its reference/ is run), "
        "or work in the assignment's folder. "
        "With the grader comes --kit builtin:gradient-descent.\n",
    )


def test_another_digest_than_the_one_expected(kit_file: Path, kit: LoadedKit) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--expect-digest", "sha256:0000")

    assert_refused(
        run,
        2,
        f"error: The suite has the digest {kit.digest}, expected sha256:0000.\n"
        "  help: Use the kit that your instructor handed out, or ask for its digest.\n",
    )


def test_the_expected_digest_is_accepted(kit_file: Path, kit: LoadedKit) -> None:
    run = grader("verify", "--kit", kit_file, "--expect-digest", kit.digest)

    assert (run.code, run.err) == (0, "")


NO_LANDLOCK = "the kernel has no Landlock, or it is switched off"
HELP = (
    "Grade code that you trust with --isolation none; else run the grader on Linux or in a virtual machine."
)


@needs_filter
@pytest.mark.parametrize(
    ("level", "what"),
    [("auto", "Submissions cannot be confined"), ("standard", "--isolation standard cannot be had")],
)
def test_a_level_of_isolation_that_cannot_be_had_is_refused(kit_file: Path, level: str, what: str) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--isolation", level, before=without(LANDLOCK))

    assert_refused(
        run,
        2,
        f"error: {what} here: {NO_LANDLOCK}.\n"
        f"  help: It needs Linux 5.13 or newer on x86-64 or aarch64, with Landlock switched on. {HELP}\n",
    )


@needs_filter
def test_strict_is_refused_in_a_container_without_namespaces(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--isolation", "strict", before=without(UNSHARE))

    assert_refused(
        run,
        2,
        "error: --isolation strict cannot be had here: own namespaces: Operation not permitted.\n"
        "  help: `grader doctor` says which layer is missing and how to get it; "
        "--isolation standard needs no namespaces.\n",
    )


@needs_filter
def test_a_container_without_namespaces_grades_at_standard_and_warns(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file, before=without(UNSHARE))

    assert run.code == 0
    assert run.err.startswith(
        "warning: isolation: standard; missing: "
        "user, process, mount, network, IPC, host name and control group namespaces "
        "(own namespaces: Operation not permitted), "
    )


def test_a_device_that_must_be_there_and_is_not(kit_file: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")

    run = grader("check", COURSE, "--kit", kit_file, "--require", "cuda")

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: The device cuda is asked for and not there: ")
    assert grader("check", COURSE, "--kit", kit_file, "--device", "cuda").code == 2
    assert grader("check", COURSE, "--kit", kit_file, "--device", "all").code == 2


def test_a_device_that_the_assignment_does_not_name(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--device", "tpu")

    assert_refused(
        run,
        2,
        "error: --device tpu: the assignment is not graded there.\n  help: It is graded on cpu, cuda.\n",
    )


def test_an_exercise_that_the_kit_does_not_hold(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--exercise", "adam")

    assert_refused(
        run,
        2,
        "error: --exercise adam: the kit has no such exercise.\n"
        "  help: It has gradient_descent_torch_optimiser, gradient_descent_norm_torch_optimiser.\n",
    )


def test_a_student_who_handed_in_nothing(kit_file: Path, tmp_path: Path) -> None:
    run = grader("grade", ROOT / "submissions", "--kit", kit_file, "-o", tmp_path / "out", "--student", "s1")

    assert_refused(
        run,
        2,
        "error: --student s1: nobody of that name handed in anything.\n  help: Did you mean 's21'?\n",
    )


def test_an_output_folder_that_cannot_be_written(kit_file: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")

    run = grader("grade", ROOT / "submissions", "--kit", kit_file, "-o", tmp_path / "out")

    assert_refused(
        run,
        2,
        f"error: {tmp_path}/out/overrides.csv: cannot be written: File exists.\n"
        "  help: Name a place that you may write to and that has room: -o.\n",
    )


def test_results_that_are_not_there(tmp_path: Path) -> None:
    run = grader("report", "out", cwd=tmp_path)

    assert_refused(
        run,
        2,
        "error: out/results.json: there are no results here.\n"
        "  help: Name the folder that grader grade wrote: its -o DIR.\n",
    )


def test_a_broken_reference_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "broken.py").write_text("x = 1\ndef f(:\n", encoding="utf-8")

    run = grader("freeze", "-o", "out.kit", cwd=tmp_path)

    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"Freezing reference/ of {tmp_path}: its code is run.\n"
        "error: SyntaxError: invalid syntax.\n"
        f"  --> {tmp_path}/reference/broken.py:2\n"
        "  help: Correct this line.\n"
    )
    assert not (tmp_path / "out.kit").exists()


def test_a_wrong_option_is_answered_with_the_right_one(kit_file: Path) -> None:
    run = grader("check", COURSE, "--kit", kit_file, "--jsn")

    assert (run.code, run.out) == (2, "")
    assert "No such option" in run.err
    assert "--json" in run.err


def test_an_assignment_of_which_no_device_is_here(kit: LoadedKit, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    elsewhere = msgspec.structs.replace(kit.kit, devices=("cuda",))
    (tmp_path / "a.kit").write_bytes(kits.encode(elsewhere))

    run = grader("check", COURSE, "--kit", tmp_path / "a.kit")

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: None of the assignment's devices is here: cuda: ")
