"""Makes the seeds of `tests/fuzz` anew: `python -m tests.fuzz.make_corpus`, where a format has changed.

A kit of a few cases, and what the command line writes when it grades three small programs with it.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader import cli, store, wire
from grader import kit as kits
from grader.freezing import freeze
from grader.journal import JOURNAL_FILE
from grader.progress import Tracker
from grader.sandbox.comparing import prints
from grader.sandbox.jobs import File
from tests.conftest import frozen
from tests.fuzz.readers import CORPUS
from tests.intake import exports
from tests.sandbox.small import NAMES, notebook

_KEPT: Final = (0, 2, 5, 12, 83, 84)  # cases of each criterion, one of them a repetition
_BODY: Final = """
def {name}(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        {clear}torch.sum(theta * theta).backward()
        optimiser.step()
    return theta.detach()
"""
RIGHT: Final = "import torch\n" + _BODY.format(name=NAMES[0], clear="optimiser.zero_grad()\n        ")
WRONG: Final = "import torch\n" + _BODY.format(name=NAMES[0], clear="")
RAISES: Final = 'print("beginning")\n' + RIGHT.replace("theta.detach()", "theta.detach().dot(theta)")
MAGICS: Final = ("%matplotlib inline\n!pip install x", "%%time\n" + RIGHT, "%%capture out\nprint(1)", "x ??")
SETTINGS: Final = (
    'title = "Small"\ndevices = ["cpu", "cuda"]\norder = []\n\n[limits]\ncase_cpu_seconds = 1.5\n'
)
TEMPLATE: Final = (
    '{% extends "default/student.html.j2" %}\n{% block title %}{{ view.student }}{% endblock %}\n'
)
PARTS: Final = """
import torch
from hypothesis import strategies as st
from grader import strategies
from grader.exercises import Criterion, Exercise, Misconception


def probe(student, x, scale, shift):
    y, norm = student(x, scale, shift)
    return {"y": y, "norm": norm, "name": student.__name__, "n": y.numel(), "z": [True, None, 2j]}


def split(x, scale, shift):
    return x * scale[0] + shift, (x * x).sum().sqrt()


EXERCISE = Exercise(
    name="split", title="Split", statement="Scale, shift and measure x.", reference=split, probe=probe,
    arguments=st.fixed_dictionaries({
        "x": strategies.tensors([(2,)], [torch.float32], strategies.magnitudes([1.0, 2.0], 0.1, 5.0)),
        "scale": st.lists(st.sampled_from([2.0, 3.0]), min_size=1, max_size=2),
        "shift": strategies.large(2)}),
    rubric=(Criterion("y", "y is right", 2, "values", part="y"),
            Criterion("norm", "The norm is right", 1, "values", part="norm"),
            Criterion("gradients", "Gradients flow", 1, "gradients"),
            Criterion("unchanged", "x stays", 1, "unchanged"),
            Criterion("own", "No norm of PyTorch's", 1, "calls", uses=("sum",), avoids=("norm",)),
            Criterion("form", "The form is right", 1, "return")),
    misconceptions=(Misconception("no-root", "The root is missing", "What is a norm?",
        lambda x, scale, shift: (x * scale[0] + shift, (x * x).sum()), None),),
    mutants=False,
)
"""
SPLIT: Final = "def split(x, scale, shift):\n    return x * scale[0] + shift, float((x * x).sum())\n"
CSV: Final = "student,exercise,score,comment\r\ns02," + NAMES[0] + ',7.5,"a late, but ""good"" hand-in"\r\n'

GRADEBOOK: Final = (
    "Student,ID,SIS Login ID,Section,Grade (222),Grade\r\n,,,,Manual Posting,\r\n"
    '    Points Possible,,,,20,\r\n"01, Student",1,s01,"A ""1""",,\r\n"02, Student",2,s02,A,7.50,\r\n'
)
WORKSHEET: Final = (
    "Identifier,Full name,Group,Grade,Maximum grade,Grade can be changed,"
    "Last modified (grade),Feedback comments\n"
    'Participant 1,s01,,"","20,00",Yes,-,\nParticipant 2,s02,,"7,00","20,00",Yes,-,"a ""b"""\n'
)


def main() -> None:
    shutil.rmtree(CORPUS, ignore_errors=True)
    given = {
        "kit/small.kit": kits.encode(small(frozen().kit)),
        "python/right.py": RIGHT.encode(),
        "python/latin.py": ("# coding: latin-1\n# Käse\n" + WRONG).encode("latin-1"),
        "notebook/magics.ipynb": notebook(*MAGICS, kernelspec={"language": "python"}).encode(),
        "notebook/old.ipynb": _old(RIGHT),
        "overrides/commas.csv": CSV.encode(),
        "overrides/semicolons.csv": CSV.replace(",", ";").replace("7.5", "7,5").encode("utf-8-sig"),
        "progress/progress.json": store.encode(Tracker(3, 1, 2, clock=lambda: 0.0).now()),
        "fingerprints/two.msgpack": _fingerprints(),
        "settings/assignment.toml": SETTINGS.encode(),
        "templates/student.html.j2": TEMPLATE.encode(),
        "export/submission_metadata.yml": exports.GRADESCOPE.encode(),
        "roster/roster.csv": b'id;name;email\r\ns01;"01, Student";s01@example.org\r\n',
        "gradebook/canvas.csv": GRADEBOOK.encode("utf-8-sig"),
        "gradebook/moodle.csv": WORKSHEET.encode(),
        "freezer/refused.json": b'{"message": "reference/a.py: defines no EXERCISE.", "hint": "Define one."}',
        "freezer/share.json": b'{"frozen": 0.5, "doing": "drawing"}',
        "printed/colours.txt": b"\x1b[31mtensor([1.])\x1b[0m\r 50%\r100%\r\n\xff\xe2\x80\xae",
    }
    for name, data in given.items():
        store.write_bytes(CORPUS / name, data)
    for seeds in (_graded, _of_parts):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in seeds(Path(folder)):
                store.write_bytes(CORPUS / name, data)


