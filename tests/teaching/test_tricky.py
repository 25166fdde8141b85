"""Programs about which it is easy to say something false: whatever is told of them is true.

`tricky/` has two mistakes at once, odd schedules and odd exceptions. tricky.toml says of each which titles
are the whole truth, so that they may be claimed for all failing cases, which are only true, and of two
mistakes at once which are a part of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from grader import kit as kits
from grader.report.grounds import ground
from grader.results import Diagnosis, Results
from tests.cli.running import grader
from tests.conftest import frozen
from tests.teaching.verdicts import HERE

CLAIMS = ("exactly as if this were the mistake", "exactly as if this mistake were made together")


@dataclass(frozen=True)
class Truth:
    """What a program does, and which titles say so; regular expressions."""

    mistake: str
    whole: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    true: tuple[str, ...] = ()

    def allows(self, found: Diagnosis, title: str) -> bool:
        """A part of the truth may be claimed with the others alone."""
        titles = [*self.whole, *(self.parts if found.others else ())]
        titles += [] if found.evidence == "proven" else [*self.parts, *self.true]
        return any(re.search(one, title) for one in titles)


def truths() -> dict[str, Truth]:
    read = tomllib.loads((HERE / "tricky.toml").read_text())
    return {name: msgspec.convert(one, Truth) for name, one in read.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Diagnosis]]:
    """What the command line says of each program, of both exercises."""
    folder = tmp_path_factory.mktemp("tricky")
    (folder / "suite.kit").write_bytes(kits.encode(frozen().kit))
    run = grader(
        "grade", HERE / "tricky", "--kit", folder / "suite.kit", "-o", folder / "report", "--jobs", "2"
    )
    assert run.code == 0, run.err
    results = msgspec.json.decode((folder / "report" / "results.json").read_bytes(), type=Results)
    return {
        one.student: [
            found for exercise in one.exercises for found in (exercise.diagnosis, *exercise.further) if found
        ]
        for one in results.submissions
    }


def test_every_program_has_its_truth_written_down() -> None:
    assert sorted(truths()) == sorted(path.stem for path in (HERE / "tricky").iterdir())


@pytest.mark.parametrize("name", sorted(truths()))
def test_no_sentence_is_false(name: str, told: dict[str, list[Diagnosis]]) -> None:
    truth = truths()[name]

    assert [line for found in told[name] for line in false(found, truth)] == []


def false(found: Diagnosis, truth: Truth) -> Iterator[str]:
    yield from (f"{title} {ground(found)}" for title in found.titles if not truth.allows(found, title))
    if any(claim in ground(found) for claim in CLAIMS) != (found.evidence == "proven"):
        yield ground(found)


def test_a_false_sentence_is_seen() -> None:
    """The check itself: the same title is false as a claim and true as something read."""
    truth = Truth("momentum and a step too few", true=("^SGD runs with momentum 0.9$",))
    title = "SGD runs with momentum 0.9"
    read = Diagnosis(("a",), title, "", 4, 4, titles=(title,), evidence="trace", calls=2)
    claimed = msgspec.structs.replace(read, evidence="proven")

    assert list(false(read, truth)) == []
    assert list(false(claimed, truth)) == [
        "SGD runs with momentum 0.9 All 4 failing cases behave exactly as if this were the mistake."
    ]
    assert list(false(msgspec.structs.replace(read, titles=("Theta is cut",)), truth)) == [
        "Theta is cut Read from the recorded steps of 2 calls."
    ]
