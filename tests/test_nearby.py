"""Which kit, assignment and templates are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import nearby
from grader.errors import GraderError
from grader.nearby import HandedIn, Source
from tests.cli.running import grader


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a reference/ above it."""
    (tmp_path / "reference").mkdir()
    (tmp_path / "week").mkdir()
    monkeypatch.chdir(tmp_path / "week")
    return tmp_path / "week"


def test_the_working_folders_own_comes_before_what_lies_above(here: Path) -> None:
    above = nearby.chosen(None, None)
    (here / "reference").mkdir()
    own = nearby.chosen(None, None)
    (here / "homework.kit").touch()
    kit = nearby.chosen(None, None)

    assert above == Source(here.parent, is_kit=False, named=False, where="above the working folder")
    assert own == Source(here, is_kit=False, named=False, where="from the working folder")
    assert kit == Source(here / "homework.kit", is_kit=True, named=False, where="from the working folder")


def test_what_is_named_is_taken_wherever_it_lies(here: Path) -> None:
    graded = nearby.handed_in(here, one=True)

    kit = nearby.chosen(here / "a.kit", None, graded)
    assignment = nearby.chosen(None, here, graded)

    assert kit == Source(here / "a.kit", is_kit=True, named=True, where="named by --kit")
    assert assignment == Source(here, is_kit=False, named=True, where="named by --assignment")


def test_what_is_graded_is_passed_over_and_what_lies_above_it_is_taken(here: Path) -> None:
    (here / "reference").mkdir()
    (here / "b.kit").touch()
    (here / "a.kit").touch()

    found = nearby.chosen(None, None, nearby.handed_in(here, one=False))

    assert found.path == here.parent


def test_a_link_to_what_is_graded_is_the_same_place(here: Path) -> None:
    (here.parent / "link").symlink_to("week")

    assert nearby.handed_in(here.parent / "link", one=True) == HandedIn(here, whole=True)
    assert nearby.handed_in(Path("../link/../week/a.py"), one=True) == HandedIn(here)


def test_links_in_a_circle_are_told_as_what_cannot_be_read(here: Path) -> None:
    (here / "circle").symlink_to("circle")

    run = grader("grade", "circle", cwd=here)

    assert run.code == 2
    assert run.err.startswith("error: circle cannot be read: ")
    assert run.err.endswith("\n  help: Name a .py or .ipynb file, a folder or a zip of them.\n")


def test_a_zip_of_a_class_has_nothing_of_a_students_around_it(here: Path) -> None:
    assert nearby.handed_in(here / "class.zip", one=False) == nearby.NOTHING
    assert nearby.handed_in(here / "mine.zip", one=True) == HandedIn(here)


def test_the_default_templates_are_no_assignments_own() -> None:
    root = Path(__file__).parents[1]

    assert nearby.templates(nearby.chosen(None, root), nearby.NOTHING) == (None, None)


def test_several_kits_in_one_folder_are_named(here: Path) -> None:
    for name in ("b.kit", "a.kit"):
        (here / name).touch()

    with pytest.raises(GraderError) as error:
        nearby.chosen(None, None)

    assert (
        str(error.value)
        == f"{here}: there are 2 kits: a.kit, b.kit.\n  Name the one that you mean: --kit FILE."
    )


def test_several_that_were_passed_over_are_all_named(here: Path) -> None:
    (here / "reference").mkdir()
    (here / "a.kit").touch()
    (here.parent / "reference").rmdir()

    with pytest.raises(GraderError) as error:
        nearby.chosen(None, None, nearby.handed_in(here, one=True))

    assert error.value.message == (
        f"There is no kit and no reference/ to grade with. Looked in {here}, the working folder, and in the "
        f"folders above it. {here}/a.kit, {here}/reference were not taken: they stand in what is graded."
    )


def test_a_folder_above_which_there_is_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")

    with pytest.raises(GraderError) as error:
        nearby.chosen(None, None)

    assert str(error.value) == (
        "There is no kit and no reference/ to grade with. Looked in /, the working folder, "
        "and in the folders above it.\n"
        "  Name one with --kit FILE or --assignment DIR (its reference/ is run), or work in the assignment's "
        "folder. With the grader comes --kit builtin:gradient-descent."
    )


def test_a_kit_that_comes_with_the_grader_is_a_file_whatever_the_working_folder_holds(here: Path) -> None:
    (here / "builtin:gradient-descent").touch()
    (here / "templates").mkdir()
    (here / "templates" / "class.html.j2").touch()

    source = nearby.chosen(Path("builtin:gradient-descent"), None)

    assert source.path == Path(nearby.__file__).parent / "builtin" / "gradient-descent.kit"
    assert (source.is_kit, source.named) == (True, True)
    assert nearby.kit_file(Path("builtin:gradient-descent")) == source.path
    assert nearby.templates(source, nearby.NOTHING) == (None, None)


@pytest.mark.parametrize(
    "name", ["gradient_descent", "", "../builtin/gradient-descent", "gradient-descent.kit"]
)
def test_a_name_that_no_kit_of_the_graders_has_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(GraderError) as error:
        nearby.kit_file(Path(f"builtin:{name}"))

    assert str(error.value) == (
        f"builtin:{name}: no kit of this name comes with the grader.\n"
        "  With the grader comes builtin:gradient-descent."
    )


def test_a_kit_and_an_assignment_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GraderError) as error:
        nearby.chosen(tmp_path, tmp_path)

    assert str(error.value) == "Both a kit and an assignment were named.\n  Name one of them."
