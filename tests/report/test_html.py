"""Pages: the same elements whatever a student writes, nothing from elsewhere, readable by everyone."""

from __future__ import annotations

import base64
import functools
import gc
import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import GraderError
from grader.overrides import NONE, Overrides, parse
from grader.report import html
from grader.report.classview import classroom
from grader.report.head import Head
from grader.report.html import Renderer
from grader.results import Results, SubmissionResult
from grader.text import FORBIDDEN
from tests.report import samples
from tests.report.reading import Page, filled

RENDERER: Final = Renderer()
CORRECTED: Final = parse(
    b"student,exercise,score,comment\ns02," + samples.TWO.encode() + b",7.5,nearly right\n"
)

HOSTILE: Final = (
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for x in y %}{# #}",
    "</style></title></textarea></pre></code><svg/onload=alert(1)>",
    "<!-- --> <![CDATA[ ]]> <?php ?> &lt; &#60; &amp;",
    "\x00\x07\x08\x1b[31mred\x1b[0m\x1b]0;title\x07\x7f\x9b31m",
    "\u202eabc\u2066\u2069\u200b\ufeff\u2028\u2029",
    "\ud800 \udfff \ufffe",
    "javascript:alert(1)",
    "../../../etc/passwd",
    "x" * 10_000,
    "<b>" * 3_000,
)


def pages(results: Results, overrides: Overrides = NONE) -> list[str]:
    """The class page and every student's page, evidence with the second."""
    head = Head(results.assignment, results.environment, results.devices)
    students = (RENDERER.student_page(one, None, head, overrides) for one in results.submissions)
    return [RENDERER.class_page(classroom(results, overrides)), *students]


def student_page(result: SubmissionResult, overrides: Overrides = NONE) -> Page:
    return Page(RENDERER.student_page(result, samples.EVIDENCE, samples.HEAD, overrides))


def assert_same_shape(hostile: str) -> None:
    written = filled_pages(lambda text: f"a{hostile}{text}")
    for text, plain in zip(written, plain_pages(), strict=True):
        page = Page(text)
        assert page.shape == plain.shape
        assert page.others == []
        assert not FORBIDDEN.search(text)


@functools.cache
def plain_pages() -> tuple[Page, ...]:
    return tuple(Page(text) for text in filled_pages(lambda text: f"plain {text}"))


def filled_pages(write: Callable[[str], str]) -> list[str]:
    results = filled(samples.RESULTS, write)
    rows = {
        (write(s), write(e)): msgspec.structs.replace(row, comment=write(row.comment))
        for (s, e), row in CORRECTED.rows.items()
    }
    overrides = Overrides(rows=rows, warnings=(write("line 3: bad"),))
    head = Head(results.assignment, results.environment, results.devices)
    evidence = filled(samples.EVIDENCE, write)
    return [
        *pages(results, overrides),
        RENDERER.student_page(results.submissions[1], evidence, head, overrides),
        "".join(RENDERER.corrections_page(results, overrides, b"")),
    ]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_in_every_field_leaves_the_elements_as_they_are(hostile: str) -> None:
    assert_same_shape(hostile)


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\r\n"), max_size=200).filter(bool))
def test_any_text_in_every_field_leaves_the_elements_as_they_are(hostile: str) -> None:
    assert_same_shape(hostile)


def test_hostile_text_is_shown_as_it_was_written() -> None:
    hostile = "<script>alert('{{ 7 * 7 }}')</script> \u202e"
    result = msgspec.structs.replace(samples.WRONG, student=hostile)

    page = student_page(result)

    assert r"<script>alert('{{ 7 * 7 }}')</script> \u202e" in page.text
    assert len(page.all("script")) == 1  # our own


def test_pages_load_nothing_and_allow_nothing_to_be_loaded() -> None:
    for text in [*pages(samples.RESULTS), *filled_pages(str)]:
        page = Page(text)
        style, script = own(text, "style"), own(text, "script")
        rest = text
        for part in (style, script, digest(style), digest(script)):  # a digest may hold any letters
            rest = rest.replace(part, "")
        assert not re.search(r"(?:src|srcset|action|data|poster)\s*=|url\(|@import|https?:|//", rest + style)
        assert not any(page.all(tag) for tag in ("link", "img", "iframe", "object", "form", "base"))
        (policy,) = [
            m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
            "base-uri 'none'; form-action 'none'"
        )
        assert not any("style" in dict(attrs) for _, attrs in page.elements)
        assert not any(name.startswith("on") for _, attrs in page.elements for name, _ in attrs)


def test_the_script_writes_no_markup_and_asks_nobody() -> None:
    script = own(RENDERER.class_page(classroom(samples.RESULTS)), "script")

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "fetch"):
        assert word not in script
    for word in ("XMLHttpRequest", "import", "WebSocket", "sendBeacon", "new Image", "iframe", "Worker"):
        assert word not in script


