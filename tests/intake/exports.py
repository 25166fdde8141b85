"""What learning systems export, in small: the shapes of their names and files, with nobody's name in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Tree = Mapping[str, "bytes | Tree"]

HW: Final = b"x = 1\n"

GRADESCOPE: Final = """\
---
submission_409194023:
  :submitters:
  - :name: Student 01
    :sid: '0042'
    :email: s01@example.org
  :created_at: 2024-03-01 10:15:00.123456000 Z
  :score: 3.0
  :status: processed
  :results: &1 !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests:
    - score: 1.0
      output: |
        submission_9: {':submitters': none}
  :history:
  - :id: 409194000
    :created_at: !ruby/object:ActiveSupport::TimeWithZone
      utc: 2024-02-29 10:00:00.000000000 Z
    :score: 0.0
submission_409194024:
  :submitters:
  - :name: "d'Étu, Ñ 02"
    :sid: 0123
    :email: s02@example.org
  - :name: Student 03
    :sid:
  :created_at: 2024-03-02 10:15:00.000000000 Z
submission_409194025:
  :submitters: []
  :created_at: 2024-03-03 10:15:00.000000000 Z
submission_409194026:
  :submitters:
  - :name: Student 04
    :email: s04@example.org
  :created_at: 2024-03-04 10:15:00.000000000 Z
submission_409194027:
  :submitters:
  - :name: Student 01
    :sid: '0042'
    :email: s01@example.org
  :created_at: 2024-03-05 10:15:00.000000000 Z
"""


def plant(root: Path, tree: Tree) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        if isinstance(content, bytes):
            (root / name).write_bytes(content)
        else:
            plant(root / name, content)
    return root


def zipped(path: Path, tree: Tree) -> Path:
    path.write_bytes(packed(tree))
    return path


def packed(tree: Tree) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _members(tree):
            archive.writestr(name, data)
    return buffer.getvalue()


def _members(tree: Tree, at: str = "") -> list[tuple[str, bytes]]:
    found = []
    for name, content in tree.items():
        if isinstance(content, bytes):
            found.append((f"{at}{name}", content))
        else:
            found += [(f"{at}{name}/", b""), *_members(content, f"{at}{name}/")]
    return found


def canvas(source: bytes = HW) -> Tree:
    """Late, with several files, handed in again, a text, a link, one with a zip, and two of one name."""
    return {
        "student01_1001_50001_hw.py": source,
        "student01_1001_50002_helper.py": b"",
        "dÉtuñ02_LATE_1002_50003_my_2_hw.py": source,
        "student03_1003_50010_hw.py": b"old",
        "student03_1003_50030_hw-2.py": source,
        "student03_1003_50020_hw-1.py": b"older",
        "student04_1004_text.html": b"<p>x = 1</p>",
        "student05_1005_link.html": b"<a href='https://example.org'>",
        "student06_1006_50006_hw.zip": packed({"hw": {"hw.py": source, "data.csv": b"1"}}),
        "same_1007_50007_hw.py": source,
        "Same_1008_50008_hw.py": source,
        "s_09_1009_50009_part-1.py": source,
        "s_09_1009_50011_part-2.py": b"",
        "gradebook.csv": b"",
    }


def moodle(source: bytes = HW, old: bool = False) -> Tree:
    """A folder each; `old`: as before version 4.1."""
    end = "_" if old else ""
    return {
        f"Student 01_4711_assignsubmission_file{end}": {"hw.py": source, "data": {"a.csv": b"1"}},
        f"d'Étu, Ñ 02_4712_assignsubmission_file{end}": {"hw.ipynb": b"{}"},
        f"d'Étu, Ñ 02_4712_assignsubmission_onlinetext{end}": {"onlinetext.html": b"<p>"},
        f"Student 03_4713_assignsubmission_onlinetext{end}": {"onlinetext.html": b"<p>"},
        f"Student 04_4714_assignsubmission_file{end}": {"hw.zip": packed({"hw.py": source})},
        f"Student 05_4715_assignsubmission_file{end}": {"report.pdf": b"%PDF"},
        f"Same Name_4716_assignsubmission_file{end}": {"hw.py": source},
        f"Same Name_4717_assignsubmission_file{end}": {"hw.py": source},
    }


def moodle_flat(source: bytes = HW) -> Tree:
    return {
        "Student 01_4711_assignsubmission_file_hw.py": source,
        "Student 01_4711_assignsubmission_file_helper.py": b"",
        "d'Étu, Ñ 02_4712_assignsubmission_file_my_hw.ipynb": b"{}",
        "Student 03_4713_assignsubmission_onlinetext_onlinetext.html": b"<p>",
    }


def gradescope(source: bytes = HW) -> Tree:
    return {
        "assignment_77_export": {
            "submission_metadata.yml": GRADESCOPE.encode(),
            "submission_409194023": {"hw.py": b"old"},
            "submission_409194024": {"hw.py": source},
            "submission_409194025": {"hw.py": source},
            "submission_409194027": {"hw.py": source},
            "submission_409194099": {"hw.py": source},
            "__MACOSX": {"x": b""},
        }
    }


def nbgrader(source: bytes = b"{}") -> Tree:
    return {
        "gradebook.db": b"",
        "nbgrader_config.py": b"c = get_config()",
        "source": {"ps1": {"problem1.ipynb": b"{}"}, "header.ipynb": b"{}"},
        "submitted": {
            "s01": {"ps1": {"problem1.ipynb": source, "timestamp.txt": b"2024-03-01 10:00:00 UTC"}},
            "s02": {"ps1": {"problem1.ipynb": source}},
            "s03": {},
        },
        "autograded": {"s01": {"ps1": {"problem1.ipynb": b"{}"}}},
    }


def blackboard(source: bytes = HW) -> Tree:
    return {
        "Homework_1_s01_attempt_2024-03-01-10-00-00_hw.py": b"old",
        "Homework_1_s01_attempt_2024-03-01-10-00-00.txt": b"Name: s01",
        "Homework_1_s01_attempt_2024-03-02-10-00-00_hw.py": source,
        "Homework_1_s01_attempt_2024-03-02-10-00-00_helper.py": b"",
        "Homework_1_s01_attempt_2024-03-02-10-00-00.txt": b"Name: s01",
        "Homework_1_b_s01_attempt_2024-03-01-11-00-00_hw.py": source,
        "Homework_1_s02_attempt_2024-03-01-12-00-00.txt": b"nothing but words",
    }


def repositories(source: bytes = HW) -> Tree:
    return {
        "hw1-submissions": {
            "hw1-s01": {".git": {"HEAD": b"ref"}, "hw.py": source, "README.md": b""},
            "hw1-s02-x": {".git": {"HEAD": b"ref"}, "hw.py": source},
            "hw1-s03": {".git": {"HEAD": b"ref"}, "README.md": b""},
        }
    }
