"""docs/gradebooks.md shows what happens: its commands are run, one after another, on the class it names."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from grader.commands.layouts import LAYOUTS
from tests.cli.running import ROOT, grader
from tests.cli.test_readme import EXAMPLE, shown
from tests.intake.exports import Tree, zipped

PAGE = (ROOT / "docs" / "gradebooks.md").read_text(encoding="utf-8")

FILES = {
    "roster.csv": (
        "id,name,email\nu01,Student 01,u01@example.org\nu02,Student 02,u02@example.org\nu03,Student 03,\n"
    ),
    "grades.csv": (
        "Student,ID,SIS Login ID,Section,Warm up (111),Homework 1 (222)\n    Points Possible,,,,10,20\n"
        '"01, Student",1001,u01,Group A,9.50,\n"02, Student",1002,u02,Group A,,11.00\n'
        '"04, Student",1004,u04,Group B,10.00,\n'
    ),
    "worksheet.csv": (
        "Identifier,Full name,Email address,Grade,Maximum grade,Grade can be changed,Last modified (grade)\n"
        "Participant 1,Student 01,u01@example.org,,20.00,Yes,-\n"
        "Participant 2,Student 02,u02@example.org,,20.00,Yes,-\n"
    ),
    "all.csv": '"Username"\t"Homework 1"\n"u01"\t""\n"u02"\t""\n',
}


def test_every_command_of_the_page_prints_what_it_shows(kit_file: Path, tmp_path: Path) -> None:
    shutil.copy(kit_file, tmp_path)
    right, wrong = ((ROOT / "submissions" / name).read_bytes() for name in ("s01.py", "s07.ipynb"))
    export: Tree = {
        "01student_1001_501_hw.py": right,
        "02student_1002_502_hw.ipynb": b"{}",
        "02student_LATE_1002_503_hw-1.ipynb": wrong,
        "03student_1003_text.html": b"<p>",
        "readme.txt": b"",
    }
    zipped(tmp_path / "hw1_submissions.zip", export)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)

    for arguments, output in [(m["arguments"], m["output"]) for b in blocks for m in EXAMPLE.finditer(b)]:
        run = grader(*shlex.split(arguments), cwd=tmp_path)
        assert run.code == 0, run.err
        assert shown(output, run.out), f"grader {arguments} printed:\n{run.out}{run.err}"

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [kit_file.name, "hw1_submissions.zip", *FILES, "report", "filled.csv", "feedback.zip", "marks.csv"]
    )


def test_every_layout_is_explained() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == LAYOUTS
