"""What a report says of the run as a whole, without any student."""

from __future__ import annotations

from grader.results import Assignment, Device, Environment, Results, Stored


class Head(Stored, frozen=True):
    """The part of results.json that one student's page may know."""

    assignment: Assignment
    environment: Environment
    devices: tuple[Device, ...]
    hide_expected: bool = False  # students' pages say nothing of expected values


def head_of(results: Results) -> Head:
    return Head(results.assignment, results.environment, results.devices, results.hide_expected)
