"""Mistakes that nobody has written down: who makes the same one, and who is to be looked at."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from grader.overrides import NONE, parse
from grader.report import classterminal, classview, redaction
from grader.report.classview import classroom
from grader.report.clusters import TOLERANCE, ClusterView, clusters
from grader.report.html import Renderer
from grader.report.mistakes import LinkView
from grader.results import Evidence, ExerciseResult, Results, SubmissionResult
from tests.report import samples

replace = msgspec.structs.replace
UNKNOWN = replace(samples.WRONG_EXERCISE, diagnosis=None)


def did(student: str, behaviour: str, exercise: ExerciseResult = UNKNOWN) -> SubmissionResult:
    return samples.submission(student, samples.passed(samples.ONE), replace(exercise, behaviour=behaviour))


def class_of(*submissions: SubmissionResult) -> Results:
    return replace(samples.RESULTS, submissions=submissions, unmatched=())


def found(*submissions: SubmissionResult) -> tuple[ClusterView, ...]:
    return tuple(clusters(class_of(*submissions)))


def who(*submissions: SubmissionResult) -> list[list[str]]:
    return [[link.text for link in one.students or (one.example,)] for one in found(*submissions)]


def test_those_who_do_the_same_but_for_rounding_are_one_cluster_the_largest_first() -> None:
    alone = did("s06", "aa 0.5;bb")
    same = [did("s07", "aa 0.44;bb"), did("s08", "aa 0.44001;bb")]

    common, rare = found(alone, *same)

    assert (common.title, common.where) == (
        "Not passed: “many steps”, “the rates 0, 0.5 and 1”",
        f"in {samples.TWO}",
    )
    assert (common.text, common.width, common.told) == ("2 students", 100, ())
    assert common.shown is not None
    assert (common.shown.call, common.shown.expected, common.shown.outcome) == (
        f"{samples.TWO}(torch.tensor([1.0, 1.0]), 0.1, 2)",
        "[0.64, 0.64]",
        "[0.44, 0.44]",
    )
    assert common.example == LinkView("s07", "students/s07.html#exercise-2")
    assert [link.text for link in common.students] == ["s07", "s08"]
    assert (rare.text, rare.width, rare.example.text, rare.students) == ("1 student", 50, "s06", ())


def test_what_came_how_many_numbers_and_what_failed_have_to_be_the_same() -> None:
    other = replace(UNKNOWN, criteria=UNKNOWN.criteria[:2])

    assert who(did("t1", "aa 1"), did("t2", "bb 1")) == [["t1"], ["t2"]]
    assert who(did("t1", "aa 1"), did("t2", "aa 1 1")) == [["t1"], ["t2"]]
    assert who(did("t1", "aa 1"), did("t2", "aa 1", other)) == [["t1"], ["t2"]]


def test_nan_equals_nan_and_infinity_itself_alone() -> None:
    assert who(did("t1", "aa nan inf"), did("t2", "aa nan inf")) == [["t1", "t2"]]
    assert (
        len(who(did("t1", "aa inf"), did("t2", "aa -inf"), did("t3", "aa 1e300"), did("t4", "aa nan"))) == 4
    )


def test_what_a_known_mistake_explains_and_what_cannot_be_read_is_in_no_cluster() -> None:
    assert found(samples.WRONG, samples.HARNESS, samples.LOAD_FAILED, did("t1", "aa five")) == ()


def test_where_a_mistake_explains_a_part_it_is_told() -> None:
    partly = replace(
        UNKNOWN,
        diagnosis=replace(samples.DIAGNOSIS, partial=True, evidence="partial", explained=20),
        counterexample=None,
    )

    (one,) = found(did("t1", "aa 1", partly))

    assert one.shown is None
    assert one.told == (
        "“The gradients of all steps add up.”: Explains 20 of 24 failing cases, so there is more to find.",
        "wrong by up to 3e+07 bounds",
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(-0.9, 0.9))
def test_rounding_below_the_tolerance_parts_nobody_and_ten_times_it_does(
    numbers: list[float], share: float
) -> None:
    def moved(by: float) -> str:
        return "aa " + " ".join(f"{x + by * TOLERANCE * max(1.0, abs(x)):.17g}" for x in numbers)

    assert who(did("t1", moved(0.0)), did("t2", moved(share))) == [["t1", "t2"]]
    assert who(did("t1", moved(0.0)), did("t2", moved(10.0))) == [["t1"], ["t2"]]


def test_the_class_is_told_in_the_terminal_what_has_no_name_yet() -> None:
    same = [did(f"s{number:02}", "aa 0.44;bb") for number in range(10, 20)]

    text = classterminal.class_summary(classroom(class_of(*same, did("s20", "aa 7;bb")))).plain

    assert (
        "No known mistake fits, by what they have in common\n"
        "  10 students: s10, s11, s12, s13, s14, s15, s16, s17 and 2 more, in\n"
        "               gradient_descent_norm_torch_optimiser\n"
        "      Not passed: “many steps”, “the rates 0, 0.5 and 1”\n"
        f"      {samples.TWO}(torch.tensor([1.0, 1.0]), 0.1, 2)\n"
        "      expected [0.64, 0.64], got [0.44, 0.44]\n"
        "  1 student: s20, in gradient_descent_norm_torch_optimiser\n"
    ) in text


def test_a_screen_shows_the_largest_clusters_and_says_how_many_more_there_are() -> None:
    several = class_of(*(did(f"t{n}", f"aa {n}") for n in range(7)))
    text = classterminal.class_summary(classroom(several)).plain

    assert "  and 2 more: see the report\n" in text
    assert "No known mistake" not in classterminal.class_summary(classroom(class_of(samples.RIGHT))).plain


def test_the_page_has_a_row_for_each_cluster_and_a_way_there() -> None:
    same = [did("s07", "aa 0.44;bb"), did("s08", "aa 0.44;bb")]

    page = Renderer().class_page(classroom(class_of(*same)))
    without = Renderer().class_page(classroom(class_of(samples.WRONG)))

    row = page[page.index('<h2 id="clusters">') : page.index('<h2 id="criteria">')]
    assert '<li><a href="#clusters">Mistakes without a name</a></li>' in page
    assert "<strong>2 students</strong>" in row
    assert f"<p><code>{samples.TWO}(torch.tensor([1.0, 1.0]), 0.1, 2)</code></p>" in row
    assert '<p>For example <a href="students/s07.html#exercise-2">s07</a></p>' in row
    assert '<a href="students/s07.html">s07</a>, <a href="students/s08.html">s08</a>' in row
    assert "clusters" not in without


def test_a_students_own_document_has_no_behaviour() -> None:
    shown, _ = redaction.for_student(did("s07", "aa 0.44"), None, hide_expected=False)

    assert [one.behaviour for one in shown.exercises] == ["", ""]


# --- close to the bound -------------------------------------------------------------------

CLOSE = samples.submission(
    "s06", replace(samples.passed(samples.TWO), criteria=(replace(samples.row(0), borderline=7),))
)


def close_calls(student: str) -> Evidence | None:
    cases = (
        replace(samples.case(n, "one-step"), borderline=n != 0, error_over_bound=0.3 + n / 100)
        for n in range(8)
    )
    (_, exercise) = samples.EVIDENCE.exercises
    kept = replace(samples.EVIDENCE, exercises=(replace(exercise, cases=tuple(cases)),))
    return kept if student == "s06" else None


def test_answers_close_to_the_bound_are_listed_with_their_calls_the_closest_first() -> None:
    (look,) = classview.classroom(class_of(samples.RIGHT, CLOSE), NONE, close_calls).looks

    def told(steps: int) -> str:
        call = f"{samples.TWO}(torch.tensor([1.0, 1.0]), 0.1, {steps})"
        return f"{call} is off by {30 + steps} % of the bound"

    assert (look.student.text, look.reasons) == ("s06", ())
    assert look.close == (
        f"{samples.TWO}: 7 cases of “one step” accepted, but above a quarter of the bound",
        *(told(steps) for steps in (7, 6, 5, 4, 3)),
        "and 2 calls more",
    )


def test_evidence_is_read_for_nobody_else() -> None:
    asked: list[str] = []

    def evidence(student: str) -> Evidence | None:
        asked.append(student)
        return None

    corrected = parse(f"student,exercise,score\ns06,{samples.TWO},5\n".encode())
    for view in (
        classview.classroom(class_of(samples.RIGHT, samples.WRONG, CLOSE), NONE, evidence),
        classview.classroom(class_of(CLOSE), corrected, evidence),
    ):
        assert all(look.reasons or look.close for look in view.looks)

    assert asked == ["s06"]


def test_the_terminal_lists_them_too() -> None:
    text = classterminal.class_summary(classroom(class_of(CLOSE), NONE, close_calls)).plain

    assert (
        "Accepted close to the bound\n"
        "  s06: gradient_descent_norm_torch_optimiser: 7 cases of “one step” accepted,\n"
        "       but above a quarter of the bound\n"
        "    gradient_descent_norm_torch_optimiser(torch.tensor([1.0, 1.0]), 0.1, 7) is\n"
        "    off by 37 % of the bound\n"
        "    gradient_descent_norm_torch_optimiser(torch.tensor([1.0, 1.0]), 0.1, 6) is\n"
        "    off by 36 % of the bound\n"
        "    and 4 more: see the report\n"
    ) in text


def test_an_answer_close_to_the_bound_is_no_matter_where_the_criterion_is_lost_anyway() -> None:
    lost = replace(
        samples.WRONG_EXERCISE, criteria=(replace(samples.WRONG_EXERCISE.criteria[1], borderline=2),)
    )

    assert classview.classroom(class_of(samples.submission("s06", lost)), NONE, close_calls).looks == ()
