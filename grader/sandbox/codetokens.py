"""Child side: source code as the tokens that stay when it is disguised, in runs that are compared each alone.

What a copy can change without thinking goes: comments, layout, docstrings, imports, annotations,
print-outs, the names that the file gives, numbers and texts. What stays is how the code is built and what it
asks of Python and of libraries, however these were imported: `torch.optim.SGD`, `o.SGD` and `SGD` are one
token. A run ends where a definition begins or ends, so their order shows nowhere. No tree is made: code that
does not parse has tokens all the same.
"""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

_BUILTINS: Final = frozenset(dir(builtins))
_LAYOUT: Final = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING}
)
_NAME, _TEXT, _NUMBER = "v", "'", "0"
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")
_BROKEN: Final = (tokenize.TokenError, SyntaxError, RecursionError, ValueError)
_IDLE: Final = frozenset({"pass", "global", "nonlocal", "print"})  # a statement that begins so does nothing

Run = list["Token"]


class Token(NamedTuple):
    """What stays of it, and the line that it stands in, from 1."""

    text: str
    line: int


class _Line(NamedTuple):
    """A statement, or the head of one, without what is layout."""

    tokens: list[Token]
    depth: int  # how far it is indented

    @property
    def first(self) -> str:
        return self.tokens[0].text

    @property
    def defines(self) -> bool:
        return self.first in ("def", "class", "@") or [one.text for one in self.tokens[:2]] == [
            "async",
            "def",
        ]


def runs(texts: Iterable[str]) -> Iterator[tuple[int, Run]]:
    """The runs of a file, or of a notebook's cells, each with the index of its text."""
    cells = [list(_lines(text)) for text in texts]
    names = _Names([line for lines in cells for line in lines])
    for index, lines in enumerate(cells):
        for run in _cut(lines, names):
            yield index, run


def _lines(text: str) -> Iterator[_Line]:
    """Up to what Python's tokeniser cannot read."""
    tokens: list[Token] = []
    depth = 0
    try:
        for found in tokenize.generate_tokens(io.StringIO(text).readline):
            depth += (found.type == tokenize.INDENT) - (found.type == tokenize.DEDENT)
            if found.type == tokenize.NEWLINE or found.string == ";":
                if tokens:
                    yield _Line(tokens, depth)
                tokens = []
            elif found.type not in _LAYOUT:
                tokens.append(Token(_plain(found), found.start[0]))
    except _BROKEN:
        pass
    if tokens:
        yield _Line(tokens, depth)


def _plain(found: tokenize.TokenInfo) -> str:
    kind = tokenize.tok_name[found.type]
    if kind == "NUMBER":
        return _NUMBER
    return _TEXT if kind == "STRING" or kind.startswith("FSTRING") else found.string


