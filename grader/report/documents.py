"""View-free output for programs: one submission, or a class, as one JSON document."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from grader import store
from grader.report.head import Head
from grader.report.material import Material
from grader.results import Assignment, Device, Environment, Stored, SubmissionResult

SCHEMA: Final = "grader/check/v1"


class Check(Stored, frozen=True):
    """What `grader check --json` writes: results.json with one submission in the place of the class."""

    schema: str
    assignment: Assignment
    environment: Environment
    devices: tuple[Device, ...]
    submission: SubmissionResult


def document(material: Material) -> str:
    """Of a class it is results.json, on one line."""
    if not material.one:
        whole = tuple(material.results.submissions)
        return store.encode(replace(material.results, submissions=whole)).decode() + "\n"
    (result,) = material.results.submissions
    return check_json(result, material.head).decode()


def check_json(result: SubmissionResult, head: Head) -> bytes:
    """One JSON document on one line, newline at its end."""
    document = Check(
        schema=SCHEMA,
        assignment=head.assignment,
        environment=head.environment,
        devices=head.devices,
        submission=result,
    )
    return store.encode(document) + b"\n"
