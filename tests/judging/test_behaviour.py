"""What a program with an unknown mistake did, as it is stored: two that do the same are found alike."""

from __future__ import annotations

import msgspec
import numpy as np

from grader import tensors
from grader.judging import behaviour, compare, score
from grader.kit import Exercise, LoadedKit
from grader.records import Answer, ExerciseRun, Failure, Returned, Stopped
from grader.report.clusters import clusters
from grader.results import ExerciseResult
from tests.report import samples


def stored(exercise: Exercise, answers: tuple[Answer, ...], *, found: bool = True) -> str:
    run = ExerciseRun(exercise.name, found=found, answers=dict(enumerate(answers)))
    outcomes = compare.judge(run, exercise, "cpu")
    criteria = score.criteria(outcomes, exercise) if found else ()
    return behaviour.described(exercise, [(run, outcomes)], criteria)


def answers_of(exercise: Exercise, mistake: str) -> tuple[Answer, ...]:
    return next(one.answers for one in exercise.misconceptions if one.id == mistake)


def rounded_otherwise(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """The same answers, each a few units in the last place of a float32 off."""

    def moved(answer: Answer) -> Answer:
        if not isinstance(answer, Returned) or answer.value is None:
            return answer
        value = answer.value
        kind = np.dtype(value.dtype)
        data = (np.frombuffer(value.data, kind) * (1 + 3e-7)).astype(kind).tobytes()
        return msgspec.structs.replace(answer, value=msgspec.structs.replace(value, data=data))

    return tuple(map(moved, answers))


def sizes(*behaviours: str) -> list[str]:
    unknown = msgspec.structs.replace(samples.WRONG_EXERCISE, diagnosis=None)
    exercises: list[ExerciseResult] = [msgspec.structs.replace(unknown, behaviour=one) for one in behaviours]
    handed_in = tuple(samples.submission(f"t{i}", one) for i, one in enumerate(exercises))
    return [one.text for one in clusters(msgspec.structs.replace(samples.RESULTS, submissions=handed_in))]


def test_one_mistake_that_rounds_in_two_ways_is_one_behaviour(kit: LoadedKit) -> None:
    for exercise in kit.kit.exercises:
        momentum, adam = answers_of(exercise, "momentum-0.9"), answers_of(exercise, "adam")
        told = [stored(exercise, one) for one in (momentum, rounded_otherwise(momentum), adam)]

        assert told[0] != told[1]
        assert sizes(*told) == ["2 students", "1 student"]


def test_it_says_what_came_and_the_numbers_in_units_of_what_was_given(kit: LoadedKit) -> None:
    exercise = kit.kit.exercises[0]
    first = exercise.cases[0]
    answer = answers_of(exercise, "momentum-0.9")[0]
    assert isinstance(answer, Returned)
    assert answer.value is not None
    given = tensors.floats(first.arguments[exercise.moves])  # type: ignore[arg-type]
    share = tensors.floats(answer.value)[0] / abs(given[0])

    whole = stored(exercise, answers_of(exercise, "momentum-0.9"))

    assert whole.split(";")[0].split(" ")[1:] == [f"{share:.6g}"]
    assert len(whole.split(";")) == len(exercise.cases)


def test_those_that_never_end_are_alike_and_no_text_of_theirs_is_kept(kit: LoadedKit) -> None:
    exercise = kit.kit.exercises[0]
    endless = (Stopped(Failure.TIMED_OUT, "used 2.0 s; <b>"),) * len(exercise.cases)
    other = (Stopped(Failure.TIMED_OUT, "used 2.1 s"),) * len(exercise.cases)

    assert stored(exercise, endless) == stored(exercise, other)
    assert set(stored(exercise, endless)) <= set("0123456789abcdef;")


def test_what_is_right_or_not_there_has_no_behaviour(kit: LoadedKit) -> None:
    exercise = kit.kit.exercises[0]

    assert stored(exercise, (), found=False) == ""
    assert behaviour.described(exercise, [], ()) == ""
