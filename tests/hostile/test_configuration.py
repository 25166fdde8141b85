"""Nothing that is handed in is configuration: no kit, no reference, no template, no correction.

Each attack plants what would be taken, or run, where a submission is graded. A planted reference leaves a
mark as soon as any of it runs. About 30 seconds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from grader import kit as kits
from grader.kit import LoadedKit
from tests.cli.running import ROOT, Run, grader, results

RIGHT = ROOT / "submissions" / "s01.py"
WRONG = ROOT / "submissions" / "s08.py"  # one step too few


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder above which nothing is found, where the cache is a new one."""
    if any([*folder.glob("*.kit"), *folder.glob("reference/")] for folder in tmp_path.parents):
        pytest.skip("a kit or a reference lies above the temporary folder")
    return tmp_path


@pytest.fixture
def exam(home: Path, kit: LoadedKit) -> Path:
    """The instructor's kit, in a folder of its own."""
    (home / "mine").mkdir()
    path = home / "mine" / "exam.kit"
    path.write_bytes(kits.encode(kit.kit))
    return path


def plant_reference(folder: Path, home: Path) -> Path:
    """A reference/ that leaves a mark when it is run; the mark."""
    (folder / "reference").mkdir(parents=True)
    mark = home / "it-ran"
    (folder / "reference" / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\n", encoding="utf-8")
    return mark


def plant_kit(folder: Path, kit: LoadedKit) -> None:
    """A kit of a student's own choice, as it could be one with which everybody has full marks."""
    theirs = msgspec.structs.replace(kit.kit, title="A student's kit")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "homework.kit").write_bytes(kits.encode(theirs))


def hand_in(folder: Path, source: Path = RIGHT, name: str = "solution.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder / name)
    return folder / name


def run(*arguments: str | Path, cwd: Path, home: Path, **environment: str) -> Run:
    return grader(*arguments, cwd=cwd, XDG_CACHE_HOME=str(home / "cache"), **environment)


# --- a reference that was handed in is never run ----------------------------------------------


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (".", "check s01"),
        (".", "check s01/"),
        (".", "check s01/solution.py"),
        (".", "check s01/../s01"),
        (".", "check link"),
        (".", "grade s01"),
        (".", "grade ."),
        ("s01", "check ."),
        ("s01", "check solution.py"),
        ("s01", "check ../s01"),
        ("s01", "check inner/.."),
        ("s01", "grade ."),
        ("s01", "grade .."),
        ("s01/inner", "check .."),
        ("s01/inner", "check ../solution.py"),
    ],
)
def test_a_reference_that_was_handed_in_is_never_run(home: Path, where: str, arguments: str) -> None:
    room = home / "class"
    hand_in(room / "s01")
    (room / "s01" / "inner").mkdir()
    mark = plant_reference(room / "s01", home)
    (room / "link").symlink_to("s01")

    found = run(*arguments.split(), cwd=room / where, home=home)

    assert not mark.exists()
    assert found.code == 2
    assert found.err.splitlines()[-2].startswith("error: There is no kit and no reference/ to grade with. ")


def test_the_instructors_reference_above_is_used_and_not_the_students(home: Path, kit: LoadedKit) -> None:
    hand_in(home / "week" / "class" / "s01")
    mark = plant_reference(home / "week" / "class" / "s01", home)
    (home / "week" / "homework.kit").write_bytes(kits.encode(kit.kit))

    found = run("check", ".", cwd=home / "week" / "class" / "s01", home=home)

    assert (found.code, mark.exists()) == (0, False)
    assert found.err.startswith(f"Kit: {home}/week/homework.kit (above the working folder)\n")


def test_a_reference_in_a_class_or_in_its_zip_is_never_run(home: Path) -> None:
    hand_in(home / "class" / "s01")
    mark = plant_reference(home / "class", home)
    shutil.make_archive(str(home / "class"), "zip", home / "class")

    codes = [run("grade", name, cwd=home, home=home).code for name in ("class", "class.zip")]

    assert (codes, mark.exists()) == ([2, 2], False)


def test_where_a_reference_was_passed_over_the_error_says_so_and_what_to_do(home: Path) -> None:
    hand_in(home / "s01")
    plant_reference(home / "s01", home)

    found = run("check", "solution.py", cwd=home / "s01", home=home)

    assert found.err == (
        f"error: There is no kit and no reference/ to grade with. Looked in {home}/s01, the working folder, "
        f"and in the folders above it. {home}/s01/reference was not taken: it stands beside what is graded.\n"
        "  help: Name one with --kit FILE or --assignment DIR (its reference/ is run), or work in the "
        "assignment's folder. With the grader comes --kit builtin:gradient-descent.\n"
    )


