"""The class that docs/gradebooks.md tells of: a download, a roster, and the gradebooks to be filled."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.running import ROOT
from tests.intake.exports import Tree, zipped

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


def download(folder: Path, kit: Path) -> None:
    """Beside the kit, as the page's reader would have it."""
    shutil.copy(kit, folder)
    right, wrong = ((ROOT / "submissions" / name).read_bytes() for name in ("s01.py", "s07.ipynb"))
    export: Tree = {
        "01student_1001_501_hw.py": right,
        "02student_1002_502_hw.ipynb": b"{}",
        "02student_LATE_1002_503_hw-1.ipynb": wrong,
        "03student_1003_text.html": b"<p>",
        "readme.txt": b"",
    }
    zipped(folder / "hw1_submissions.zip", export)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
