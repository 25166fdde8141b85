"""Damaged files are refused in words: nothing else is raised, hung on, or filled with memory."""

from __future__ import annotations

import json
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grader.errors import GraderError, HarnessError
from tests.fuzz.damaging import FORMS
from tests.fuzz.readers import CORPUS, READERS, Reader

REFUSED = {"the freezer's words": ["GraderError", "HarnessError"]}  # the second refuses nothing
FEW, MANY = 12, 150  # examples of each reader
HANG = 600  # seconds; only a hang is as long
ROOM = 96 << 10  # KiB more than before, whatever is read: the seeds are of some kB


def seeds(reader: Reader) -> list[Path]:
    return sorted(CORPUS.glob(reader.seeds))


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where it hangs or takes memory far beyond what it was given."""
    signal.alarm(HANG)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        yield
    finally:
        signal.alarm(0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < ROOM


def outcome(reader: Reader, data: bytes, folder: Path) -> str:
    """What comes of these bytes, in a word; raises whatever is nobody's word."""
    folder.mkdir()
    try:
        with bounded():
            reader.read(data, folder)
    except reader.allowed as error:
        if not _is_said(error, reader):
            raise
        return type(error).__name__
    finally:
        shutil.rmtree(folder)
    return "read"


def _is_said(error: Exception, reader: Reader) -> bool:
    """Whether it says something, and not that the grader is at fault."""
    if isinstance(error, HarnessError) and HarnessError not in reader.allowed:
        return False
    text = error.message if isinstance(error, GraderError) else str(error)
    return isinstance(text, str) and bool(text)


def attack(reader: Reader, examples: int, folder: Path) -> int:
    """How many damaged inputs came through; anything but a refusal in words comes out."""
    tried: list[str] = []
    data = st.sampled_from(seeds(reader)).flatmap(lambda seed: FORMS[reader.form](seed.read_bytes()))

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(data)
    def damaged(data: bytes) -> None:
        tried.append(outcome(reader, data, folder))

    damaged()
    return len(tried)


def test_a_reader_that_lets_anything_else_out_is_found(tmp_path: Path) -> None:
    careless = Reader("results/*", "json", lambda data, _: json.loads(data)["submissions"][0])

    with pytest.raises((ValueError, KeyError, IndexError)):
        attack(careless, MANY, tmp_path / "in")


def test_every_seed_has_a_reader() -> None:
    read = {seed for reader in READERS.values() for seed in seeds(reader)}

    assert read == {path for path in CORPUS.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", READERS)
def test_every_seed_is_read_whole(name: str, tmp_path: Path) -> None:
    came = [outcome(READERS[name], seed.read_bytes(), tmp_path / "in") for seed in seeds(READERS[name])]

    assert came == REFUSED.get(name, ["read"] * len(came))


@pytest.mark.parametrize("name", READERS)
def test_what_is_damaged_is_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    assert attack(READERS[name], FEW, tmp_path / "in") == FEW


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", READERS)
def test_whatever_is_damaged_is_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    assert attack(READERS[name], MANY, tmp_path / "in") == MANY
