"""Verifying kits that have something wrong with them. Below a second, and a freeze where none is kept."""

from __future__ import annotations

import msgspec
import pytest

from grader import kit
from grader.judging import verify
from grader.judging.verify import Idle, Ran
from grader.kit import Late, LoadedKit, Unseen
from grader.report import verification


def changed(loaded: LoadedKit, **fields: object) -> kit.Kit:
    """The kit with its first exercise alone, and that changed."""
    first = msgspec.structs.replace(loaded.kit.exercises[0], **fields)
    return msgspec.structs.replace(loaded.kit, exercises=(first,))


def mistake(loaded: LoadedKit, name: str) -> kit.Misconception:
    return next(one for one in loaded.kit.exercises[0].misconceptions if one.id == name)


def test_a_mistake_that_costs_less_than_it_must_makes_a_kit_unfit(kit: LoadedKit) -> None:
    by_hand = msgspec.structs.replace(mistake(kit, "by-hand"), costs=("no-steps", "uses-sgd"))
    momentum = mistake(kit, "momentum-0.9")

    verified = verify.verify(changed(kit, misconceptions=(by_hand, momentum)))

    assert (verified.mutation_score, verified.fit) == (0.5, False)
    row = verified.exercises[0].rows[0]
    assert (row.fails, row.missed, row.extra) == (("uses-sgd",), ("no-steps",), ())
    assert (row.counts, row.caught, row.unpunished) == (True, False, False)


def test_a_mistake_that_costs_more_than_it_says_is_told(kit: LoadedKit) -> None:
    momentum = msgspec.structs.replace(mistake(kit, "momentum-0.9"), costs=("many-steps",))

    verified = verify.verify(changed(kit, misconceptions=(momentum,)))

    assert verified.fit
    assert verified.exercises[0].rows[0].extra == ("edge-rates",)


def test_a_mistake_that_need_not_cost_points_does_not_count(kit: LoadedKit) -> None:
    free = msgspec.structs.replace(mistake(kit, "by-hand"), costs=())

    verified = verify.verify(changed(kit, misconceptions=(free,)))

    assert (verified.exercises[0].counted, verified.mutation_score) == (0, 1.0)


def test_a_mistake_that_nothing_punishes_is_unpunished(kit: LoadedKit) -> None:
    right = mistake(kit, "returns-on-the-cpu")  # on the CPU it is right
    here = msgspec.structs.replace(right, needs=None)

    (row,) = verify.verify(changed(kit, misconceptions=(here,))).exercises[0].rows

    assert (row.fails, row.unpunished) == ((), True)


def test_two_mistakes_that_do_the_same_are_named(kit: LoadedKit) -> None:
    momentum = mistake(kit, "momentum-0.9")
    twin = msgspec.structs.replace(momentum, id="twin")

    verified = verify.verify(changed(kit, misconceptions=(momentum, mistake(kit, "adam"), twin)))

    assert verified.exercises[0].alike == (("momentum-0.9", "twin"),)


def test_a_row_says_which_cases_catch_the_mistake(kit: LoadedKit) -> None:
    by_hand = mistake(kit, "by-hand")

    (row,) = verify.verify(changed(kit, misconceptions=(by_hand,))).exercises[0].rows

    traced = next(one.cases for one in kit.kit.exercises[0].rubric if one.id == "uses-sgd")
    assert row.cases == {"uses-sgd": traced}


def test_a_mistake_that_no_criterion_punishes_and_one_that_need_not_cost_are_told_apart(
    kit: LoadedKit,
) -> None:
    on_the_cpu = mistake(kit, "returns-on-the-cpu")
    punished = msgspec.structs.replace(on_the_cpu, needs=None)
    free = msgspec.structs.replace(punished, id="free", costs=())

    verified = verify.verify(changed(kit, misconceptions=(punished, free, on_the_cpu)))

    assert [(row.unpunished, row.free) for row in verified.exercises[0].rows] == [
        (True, False),
        (False, True),
        (False, False),
    ]


# --- what is said of it -------------------------------------------------------------------


def small(kit: LoadedKit, *ran: Ran) -> verify.Verification:
    """Six mistakes of a suite: caught, costing more than they say, missed, free, alike, not to be judged."""
    right = msgspec.structs.replace(mistake(kit, "returns-on-the-cpu"), needs=None)
    found = changed(
        kit,
        misconceptions=(
            mistake(kit, "by-hand"),
            msgspec.structs.replace(mistake(kit, "made-in-the-loop"), costs=()),
            msgspec.structs.replace(right, id="missed"),
            msgspec.structs.replace(right, id="free-" + "of-points-" * 6, costs=()),
            mistake(kit, "returns-on-the-cpu"),
        ),
    )
    return verify.verify(found, ran)


FIRST = "gradient_descent_torch_optimiser"


