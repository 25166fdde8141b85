"""`grader verify`: whether the assignment is fit to grade."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from grader.commands.common import find_kit
from grader.judging.verify import Verification, verify
from grader.report import verification


def run(kit_file: Path | None, assignment: Path | None, expect_digest: str | None, as_json: bool) -> int:
    """Verify, say it, return 1 where some known mistake goes unpunished."""
    loaded = find_kit(Path.cwd(), kit_file, assignment, expect_digest)
    found = verify(loaded.kit)
    if as_json:
        sys.stdout.buffer.write(_document(found, loaded.digest))
        sys.stdout.buffer.flush()
    else:
        click.echo(verification.text(found, loaded.digest), nl=False)
    return 0 if found.fit else 1


def _document(found: Verification, digest: str) -> bytes:
    document = {
        "schema": "grader/verify/v1",
        "digest": digest,
        "mutation_score": found.mutation_score,
        "fit": found.fit,
        "effort": found.effort,
        "exercises": found.exercises,
    }
    return msgspec.json.encode(document) + b"\n"
