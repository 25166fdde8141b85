"""`grader similar CLASS`: who handed in nearly the same code, as a list for the instructor."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grader import nearby, store
from grader.commands.common import tell
from grader.commands.grade import own_folder
from grader.commands.progress import Work
from grader.errors import GraderError
from grader.intake.submissions import Asked, open_submissions
from grader.progress import Tracker
from grader.records import Submission
from grader.report import similarview
from grader.report.html import write_similar
from grader.report.similarview import DETAILED, Similar
from grader.sandbox.jobs import Wanted
from grader.similar.pairs import Compared, compare
from grader.similar.reading import Read, Reader

DOCUMENT: Final = "similar.json"
TOLD: Final = 20  # pairs on the terminal


def run(
    path: Path,
    output: Path | None,
    starter: Sequence[Path],
    least: float,
    layout: str | None,
    roster: Path | None,
    isolation: Wanted,
    jobs: int,
    *,
    as_json: bool,
    progress: str,
) -> int:
    """Write page and document, say what was found, return the exit code: similar code is no failure."""
    output = output or own_folder(nearby.handed_in(path, one=False))
    asked = Asked(layout or "", roster)
    with open_submissions(path, output=output, asked=asked) as discovery, Reader(jobs, isolation) as reader:
        _warn(reader, isolation)
        given = tuple(reader.read([_starter(one) for one in starter]))
        tracker = Tracker(len(discovery.submissions), 0, jobs, work="reading")
        reads = _read(reader, discovery.submissions, Work(tracker, "read", progress))
        with Work(Tracker(len(reads), 0, work="comparing"), "compared", progress) as done:
            compared = compare(reads, given, least / 100, done)
        found = similarview.document(reads, compared, least / 100, [one.student for one in given])
        texts = _texts(reader, discovery.submissions, found)
    page = _write(output, found, compared, texts)
    if as_json:
        sys.stdout.write(store.encode(found).decode() + "\n")
    else:
        tell("\n".join(told(found)), beside=False)
    tell(f"Page: {page}", beside=as_json)
    if (output / store.RESULTS_FILE).is_file():
        tell(f"To have the class page lead there: grader report {shlex.quote(str(output))}", beside=as_json)
    return 0


def _read(reader: Reader, submissions: Sequence[Submission], watch: Work) -> tuple[Read, ...]:
    reads = []
    with watch as done:
        for one in reader.read(submissions):
            reads.append(one)
            done()
    return tuple(reads)


def _starter(path: Path) -> Submission:
    if not path.is_file():
        raise GraderError(
            f"--starter {path}: there is no such file.", "Name the file that students were given."
        )
    return Submission(student=path.name, path=str(path), files=(path,))


def _warn(reader: Reader, wanted: Wanted) -> None:
    found = reader.isolation
    if wanted == "auto" and found.missing:
        tell(f"warning: isolation: {found.level}; missing: {', '.join(found.missing)}")


def _texts(reader: Reader, submissions: Sequence[Submission], found: Similar) -> dict[str, Read]:
    """Those whose lines are shown, read once more with them: a whole class would not fit into memory."""
    wanted = {name for pair in found.pairs[:DETAILED] for name in (pair.first, pair.second)}
    shown = [one for one in submissions if one.student in wanted]
    return {one.student: one for one in reader.read(shown, texts=True)}


def _write(output: Path, found: Similar, compared: Compared, texts: dict[str, Read]) -> Path:
    store.write_bytes(output / DOCUMENT, store.encode(found) + b"\n", lasting=False)
    return write_similar(output, similarview.view(found, compared, texts))


def told(found: Similar) -> Iterator[str]:
    """For a terminal: the pairs that share most."""
    yield similarview.headline(found)
    for pair in found.pairs[:TOLD]:
        yield f"  {similarview.percent(pair.share):>5}  {pair.first}  {pair.second}"
    more = len(found.pairs) + found.more - TOLD
    if more > 0:
        yield f"  and {more:,} more"
    if found.pairs:
        yield "For a person to look at: nothing here says that anybody copied."
    for student, why in found.unread.items():
        yield f"not read: {student}: {why}"
