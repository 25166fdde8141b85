"""An instructor's file without its words: what drawing, choosing and running the cases can depend on.

Titles, hints and statements are read by people alone, and they are what changes most. So a frozen
assignment is known by its files without them, and a hint that was put better costs no new freeze. Only
words that stand as plain text where `grader.exercises` takes them are left out; any other text counts.
"""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Final

from grader.exercises import Criterion, Exercise, Misconception

WORDS: Final = {
    Criterion: ("title",),
    Misconception: ("title", "hint", "teacher"),
    Exercise: ("title", "statement"),
}
_FIELDS: Final = {kind.__name__: [one.name for one in fields(kind)] for kind in WORDS}
_WORDS: Final = {kind.__name__: words for kind, words in WORDS.items()}


def without_words(source: bytes) -> bytes:
    """What is left of a Python file: no comment, no docstring, no word for people; all of what is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last: nested too deep for the parser
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _blank(node)
        elif isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            _drop_docstring(node)
    return ast.dump(tree).encode()


def _blank(call: ast.Call) -> None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in _WORDS:
        return
    given = [*zip(_FIELDS[name], call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
    for field, value in given:
        if field in _WORDS[name] and isinstance(value, ast.Constant) and isinstance(value.value, str):
            value.value = ""


def _drop_docstring(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> None:
    if ast.get_docstring(node, clean=False) is not None:
        del node.body[0]
