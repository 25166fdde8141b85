"""Parent side: what the workers of one submission sent, as one Execution.

Here frames become records: every text from a student is cleaned once, on its way through. A
worker that was ended is followed by another, which goes on with the next exercise or without the
statement that did not end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from grader import tensors, wire
from grader.records import (
    Answer,
    Cell,
    Execution,
    ExerciseRun,
    Failure,
    Landmark,
    Note,
    Place,
    Stopped,
    Trace,
)
from grader.sandbox import cleaning, jobs, limits, sequence
from grader.sandbox.clock import Stop
from grader.sandbox.reading import Content
from grader.sandbox.watch import Watched
from grader.text import clean, decode

_ENDINGS: Final = {
    Failure.TIMED_OUT: "did not end in time",
    Failure.CRASHED: "crashed the process",
    Failure.EXITED: "ended the process",
    Failure.FLOODED: "printed without end",
    Failure.OUT_OF_MEMORY: "ran out of memory",
    Failure.PROTOCOL: "broke the line to the grader",
    Failure.REFUSED: "did what is refused",
}

_WORDS: Final = (
    (b"matplotlib", "matplotlib.pyplot"),
    (b"IPython", "IPython.display"),
    (b"torch.compile", "torch._dynamo.eval_frame"),  # wakes PyTorch's compiler
    (b"_dynamo", "torch._dynamo.eval_frame"),
)
_MAGIC_SIGNS: Final = (
    b'"%',
    b'"!',
    b"n%",
    b"n!",
    b'?"',
    b"?\\n",
)  # where a line of a notebook begins or ends


@dataclass
class _Run:
    """One exercise in the making."""

    found: bool
    nearest: str | None = None
    place: Place | None = None
    landmarks: dict[Landmark, Place] = field(default_factory=dict)
    keeps: bool = False
    draws: bool = False
    answers: dict[int, Answer] = field(default_factory=dict)
    traces: dict[int, Trace] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def followed_by(self, other: _Run) -> _Run:
        """With what another worker said, which went on where this one was ended."""
        return replace(
            self,
            keeps=self.keeps or other.keeps,
            draws=self.draws or other.draws,
            answers=self.answers | other.answers,
            traces=self.traces | other.traces,
            notes=[*self.notes, *(note for note in other.notes if note not in self.notes)],
            text=[*self.text, *other.text],
        )


@dataclass
class _Loading:
    """What one worker's loading said."""

    cells: list[Cell] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    raw: bytes = b""
    unloadable: wire.Unloadable | None = None


