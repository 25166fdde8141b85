"""The Markdown document and job summary: no student writes markup into it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.overrides import parse
from grader.report import markdown
from grader.report.classview import classroom
from grader.text import one_line
from tests.report import samples, told
from tests.report.reading import assert_gold, filled

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def test_the_whole_summary_of_a_wrong_submission(tmp_path: Path) -> None:
    text = markdown.student(told.WRONG, told.EVIDENCE, samples.HEAD)

    assert_gold("summary.md", text, tmp_path)


def test_a_summary_shows_hostile_text_and_obeys_none_of_it() -> None:
    hostile = "<script>@org/team [x](https://e.example) **b** `c` | #1 ::stop-commands::t"
    result = filled(samples.WRONG, lambda text: hostile + text)

    text = markdown.student(result, None, samples.HEAD)

    outside = "".join(text.split("```")[::2])
    assert "<" not in outside
    assert "@" not in outside
    assert "](" not in outside
    assert "https:" not in outside
    assert not any(line.startswith("::") for line in text.splitlines())


@given(st.text())
def test_no_text_leaves_its_block_of_code(text: str) -> None:
    first, *_, last = markdown.code(text).strip("\n").split("\n")

    assert last * 1 == first.removesuffix("text")
    assert last not in text


def test_a_long_summary_is_cut_and_says_so() -> None:
    notes = tuple(f"note {n} " + "é" * 500 for n in range(3000))
    result = msgspec.structs.replace(samples.WRONG, notes=notes)

    text = markdown.student(result, samples.EVIDENCE, samples.HEAD)

    assert len(text.encode()) <= 900_000
    assert text.endswith("\nThe rest was cut: the document is too long.\n")


def test_the_summary_of_a_file_that_cannot_load_on_an_open_machine() -> None:
    isolation = msgspec.structs.replace(samples.ENVIRONMENT.isolation, level="none", missing=("seccomp",))
    head = msgspec.structs.replace(
        samples.HEAD, environment=msgspec.structs.replace(samples.ENVIRONMENT, isolation=isolation)
    )

    text = markdown.student(samples.LOAD_FAILED, None, head)

    assert text.startswith(
        "## submissions\\/s03\\.ipynb: 0 \\/ 20 points\n\n"
        "Nothing of this submission could run\\.\n\n"
        "> **Submitted code ran with the rights of whoever graded it&#58; "
        "it was not isolated \\(seccomp\\)\\.**\n\n"
        "s03\\.ipynb is no notebook&#58; the JSON ends in line 12\\. Save it again and submit it whole\\.\n\n"
    )


def test_the_whole_document_of_a_class(tmp_path: Path) -> None:
    overrides = parse(b"student,exercise,score\ns02," + samples.TWO.encode() + b",7.5\n")

    assert_gold("class.md", markdown.document(told.graded(overrides=overrides)), tmp_path)


def kinds(text: str) -> list[str]:
    """What a reader of Markdown makes of it, in order; text is no kind of its own."""
    tokens = [token for block in PARSER.parse(text) for token in (block, *(block.children or []))]
    return [token.type for token in tokens if token.type not in ("text", "softbreak", "text_special")]


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("|`*_<>[]()#!\\&@:=-+~\n"), max_size=60))
def test_a_document_of_hostile_text_has_the_same_parts_as_one_of_plain_text(text: str) -> None:
    hostile = markdown.student(filled(told.WRONG, lambda line: f"a {text}{line}"), None, samples.HEAD)
    plain = markdown.student(filled(told.WRONG, lambda line: f"a {line}"), None, samples.HEAD)

    assert kinds(hostile) == kinds(plain)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_a_class_of_hostile_names_is_a_table_of_its_rows(text: str) -> None:
    results = filled(told.CLASS, lambda line: f"a {text}{line}")

    found, plain = (kinds(markdown.classroom(classroom(one))) for one in (results, told.CLASS))
    assert found.count("tr_open") == plain.count("tr_open")
    assert not {"html_block", "html_inline", "link_open", "image"} & set(found)


@given(st.text(max_size=80))
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    (paragraph,) = [token for token in PARSER.parse(f"x{markdown.escaped(text)}") if token.type == "inline"]
    read = "".join(child.content for child in paragraph.children or [])

    assert read == re.sub(r"\s+", " ", f"x{one_line(text, 2000)}")
