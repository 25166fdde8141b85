"""The same name in other systems' spelling, and never another's."""

from __future__ import annotations

import unicodedata

import pytest

from grader import names


@pytest.mark.parametrize(
    ("borne", "listed"),
    [
        ("Student 01", "Student 01"),
        ("student  01", "Student 01"),
        ("Student 01", "01, Student"),
        ("01, Student", "Student 01"),
        ("A B Étu", "Étu, A B"),
        ("étuab", "A B Étu"),
        ("01student", "Student 01"),
        ("student01", "Student 01"),
        ("détuñ05", "d'Étu, Ñ 05"),
        (unicodedata.normalize("NFD", "Étu"), "ÉTU"),
        ("s01", "s01"),
    ],
)
def test_a_name_is_found_however_it_is_written(borne: str, listed: str) -> None:
    assert names.borne(borne) & names.listed(listed)


@pytest.mark.parametrize(
    ("borne", "listed"),
    [
        ("An Nalee", "Anna Lee"),
        ("A B", "B A"),
        ("A", "A B"),
        ("s1", "s01"),
        ("", ""),
        ("", "A"),
        ("\na", "A b"),
        ("\na b", "Ab"),
    ],
)
def test_another_name_is_not_found(borne: str, listed: str) -> None:
    assert not names.borne(borne) & names.listed(listed)
