"""Who hands in under another's name takes nothing from that student, and is seen. About 10 seconds."""

from __future__ import annotations

import csv
import html
from pathlib import Path

import pytest

from tests.cli.running import ROOT, grader

RIGHT = (ROOT / "submissions" / "s01.py").read_bytes()
WRONG = b"import torch\n"
SEEN = "Names that can be taken for one another: see who handed in what"


@pytest.mark.promise(16)
def test_the_exact_name_keeps_its_mark_and_those_beside_it_are_seen(kit_file: Path, tmp_path: Path) -> None:
    handed_in, output = tmp_path / "class", tmp_path / "out"
    handed_in.mkdir()
    for name, source in {"bob.py": RIGHT, "BOB.py": WRONG, "bob .py": WRONG, "eve.py": RIGHT}.items():
        (handed_in / name).write_bytes(source)

    run = grader("grade", "class", "--kit", kit_file, "-o", output, cwd=tmp_path)
    again = grader("report", output, "--format", "text")

    with (output / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        marks = {row["student"]: row["score"] for row in csv.DictReader(file)}
    assert marks == {"BOB": "0", "bob": "20", "bob-2": "0", "eve": "20"}
    top = f"{SEEN}:\n  - BOB (class/BOB.py), bob (class/bob.py), bob-2 (class/bob .py)\n\n"
    assert (run.code, run.out[: len(top)], again.out[: len(top)]) == (0, top, top)
    assert "\nNeed a look  3 of 4\n" in run.out
    page = (output / "index.html").read_text(encoding="utf-8")
    assert page.index(SEEN) < page.index("Need a look")
    assert "its name can be taken for another's: BOB, bob-2</dd>" in html.unescape(page)