# --- a kit that was handed in grades nobody ---------------------------------------------------


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (".", "grade class"),
        (".", "check class/s01.py"),
        (".", "check class"),
        ("class", "grade ."),
        ("class", "check ."),
    ],
)
def test_a_kit_that_was_handed_in_grades_nobody(
    home: Path, kit: LoadedKit, where: str, arguments: str
) -> None:
    hand_in(home / "class", WRONG, "s01.py")
    plant_kit(home / "class", kit)

    found = run(*arguments.split(), cwd=home / where, home=home)

    assert (found.code, found.out) == (2, "")
    assert found.err.splitlines()[-2].startswith("error: There is no kit and no reference/ to grade with. ")


def test_the_kit_beside_the_file_that_a_student_checks_is_used_and_named(home: Path, kit: LoadedKit) -> None:
    hand_in(home)
    (home / "homework.kit").write_bytes(kits.encode(kit.kit))

    found = run("check", "solution.py", "--json", cwd=home, home=home)

    assert found.code == 0
    assert found.out.startswith("{")
    assert found.err.startswith(f"Kit: {home}/homework.kit (from the working folder)\n")


# --- templates and corrections ----------------------------------------------------------------


def plant_templates(folder: Path, body: str) -> None:
    (folder / "templates").mkdir(parents=True)
    page = '{% extends "default/class.html.j2" %}\n{% block footer %}\n' + body + "\n{% endblock %}\n"
    (folder / "templates" / "class.html.j2").write_text(page, encoding="utf-8")


@pytest.mark.parametrize(("where", "name"), [(".", "class"), ("class", "."), ("class/s01", "..")])
def test_templates_that_were_handed_in_are_never_used(home: Path, exam: Path, where: str, name: str) -> None:
    hand_in(home / "class" / "s01")
    for folder in (home / "class", home / "class" / "s01"):
        plant_reference(folder, home)
        plant_templates(folder, "A student's page.")

    found = run("grade", name, "--kit", exam, "-o", home / "out", cwd=home / where, home=home)

    assert found.code == 0, found.err
    assert "A student's page." not in (home / "out" / "index.html").read_text(encoding="utf-8")


def test_templates_beside_a_named_kit_that_lies_in_the_class_are_not_used(home: Path, kit: LoadedKit) -> None:
    hand_in(home / "class" / "s01")
    (home / "class" / "exam.kit").write_bytes(kits.encode(kit.kit))
    plant_templates(home / "class", "A student's page.")

    found = run("grade", "class", "--kit", "class/exam.kit", "-o", "out", cwd=home, home=home)

    assert found.code == 0, found.err
    assert "A student's page." not in (home / "out" / "index.html").read_text(encoding="utf-8")


def test_templates_beside_the_kit_that_is_named_are_used_and_said(home: Path, exam: Path) -> None:
    hand_in(home / "class" / "s01")
    plant_templates(exam.parent, "Ask us.")

    found = run("grade", "class", "--kit", exam, "-o", "out", cwd=home, home=home)

    assert f"Templates: {exam.parent}/templates\n" in found.err
    assert "Ask us." in (home / "out" / "index.html").read_text(encoding="utf-8")


def test_templates_of_the_working_folder_are_named_and_not_used(home: Path, kit: LoadedKit) -> None:
    hand_in(home / "class" / "s01")
    (home / "homework.kit").write_bytes(kits.encode(kit.kit))
    plant_templates(home, "Ask us.")

    found = run("grade", "class", cwd=home, home=home)

    assert (
        f"note: {home}/templates is not used: templates are taken beside a kit or an assignment "
        "that is named, and never from what is graded.\n"
        f"  help: To use it all the same: grader report DIR --templates {home}/templates\n"
    ) in found.err
    assert "Ask us." not in (home / "report" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "{{ cycler.__init__.__globals__.os.system('touch MARK') }}",
            "SecurityError: access to attribute '__init__' of 'type' object is unsafe.",
        ),
        (
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "SecurityError: access to attribute '__class__' of 'str' object is unsafe.",
        ),
        (
            "{{ '{0.__class__}'.format(view) }}",
            "SecurityError: access to attribute '__class__' of 'ClassView' object is unsafe.",
        ),
        (
            "{{ view|attr('__class__') }}",
            "SecurityError: access to attribute '__class__' of 'ClassView' object is unsafe.",
        ),
        ("{% for _ in range(10 ** 9) %}{% endfor %}", "OverflowError: Range too big."),
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_template_reaches_nothing_but_its_values(home: Path, exam: Path, body: str, told: str) -> None:
    hand_in(home / "class" / "s01")
    plant_templates(exam.parent, body.replace("MARK", str(home / "it-ran")))

    found = run("grade", "class", "--kit", exam, "-o", "out", cwd=home, home=home)

    assert not (home / "it-ran").exists()
    assert found.code == 2
    place, message = found.err.splitlines()[-2], found.err.splitlines()[-3]
    assert message.startswith(f"error: {told.removesuffix('.')}")
    assert place == f"  --> {exam.parent}/templates/class.html.j2:3"