def own(page: str, tag: str) -> str:
    """What stands in the page's one style sheet or script."""
    (found,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return str(found)


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_every_page_has_one_heading_landmarks_a_language_and_a_way_past_the_header() -> None:
    for text in pages(samples.RESULTS):
        page = Page(text)
        assert text.startswith("<!DOCTYPE html>\n")
        assert page.all("html") == [{"lang": "en"}]
        assert [len(page.all(tag)) for tag in ("h1", "main", "header", "footer", "title")][:4] == [1, 1, 1, 1]
        assert page.all("a")[0] == {"class": "skip", "href": "#main"}
        assert page.all("main") == [{"id": "main"}]


def test_every_label_points_at_an_id_that_is_there_once() -> None:
    for text in [*pages(samples.RESULTS), *filled_pages(str)]:
        page = Page(text)
        ids = [dict(attrs)["id"] for _, attrs in page.elements if "id" in dict(attrs)]
        labels = " ".join(dict(attrs).get("aria-labelledby") or "" for _, attrs in page.elements).split()
        assert len(ids) == len(set(ids))
        assert set(labels) <= set(ids)


def test_every_opened_element_is_closed_in_order() -> None:
    void = {"meta", "br", "hr", "img", "input", "link", "wbr"}
    for text in filled_pages(str):
        stack: list[str] = []
        for tag, _ in Page(text).elements:
            if tag.startswith("/"):
                assert stack.pop() == tag[1:]
            elif tag not in void:
                stack.append(tag)
        assert stack == []


def test_failing_criteria_are_open_and_passing_ones_closed() -> None:
    page = student_page(samples.WRONG)

    criteria = [one for one in page.all("details") if one.get("class") == "criterion"]
    opened = ["open" in details for details in criteria]

    assert opened == [False] * 6 + [False, True, False, True, False, False]


def test_a_student_page_says_what_broke_and_what_to_look_at() -> None:
    text = " ".join(student_page(samples.WRONG).text.split())

    for told in (
        "16 / 20 points 10 of 12 checks passed.",
        "gradient_descent_norm_torch_optimiser(torch.tensor([1.0, 1.0]), 0.1, 2)",
        "expected [0.64, 0.64] got [0.44, 0.44]",
        "The error is 69,900 times what honest rounding can explain.",
        "It leaves the reference at step 2.",
        "Likely mistake: The gradients of all steps add up.",
        "backward() adds to .grad. Look at what each step of your loop should begin with.",
        "16 more of its cases fail.",
        "s02.ipynb, cell 2, line 1: ignored the magic %matplotlib",
        "theta = 0.8",
        "s02.ipynb, cell 3",
        "loss = torch.norm(theta) ** 2",
        "cuda: not graded: this build of PyTorch has no CUDA",
        "sha256:ab12",
    ):
        assert told in text


def test_source_is_one_list_item_a_line_so_that_its_numbers_are_true() -> None:
    items = student_page(samples.WRONG).all("li")

    addresses = [one["id"] for one in items if one.get("id")]
    assert addresses == ["S1-L1", "S2-L1", "S2-L2", *(f"S3-L{line}" for line in range(1, 9))]


def test_a_correction_is_shown_as_such_with_what_the_grader_gave() -> None:
    text = " ".join(student_page(samples.WRONG, CORRECTED).text.split())

    assert "17.5 / 20 points" in text
    assert "Corrected by the instructor. The grader gave 16." in text
    assert "Corrected by the instructor from 6 to 7.5: nearly right" in text


def test_a_student_page_names_no_other_student() -> None:
    others = {"s01", "s03", "s04", "s05"}
    text = RENDERER.student_page(samples.WRONG, samples.EVIDENCE, samples.HEAD, CORRECTED)

    assert not any(re.search(rf"\b{other}\b", text) for other in others)


def test_the_class_page_puts_our_faults_and_lost_files_before_the_marks() -> None:
    text = Page(RENDERER.class_page(classroom(samples.RESULTS, CORRECTED))).text

    places = [
        text.index(told) for told in ("the zygote ended", "notes.docx", "Mean", "no notebook", "gradients")
    ]
    assert places == sorted(places)


def test_missing_isolation_is_told_on_every_page() -> None:
    isolation = msgspec.structs.replace(
        samples.ENVIRONMENT.isolation, level="none", layers=(), missing=("seccomp", "landlock")
    )
    environment = msgspec.structs.replace(samples.ENVIRONMENT, isolation=isolation)
    results = msgspec.structs.replace(samples.RESULTS, environment=environment)

    for whose, text in zip(
        ["your rights", *["the rights of whoever graded it"] * 5], pages(results), strict=True
    ):
        page = Page(text)
        assert f"Submitted code ran with {whose}: it was not isolated (seccomp, landlock)." in page.text
        assert "alert fault" in [section.get("class") for section in page.all("section")]


def test_a_class_of_nobody_has_a_page() -> None:
    results = msgspec.structs.replace(samples.RESULTS, submissions=(), unmatched=())

    text = Page(RENDERER.class_page(classroom(results))).text

    assert "0 submissions: 0 with full marks, 0 that need a look." in text
    assert "Full marks 0 of 0" in text


def test_pages_are_written_where_the_class_page_links_to(tmp_path: Path) -> None:
    strange = msgspec.structs.replace(samples.RIGHT, student="../Ünsafe <id>")
    results = msgspec.structs.replace(samples.RESULTS, submissions=(strange, samples.WRONG))

    index = html.write_class(tmp_path, classroom(results), RENDERER)
    written = [
        html.write_student(tmp_path, one, None, samples.HEAD, NONE, RENDERER) for one in results.submissions
    ]

    written.append(html.write_corrections(tmp_path, results, NONE, RENDERER))

    links = {str(a["href"]).partition("#")[0] for a in Page(index.read_text(encoding="utf-8")).all("a")}
    assert {str(path.relative_to(tmp_path)) for path in written} == links - {""}
    assert sorted(path.parent for path in written) == [tmp_path, *[tmp_path / "students"] * 2]
    assert [path.name for path in tmp_path.rglob("*.tmp")] == []


def test_an_assignments_own_template_replaces_a_single_one(tmp_path: Path) -> None:
    (tmp_path / "student.html.j2").write_text("<p>{{ view.student }}</p>", encoding="utf-8")
    renderer = Renderer(tmp_path)

    assert renderer.student_page(samples.RIGHT, None, samples.HEAD) == "<p>s01</p>"
    assert renderer.class_page(classroom(samples.RESULTS)) == RENDERER.class_page(classroom(samples.RESULTS))


def test_an_assignments_own_template_may_replace_a_single_block(tmp_path: Path) -> None:
    own_page = '{% extends "default/class.html.j2" %}{% block footer %}<p>Ask us.</p>\n{% endblock %}'
    (tmp_path / "class.html.j2").write_text(own_page, encoding="utf-8")

    page = Renderer(tmp_path).class_page(classroom(samples.RESULTS))

    footer = "<p>This page names every student: it is for the instructor.</p>"
    assert page == RENDERER.class_page(classroom(samples.RESULTS)).replace(footer, "<p>Ask us.</p>")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (
            "{{ view.nothing }}",
            "UndefinedError: 'grader.report.views.StudentView object' has no attribute 'nothing'",
        ),
        ("{% if %}", "TemplateSyntaxError: Expected an expression, got 'end of statement block'"),
    ],
)
def test_a_broken_template_is_told_with_its_name(tmp_path: Path, template: str, told: str) -> None:
    (tmp_path / "student.html.j2").write_text(template, encoding="utf-8")

    with pytest.raises(GraderError) as caught:
        Renderer(tmp_path).student_page(samples.RIGHT, None, samples.HEAD)

    assert caught.value.message == f"{tmp_path}/student.html.j2, line 1: {told}"
    assert caught.value.hint == (
        "Mend the assignment's templates/ folder, or move it away to use the default templates."
    )