class Tally:
    """Takes in one worker after another; knows what the next one has to do."""

    def __init__(
        self,
        content: Content,
        inputs: tuple[jobs.Inputs, ...],
        calls: jobs.Calls,
        exercises: frozenset[str] | None = None,
        rungs: int | None = None,
        picked: Mapping[str, tuple[int, ...]] | None = None,
    ) -> None:
        """`exercises`: None: all. `rungs`: of the ladder, None: all. `picked`: of each, the suite's calls."""
        asked = tuple(i for i, one in enumerate(inputs) if exercises is None or one.name in exercises)
        self._content = content
        self._inputs = inputs
        self._asked = asked
        self._calls: jobs.Calls = calls
        self._rungs = rungs
        self._picked = {i: picked[inputs[i].name] for i in asked} if picked else {}
        self._left = asked
        self._notes = list(content.notes)
        self._first = 0  # of the first exercise that is left, the call that the next worker begins with
        self._skip: list[jobs.Skip] = []
        self._stop_at: jobs.Skip | None = None
        self._runs: dict[int, _Run] = {}
        self._loading = _Loading()
        self._last_stop: Stop | None = None
        self.cpu_seconds = 0.0
        self.patient = False  # the next worker begins with a call that is made again by itself

    @property
    def finished(self) -> bool:
        return self._loading.unloadable is not None or not self._left

    def job(self, folder: str) -> jobs.Job:
        """What the next worker has to do."""
        return jobs.Job(
            files=self._content.files,
            folder=folder,
            exercises=self._left,
            calls=self._calls,
            rungs=self._rungs,
            picked=self._picked,
            skip=tuple(self._skip),
            stop_at=self._stop_at,
            first=self._first,
        )

    def modules(self) -> tuple[str, ...]:
        """What the files will probably import, as far as their bytes show without being parsed."""
        return tuple(dict.fromkeys(module for file in self._content.files for module in _modules(file)))

    def note(self, note: Note) -> None:
        """Something that the parent itself found."""
        if note not in self._notes:
            self._notes.append(note)

    def expected(self) -> tuple[sequence.Expected, ...]:
        """The answers that the next worker owes."""
        return tuple(self._expected(index) for index in self._left)

    def _expected(self, index: int) -> sequence.Expected:
        calls = self._calls_of(index)
        traced = frozenset(i for i, call in enumerate(calls) if call.traced)
        return sequence.Expected(index, len(calls), traced, self._first if index == self._left[0] else 0)

    def _calls_of(self, index: int) -> tuple[jobs.Call, ...]:
        return self._inputs[index].calls(self._calls, self._rungs, self._picked.get(index, ()))

    # --- one worker's frames ----------------------------------------------------------------

    def add(self, watched: Watched) -> None:
        """Take in what a worker sent, and how it ended."""
        self.cpu_seconds += watched.cpu_seconds
        loading, last = _Loading(raw=watched.output), None
        runs: dict[int, _Run] = {}
        for frame in watched.frames:
            if isinstance(frame, wire.Progress):
                last = frame.point
            _sort(frame, loading, runs)
        for index, run in runs.items():
            self._runs[index] = self._runs[index].followed_by(run) if index in self._runs else run
        if runs or not self._runs:  # the loading that led to answers, else the last one
            self._loading = loading
        self._last_stop = watched.stop
        if watched.stop is None:
            self._left = ()
        elif runs:
            self._end_exercise(max(runs), last, watched.stop)
        else:
            self._end_loading(last, watched.stop)

    def _end_exercise(self, index: int, last: wire.Point | None, stop: Stop) -> None:
        """Go on with the call in flight, where it is to be made again; else with the next exercise."""
        run = self._runs[index]
        waiting = [case for case in range(len(self._calls_of(index))) if case not in run.answers]
        again = stop.hasty and run.found and bool(waiting)
        self._left = self._left[self._left.index(index) + (not again) :]
        self._first = waiting[0] if again else 0
        self.patient = again
        if again:
            return
        if isinstance(last, wire.Keyword) and stop.failure is not Failure.TIMED_OUT:
            run.notes.append(Note(f"Calling it by keyword: {stop.why}. This costs nothing.", run.place))
        if run.found and waiting:
            self._close(run, index, waiting, stop)

    def _close(self, run: _Run, index: int, waiting: Sequence[int], stop: Stop) -> None:
        """The case in flight has the stop as its answer, the later ones did not run."""
        first, *others = waiting
        ending = _ENDINGS.get(stop.failure, "did not end in time")
        why = f"not run, because the call {tensors.brief(self._calls_of(index)[first].arguments)} {ending}"
        run.answers[first] = Stopped(stop.failure, stop.why)
        if stop.spent:  # this one may have been as good as any
            why = f"not run to its end: {stop.why}"
            run.answers[first] = Stopped(Failure.NOT_RUN, why)
        run.answers |= {case: Stopped(Failure.NOT_RUN, why) for case in others}

    def _end_loading(self, last: wire.Point | None, stop: Stop) -> None:
        """The next worker leaves out the statement that ended this one; then all but definitions."""
        if isinstance(last, wire.Statement):
            skip = jobs.Skip(jobs.Target(last.file, last.index), stop.why)
            if len(self._skip) < limits.SKIPPED_STATEMENTS and not stop.spent:
                self._skip.append(skip)
            elif self._stop_at is None:
                self._stop_at = skip
            else:
                self._left = ()
        elif isinstance(last, wire.Reading) and len(self._content.files) > 1:
            self._skip.append(jobs.Skip(jobs.Target(last.file, jobs.WHOLE_FILE), stop.why))
        else:
            self._left = ()

    # --- all of them ------------------------------------------------------------------------

    def execution(self, device: str) -> Execution:
        """What all workers together came to."""
        message, failure = self._fault()
        loading = self._loading
        return Execution(
            device=device,
            loaded=failure is None,
            message=message,
            failure=failure,
            cells=tuple(loading.cells),
            notes=(*self._notes, *loading.notes),
            output=self._output(),
            exercises=tuple(self._exercise(index) for index in self._asked) if failure is None else (),
            cpu_seconds=self.cpu_seconds,
            sha256=self._content.sha256,
        )

    def _fault(self) -> tuple[str | None, Failure | None]:
        unloadable = self._loading.unloadable
        if unloadable is not None:
            return cleaning.located(unloadable.text, unloadable.place), Failure.LOAD_FAILED
        if not self._runs and self._last_stop is not None:
            return f"Loading the submission: {self._last_stop.why}.", self._last_stop.failure
        return None, None

    def _output(self) -> str:
        parts = [*self._loading.text, *(text for _, run in sorted(self._runs.items()) for text in run.text)]
        printed, raw = (
            clean("".join(parts), limits.KEPT_OUTPUT),
            decode(self._loading.raw, limits.KEPT_OUTPUT),
        )
        return clean(printed + raw, limits.KEPT_OUTPUT)

    def _exercise(self, index: int) -> ExerciseRun:
        run = self._runs.get(index)
        if run is None:
            why = self._last_stop.why if self._last_stop is not None else "no worker was left for it"
            run = _Run(found=True)
            count = len(self._calls_of(index))
            run.answers = {case: Stopped(Failure.NOT_RUN, f"not run: {why}") for case in range(count)}
        return ExerciseRun(
            name=self._inputs[index].name,
            found=run.found,
            nearest=run.nearest,
            answers=dict(sorted(run.answers.items())),
            traces=run.traces,
            place=run.place,
            landmarks=run.landmarks,
            keeps=run.keeps,
            draws=run.draws,
            notes=tuple(run.notes),
        )


