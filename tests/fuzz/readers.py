"""Every reader of bytes that others may have written, as one row: its seeds, their form, what it may raise.

Each does with what it has read what the product does, down to the pages: a value that is decoded and
falls over later is no better than an exception while it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from grader import (
    decoders,
    journal,
    kit,
    kits,
    overrides,
    pipeline,
    progress,
    run,
    sheets,
    store,
    wire,
    wording,
)
from grader.commands import report, status
from grader.commands.outputs import Output
from grader.diagnosis.prepared import Prepared
from grader.errors import GraderError, HarnessError, NothingToGrade
from grader.freezing import assignment
from grader.gradebooks import canvas, moodle, tables
from grader.gradebooks.entries import entries
from grader.intake.layouts.gradescope import METADATA
from grader.intake.submissions import Asked, open_submissions
from grader.judging import compare, verify
from grader.judging.evidence import CaseTexts
from grader.kit import Exercise, Kit
from grader.records import Execution, ExerciseRun, Submission
from grader.report import similarview, stale
from grader.report.html import write_similar
from grader.results import Device
from grader.sandbox import loading, pool, reading, sequence
from grader.sandbox.jobs import File
from grader.sandbox.landmarks import landmarks
from grader.sandbox.sources import Unreadable, compiled
from grader.sandbox.tally import Tally
from grader.sandbox.totals import Totals
from grader.sandbox.watch import Watched
from grader.similar import pairs
from grader.similar import reading as fingerprints
from grader.text import FORBIDDEN, decode
from tests.sandbox.small import NAMES

CORPUS: Final = Path(__file__).parent / "corpus"
FORMATS: Final = ("text", "json", "csv", "junit", "github", "markdown")

Form = Literal["json", "msgpack", "packed", "frames", "zip", "text"]


@dataclass(frozen=True)
class Reader:
    """`read` gets the bytes and an empty folder; what it raises but `allowed` is a fault of ours."""

    seeds: str  # a pattern in the corpus
    form: Form  # in which the bytes are damaged, so that they still look like what they are
    read: Callable[[bytes, Path], object]
    allowed: tuple[type[Exception], ...] = (GraderError,)


# --- kits -----------------------------------------------------------------------------------


class Claims:
    """A pool whose workers give the answers of a misconception that the kit knows."""

    def __init__(self, given: Kit) -> None:
        self._exercises, self._device = given.exercises, given.devices[0]

    def run(self, *_: object, **__: object) -> Execution:
        runs = tuple(map(self._run, self._exercises))
        return Execution(self._device, True, None, None, (), (), "", runs, 0.0, "")

    def _run(self, exercise: Exercise) -> ExerciseRun:
        known = exercise.misconceptions[:1]
        answers = {case: answer for one in known for case, answer in enumerate(one.answers)}
        traces = {case: trace for one in known for case, trace in one.traces.items()}
        return ExerciseRun(exercise.name, found=True, answers=answers, traces=traces)


def read_kit(data: bytes, folder: Path) -> object:
    """Load, restrict, hand to the workers, judge what they say, verify."""
    (folder / "a.kit").write_bytes(data)
    given = run.restricted(kits.load(folder / "a.kit").kit, run.Options(timeout=1.0))
    setup = [pool.inputs(exercise) for exercise in given.exercises]
    said: Any = Claims(given)
    session = pipeline.Session(
        given,
        said,
        (Device(given.devices[0], True, None, None),),
        1,
        CaseTexts(given),
        {one.name: Prepared(one) for one in given.exercises},
    )
    return setup, pipeline._grade(Submission("s01", "s01.py"), session), verify.verify(given)


def read_freezers_words(data: bytes, _: Path) -> object:
    """An assignment's code runs in the freezer, and may write whatever it likes to both of its pipes."""
    text = data.decode("utf-8", "replace")
    kits._pass_on(text, lambda *_: None)
    raise kits._refusal(text, 1)


# --- what workers send ----------------------------------------------------------------------


def read_frames(data: bytes, _: Path) -> object:
    """What is taken in where one of the kits of the corpus was graded with; where none was, it is refused."""
    given = [kit.load(path).kit for path in sorted((CORPUS / "kit").iterdir())]
    for one in given[:-1]:
        with suppress(wire.ProtocolError):
            return _taken_in(data, one)
    return _taken_in(data, given[-1])