def test_a_thousand_pages_leave_no_memory_behind(tmp_path: Path) -> None:
    def write(count: int) -> int:
        for index in range(count):
            result = msgspec.structs.replace(samples.WRONG, student=f"s{index:04}")
            html.write_student(tmp_path, result, samples.EVIDENCE, samples.HEAD, NONE, RENDERER)
        gc.collect()
        return sys.getallocatedblocks()

    before = write(20)
    after = write(1000)

    assert after - before < 1000  # not one block a page
    assert len(list((tmp_path / "students").iterdir())) == 1000


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    full = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground_in_both_themes(theme: int) -> None:
    style = own(RENDERER.class_page(classroom(samples.RESULTS)), "style")
    found = re.findall(r"--([a-z-]+):light-dark\((#[0-9a-f]+),(#[0-9a-f]+)\)", style)
    colours = {name: both[theme] for name, *both in found}
    grounds = ("ground", "surface", "code-ground")
    pairs = [(text, ground) for text in ("text", "quiet", "accent", "bad") for ground in grounds]
    pairs += [("good", "good-ground"), ("part", "part-ground"), ("bad", "bad-ground"), ("part", "surface")]

    assert dict.fromkeys(pairs, True) == {
        (text, ground): _contrast(colours[text], colours[ground]) >= 4.5 for text, ground in pairs
    }
    shapes = [("bar", "surface"), ("cell-bad", "cell"), ("cell-none", "cell")]
    assert [pair for pair in shapes if _contrast(colours[pair[0]], colours[pair[1]]) < 3] == []
