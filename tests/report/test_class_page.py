"""What is shown of a class: the verdict, who needs a look, the mistakes, the map, the table of students."""

from __future__ import annotations

import msgspec
import pytest

from grader.overrides import NONE, parse
from grader.records import Failure, Origin
from grader.report import classview, heat
from grader.report.classview import ClassView
from grader.report.figures import DASH, together
from grader.report.mistakes import LinkView
from grader.results import Device, ExerciseResult, Results, SubmissionResult
from tests.report import samples

replace = msgspec.structs.replace


def class_of(*submissions: SubmissionResult) -> Results:
    return replace(samples.RESULTS, submissions=submissions, unmatched=())


def seen(*submissions: SubmissionResult) -> ClassView:
    return classview.classroom(class_of(*submissions), NONE)


def named(count: int) -> list[SubmissionResult]:
    return [replace(samples.WRONG, student=f"t{n:02}") for n in range(count)]


def test_the_verdict_says_how_many_were_graded_did_well_and_need_a_look() -> None:
    view = classview.classroom(samples.RESULTS, NONE)

    assert view.headline == "5 submissions: 1 not graded, 1 with full marks, 1 that needs a look."
    assert [(fact.name, fact.text) for fact in view.summary] == [
        ("Graded", "4 of 5"),
        ("Full marks", "1 of 5"),
        ("Need a look", "1 of 5"),
        ("Mean", "11.5 / 20"),
        ("Median", "13 / 20"),
        ("Corrected", "0 of 5"),
    ]


def test_bars_count_those_who_have_a_mark() -> None:
    view = classview.classroom(samples.RESULTS, NONE)

    assert [(one.label, one.count) for one in view.bins if one.count] == [
        ("0 to 10 %", 1),
        ("50 to 60 %", 1),
        ("80 to 90 %", 1),
        ("90 to 100 %", 1),
    ]


def test_corrections_count_in_the_class() -> None:
    overrides = parse(f"student,exercise,score\ns02,{samples.TWO},10\n".encode())

    view = classview.classroom(samples.RESULTS, overrides)

    assert [row.score for row in view.rows][:2] == ["20 / 20", "20 / 20"]
    assert view.rows[1].exercises == ("10", "10 *")
    assert {fact.name: fact.text for fact in view.summary}["Full marks"] == "2 of 5"


def test_a_correction_that_fits_nothing_is_told_above_the_class() -> None:
    overrides = parse(f"student,exercise,score\ns99,{samples.ONE},5\n".encode())

    (alert,) = classview.classroom(class_of(samples.RIGHT), overrides).alerts

    assert alert.title == "Corrections"
    assert [item.text for item in alert.items] == ["overrides.csv, line 2: there is no submission of 's99'."]


def test_our_own_faults_are_told_first_with_a_way_to_the_page() -> None:
    first, second = classview.classroom(samples.RESULTS, NONE).alerts

    assert (first.level, first.title) == ("fault", "The grader failed on these; it costs nobody a point")
    assert [(item.student, item.text) for item in first.items] == [
        (LinkView("s05", "students/s05.html"), "the zygote ended while starting (signal 9)")
    ]
    assert [(item.student, item.text) for item in second.items] == [(None, "submissions/notes.docx")]


def reasons(*exercises: ExerciseResult) -> list[str]:
    return [reason for look in seen(samples.submission("s06", *exercises)).looks for reason in look.reasons]


def test_what_the_grader_cannot_explain_needs_a_look() -> None:
    unknown = replace(samples.WRONG_EXERCISE, diagnosis=None)
    partial = replace(
        samples.WRONG_EXERCISE,
        diagnosis=replace(samples.DIAGNOSIS, partial=True, evidence="partial", explained=20),
    )

    assert reasons(samples.WRONG_EXERCISE) == []
    assert reasons(unknown) == [f"{samples.TWO}: no known mistake fits: wrong by up to 3e+07 bounds"]
    told = "Explains 20 of 24 failing cases, so there is more to find."
    assert reasons(partial) == [f"{samples.TWO}: “The gradients of all steps add up.”: {told}"]


def test_a_function_under_nearly_another_name_needs_a_look_and_one_not_begun_does_not() -> None:
    assert reasons(samples.missing(samples.ONE)) == []
    assert reasons(samples.missing(samples.ONE, "gradient_decent")) == [
        f"{samples.ONE}: no function named {samples.ONE}; the most similar name is gradient_decent"
    ]


def test_what_could_not_be_loaded_needs_a_look_until_it_is_corrected() -> None:
    overrides = parse(f"student,exercise,score\ns03,{samples.ONE},5\ns03,{samples.TWO},5\n".encode())

    (look,) = seen(samples.LOAD_FAILED).looks
    assert look.student == LinkView("s03", "students/s03.html")
    assert look.reasons == (f"could not be loaded: {samples.LOAD_FAILED.message}",)
    assert classview.classroom(class_of(samples.LOAD_FAILED), overrides).looks == ()


