"""The time of one worker, with a played kernel: nothing here waits, and nothing hangs on this machine."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import wire
from grader.kit import Limits
from grader.records import Failure, Place
from grader.sandbox import clock as clocks
from grader.sandbox.clock import Clock, Stop

LIMITS = Limits(case_cpu_seconds=2.0, exercise_cpu_seconds=20.0, wall_factor=3.0)
CALL = wire.Calling(0, 0)
ENDLESS = Stop(Failure.TIMED_OUT, "no end within 2 s of CPU time", hasty=True)


class Machine:
    """What the kernel says of the time: both clocks, and how long the worker has waited for a processor."""

    def __init__(self) -> None:
        self.wall = 1000.0
        self.cpu = 5.0
        self.queued = 0.0

    def computes(self, seconds: float) -> None:
        self.wall += seconds
        self.cpu += seconds

    def sleeps(self, seconds: float) -> None:
        self.wall += seconds

    def waits_for_a_processor(self, seconds: float) -> None:
        self.wall += seconds
        self.queued += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return played(monkeypatch)


def played(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    clock, kernel = (
        SimpleNamespace(monotonic=lambda: machine.wall),
        SimpleNamespace(cpu_seconds=lambda _: machine.cpu, queued_seconds=lambda _: machine.queued),
    )
    monkeypatch.setattr(clocks, "time", clock)
    monkeypatch.setattr(clocks, "linux", kernel)
    return machine


def started(*points: wire.Point, pace: float = 1.0, patient: bool = False) -> Clock:
    clock = Clock(LIMITS, 60.0, pace, patient=patient)
    clock.forked(1)
    for point in (wire.Started(), *points):
        clock.passed(point)
    return clock


def in_a_call(pace: float = 1.0, *, patient: bool = False) -> Clock:
    return started(wire.Begun(0, found=True), CALL, pace=pace, patient=patient)


def late(clock: Clock) -> Stop | None:
    return clock.verdict() if clock.remaining() <= 0 else None


def test_a_call_is_late_after_its_limit_and_not_before(machine: Machine) -> None:
    clock = in_a_call()

    machine.computes(1.99)
    assert late(clock) is None
    machine.computes(0.02)
    assert late(clock) == ENDLESS


def test_a_call_that_is_made_again_may_take_five_times_as_long_and_is_then_said_not_to_end(
    machine: Machine,
) -> None:
    clock = in_a_call(patient=True)

    machine.computes(9.99)
    assert late(clock) is None
    machine.computes(0.02)
    assert late(clock) == Stop(Failure.TIMED_OUT, "no end within 10 s of CPU time")


def test_only_the_exercise_of_the_call_that_is_made_again_may_take_longer(machine: Machine) -> None:
    clock = in_a_call(patient=True)
    clock.passed(wire.Begun(1, found=True))
    clock.passed(wire.Calling(1, 0))

    machine.computes(2.01)

    assert late(clock) == ENDLESS


def test_a_slower_machine_allows_as_much_more_and_says_the_same(machine: Machine) -> None:
    clock = in_a_call(pace=4.0)

    machine.computes(7.99)
    assert late(clock) is None
    machine.computes(0.02)
    assert late(clock) == ENDLESS


def test_a_sleeper_is_late_by_the_wall(machine: Machine) -> None:
    clock = in_a_call(patient=True)

    machine.sleeps(29.9)
    assert late(clock) is None
    machine.sleeps(0.2)
    assert late(clock) == Stop(Failure.TIMED_OUT, "no end within 30 s; it waits more than it computes")


def test_waiting_for_a_processor_is_charged_to_nobody(machine: Machine) -> None:
    clock = in_a_call()

    machine.waits_for_a_processor(1000.0)
    machine.computes(1.9)

    assert late(clock) is None


def test_an_import_within_a_call_is_charged_to_nobody(machine: Machine) -> None:
    clock = in_a_call()
    machine.computes(1.0)
    clock.importing(begins=True)
    machine.computes(14.0)
    assert late(clock) is None
    clock.importing(begins=False)

    machine.computes(0.9)
    assert late(clock) is None
    machine.computes(0.2)
    assert late(clock) == ENDLESS


def test_an_import_that_waits_for_a_slow_disk_is_charged_to_nobody(machine: Machine) -> None:
    clock = in_a_call()
    clock.importing(begins=True)
    machine.sleeps(44.0)
    clock.importing(begins=False)

    machine.computes(1.9)

    assert late(clock) is None


def test_imports_without_end_are_excused_only_so_far(machine: Machine) -> None:
    clock = in_a_call()
    clock.importing(begins=True)
    machine.computes(15.0)
    clock.importing(begins=False)
    clock.importing(begins=True)

    machine.computes(2.1)

    assert late(clock) == ENDLESS


def test_an_end_of_an_import_that_never_began_changes_nothing(machine: Machine) -> None:
    clock = in_a_call()
    clock.importing(begins=False)
    machine.computes(1.0)
    clock.importing(begins=True)
    clock.importing(begins=True)
    clock.importing(begins=False)
    clock.importing(begins=False)

    machine.computes(1.1)

    assert late(clock) == ENDLESS


def test_each_exercise_has_a_budget_of_its_own_for_all_of_its_calls(machine: Machine) -> None:
    clock = started()
    machine.computes(9.0)
    spent = "the calls of this exercise took more than 20 s of CPU time in all"

    for exercise in (0, 1):
        clock.passed(wire.Begun(exercise, found=True))
        for case in range(13):
            clock.passed(wire.Calling(exercise, case))
            machine.computes(1.5)
            assert late(clock) is None
        clock.passed(wire.Calling(exercise, 13))
        machine.computes(1.0)
        assert late(clock) == Stop(Failure.TIMED_OUT, spent, spent=True)


def test_a_sleeper_in_every_call_uses_up_the_budget_too(machine: Machine) -> None:
    clock = started(wire.Begun(0, found=True))

    for case in range(12):
        clock.passed(wire.Calling(0, case))
        machine.sleeps(5.0)

    spent = "the calls of this exercise took more than 60 s in all"
    assert late(clock) == Stop(Failure.TIMED_OUT, spent, spent=True)


def test_loading_has_a_budget_for_all_of_its_statements(machine: Machine) -> None:
    clock = started(wire.Reading(0))
    for index in range(3):
        clock.passed(wire.Statement(0, index, Place("s01.py", None, 1)))
        machine.computes(3.4)

    spent = "loading took more than 10 s of CPU time in all"
    assert late(clock) == Stop(Failure.TIMED_OUT, spent, spent=True)


def test_a_statement_may_take_longer_than_a_call(machine: Machine) -> None:
    clock = started(wire.Reading(0), wire.Statement(0, 0, Place("s01.py", None, 1)))

    machine.computes(4.9)
    assert late(clock) is None
    machine.computes(0.2)
    assert late(clock) == Stop(Failure.TIMED_OUT, "no end within 5 s of CPU time")


def test_a_worker_that_never_starts_is_late_by_its_start(machine: Machine) -> None:
    clock = Clock(LIMITS, 60.0, 1.0, patient=False)
    clock.forked(1)

    machine.waits_for_a_processor(100.0)
    machine.sleeps(59.0)
    assert (clock.remaining() > 0, clock.started) == (True, False)
    machine.sleeps(1.5)
    assert (clock.remaining() > 0, clock.started) == (False, False)


@given(
    pace=st.floats(1.0, 20.0),
    work=st.lists(
        st.tuples(st.sampled_from(["compute", "import", "queue"]), st.floats(0.0, 3.0)), max_size=12
    ),
)
def test_what_is_said_depends_on_the_students_work_alone(pace: float, work: list[tuple[str, float]]) -> None:
    """The same program on a machine `pace` times as slow, idle or busy, with its imports done or not."""

    def verdict(pace: float, keep: Callable[[str], bool]) -> Stop | None:
        with pytest.MonkeyPatch.context() as patch:
            machine = played(patch)
            clock = in_a_call(pace)
            for kind, seconds in filter(lambda one: keep(one[0]), work):
                if kind == "queue":
                    machine.waits_for_a_processor(seconds * 7)
                    continue
                if kind == "import":
                    clock.importing(begins=True)
                machine.computes(seconds * pace)
                if kind == "import":
                    clock.importing(begins=False)
            return late(clock)

    used = sum(seconds for kind, seconds in work if kind == "compute")
    excused = sum(seconds for kind, seconds in work if kind == "import")
    if excused <= 15.0 and abs(used - 2.0) > 1e-3:
        assert verdict(pace, lambda _: True) == verdict(1.0, lambda kind: kind == "compute")
