"""Verifying kits that have something wrong with them. Below a second, and a freeze where none is kept."""

from __future__ import annotations

import msgspec

from grader import kit
from grader.judging import verify
from grader.kit import LoadedKit


def changed(loaded: LoadedKit, **fields: object) -> kit.Kit:
    """The kit with its first exercise alone, and that changed."""
    first = msgspec.structs.replace(loaded.kit.exercises[0], **fields)
    return msgspec.structs.replace(loaded.kit, exercises=(first,))


def mistake(loaded: LoadedKit, name: str) -> kit.Misconception:
    return next(one for one in loaded.kit.exercises[0].misconceptions if one.id == name)


def test_a_mistake_that_costs_less_than_it_must_makes_a_kit_unfit(kit: LoadedKit) -> None:
    by_hand = msgspec.structs.replace(mistake(kit, "by-hand"), costs=("no-steps", "uses-sgd"))
    momentum = mistake(kit, "momentum")

    verified = verify.verify(changed(kit, misconceptions=(by_hand, momentum)))

    assert (verified.mutation_score, verified.fit) == (0.5, False)
    row = verified.exercises[0].rows[0]
    assert (row.fails, row.missed, row.extra) == (("uses-sgd",), ("no-steps",), ())
    assert (row.counts, row.caught, row.unpunished) == (True, False, False)


def test_a_mistake_that_costs_more_than_it_says_is_told(kit: LoadedKit) -> None:
    momentum = msgspec.structs.replace(mistake(kit, "momentum"), costs=("many-steps",))

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
    momentum = mistake(kit, "momentum")
    twin = msgspec.structs.replace(momentum, id="twin")

    verified = verify.verify(changed(kit, misconceptions=(momentum, mistake(kit, "adam"), twin)))

    assert verified.exercises[0].alike == (("momentum", "twin"),)
