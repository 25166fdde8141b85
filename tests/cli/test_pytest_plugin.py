"""Submissions as tests of pytest, and records in ordinary tests; each pytest is a process of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.running import ROOT, grader

pytest_plugins = ["pytester"]

NAMES = ("one-step", "many-steps", "no-steps", "edge-rates", "uses-sgd", "returns-like-theta")
DESCENT = "gradient_descent_torch_optimiser"
NORM = "gradient_descent_norm_torch_optimiser"
PROBE = """
import sys
from pathlib import Path

import pytest

def count():
    from grader.sandbox.pool import Pool
    start = Pool.__enter__
    def counted(self):
        pools.append(self)
        return start(self)
    Pool.__enter__ = counted

pools = []

def pytest_configure(config):
    if config.getoption("grader_kit"):
        count()

def pytest_sessionfinish(session):
    worker = getattr(session.config, "workerinput", {"workerid": "main"})["workerid"]
    mine = sorted(name for name in sys.modules if name.startswith("grader."))
    heavy = [name for name in ("torch", "nbformat", "IPython") if name in sys.modules]
    Path(f"seen-{worker}.txt").write_text(f"{len(pools)} {heavy} {mine[:2]}")
"""


@pytest.fixture
def week(pytester: pytest.Pytester, kit_file: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A repository with a kit and a class of two."""
    for name in ("CI", "GITHUB_ACTIONS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_AUTO_NUM_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    shutil.copy(kit_file, pytester.path / "homework.kit")
    (pytester.path / "class").mkdir()
    for name in ("s01.py", "s07.ipynb"):
        shutil.copy(ROOT / "submissions" / name, pytester.path / "class" / name)
    pytester.makepyfile(probe=PROBE)
    return pytester


def run(week: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return week.runpytest_subprocess("--grader-kit", "homework.kit", "-p", "no:cacheprovider", *arguments)


def between(lines: list[str], first: str, last: str) -> list[str]:
    """The lines below one that holds `first` and above the next that holds `last`."""
    begin = next(i for i, line in enumerate(lines) if first in line) + 1
    return lines[begin : next(i for i, line in enumerate(lines) if i >= begin and last in line)]


def ids(submission: str) -> list[str]:
    return [f"{submission}::{exercise}::{name}" for exercise in (DESCENT, NORM) for name in NAMES]


def test_a_test_is_collected_for_each_criterion_and_nothing_is_graded(week: pytest.Pytester) -> None:
    result = run(week, "--collect-only", "-q", "-p", "probe", "class")

    assert result.outlines == [*ids("class/s01.py"), *ids("class/s07.ipynb"), "", result.outlines[-1]]
    assert result.outlines[-1].startswith("24 tests collected in ")
    assert (week.path / "seen-main.txt").read_text().startswith("0 [] ")


def test_a_zip_of_a_class_is_a_class(week: pytest.Pytester) -> None:
    shutil.make_archive(str(week.path / "week"), "zip", week.path / "class")

    result = run(week, "-k", "no-steps", "-v", "week.zip")

    result.assert_outcomes(passed=4, deselected=20)
    assert f"week.zip/s07.ipynb::{NORM}::no-steps PASSED" in result.stdout.str()


def test_a_failure_is_what_grader_check_prints_and_nothing_of_pytest(week: pytest.Pytester) -> None:
    checked = grader("check", "class/s07.ipynb", "--kit", "homework.kit", cwd=week.path).out.splitlines()
    counterexample = between(checked, "Learning rates 0, 0.5", NORM)

    result = run(week, "-k", f"s07 and {DESCENT} and many-steps", "class")

    assert result.ret == 1
    told = between(result.outlines, "= FAILURES =", "= short test summary info =")
    assert told[0] == f"___________ s07.ipynb  {DESCENT}::many-steps ____________"
    assert told[1:4] == [
        f"{DESCENT}                                          6 / 10",
        "  ✗ Several steps give the right theta                       all 39 fail   0 / 3",
        "",
    ]
    assert told[4:] == "\n".join(counterexample).strip("\n").splitlines()
    assert result.outlines[-2].partition(" - ")[0] == f"FAILED class/s07.ipynb::{DESCENT}::many-steps"
    assert "Error" not in result.stdout.str()
    assert result.errlines == [line.replace("cuda:", "note: cuda:") for line in checked if "cuda:" in line]


def test_x_stops_at_the_first_and_an_id_picks_one(week: pytest.Pytester) -> None:
    stopped = run(week, "-x", "class/s07.ipynb")
    picked = run(week, f"class/s07.ipynb::{NORM}::edge-rates", "-v")

    stopped.assert_outcomes(passed=1, failed=1)
    assert f"class/s07.ipynb::{NORM}::edge-rates FAILED" in picked.stdout.str()
    picked.assert_outcomes(failed=1)


def test_junit_has_a_test_for_each_criterion_with_the_reason(week: pytest.Pytester) -> None:
    run(week, "--junitxml", "junit.xml", "class/s07.ipynb")

    cases = ET.fromstring((week.path / "junit.xml").read_bytes()).findall(".//testcase")  # noqa: S314 -- pytest's own
    failed = [one for one in cases if one.find("failure") is not None]
    assert [(one.get("classname"), one.get("name")) for one in cases] == [
        (f"class.s07.ipynb.{exercise}", name) for exercise in (DESCENT, NORM) for name in NAMES
    ]
    assert [one.get("name") for one in failed] == ["many-steps", "edge-rates"] * 2
    assert "    expected  0.64\n    got       0.44000003\n" in (failed[0].findtext("failure") or "")


def test_each_worker_of_xdist_has_one_zygote_and_submissions_of_its_own(week: pytest.Pytester) -> None:
    result = run(week, "-n", "2", "-v", "-p", "probe", "class")

    result.assert_outcomes(passed=20, failed=4)
    told = re.findall(r"^\[(gw\d)\] \[.*\] \w+ class/(\S+?)::", result.stdout.str(), re.MULTILINE)
    assert len(told) == 24
    assert len(set(told)) == 2  # all tests of a submission in one worker
    assert {worker for worker, _ in told} == {"gw0", "gw1"}
    seen = {one.name: one.read_text().partition(" [")[0] for one in week.path.glob("seen-*.txt")}
    assert seen == {"seen-gw0.txt": "1", "seen-gw1.txt": "1", "seen-main.txt": "0"}


def test_torch_is_never_imported_by_pytest(week: pytest.Pytester) -> None:
    run(week, "-p", "probe", "class/s01.py").assert_outcomes(passed=12)

    assert (week.path / "seen-main.txt").read_text().startswith("1 [] ")


def test_without_the_option_nothing_of_the_grader_is_imported(week: pytest.Pytester) -> None:
    week.makepyfile(test_own="def test_own(): pass")

    week.runpytest_subprocess("-p", "probe", "test_own.py").assert_outcomes(passed=1)

    assert (week.path / "seen-main.txt").read_text() == "0 [] ['grader.pytest']"


def test_pytest_imports_nothing_that_was_handed_in(week: pytest.Pytester) -> None:
    hostile = (
        f"import sys\nif '_pytest.config' in sys.modules:\n"
        f"    open({str(week.path / 'ran')!r}, 'a').write(__file__)\n"
    )
    for name in ("conftest.py", "s02/conftest.py", "s02/__init__.py", "s02/test_it.py", "test_s03.py"):
        (week.path / "class" / name).parent.mkdir(exist_ok=True)
        (week.path / "class" / name).write_text(hostile)

    whole = run(week, "--doctest-modules", "-k", "one-step", "class")
    one = run(week, "class/s02/__init__.py", "class/s02/conftest.py", "-k", "one-step")

    assert whole.parseoutcomes() == {"passed": 4, "failed": 6, "deselected": 50}
    assert one.parseoutcomes() == {"failed": 4, "deselected": 20}
    assert not (week.path / "ran").exists()


def test_a_name_puts_no_command_into_the_log(week: pytest.Pytester) -> None:
    (week.path / "class" / "s07.ipynb").rename(week.path / "class" / "::error::boom.ipynb")

    result = run(week, "--rootdir", "class", "-v", "-k", "boom and one-step", "class")

    assert f": :error: :boom.ipynb::{DESCENT}::one-step" in result.stdout.str()
    assert not re.search(r"^\s*::", result.stdout.str(), re.MULTILINE)


def test_a_fault_of_the_grader_is_an_error_and_no_failure(week: pytest.Pytester) -> None:
    week.makepyfile(
        broken="from grader import pipeline\n"
        "def broken(submission, session): raise RuntimeError('lost')\n"
        "pipeline._grade = broken\n"
    )

    result = run(week, "-p", "broken", "-k", "no-steps", "class/s01.py")

    result.assert_outcomes(errors=2, deselected=10)
    assert between(result.outlines, "ERROR at setup of", "ERROR at setup of") == [
        "The grader failed on this submission; this costs no points.",
        "RuntimeError: lost; broken, line 2",
    ]


def test_a_device_that_is_not_here_is_an_error_that_says_so(week: pytest.Pytester, kit: LoadedKit) -> None:
    elsewhere = msgspec.structs.replace(kit.kit, devices=("xpu",))
    (week.path / "homework.kit").write_bytes(kits.encode(elsewhere))

    result = run(week, "-k", "no-steps", "class/s01.py")

    result.assert_outcomes(errors=2, deselected=10)
    told = between(result.outlines, "ERROR at setup of", "ERROR at setup of")
    assert told[0].startswith("None of the assignment's devices is here: xpu: ")
    assert told[1:] == ["  help: Run on a machine that has one of them, or name another in assignment.toml."]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--grader-kit", "no.kit", "class"),
            (
                "ERROR: no.kit: cannot read the kit: No such file or directory.\n"
                "  help: Name a file made by: grader freeze -o FILE."
            ),
        ),
        (
            ("--grader-kit", "old.kit", "class"),
            (
                "ERROR: old.kit: the kit has the format 'grader/kit/v9', this grader reads 'grader/kit/v4'.\n"
                "  help: Freeze the assignment again with this version: grader freeze -o FILE."
            ),
        ),
        (
            ("--grader-kit", "homework.kit", "empty"),
            (
                "ERROR: empty: no submission found. Looked for .py and .ipynb files, "
                "and for folders and zips that hold some.\n"
                "  help: Name a file, or the folder that holds one file or one folder for each student."
            ),
        ),
        (
            ("--grader-kit", "homework.kit", "nowhere"),
            (
                "ERROR: nowhere cannot be read: No such file or directory.\n"
                "  help: Name a .py or .ipynb file, a folder or a zip of them."
            ),
        ),
        (
            ("--grader-kit", "homework.kit", "own"),
            (
                "ERROR: FOLDER/own/pytest.ini: pytest's settings stand in what is graded, where a student "
                "could have put them.\n"
                "  help: Move the file away, or name other settings with -c FILE (/dev/null for none)."
            ),
        ),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    week: pytest.Pytester, kit: LoadedKit, arguments: tuple[str, ...], told: str
) -> None:
    (week.path / "empty").mkdir()
    (week.path / "own").mkdir()
    (week.path / "own" / "s01.py").write_text("")
    (week.path / "own" / "pytest.ini").write_text("[pytest]\n")
    other = msgspec.structs.replace(kit.kit, schema="grader/kit/v9")
    (week.path / "old.kit").write_bytes(kits.encode(other))

    result = week.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip().replace(str(week.path), "FOLDER") == told


_BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
(DOCUMENTED,) = (block for block in _BLOCKS if "grader.pytest" in block)
OWN_TESTS = f"""
from grader.pytest import exercise

@exercise("{DESCENT}", kit="homework.kit", submission="class/s01.py")
def test_right(graded):
    assert graded.passed
    assert (graded.score, graded.max_score) == (10.0, 10.0)

@exercise("{DESCENT}", kit="homework.kit", submission="class/s07.ipynb")
def test_mistake(graded):
    assert graded.exercise.diagnosis.misconceptions == ("no-zero-grad",)
    assert graded.submission.score == 12.0
    assert graded.passed, str(graded)

@exercise("fit", kit="homework.kit", submission="class/s07.ipynb")
def test_unknown(graded):
    pass

def test_unmarked(graded):
    pass
"""


def test_a_repository_keeps_its_checks_as_ordinary_tests(week: pytest.Pytester) -> None:
    week.makepyfile(test_homework=OWN_TESTS, test_of_the_docs=DOCUMENTED)
    shutil.copy(week.path / "class" / "s01.py", week.path / "solution.py")

    result = week.runpytest_subprocess("-p", "probe", "--strict-markers", "-Werror")

    result.assert_outcomes(passed=2, failed=1, errors=2)
    assert (week.path / "seen-main.txt").read_text().split(" ", 1)[1].startswith("[] ")
    failure = [line.removeprefix("E").strip() for line in result.outlines if line.startswith("E ")]
    assert failure[0] == f"AssertionError: {DESCENT}                                          6 / 10"
    assert "expected  0.64" in failure
    assert between(result.outlines, "ERROR at setup of test_unknown", "ERROR at setup of") == [
        f"{week.path}/homework.kit: the kit has no exercise 'fit'.",
        f"  help: It has {DESCENT}, {NORM}.",
    ]
    assert between(result.outlines, "ERROR at setup of test_unmarked", "= FAILURES =") == [
        "graded: the test does not say of which exercise.",
        "  help: Put @grader.pytest.exercise(NAME, kit=FILE, submission=FILE) above it.",
    ]


def test_the_kit_that_comes_with_the_grader_is_named_as_for_check(week: pytest.Pytester) -> None:
    named = f"""
from grader.pytest import exercise

@exercise("{DESCENT}", kit="builtin:gradient-descent", submission="class/s01.py")
def test_right(graded):
    assert graded.passed
"""
    week.makepyfile(test_homework=named)

    collected = week.runpytest_subprocess(
        "--grader-kit", "builtin:gradient-descent", "--co", "-q", "class/s01.py"
    )
    ordinary = week.runpytest_subprocess("-p", "no:cacheprovider", "test_homework.py")

    assert collected.outlines[:12] == ids("class/s01.py")
    ordinary.assert_outcomes(passed=1)