def test_a_report_folder_that_was_handed_in_is_not_the_graders_own(home: Path, exam: Path) -> None:
    room = home / "class"
    hand_in(room / "s01", WRONG)
    (room / "report").mkdir()
    (room / "report" / "overrides.csv").write_text(
        "student,exercise,score,comment\ns01,gradient_descent_torch_optimiser,10,thanks\n", encoding="utf-8"
    )

    found = run("grade", ".", "--kit", exam, cwd=room, home=home)

    assert (found.code, found.out) == (2, "")
    assert found.err.endswith(
        "error: report: this folder stands in what is graded, where a student could have put it, "
        "and it is not empty.\n  help: Name another with -o DIR; if it is yours: -o report\n"
    )


def test_a_report_within_the_class_that_is_named_is_no_student(home: Path, exam: Path) -> None:
    room = home / "class"
    hand_in(room / "s01")

    first = run("grade", ".", "--kit", exam, cwd=room, home=home)
    again = run("grade", ".", "--kit", exam, "-o", "report", cwd=room, home=home)

    assert (first.code, again.code) == (0, 0)
    assert [one["student"] for one in results(room / "report")["submissions"]] == ["s01"]


def test_a_report_is_rendered_again_with_nothing_that_lies_in_or_above_it(home: Path, exam: Path) -> None:
    hand_in(home / "class" / "s01")
    run("grade", "class", "--kit", exam, "-o", "old/out", cwd=home, home=home)
    for folder in (home / "old" / "out", home / "old"):
        mark = plant_reference(folder, home)
        plant_templates(folder, "A student's page.")

    found = run("report", ".", cwd=home / "old" / "out", home=home)

    assert (found.code, found.err, mark.exists()) == (0, "", False)
    assert "A student's page." not in (home / "old" / "out" / "index.html").read_text(encoding="utf-8")


# --- what is meant works ----------------------------------------------------------------------


SMALL = """
import torch
from hypothesis import strategies as st
from grader.exercises import Criterion, Exercise

EXERCISE = Exercise(name="double", title="Double", statement="Double it.", reference=lambda x: 2 * x,
                    arguments=st.fixed_dictionaries({"x": st.sampled_from([1.0, 2.0]).map(torch.tensor)}),
                    rubric=(Criterion("value", "Right", 1, "values"),))
"""


@pytest.fixture
def assignment(home: Path) -> Path:
    (home / "week" / "reference").mkdir(parents=True)
    (home / "week" / "reference" / "double.py").write_text(SMALL, encoding="utf-8")
    return home / "week"


def test_a_class_elsewhere_is_graded_in_the_assignments_folder(home: Path, assignment: Path) -> None:
    downloads = home / "downloads" / "class"
    downloads.mkdir(parents=True)
    (downloads / "s01.py").write_text("def double(x):\n    return x + x\n", encoding="utf-8")

    first = run("grade", downloads, cwd=assignment, home=home)
    again = run("grade", downloads, cwd=assignment, home=home)

    said = f"Freezing reference/ of {assignment} (from the working folder): its code is run.\n"
    used = f"Assignment: {assignment} (from the working folder)\n"
    assert (first.code, again.code) == (0, 0)
    assert first.err.startswith(used + said)
    assert again.err.startswith(used)
    assert said not in again.err
    assert results(assignment / "report")["submissions"][0]["score"] == 1.0


def test_an_assignment_that_is_named_is_said_to_be_run_and_its_templates_are_used(
    home: Path, assignment: Path
) -> None:
    downloads = home / "class"
    downloads.mkdir()
    (downloads / "s01.py").write_text("def double(x):\n    return x + x\n", encoding="utf-8")
    plant_templates(assignment, "Ask us.")

    found = run("grade", "class", "--assignment", "week", cwd=home, home=home)

    assert found.err.startswith("Freezing reference/ of week (named by --assignment): its code is run.\n")
    assert "Templates: week/templates\n" in found.err
    assert "Ask us." in (home / "report" / "index.html").read_text(encoding="utf-8")


def test_a_zip_of_a_class_may_lie_beside_the_reference(home: Path, assignment: Path) -> None:
    (home / "class").mkdir()
    (home / "class" / "s01.py").write_text("def double(x):\n    return x + x\n", encoding="utf-8")
    shutil.make_archive(str(assignment / "class"), "zip", home / "class")

    found = run("grade", "class.zip", cwd=assignment, home=home)

    assert found.code == 0, found.err