def _taken_in(data: bytes, given: Kit) -> object:
    """Take in, count, clean, judge: what came before the first wrong byte counts."""
    content = reading.Content((File("s01.py", b""),), "", (), None)
    tally = Tally(content, tuple(map(pool.inputs, given.exercises)), "suite")
    frames, totals, watched = sequence.Reader(tally.expected()), Totals(), Watched()
    try:
        for frame, size in frames.feed(data):
            totals.add(frame, size)
            watched.frames.append(frame)
    finally:
        tally.add(watched)
        ran = tally.execution("cpu").exercises
        judged = [compare.judge(one, of, "cpu") for one, of in zip(ran, given.exercises, strict=False)]
    return judged


def read_printed(data: bytes, _: Path) -> object:
    text = decode(data)
    assert not FORBIDDEN.search(text)
    return text


# --- what stays on the disk -----------------------------------------------------------------


def output_folder(folder: Path, changed: Mapping[str, bytes]) -> Path:
    """What `grader grade` leaves, with these files in place of its own."""
    own = {
        "results.json": "results/results.json",
        "journal.jsonl": "journal/journal.jsonl",
        "overrides.csv": "overrides/commas.csv",
        "evidence/s02.json": "evidence/s02.json",
        "evidence/s03.json": "evidence/s03.json",
    }
    for name, seed in own.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(changed[name] if name in changed else (CORPUS / seed).read_bytes())
    return folder


def stored(name: str) -> Callable[[bytes, Path], object]:
    """`grader report` in every format, and what the next run removes, with this file as it is given."""

    def read(data: bytes, folder: Path) -> object:
        output_folder(folder, {name: data})
        stale.remove(folder, ["s01", "s02"])
        formats = [Output(form, folder / form) for form in FORMATS]
        report.run(folder, None, None, formats)
        return store.read_evidence(folder, Path(name).stem)  # a report goes on without one that is damaged

    return read


def read_journal(data: bytes, folder: Path) -> object:
    """`--resume`: take over what is finished, and add to it; a damaged line is a student to grade again."""
    path = folder / journal.JOURNAL_FILE
    first = (CORPUS / "journal" / journal.JOURNAL_FILE).read_bytes().partition(b"\n")[0]
    header = decoders.json(journal.Header).decode(first)
    path.write_bytes(data)
    done = journal.read(path, header)
    with journal.keep(path, header, resume=True) as kept:
        for one in done.values():
            kept.append(one)
    assert journal.read(path, header) == done
    finished = tuple(done.values())  # they stay in the file, which is written anew below
    results = store.read_results(output_folder(folder, {}))
    told = store.encode(msgspec.structs.replace(results, submissions=finished))
    return stored("results.json")(told, folder)


def read_corrections(data: bytes, folder: Path) -> object:
    results = store.read_results(output_folder(folder, {}))
    overrides.check(overrides.parse(data), results)
    return stored("overrides.csv")(data, folder)


def read_progress(data: bytes, folder: Path) -> object:
    """`grader status`, of a run that is at work no more."""
    (folder / progress.PROGRESS_FILE).write_bytes(data)
    found = progress.read(folder)
    return store.encode(found), list(status.told(folder, found))


def read_fingerprints(data: bytes, folder: Path) -> object:
    """What a worker made of two submissions, up to the page; what is no answer is none."""
    try:
        answer = fingerprints.ANSWER.decode(data)
    except decoders.BROKEN:
        return None
    reads = [fingerprints.checked(f"s{number:02}", one, "") for number, one in enumerate(answer)]
    compared = pairs.compare(reads, least=0.01)
    found = similarview.document(reads, compared, 0.01, [])
    shown = similarview.view(found, compared, {one.student: one for one in reads})
    return write_similar(folder, shown).read_text(encoding="utf-8"), store.encode(found)


# --- what is handed in ----------------------------------------------------------------------


def read_archive(data: bytes, folder: Path) -> object:
    """As a class and as one student's, up to the bytes that workers get."""
    (folder / "s01.zip").write_bytes(data)
    for one in (True, False):
        with suppress(NothingToGrade), open_submissions(folder / "s01.zip", one=one) as found:
            for each in found.submissions:
                reading.read(each)
            inside = [path for each in found.submissions for path in each.files]
            assert not any(path.is_symlink() or ".." in path.parts for path in inside)
    assert list(folder.iterdir()) == [folder / "s01.zip"]
    return None


