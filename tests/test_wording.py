"""What of an instructor's file the cases can depend on: all but the words."""

from __future__ import annotations

import pytest

from grader.wording import without_words

SOURCE = '''
"""A lesson."""
from grader import exercises
from grader.exercises import Criterion, Misconception


def once(x):
    """Not doubled."""
    return x  # a comment


COSTS = frozenset({"value"})
MISTAKE = Misconception("once", "Not doubled", "Is it " "doubled?", once, COSTS, teacher="Rare.")
EXERCISE = exercises.Exercise(name="double", title="Double", statement="Double it.",
                              misconceptions=(MISTAKE,), rubric=(Criterion("value", "Right", 1, "values"),))
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A lesson.", "Another lesson."),
        ("Not doubled.", "Left alone."),
        ("# a comment", "# no comment"),
        ('"Not doubled", ', '"Left as it is", '),
        ('"Is it " "doubled?"', '"Compare input and output."'),
        ("Rare.", "Common."),
        ('title="Double"', 'title="Twice"'),
        ("Double it.", "Return twice x."),
        ('"Right"', '"The value is right"'),
        ("\n\n\ndef", "\n\ndef"),
    ],
)
def test_words_for_people_are_left_out(old: str, new: str) -> None:
    changed = SOURCE.replace(old, new, 1)

    assert changed != SOURCE
    assert without_words(changed.encode()) == without_words(SOURCE.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x", "return 2 * x"),
        ('"once"', '"twice"'),
        ('frozenset({"value"})', "frozenset()"),
        (', 1, "values"', ', 2, "values"'),
        ('name="double"', 'name="doubled"'),
        ('"Not doubled", ', 'f"Not {once}", '),
        ("Misconception(", "mistaken("),
    ],
)
def test_everything_else_counts(old: str, new: str) -> None:
    changed = SOURCE.replace(old, new)

    assert without_words(changed.encode()) != without_words(SOURCE.encode())


@pytest.mark.parametrize(
    "source", [b"def (:\n", b"\xff\xfe\x00", b"a\x00b", b"(" * 5000, b"-" * 20_000 + b"x"]
)
def test_what_is_no_python_counts_as_it_is(source: bytes) -> None:
    assert without_words(source) == source


def test_a_text_that_some_other_call_takes_counts() -> None:
    assert without_words(b'f("title")') != without_words(b'f("other")')