def _modules(file: jobs.File) -> Iterator[str]:
    if file.is_notebook:
        yield "grader.sandbox.notebooks"
        if any(sign in file.data for sign in _MAGIC_SIGNS):
            yield "IPython.core.inputtransformer2"
    yield from (module for word, module in _WORDS if word in file.data)


def _sort(frame: wire.Frame, loading: _Loading, runs: dict[int, _Run]) -> None:
    """Put a frame where it belongs, cleaned."""
    if isinstance(frame, wire.Source):
        loading.cells.extend(cleaning.cell(cell) for cell in frame.cells)
    elif isinstance(frame, wire.Output):
        _sort_output(frame, loading if frame.exercise is None else runs[frame.exercise])
    elif isinstance(frame, wire.Case):
        runs[frame.exercise].answers[frame.case] = cleaning.answer(frame.answer)
    elif isinstance(frame, wire.Traced):
        runs[frame.exercise].traces[frame.case] = cleaning.trace(frame.trace)
    elif isinstance(frame, wire.Progress):
        _sort_point(frame.point, loading, runs)


def _sort_point(point: wire.Point, loading: _Loading, runs: dict[int, _Run]) -> None:
    if isinstance(point, wire.Unloadable):
        loading.unloadable = point
    elif isinstance(point, wire.Begun):
        nearest = None if point.nearest is None else cleaning.name(point.nearest)
        landmarks = {name: cleaning.place(place) for name, place in point.landmarks.items()}
        runs[point.exercise] = _Run(point.found, nearest, cleaning.place(point.place), landmarks)
    elif isinstance(point, wire.Observed):
        runs[point.exercise].keeps, runs[point.exercise].draws = point.keeps, point.draws


def _sort_output(frame: wire.Output, target: _Loading | _Run) -> None:
    if frame.kind == "text":
        target.text.append(frame.text)
    elif len(target.notes) < limits.NOTES:
        target.notes.append(cleaning.note(Note(frame.text, frame.place)))