def test_many_reasons_are_folded_and_few_are_open() -> None:
    strange = [replace(samples.LOAD_FAILED, student=f"t{n}") for n in range(7)]

    assert seen(*strange[:6]).looks_open
    assert not seen(*strange).looks_open


def test_a_mistake_counts_once_a_student_the_most_common_first() -> None:
    both = samples.submission(
        "s07", replace(samples.WRONG_EXERCISE, name=samples.ONE), samples.WRONG_EXERCISE
    )
    other = replace(samples.DIAGNOSIS, misconceptions=("adam",), title="The optimiser is Adam")
    adam = [
        samples.submission(
            f"t{n}", samples.passed(samples.ONE), replace(samples.WRONG_EXERCISE, diagnosis=other)
        )
        for n in range(4)
    ]

    common, rare = seen(both, *adam).mistakes

    assert (common.title, common.text, common.width) == ("The optimiser is Adam", "4 students", 100)
    assert common.where == f"in {samples.TWO}"
    assert common.example == LinkView("t0", "students/t0.html#exercise-2")
    assert [link.text for link in common.students] == ["t0", "t1", "t2", "t3"]
    assert (rare.title, rare.text, rare.width) == ("The gradients of all steps add up.", "1 student", 25)
    assert (rare.where, rare.students) == ("in both exercises", ())


def test_a_mistake_with_a_number_of_its_own_is_one_mistake() -> None:
    def rate(student: str, value: str, *, partial: bool = False) -> SubmissionResult:
        found = replace(
            samples.DIAGNOSIS,
            misconceptions=("fixed-rate",),
            title=f"Every step uses the rate {value}",
            teacher="Ask what the second argument is for.",
            partial=partial,
            evidence="partial" if partial else "proven",
        )
        return samples.submission(student, replace(samples.WRONG_EXERCISE, diagnosis=found))

    (mistake,) = seen(rate("t1", "0.1", partial=True), rate("t2", "0.5"), rate("t3", "0.1")).mistakes

    assert mistake.title == "Every step uses the rate 0.1"
    assert mistake.others == (
        "Ask what the second argument is for.",
        "Proven on all failing cases for 2 students, not proven for 1 student.",
        "For 1 of them: Every step uses the rate 0.5.",
    )
    assert mistake.example.text == "t2"  # whom it explains wholly


def test_mistakes_that_cannot_be_told_apart_are_named_together() -> None:
    found = replace(
        samples.DIAGNOSIS,
        misconceptions=("rate-halved", "halved-loss"),
        title="The rate is halved",
        titles=("The rate is halved", "The loss is halved"),
    )

    (mistake,) = seen(samples.submission("s06", replace(samples.WRONG_EXERCISE, diagnosis=found))).mistakes

    assert mistake.title == "The rate is halved"
    assert mistake.others == (
        "Proven on all failing cases for 1 student.",
        "Not to be told apart from: The loss is halved.",
    )


def test_what_else_was_found_counts_too() -> None:
    other = replace(samples.DIAGNOSIS, misconceptions=("adam",), title="The optimiser is Adam")

    view = seen(samples.submission("s06", replace(samples.WRONG_EXERCISE, further=(other,))))

    assert [one.title for one in view.mistakes] == [
        "The gradients of all steps add up.",
        "The optimiser is Adam",
    ]


def test_the_map_counts_a_class_without_those_we_failed() -> None:
    view = classview.classroom(samples.RESULTS, NONE)

    assert [
        (group.exercise, [(strip.number, strip.title, strip.text) for strip in group.strips][:2])
        for group in view.map.groups
    ] == [
        (samples.ONE, [(1, "one step", "3 of 4"), (2, "many steps", "3 of 4")]),
        (samples.TWO, [(7, "one step", "2 of 4"), (8, "many steps", "1 of 4")]),
    ]


def test_a_column_of_the_map_is_a_submission_the_best_on_the_left() -> None:
    drawn = classview.classroom(samples.RESULTS, NONE).map
    many = drawn.groups[1].strips[1]

    assert [label.text for label in drawn.labels] == ["s01", "s02", "s04", "s03", "s05"]
    assert many.failed == "M1 0h1v12h-1z"
    assert many.missing == "M2 7h2v5h-2z"  # two neighbours are one rectangle
    assert many.harness == "M4 5h1v2h-1z"
    assert many.told == "5 submissions: 1 pass, 1 fail, 2 have not started"


def test_those_who_fail_alike_stand_together() -> None:
    elsewhere = tuple(
        samples.row(index, failed=3, failure=Failure.WRONG_VALUE if index in (0, 2) else None)
        for index in range(6)
    )
    other = samples.submission(
        "t01b", samples.passed(samples.ONE), replace(samples.WRONG_EXERCISE, criteria=elsewhere)
    )
    drawn = seen(*named(2), replace(other, score=16.0), *named(4)[2:]).map

    assert [row.student for row in drawn.standing] == ["t01b", "t00", "t01", "t02", "t03"]
    assert drawn.groups[1].strips[1].failed == "M1 0h4v12h-4z"


