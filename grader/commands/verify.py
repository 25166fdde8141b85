"""`grader verify`: whether the assignment is fit to grade."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from grader import kits, nearby
from grader.commands.common import load_kit
from grader.judging.verify import Verification, decode, verify
from grader.kit import LoadedKit
from grader.report import verification
from grader.report.github import harmless
from grader.text import clean


def run(
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    as_json: bool,
    verbose: bool = False,
    explain: str | None = None,
) -> int:
    """Verify, say it, return 1 where a mistake goes unpunished or a right program does not."""
    source = nearby.chosen(kit_file, assignment)
    loaded = load_kit(source, expect_digest)
    home = None if source.is_kit else source.path
    if explain is not None:
        return _explain(loaded, explain, home, verbose=verbose)
    found = verify(loaded.kit, decode(kits.right_programs(home, loaded)) if home else ())
    if as_json:
        sys.stdout.buffer.write(_document(found, loaded.digest))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(harmless(verification.text(found, loaded.digest, verbose=verbose)))
    return 0 if found.fit else 1


def _explain(loaded: LoadedKit, name: str, home: Path | None, *, verbose: bool) -> int:
    from grader.commands.explaining import explained  # noqa: PLC0415 -- it grades, which verify does not

    sources = kits.programs(home, name) if home else None
    for line in explained(loaded, name, sources, verbose=verbose):
        sys.stdout.write(harmless(clean(line)) + "\n")
    return 0


def _document(found: Verification, digest: str) -> bytes:
    document = {
        "schema": "grader/verify/v1",
        "digest": digest,
        "mutation_score": found.mutation_score,
        "fit": found.fit,
        "quick": found.quick,
        "effort": found.effort,
        "exercises": found.exercises,
    }
    return msgspec.json.encode(document) + b"\n"