def read_export(data: bytes, folder: Path) -> object:
    """Gradescope's list beside a submission that it may speak of."""
    export = folder / "assignment_7_export"
    (export / "submission_409194023").mkdir(parents=True)
    (export / "submission_409194023" / "hw.py").write_bytes(b"")
    (export / METADATA).write_bytes(data)
    with open_submissions(folder) as found:
        return found


def read_roster(data: bytes, folder: Path) -> object:
    (folder / "s01.py").write_bytes(b"")
    (folder / "roster.csv").write_bytes(data)
    with open_submissions(folder, asked=Asked(roster=folder / "roster.csv")) as found:
        return found


def read_gradebook(data: bytes, folder: Path) -> object:
    """Whatever it is: filled, it differs in marks and comments alone; not filled, not at all."""
    results = store.read_results(output_folder(folder, {}))
    marked = entries(results, overrides.NONE)
    sheet = sheets.parse(data, "grades.csv")
    assert sheet.filled({}) == data
    told = []
    for fill in (
        partial(canvas.filled, sheet, "222", marked, most=20.0, scale=True, replace=True),
        partial(
            moodle.filled,
            sheet,
            {},
            marked,
            most=20.0,
            scale=True,
            replace=True,
            comments="all",
            hide_expected=False,
        ),
        partial(tables.filled, sheet, "Student", "Grade", marked, replace=True),
    ):
        with suppress(GraderError):
            done = fill()
            told.append((done.data, list(done.diff())))
    return told


def source(name: str) -> Callable[[bytes, Path], object]:
    """A student's file, in the child: into statements that compile, and the lines that are pointed at."""

    def read(data: bytes, _: Path) -> object:
        program = loading.read(File(name, data))
        for function in NAMES:
            landmarks(program, function)
        return [compiled(statement) for statement in program.statements]

    return read


# --- what an instructor writes --------------------------------------------------------------


def read_settings(data: bytes, folder: Path) -> object:
    (folder / "assignment.toml").write_bytes(data)
    return assignment._settings(folder / "assignment.toml")


def read_reference(data: bytes, _: Path) -> object:
    """The parent reads it for the cache's key alone."""
    return wording.without_words(data)


def read_template(data: bytes, folder: Path) -> object:
    (folder / "student.html.j2").write_bytes(data)
    results = store.read_results(output_folder(folder, {}))
    return report.render(folder, report.material_of(folder, results, overrides.NONE), folder)


READERS: Final = {
    "a kit": Reader("kit/*", "packed", read_kit),
    "the freezer's words": Reader("freezer/*", "json", read_freezers_words, (GraderError, HarnessError)),
    "frames": Reader("frames/*", "frames", read_frames, (wire.ProtocolError,)),
    "what a program printed": Reader("printed/*", "text", read_printed, ()),
    "results": Reader("results/*", "json", stored("results.json")),
    "evidence": Reader("evidence/s02.json", "json", stored("evidence/s02.json")),
    "evidence of an error": Reader("evidence/s03.json", "json", stored("evidence/s03.json")),
    "a journal": Reader("journal/*", "json", read_journal, ()),
    "corrections": Reader("overrides/*", "text", read_corrections, ()),
    "how far a run is": Reader("progress/*", "json", read_progress),
    "fingerprints": Reader("fingerprints/*", "msgpack", read_fingerprints, ()),
    "an archive": Reader("archive/*", "zip", read_archive),
    "an export of Gradescope's": Reader("export/*", "text", read_export),
    "a roster": Reader("roster/*", "text", read_roster),
    "a gradebook": Reader("gradebook/*", "text", read_gradebook),
    "a notebook": Reader("notebook/*", "json", source("s01.ipynb"), (Unreadable,)),
    "a program": Reader("python/*", "text", source("s01.py"), (Unreadable,)),
    "an assignment's settings": Reader("settings/*", "text", read_settings),
    "a reference": Reader("python/*", "text", read_reference, ()),
    "a template": Reader("templates/*", "text", read_template),
}