def test_the_map_in_words_has_the_same_order_and_says_what_each_fails() -> None:
    view = classview.classroom(samples.RESULTS, NONE)
    drawn = view.map

    assert [(row.student, *row.cells) for row in drawn.standing] == [
        ("s01", "all passed", "all passed"),
        ("s02", "all passed", "“many steps”, “the rates 0, 0.5 and 1”"),
        ("s04", "all passed", "not started"),
        ("s03", "not run", "not run"),
        ("s05", "not graded", "not graded"),
    ]
    assert {row.student: row.fails for row in view.rows} == {
        "s01": "",
        "s02": "8 10",
        "s03": "1 2 3 4 5 6 7 8 9 10 11 12",
        "s04": "7 8 9 10 11 12",
        "s05": "",
    }


def test_names_stand_below_the_columns_of_a_small_class_only() -> None:
    small, large = seen(*named(30)).map, seen(*named(31)).map

    assert (len(small.labels), small.pixels, large.labels, large.pixels) == (30, 600, (), 640)
    long = seen(replace(samples.RIGHT, student="a-very-long-name@example.org")).map
    assert [label.text for label in long.labels] == ["a-very-long-n…"]


def test_lines_between_columns_end_where_columns_are_too_narrow() -> None:
    assert seen(*named(3)).map.rules == "M1 0v12M2 0v12"
    assert seen(*[replace(samples.WRONG, student=f"t{n}") for n in range(heat.RULED + 1)]).map.rules == ""


def test_two_devices_have_a_column_each_and_a_strip_for_each_criterion() -> None:
    devices = tuple(Device(name=name, graded=True, reason=None, hardware=None) for name in ("cpu", "cuda"))
    rows = (
        *(samples.row(index) for index in range(6)),
        samples.row(0, device="cuda"),
        samples.row(1, failed=20, failure=Failure.WRONG_DEVICE, device="cuda"),
    )
    result = samples.submission("s06", replace(samples.passed(samples.ONE), criteria=rows))

    view = classview.classroom(replace(class_of(result, samples.HARNESS), devices=devices), NONE)

    assert view.columns == ("cpu", "cuda")
    assert [row.devices for row in view.rows] == [("10 / 10", "2 / 5"), (DASH, DASH)]
    assert [(strip.title, strip.device, strip.text) for strip in view.map.groups[0].strips][:5] == [
        ("one step", "cpu", "1 of 1"),
        ("one step", "cuda", "1 of 1"),
        ("many steps", "cpu", "1 of 1"),
        ("many steps", "cuda", "0 of 1"),
        ("no steps leave theta as it is", "cpu", "1 of 1"),
    ]
    assert view.map.standing[0].cells[0] == "“many steps” (cuda)"


def test_there_is_a_button_for_every_result_that_occurs() -> None:
    view = classview.classroom(samples.RESULTS, NONE)

    assert [(one.status, one.words, one.count) for one in view.filters] == [
        ("passed", "passed", "1"),
        ("partly", "passed in part", "2"),
        ("failed", "failed", "1"),
        ("harness", "grader failed", "1"),
        ("look", "needs a look", "1"),
    ]
    assert [row.look for row in view.rows] == [False, False, True, False, False]
    assert [one.status for one in seen(samples.RIGHT).filters] == ["passed"]


def test_the_remark_names_the_mistake_or_else_what_fails_first() -> None:
    unknown = replace(samples.WRONG_EXERCISE, name=samples.ONE, diagnosis=None)

    view = seen(
        samples.submission("s06", unknown, samples.WRONG_EXERCISE),
        samples.submission("s07", samples.missing(samples.ONE), samples.passed(samples.TWO)),
    )

    assert [row.remark for row in view.rows] == [
        "wrong by up to 3e+07 bounds. The gradients of all steps add up.",
        "no gradient_descent_torch_optimiser",
    ]


def test_the_remark_says_first_who_was_late() -> None:
    late = Origin("canvas", "1", late=True)
    failed = samples.LOAD_FAILED

    view = seen(replace(samples.RIGHT, origin=late), replace(failed, origin=late), samples.RIGHT)

    assert [row.remark for row in view.rows] == ["Handed in late", f"Handed in late; {failed.message}", ""]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (["Handed in late"], "Handed in late"),
        (["Handed in late", "The rate is halved"], "Handed in late. The rate is halved"),
        (["The rate is halved.", "The sum comes back."], "The rate is halved. The sum comes back."),
        (["The rate is halved.", "no norm", "no norm"], "The rate is halved; no norm"),
        (
            ["no Layer", "4 of 10 cases fail", "None comes back"],
            "no Layer; 4 of 10 cases fail. None comes back",
        ),
        ([], ""),
    ],
)
def test_remarks_are_sentences_of_their_own_where_they_begin_as_such(told: list[str], text: str) -> None:
    assert together(told) == text
