"""One cleaning for every text from a student. About two seconds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import FORBIDDEN, clean, decode, one_line

HOSTILE = st.sampled_from(
    [
        *"ab \t\n\r\x00\x07\x08\x0b\x0c\x1b\x1b[\x7f\x85\x90\x9b\x9c\x9d0;m[]\\éß漢🙂",
        *"\u00ad\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ufffe\ud800\udfff\U000e0041",
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\r\n",
        "… [12 characters cut]",
    ],
)
TEXTS = st.lists(HOSTILE, max_size=60).map("".join) | st.text(st.characters())
LIMITS = st.integers(min_value=0, max_value=80)


@given(TEXTS, LIMITS)
def test_no_forbidden_character_survives(text: str, limit: int) -> None:
    plain = clean(text, limit)

    assert FORBIDDEN.search(plain) is None
    assert "\n" not in one_line(text, limit)
    assert FORBIDDEN.search(one_line(text, limit)) is None


@given(TEXTS)
def test_what_survives_is_visible_a_line_feed_or_a_tab(text: str) -> None:
    kinds = {unicodedata.category(character) for character in clean(text).replace("\n", "").replace("\t", "")}

    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}


@given(TEXTS, LIMITS)
def test_no_text_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(TEXTS, LIMITS)
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)
    assert one_line(one_line(text, limit), limit) == one_line(text, limit)


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(f"\tloss: {text}\n") == f"\tloss: {text}\n"


@given(st.binary(max_size=200))
def test_any_bytes_become_clean_text(data: bytes) -> None:
    assert FORBIDDEN.search(decode(data)) is None


@given(st.lists(st.sampled_from(["x = 1", "", "\ty"]), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_are_counted_as_python_counts_them(lines: list[str], ending: str) -> None:
    assert clean(ending.join(lines)) == "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mValueError\x1b[0m: no", "ValueError: no"),
        ("\x1b]0;all tests passed\x07done", "done"),
        ("\x1b]8;;http://a.b\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;never ends\nnext line", "0;never ends\nnext line"),
        ("\x1b\x1b[0m[31m", "\\x1b[31m"),
        ("last\x1b", "last\\x1b"),
        ("score 0\rscore 10", "score 0\nscore 10"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("\ufeffimport torch", "import torch"),
        ("nul \x00, lone \ud83d, tag \U000e0041", "nul \\x00, lone \\ud83d, tag \\U000e0041"),
        ("\x0b\x0c\x85\u2028", "\\x0b\\x0c\\x85\\u2028"),
    ],
)
def test_what_steers_a_terminal_is_dropped_and_what_hides_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_cut_is_told_where_it_was_made() -> None:
    assert clean("x" * 100, 40) == "x" * 18 + "… [82 characters cut]"
    assert clean("x" * 40, 40) == "x" * 40
    assert clean("x" * 100, 3) == "…"
    assert clean("x", 0) == ""


def test_a_name_or_message_is_one_line() -> None:
    assert one_line("  expected\n\n\ta tensor\u00a0here ") == "expected a tensor here"


def test_bytes_that_are_no_utf8_are_shown() -> None:
    assert decode(b"caf\xe9 \xc3\xa9 \x1b[0m") == "caf\\xe9 é "


@pytest.mark.parametrize(
    "hostile", ["\x1b[", "\x9d", "\x1b]0;", "\x9b0", "\x1b[" + "0" * 50, "\x1bP", "\x1b "]
)
def test_unfinished_sequences_are_read_once(hostile: str) -> None:
    """A scan from each start to the end of the text would take an hour here."""
    assert FORBIDDEN.search(clean(hostile * 100_000 + "\n")) is None
