"""What is made anew whenever it is asked for is what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.kept import Found, Made
from grader.records import Origin, Person, Submission

FILE = Submission("s01", "class/s01.py", (Path("/class/s01.py"),))
FOLDER = Submission(
    *("s02", "class/s02", (Path("/class/s02/a.py"), Path("/class/s02/b.ipynb")), Path("/class/s02")),
    notes=("Handed in late.",),
    origin=Origin("canvas", "17", "s02_17_4", (Person("Student 02", "17"),), late=True),
)
NO_UNICODE = Submission(
    "s03", "class/s03.py", (Path("/class/s\udcff.py"),), notes=("s\udcff.py is not read.",)
)
REFUSED = Submission("s04", "class/s04.py", problem="class/s04.py is a pipe or a device, not a file.")
EVERY = (FILE, FOLDER, NO_UNICODE, REFUSED)


def test_submissions_come_back_as_they_were_found() -> None:
    found = Found(EVERY)

    assert found == EVERY
    assert (found[-1], found[1:3], len(found)) == (REFUSED, [FOLDER, NO_UNICODE], 4)
    assert found.those(lambda one: bool(one.files)) == (FILE, FOLDER, NO_UNICODE)
    with pytest.raises(IndexError):
        found[4]


def test_what_is_made_of_others_is_made_of_those_that_are_asked_for_alone() -> None:
    made: list[int] = []

    def double(number: int) -> int:
        made.append(number)
        return 2 * number

    doubled = Made(double, range(1_000_000))

    assert (doubled[7], doubled[-1], doubled[2:4], bool(doubled)) == (14, 1_999_998, [4, 6], True)
    assert made == [7, 999_999, 2, 3]
    assert Made(str, (1, 2)) == ["1", "2"] != Made(str, (1, 3))
