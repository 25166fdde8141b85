"""What a report says of the run as a whole, without any student."""

from __future__ import annotations

from grader.results import Assignment, Device, Environment, Results, Stored


class Head(Stored, frozen=True):
    """The part of results.json that one student's page may know."""

    assignment: Assignment
    environment: Environment
    devices: tuple[Device, ...]


def head_of(results: Results) -> Head:
    return Head(assignment=results.assignment, environment=results.environment, devices=results.devices)