def _fingerprints() -> bytes:
    """Of two that are the same."""
    file = File("hw.py", (RIGHT * 3).encode())
    return msgspec.msgpack.encode([prints((file,), texts=True), prints((file,))])


def small(kit: kits.Kit) -> kits.Kit:
    """One exercise with a few of its cases and two of its misconceptions, everything still fitting."""
    replace, new = msgspec.structs.replace, {old: index for index, old in enumerate(_KEPT)}
    whole = kit.exercises[0]
    cases = [whole.cases[index] for index in _KEPT]
    exercise = replace(
        whole,
        cases=tuple(
            replace(one, repeats=new.get(one.repeats) if one.repeats else one.repeats) for one in cases
        ),
        ladder=whole.ladder[:3],
        rubric=tuple(replace(one, cases=_among(one.cases, new)) for one in whole.rubric),
        misconceptions=tuple(
            replace(
                one,
                answers=tuple(one.answers[index] for index in _KEPT),
                tolerances=tuple(one.tolerances[index] for index in _KEPT),
                traces={new[index]: trace for index, trace in one.traces.items() if index in new},
                smallest=new.get(one.smallest) if one.smallest is not None else None,
            )
            for one in whole.misconceptions[:2]
        ),
    )
    return replace(kit, exercises=(exercise,))


def _among(cases: tuple[int, ...], new: dict[int, int]) -> tuple[int, ...]:
    return tuple(new[index] for index in cases if index in new)


def _old(source: str) -> bytes:
    cell = {"cell_type": "code", "input": source, "language": "python", "outputs": [], "metadata": {}}
    sheets = [{"cells": [cell], "metadata": {}}]
    return msgspec.json.encode({"worksheets": sheets, "metadata": {}, "nbformat": 3, "nbformat_minor": 0})


def _graded(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What a class of three comes to, as bytes on the disk and in the pipes."""
    sent = _grade(folder, "small.kit", {"s01": RIGHT, "s02": WRONG, "s03": RAISES})
    yield "archive/class.zip", (folder / "class.zip").read_bytes()
    for name, frames in zip(("right", "wrong"), sent, strict=False):
        yield f"frames/{name}.frames", frames
    results = store.read_results(folder / "out")
    plain = msgspec.structs.replace(results.environment, platform="Linux", started="2026-01-01T00:00:00Z")
    devices = tuple(msgspec.structs.replace(one, hardware=None) for one in results.devices)
    told = msgspec.structs.replace(results, environment=plain, devices=devices)
    yield f"results/{store.RESULTS_FILE}", store.encode(told)
    yield "evidence/s02.json", store.evidence_path(folder / "out", "s02").read_bytes()
    yield "evidence/s03.json", store.evidence_path(folder / "out", "s03").read_bytes()
    yield f"journal/{JOURNAL_FILE}", (folder / "out" / JOURNAL_FILE).read_bytes()


def _of_parts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The same of an exercise whose result has parts: its kit, and what a worker sends."""
    (folder / "split.py").write_text(PARTS, encoding="utf-8")
    packed = kits.encode(freeze.freeze(folder))
    store.write_bytes(CORPUS / "kit" / "parts.kit", packed)
    (sent,) = _grade(folder, "parts.kit", {"s04": SPLIT})
    yield "kit/parts.kit", packed
    yield "frames/parts.frames", sent


def _grade(folder: Path, kit: str, programs: Mapping[str, str]) -> list[bytes]:
    """Grade a class; the bytes that the first worker of each student sent, in turn."""
    with zipfile.ZipFile(folder / "class.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        for name, source in programs.items():
            opened.writestr(f"class/{name}/{name}.py", source)
    sent: defaultdict[wire.Stream, bytearray] = defaultdict(bytearray)
    feed = wire.Stream.feed

    def kept(self: wire.Stream, data: bytes) -> Iterator[wire.Frame]:
        sent[self] += data
        return feed(self, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(wire.Stream, "feed", kept)
        asked = ["grade", "class.zip", "--kit", str(CORPUS / "kit" / kit), "-o", "out", "--jobs", "1"]
        with pytest.raises(SystemExit):
            cli.cli(asked, standalone_mode=False)
    return [bytes(data) for data in sent.values()][: len(programs)]


if __name__ == "__main__":
    main()
