"""Child side: code into fingerprints, in a confined process that runs nothing of it.

Winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): of the hashes of all `GRAM` tokens that follow one
another, the least in every `WINDOW` is kept. So whatever two submissions share is found where it has
`GRAM + WINDOW - 1` tokens, wherever it stands.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from grader import decoders
from grader.sandbox import confine, jobs, rooms
from grader.sandbox.codetokens import Run, runs
from grader.sandbox.jobs import Batch, File, Part, Prints
from grader.sandbox.sources import Unreadable, decode

GRAM: Final = 12  # tokens: about two statements; what is shorter is in every program
WINDOW: Final = 4
MOST: Final = 4_000  # fingerprints of one submission: some 16,000 tokens, of which an exercise has 300
SHOWN: Final = 64 << 10  # characters of one submission that are shown
_BATCHES: Final = decoders.msgpack(Batch)


def run(room: rooms.Room, order: jobs.Start) -> None:
    """The whole life of a worker; the batch is read only after the last step of confinement."""
    confine.restrict(room, order)
    with os.fdopen(confine.JOB, "rb") as file:
        batch = _BATCHES.decode(file.read())
    answer = msgspec.msgpack.encode([prints(files, texts=batch.texts) for files in batch.submissions])
    with os.fdopen(confine.FRAMES, "wb") as pipe:
        pipe.write(answer)


def prints(files: tuple[File, ...], *, texts: bool = False) -> Prints:
    """Of one submission; a file that cannot be read is a problem, and no more than that."""
    parts: list[Part] = []
    hashes, spans, problem = array("Q"), array("I"), ""
    for file in files:
        try:
            found = _parts(file)
        except Unreadable as error:
            problem = problem or f"{file.name}: {error}"
            continue
        for index, code in runs([part.text for part in found]):
            for value, first, last in fingerprints(code)[: MOST - len(hashes)]:
                hashes.append(value)
                spans.extend((len(parts) + index, first, last))
        parts += found
    return Prints(hashes.tobytes(), spans.tobytes(), problem[:500], _shown(parts) if texts else ())


def fingerprints(code: Run) -> list[tuple[int, int, int]]:
    """The hashes that are kept of a run, each with the first and last line of what it is of."""
    words = [token.text for token in code]
    grams = [_hash(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1)]
    kept = {
        min(range(at, min(at + WINDOW, len(grams))), key=lambda i: (grams[i], -i))
        for at in range(max(1, len(grams) - WINDOW + 1))
        if grams
    }
    return [(grams[at], code[at].line, code[at + GRAM - 1].line) for at in sorted(kept)]


def _hash(words: list[str]) -> int:
    digest = hashlib.blake2b(" ".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _shown(parts: list[Part]) -> tuple[Part, ...]:
    room, shown = SHOWN, []
    for part in parts:
        text = part.text[: max(room, 0)]
        room -= len(text)
        shown.append(Part(part.file, part.cell, text.encode("utf-8", "backslashreplace").decode()))
    return tuple(shown)


def _parts(file: File) -> list[Part]:
    """A .py file as one, a notebook as its code cells. Raises Unreadable."""
    if not file.is_notebook:
        return [Part(file.name, None, _with_newlines(decode(file)[0]))]
    try:
        document = json.loads(file.data)
    except (ValueError, RecursionError):
        raise Unreadable("this is no notebook that can be read") from None
    return [Part(file.name, number, text) for number, text in enumerate(_cells(document), 1)]


def _cells(document: Any) -> Iterator[str]:
    """The code cells of a notebook of version 4, or of 3 with its worksheets; magics are blank lines."""
    sheets = document.get("worksheets", [document]) if isinstance(document, dict) else []
    for sheet in sheets if isinstance(sheets, list) else []:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict) and cell.get("cell_type") == "code":
                yield _python(cell.get("source", cell.get("input", "")))


def _python(source: object) -> str:
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    lines = _with_newlines(text).split("\n")
    return "\n".join("" if line.lstrip()[:1] in ("%", "!", "?") else line for line in lines)


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