def test_the_whole_text(kit: LoadedKit) -> None:
    (exercise,) = small(
        kit,
        Ran(FIRST, "the reference", "cpu"),
        Ran(FIRST, "with a closure", "cpu", ("many-steps: 1 of 2 cases fails",)),
        Ran(FIRST, "the reference", "cuda", (), "no driver"),
        Ran(FIRST, "with a closure", "cuda", (), "no driver"),
    ).exercises
    # What depends on how the suite was drawn is replaced, so that the text is the same for every suite.
    rows = tuple(
        msgspec.structs.replace(row, cases=dict.fromkeys(row.cases, (0, 1, 2, 5))) for row in exercise.rows
    )
    columns = tuple(msgspec.structs.replace(one, cases=9) for one in exercise.criteria)
    told = msgspec.structs.replace(
        exercise,
        rows=rows,
        criteria=columns,
        cases=tuple(f"call({number})" for number in range(6)),
        effort=12.0,
        rungs=200,
        idle=(Idle("always returns zeros", 0.0), Idle("returns its input", 1.5)),
        late=Late("number_steps", 20),
        unseen=(Unseen("mutant-a", "no `abs`"), Unseen("mutant-b", "no `sum`", "mutant-c")),
        pairs=2,
        room=0.062,
        warnings=("no `honest` programs are given",),
    )

    text = verification.text(verify.Verification((told,)), "sha256:ab12", verbose=True)

    assert text == WHOLE
    assert max(map(len, text.splitlines())) <= 80


def test_without_the_assignment_it_is_said_that_nothing_was_run(kit: LoadedKit) -> None:
    text = verification.text(small(kit), "sha256:ab12")

    assert "\nA kit holds no program: --assignment DIR runs the reference, too.\nMutation score" in text
    assert "Which cases catch what" not in text


@pytest.mark.parametrize(
    ("caught", "told"),
    [
        (None, ""),
        (100, "  Mistakes that begin late are caught up to number_steps = 100.\n"),
        (
            90,
            (
                "  MISTAKES THAT BEGIN AFTER number_steps = 90 MAY PASS: let `arguments` draw\n"
                "    inputs whose results still change at number_steps = 100, or write some into\n"
                "    `edge_cases`.\n"
            ),
        ),
    ],
)
def test_how_late_a_mistake_is_caught_is_told(kit: LoadedKit, caught: int | None, told: str) -> None:
    late = None if caught is None else Late("number_steps", caught)
    (exercise,) = small(kit).exercises
    (other,) = small(kit).exercises

    text = verification.text(verify.Verification((msgspec.structs.replace(exercise, late=late),)), "")
    without = verification.text(verify.Verification((msgspec.structs.replace(other, late=None),)), "")

    assert text.replace(told, "", 1) == without
    assert told in text


WHOLE = """\
gradient_descent_torch_optimiser
  6 cases of effort 12; 200 rungs on the ladder

  1  one-step (9 cases)
  2  many-steps (9 cases)
  3  no-steps (9 cases)
  4  edge-rates (9 cases)
  5  uses-sgd (9 cases)
  6  returns-like-theta (9 cases)

                                                           1   2   3   4   5   6
  by-hand                                                  .   .   .   .   4   .
  made-in-the-loop                                         .   .   4   .   .   .
      fails beyond its costs: no-steps
  missed                                                   .   .   .   .   .   .
      NOT CAUGHT: must fail returns-like-theta
  free-of-points-of-points-of-points-of-points-of-point…   .   .   .   .   .   .
  returns-on-the-cpu                                       ?   ?   ?   ?   ?   ?
      not judged: differs on cuda only; the kit holds what it does on the CPU

  No criterion punishes: missed.
  Named, and cost nothing, as declared:
    free-of-points-of-points-of-points-of-points-of-points-of-points-.
  The suite cannot tell apart:
    missed and free-of-points-of-points-of-points-of-points-of-points-of-points-
  A program that always returns zeros gets nothing, as it must.
  A program that returns its input gets 1.5 points; it must get none.
  MISTAKES THAT BEGIN AFTER number_steps = 20 MAY PASS: let `arguments` draw
    inputs whose results still change at number_steps = 100, or write some into
    `edge_cases`.
  No input tells from the reference: mutant-a.
  No input tells from another: mutant-b (mutant-c).
  2 pairs of derived mistakes are known, too.
  Right programs stray up to 6.2 % of their bounds.
  WARNING: no `honest` programs are given.
  On cpu 1 of 2 right programs gets full marks.
  ON CPU A RIGHT PROGRAM LOSES POINTS: with a closure fails many-steps: 1 of 2
    cases fails
  On cuda nothing was run: no driver.

  Which cases catch what:
     0  call(0)
        2: by-hand, made-in-the-loop
     1  call(1)
        2: by-hand, made-in-the-loop
     2  call(2)
        2: by-hand, made-in-the-loop
     3  call(3)
        no known mistake
     4  call(4)
        no known mistake
     5  call(5)
        2: by-hand, made-in-the-loop

  by-hand, uses-sgd: 0-2, 5
  made-in-the-loop, no-steps: 0-2, 5

In the tables: a number is how many cases of the criterion catch the mistake;
  .  no case catches it, the points stay
  ?  not judged here
Rungs are more calls, the simplest first: an unknown mistake is shown in one.

Mutation score: 50 % (1 of 2 mistakes that must cost points)
The suites cost an effort of 12 a submission.
Kit sha256:ab12
Not fit to grade: see above.
"""
