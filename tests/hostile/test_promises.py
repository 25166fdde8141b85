"""THREATS.md is a contract: what its table promises a test proves, and what a test proves stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.hostile.attacking import ROOT, attempt
from tests.hostile.conftest import Pools

LEVELS: Final = ("strict", "standard", "none")
COLLECT: Final = """
import json, sys, pytest

class Marked:
    def pytest_collection_finish(self, session):
        proven = []
        for item in session.items:
            own = getattr(item, "callspec", None)
            level = own.params.get("level") if own else None
            for mark in item.iter_markers("promise"):
                number, *levels = mark.args
                proven += [(number, one) for one in ([level] if level else levels or sys.argv[2].split())]
        with open(sys.argv[1], "w") as file:
            json.dump(sorted(set(proven)), file)

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "tests/hostile"], plugins=[Marked()]))
"""
_ROW: Final = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)

_NO: Final = re.compile(r"no\b")


def rows() -> list[tuple[int, dict[str, str]]]:
    """Each numbered row of the table: what it says of each level."""
    text = (ROOT / "THREATS.md").read_text(encoding="utf-8")
    return [(int(number), dict(zip(LEVELS, told, strict=True))) for number, _, *told in _ROW.findall(text)]


def test_the_promises_are_numbered_from_one() -> None:
    numbers = [number for number, _ in rows()]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 15


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[int, str]]:
    """What the tests of this folder say that they prove, those included that this machine skips."""
    file = tmp_path_factory.mktemp("promises") / "proven.json"
    command = [sys.executable, "-c", COLLECT, str(file), " ".join(LEVELS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {(number, level) for number, level in json.loads(file.read_bytes())}


def test_every_promise_has_a_test_at_each_of_its_levels(proven: set[tuple[int, str]]) -> None:
    promised = {
        (number, level) for number, told in rows() for level, words in told.items() if not _NO.match(words)
    }

    assert promised - proven == set()


def test_every_test_proves_a_promise_that_stands_in_the_document(proven: set[tuple[int, str]]) -> None:
    assert {number for number, _ in proven} == {number for number, _ in rows()}


def test_what_is_not_promised_is_said_in_the_same_table() -> None:
    """Every level has a word in every row, and where nothing is promised it is `no`."""
    words = [(number, level, told) for number, of in rows() for level, told in of.items()]

    assert all(told.strip() for _, _, told in words)
    assert {level for _, level, told in words if _NO.match(told)} == {"none"}
    assert len(re.findall(r"^\| \d+ ", Path(ROOT, "THREATS.md").read_text("utf-8"), re.MULTILINE)) == len(
        rows()
    )


def test_without_walls_a_submission_can_end_what_its_user_runs(pools: Pools, tmp_path: Path) -> None:
    """The other side of the table: what it says no to is not held by accident either."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        answer, _ = attempt(pools.at("none"), tmp_path, f"os.kill({other.pid}, 9); return initial_theta")
        ended = other.wait()

    assert (answer, ended) == ("Tensor", -9)
