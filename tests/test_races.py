"""What two threads of the parent may come to at the same moment, in processes where nobody was there before.

A race shows by luck: a switch interval that lets threads change places at every step makes it likely, and
fresh processes, as many as there is time for, make it near certain.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_imports import modules

ROOT = Path(__file__).parent.parent

PROGRAM = """
import sys, threading
from grader import journal, store
from tests.report import samples

header = journal.Header("sha256:", ("cpu",), {})
records = (samples.EVIDENCE, samples.RESULTS, samples.RESULTS.submissions[1], header)
met, told = threading.Barrier(8), []

def write(first):
    met.wait()
    told.append(sorted(map(store.encode, (*records[first:], *records[:first]))))

threads = [threading.Thread(target=write, args=(number % len(records),)) for number in range(8)]
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(told), len(set(map(tuple, told))))
"""

often = pytest.mark.parametrize("times", [40, pytest.param(400, marks=pytest.mark.exhaustive)])


@often
def test_threads_that_come_to_a_record_first_together_write_it_alike(times: int) -> None:
    """Four of ten processes ended with SIGSEGV while each thread made its own decoder."""
    ends = [
        subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
        for _ in range(times)
    ]

    assert [(end.returncode, end.stdout) for end in ends] == [(0, "8 1\n")] * times, ends[0].stderr


# --- no other place asks msgspec what a record holds --------------------------------------------

# `structs.force_setattr` sets one field of one instance: it works on a class whose decoder cannot be made.
HARMLESS = {
    "Struct", "field", "MsgspecError", "ValidationError", "to_builtins", "structs.replace",
    "structs.force_setattr", "json.encode", "json.format", "msgpack.encode", "__file__", "Meta",
}  # fmt: skip


def names_of_msgspec(tree: ast.Module) -> Iterator[str]:
    """Everything of msgspec that a module uses, as it would be written after `import msgspec`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(r"msgspec(\.\w+)+", ast.unparse(node)):
            yield ast.unparse(node).removeprefix("msgspec.")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "msgspec":
            yield from (f"{node.module}.{one.name}".removeprefix("msgspec.") for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (f"as {one.asname}" for one in node.names if one.name == "msgspec" and one.asname)


def risky(source: str) -> list[str]:
    """`msgspec.json` alone is the beginning of a longer name, which is found too."""
    names = set(names_of_msgspec(ast.parse(source)))
    return sorted(names - HARMLESS - {"structs", "json", "msgpack"})


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import msgspec\nmsgspec.json.decode(b'1', type=int)", ["json.decode"]),
        ("import msgspec\nREAD = msgspec.msgpack.Decoder(int)", ["msgpack.Decoder"]),
        ("from msgspec import convert", ["convert"]),
        ("from msgspec.json import Decoder as Reads", ["json.Decoder"]),
        ("import msgspec as quick", ["as quick"]),
        ("import msgspec\nmsgspec.json.encode(msgspec.structs.replace(one))", []),
    ],
)
def test_whatever_makes_a_decoder_is_seen(source: str, found: list[str]) -> None:
    assert risky(source) == found


def test_typed_decoders_come_from_one_place() -> None:
    """`decoders` makes them one at a time; elsewhere two threads could make one at once."""
    broken = {name: risky(path.read_text(encoding="utf-8")) for name, path in modules() if name != "decoders"}

    assert {name: found for name, found in broken.items() if found} == {}
