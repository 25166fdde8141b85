"""What an earlier run left of students who are gone, and what is nobody's to remove."""

from __future__ import annotations

from pathlib import Path

from grader import store
from grader.report import stale
from tests.report import samples
from tests.report.told import replace

ODD = "../Ann\u00e9 & co"


def written(folder: Path, student: str) -> tuple[Path, Path]:
    """Evidence and page as `grader grade` writes them."""
    store.write_evidence(folder, student, replace(samples.EVIDENCE, student=student))
    page = folder / "students" / f"{store.file_name(student)}.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text("page", encoding="utf-8")
    return store.evidence_path(folder, student), page


def test_pages_and_evidence_of_students_who_are_gone_are_removed(tmp_path: Path) -> None:
    kept, *gone = (written(tmp_path, student) for student in ("s01", "s02", ODD))

    assert stale.remove(tmp_path, ["s01"]) == (store.file_name(ODD), "s02")
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for paths in gone for path in paths)


def test_files_that_we_did_not_make_stay(tmp_path: Path) -> None:
    evidence, page = written(tmp_path, "s02")
    others = [
        evidence.rename(evidence.with_name("renamed.json")),
        evidence.with_name("s03.json"),
        evidence.with_name("s04.json"),
        page,
        page.with_name("notes.html"),
    ]
    others[1].write_text('{"schema": "other", "student": "s03"}', encoding="utf-8")
    others[2].write_text("no JSON", encoding="utf-8")
    others[4].write_text("notes", encoding="utf-8")
    (tmp_path / "elsewhere.json").write_bytes(others[0].read_bytes())
    evidence.symlink_to(tmp_path / "elsewhere.json")

    assert stale.remove(tmp_path, []) == ()
    assert all(path.exists() for path in (*others, evidence, tmp_path / "elsewhere.json"))


def test_a_folder_without_evidence_is_left_alone(tmp_path: Path) -> None:
    assert stale.remove(tmp_path, ["s01"]) == ()
