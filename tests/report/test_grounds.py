"""What a finding rests on, in words: one sentence for each kind of evidence, in every format."""

from __future__ import annotations

import msgspec
import pytest

from grader.report import terminal
from grader.report.grounds import for_the_class, ground
from grader.results import Diagnosis, Ground
from tests.report import samples


def found(evidence: Ground, explained: int = 24, failing: int = 24, **more: object) -> Diagnosis:
    made = Diagnosis(("one",), "It is one", "Look.", explained, failing, evidence=evidence)
    return msgspec.structs.replace(made, **more)


SENTENCES = (
    (found("proven"), "All 24 failing cases behave exactly as if this were the mistake."),
    (found("proven", 1, 1), "The failing case behaves exactly as if this were the mistake."),
    (
        found("proven", others=("SGD runs with momentum 0.9",)),
        (
            "All 24 failing cases behave exactly as if this mistake were made together with another one:"
            " SGD runs with momentum 0.9."
        ),
    ),
    (
        found("proven", 1, 1, others=("The rate is halved", "One step too few is taken")),
        (
            "The failing case behaves exactly as if this mistake were made together with 2 others:"
            " the rate is halved; one step too few is taken."
        ),
    ),
    (found("trace", calls=5), "Read from the recorded steps of 5 calls."),
    (
        found("trace", calls=1, partial=True),
        "Read from the recorded steps of 1 call. There may be more to find.",
    ),
    (found("error"), "Seen in all 24 failing calls."),
    (found("error", 1, 1), "Seen in the failing call."),
    (found("error", 8), "Seen in 8 of 24 failing calls, so there is more to find."),
    (
        found("error", cause="a misspelt name"),
        "Seen in all 24 failing calls. A possible cause: a misspelt name.",
    ),
    (
        found("error", cause="The loss is computed once."),
        "Seen in all 24 failing calls. A possible cause: the loss is computed once.",
    ),
    (
        found("error", cause="SGD gets no list"),
        "Seen in all 24 failing calls. A possible cause: SGD gets no list.",
    ),
    (found("partial", 20), "Explains 20 of 24 failing cases, so there is more to find."),
    (found("partial"), "Seen in all 24 failing cases. There may be more to find."),
    (found("partial", calls=2), "Seen in 2 calls. There may be more to find."),
)


@pytest.mark.parametrize(("finding", "words"), SENTENCES, ids=[words for _, words in SENTENCES])
def test_the_words_say_what_a_finding_rests_on_and_no_more(finding: Diagnosis, words: str) -> None:
    assert ground(finding) == words


@pytest.mark.parametrize("evidence", ["trace", "error", "partial"])
def test_only_what_is_proven_is_claimed_for_all_failing_cases(evidence: Ground) -> None:
    exercise = msgspec.structs.replace(samples.WRONG_EXERCISE, diagnosis=found(evidence, calls=3))
    result = msgspec.structs.replace(samples.WRONG, exercises=(exercise,))

    text = terminal.check(result, None, samples.HEAD).plain

    assert ground(found(evidence, calls=3)) in text
    assert "behave exactly" not in text


def test_calls_that_were_not_run_are_not_said_to_have_been_seen() -> None:
    told = ground(msgspec.structs.replace(found("error", calls=1), explained=24, failing=24))

    assert told == "Seen in 1 call; 23 after it were not run."


def test_the_instructor_is_told_for_how_many_students_a_name_is_how_sure() -> None:
    told = for_the_class({"trace": 1, "proven": 2})

    assert told == "Proven on all failing cases for 2 students, read from recorded steps for 1 student."


def test_a_finding_stored_by_an_earlier_version_claims_nothing() -> None:
    old = msgspec.json.decode(
        b'{"misconceptions":["one"],"title":"It is one","hint":"Look.","explained":24,"failing":24}',
        type=Diagnosis,
    )

    assert ground(old) == "Seen in all 24 failing cases. There may be more to find."