class _Names:
    """Which names the file has given itself, and what it calls what it imports."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self.imported: dict[str, str] = {}
        self.given: set[str] = set()
        self.attributes: set[str] = set()
        self.defined: set[str] = set()
        for line in lines:
            words = [one.text for one in line.tokens]
            if line.first in ("import", "from"):
                self._import(words)
            else:
                self._bind(words)

    def _import(self, words: list[str]) -> None:
        if words[0] == "from" and "import" in words:
            words = words[words.index("import") + 1 :]
        for before, word in pairwise(["", *words]):
            if word.isidentifier() and not keyword.iskeyword(word) and before != ".":
                self.imported[word] = word
        for name, word, alias in zip(words, words[1:], words[2:], strict=False):
            if word == "as":
                self.imported[alias] = name

    def _bind(self, words: list[str]) -> None:
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
            if not word.isidentifier():
                continue
            if before in ("def", "class"):
                self.given.add(word)
                self.attributes.add(word)
                self.defined.add(word)
            elif before == "." and (after == "=" or _augments(after)):
                self.attributes.add(word)
            elif after in ("=", ":=") and before in ("", ","):
                self.given.add(word)

    def shown(self, word: str, before: str, after: str, *, of: str) -> str:
        """What stays of a name; in a call `of` another, `after` may say that it names an argument."""
        if keyword.iskeyword(word):
            return word
        if before == ".":
            return _NAME if word in self.attributes else word
        if of and after == "=":
            return _NAME if of in self.defined else word
        if word in self.imported:
            return self.imported[word]
        return word if word in _BUILTINS and word not in self.given else _NAME


def _cut(lines: Sequence[_Line], names: _Names) -> Iterator[Run]:
    run: Run = []
    definitions: list[int] = []  # how far those are indented that the line stands in
    for line in lines:
        ends = bool(definitions) and line.depth <= definitions[-1]
        while definitions and line.depth <= definitions[-1]:
            definitions.pop()
        if run and (ends or line.defines):
            yield run
            run = []
        if line.defines and line.first != "@":
            definitions.append(line.depth)
        run.extend(_statement(line, names))
    if run:
        yield run


def _statement(line: _Line, names: _Names) -> Iterator[Token]:
    """Nothing, where it does nothing."""
    tokens = line.tokens
    if line.first in ("import", "from") or line.first in _IDLE or {one.text for one in tokens} == {_TEXT}:
        return
    tokens = _unannotated(tokens, head=line.defines)
    named = _unchained(_named(_spelled_out(tokens), names, head=line.defines), names)
    yield from named
    if named:
        yield Token(";", named[-1].line)


def _unannotated(tokens: list[Token], *, head: bool) -> list[Token]:
    """Without the types of parameters, of what comes back, and of a variable."""
    if not head and not (len(tokens) > 1 and tokens[1].text == ":" and tokens[0].text.isidentifier()):
        return tokens
    if not head and keyword.iskeyword(tokens[0].text):
        return tokens
    kept: list[Token] = []
    depth, skipping = 0, False
    annotated = 1 if head else 0
    for token in tokens:
        depth += (token.text in _OPENS) - (token.text in _CLOSES)
        if skipping and depth <= annotated and token.text in (",", "=", ")", ":"):
            skipping = depth < annotated and token.text not in (")", ":")
        if not skipping and ((depth == annotated and token.text == ":") or token.text == "->"):
            skipping = True
        if not skipping or (depth == 0 and head and token.text == ":"):
            kept.append(token)
    return kept if head or len(kept) > 1 else []


def _spelled_out(tokens: list[Token]) -> list[Token]:
    """`x += y` as `x = x + y`."""
    at = next((i for i, one in enumerate(tokens) if _augments(one.text)), None)
    if at is None:
        return tokens
    target, sign = tokens[:at], tokens[at]
    return [*target, Token("=", sign.line), *target, Token(sign.text[:-1], sign.line), *tokens[at + 1 :]]


def _augments(text: str) -> bool:
    return text[-1:] == "=" and text[:-1] in _AUGMENTED


_AUGMENTED: Final = frozenset({"+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", ">>", "<<"})


def _named(tokens: list[Token], names: _Names, *, head: bool) -> list[Token]:
    named = []
    called = [""]  # before what is opened
    words = [one.text for one in tokens]
    for token, before, after in zip(tokens, ["", *words], [*words[1:], ""], strict=False):
        text = token.text
        if text in _OPENS:
            called.append("" if head else before or text)
        elif text in _CLOSES and len(called) > 1:
            called.pop()
        if text.isidentifier() and text != _NAME:
            text = names.shown(text, before, after, of=called[-1])
        named.append(Token(text, token.line))
    return named


def _unchained(tokens: list[Token], names: _Names) -> list[Token]:
    """`torch.optim.SGD` as `SGD`: what is imported, by its last name."""
    modules = set(names.imported.values())
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        begins = tokens[at].text in modules and not (kept and kept[-1].text == ".")
        while begins and [one.text for one in tokens[at + 1 : at + 2]] == ["."] and at + 2 < len(tokens):
            at += 2
        kept.append(tokens[at])
        at += 1
    return kept
