"""What an argument could be: a strategy's source, guessed from its hint, default, docstring or name.

The first value of each is the simplest, to which counterexamples are shrunk. What is drawn has to suit a
solution that nobody ran: numbers are positive, the sizes of tensors alike where nothing says otherwise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from grader.starting.reading import NotAsked, Parameter, last_name

STEPS: Final = re.compile(r"(^|_)(n_)?(steps?|epochs?|iter(s|ations?)?)($|_)")
_RATE: Final = re.compile(r"(^|_)(rate|lr)($|_)")
_SHARE: Final = re.compile(r"(^|_)(p|prob\w*|momentum|dropout|beta\d?|gamma|decay|ratio)($|_)")
_LOSS: Final = re.compile(r"loss|criterion")
_COUNT: Final = re.compile(r"(^|_)(n|k|num|number|count|size|seed|dim|axis|degree)($|_)|^[ijnm]$")
_SIDE: Final = 3  # of a tensor about whose shape nothing is said


@dataclass(frozen=True)
class Guess:
    """`source` is the strategy, `why` what it was guessed from."""

    name: str
    source: str
    why: str


@dataclass(frozen=True)
class Around:
    """What stands beside an argument: how many tensors there are, sizes that its letters mean."""

    tensors: int
    sizes: dict[str, int]
    layer: bool = False  # the arguments make a module: its sizes have to be those of its inputs


def guesses(parameters: Sequence[Parameter], *, layer: bool = False) -> tuple[Guess, ...]:
    """One for each. Raises NotAsked for the first of which nothing can be guessed."""
    kinds = [_kind(one) for one in parameters]
    around = Around(sum(_many(hint) for hint, _ in kinds), {}, layer)
    return tuple(_guess(one, hint, why, around) for one, (hint, why) in zip(parameters, kinds, strict=True))


def _guess(one: Parameter, hint: ast.expr, why: str, around: Around) -> Guess:
    source = _strategy(hint, one, around)
    if one.default is not None:
        source = _with_default(source, one.default)
        why = f"{why} and its default" if one.hint is not None else why
    return Guess(one.name, source, why)


def _with_default(source: str, default: ast.expr) -> str:
    """The default among what is drawn: first, for it is the simplest, but None is last."""
    with suppress(ValueError):
        value = ast.literal_eval(default)
        if value is None:
            return source if "st.none()" in source else f"st.one_of({source}, st.none())"
        if not isinstance(value, bool):
            inner = re.fullmatch(r"st\.one_of\((.*)\)", source)
            return f"st.one_of(st.just({value!r}), {inner[1] if inner else source})"
    return source


# --- of what type it is ---------------------------------------------------------------------


def _kind(one: Parameter) -> tuple[ast.expr, str]:
    """A type, and where it stands or what else speaks for it."""
    if one.hint is not None:
        return _unquoted(one.hint), f"`{ast.unparse(one.hint)}`"
    said = _said(one)
    if said is not None:
        return said, "the docstring"
    if one.default is not None:
        kind = _kind_of_value(one.default)
        if kind:
            return ast.Name(kind), "its default"
    return ast.Name(_kind_of_name(one.name)), "its name: nothing says of what type it is"


def _unquoted(hint: ast.expr) -> ast.expr:
    """`"torch.Tensor"` as what it says."""
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        with suppress(SyntaxError):
            return ast.parse(hint.value, mode="eval").body
    return hint


def _said(one: Parameter) -> ast.expr | None:
    """`x (torch.Tensor): ...`, `x : float` or `:type x: int` in the docstring."""
    name = re.escape(one.name)
    forms = (
        rf"{name}\s*\(([\w.\[\], |]+?)(?:,\s*optional)?\)",
        rf"{name}\s+:\s*([\w.]+)",
        rf":type {name}:\s*([\w.]+)",
    )
    found = re.search(rf"^\s*(?:{'|'.join(forms)})", one.docstring, re.MULTILINE)
    if found is None:
        return None
    with suppress(SyntaxError):
        hint = ast.parse(next(filter(None, found.groups())).strip(), mode="eval").body
        return hint if last_name(hint).lower() in _KINDS_BY_LOWER else None
    return None


def _kind_of_value(default: ast.expr) -> str:
    with suppress(ValueError):
        kind = type(ast.literal_eval(default)).__name__
        return kind if kind in PLAIN else ""
    return ""


def _kind_of_name(name: str) -> str:
    if STEPS.search(name) or _COUNT.search(name):
        return "int"
    return (
        "float"
        if _RATE.search(name) or _SHARE.search(name) or name in ("eps", "delta", "alpha")
        else "Tensor"
    )


def tensors(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Those of them that are taken for tensors."""
    return tuple(one.name for one in parameters if last_name(_kind(one)[0]).endswith("Tensor"))


def _many(hint: ast.expr) -> int:
    """How many tensors it holds: a list of them more than one."""
    holds = sum(last_name(one).endswith("Tensor") for one in ast.walk(hint) if isinstance(one, ast.expr))
    return holds + (holds > 0 and last_name(hint) in SEVERAL)


# --- and what is drawn of it ----------------------------------------------------------------


def _strategy(hint: ast.expr, one: Parameter, around: Around) -> str:
    hint = _unquoted(hint)
    if isinstance(hint, ast.Constant) and hint.value is None:
        return "st.none()"
    if isinstance(hint, ast.BinOp) and isinstance(hint.op, ast.BitOr):
        return _one_of([hint.left, hint.right], one, around)
    kind = last_name(hint)
    if isinstance(hint, ast.Subscript) and kind in WITHIN:
        inner = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
        return WITHIN[kind](inner, one, around)
    plain = PLAIN.get(_KINDS_BY_LOWER.get(kind.lower(), kind))
    if plain is None:
        raise NotAsked(f"takes {one.name}: {ast.unparse(hint)}, of which no strategy can be guessed")
    return plain(one, around)


def _int(one: Parameter, around: Around) -> str:
    if STEPS.search(one.name):
        return "strategies.step_counts(short=4, long=8)"
    if around.layer:
        return f"st.just({_SIDE})"
    return "st.sampled_from([0, -1])" if one.name in ("dim", "axis") else "st.integers(1, 5)"


def _float(one: Parameter, _: Around) -> str:
    if _RATE.search(one.name):
        return "strategies.learning_rates([0.1, 0.2, 0.05], largest=0.5)"
    if _SHARE.search(one.name):
        return "st.sampled_from([0.5, 0.9, 0.1])"
    return "st.one_of(st.sampled_from([1.0, 2.0, 0.5]), st.floats(0.1, 5.0))"


def _tensor(one: Parameter, around: Around) -> str:
    """Several are drawn by themselves, so they have the same dtype only where there is but one."""
    dtypes = "torch.float32" if around.tensors > 1 else "torch.float32, torch.float64"
    return f"strategies.tensors({_shapes(one, around)}, [{dtypes}], NUMBERS)"


def _whole_tensor(one: Parameter, around: Around) -> str:
    return f"strategies.tensors({_shapes(one, around)}, [torch.int64], st.integers(0, {_SIDE - 1}))"


def _shapes(one: Parameter, around: Around) -> str:
    """What the docstring says, `x: ... of shape (n, d)`; else a capital letter is a matrix."""
    said = re.search(rf"\b{re.escape(one.name)}\b[^\n]*?shape\s*:?\s*[(\[]([\w, ]*)[)\]]", one.docstring)
    if said is not None:
        sides = [_size(side, around) for side in said[1].split(",") if side.strip()]
        return f"[{tuple(sides)}]"
    if re.fullmatch(r"[A-Z]\w?", one.name):
        return f"[({_SIDE}, {_SIDE})]"
    return f"[({_SIDE},)]" if around.tensors > 1 else f"[({_SIDE},), (2, {_SIDE})]"


def _size(side: str, around: Around) -> int:
    side = side.strip()
    if side.isdecimal():
        return int(side)
    return around.sizes.setdefault(side, 2 + (len(around.sizes) + 1) % 3)


def _ready(one: Parameter, _: Around) -> str:
    if not _LOSS.search(one.name):
        raise NotAsked(f"takes the function {one.name}, of which no strategy can be guessed")
    return "strategies.ready(torch.nn.functional.mse_loss, torch.nn.functional.l1_loss)"


def _one_of(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    return f"st.one_of({', '.join(_strategy(hint, one, around) for hint in inner)})"


def _list(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    return f"st.lists({_strategy(inner[0], one, around)}, min_size=1, max_size=3)"


def _tuple(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    if isinstance(inner[-1], ast.Constant) and inner[-1].value is Ellipsis:
        return f"{_list(inner, one, around)}.map(tuple)"
    return f"st.tuples({', '.join(_strategy(hint, one, around) for hint in inner)})"


def _dict(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    keys, values = (_strategy(hint, one, around) for hint in inner)
    return f"st.dictionaries({keys}, {values}, min_size=1, max_size=3)"


def _optional(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    return f"st.one_of({_strategy(inner[0], one, around)}, st.none())"


def _literal(inner: Sequence[ast.expr], _: Parameter, __: Around) -> str:
    return f"st.sampled_from([{', '.join(ast.unparse(value) for value in inner)}])"


def _first(inner: Sequence[ast.expr], one: Parameter, around: Around) -> str:
    return _strategy(inner[0], one, around)


def _plain(source: str) -> Callable[[Parameter, Around], str]:
    return lambda _, __: source


_TEXTS: Final = 'st.sampled_from(["a", "b", "abc", ""])'
_FLOATS: Final = "st.lists(st.floats(0.1, 5.0), min_size=1, max_size=3)"

PLAIN: Final[Mapping[str, Callable[[Parameter, Around], str]]] = {
    "int": _int,
    "float": _float,
    "bool": _plain("st.booleans()"),
    "str": _plain(_TEXTS),
    "list": _plain(_FLOATS),
    "Tensor": _tensor,
    "FloatTensor": _tensor,
    "LongTensor": _whole_tensor,
    "Generator": _plain("strategies.generators()"),
    "Callable": _ready,
}
WITHIN: Final[Mapping[str, Callable[[Sequence[ast.expr], Parameter, Around], str]]] = {
    **dict.fromkeys(("list", "List", "Sequence", "Iterable", "Collection"), _list),
    **dict.fromkeys(("tuple", "Tuple"), _tuple),
    **dict.fromkeys(("dict", "Dict", "Mapping"), _dict),
    **dict.fromkeys(("Annotated", "Final"), _first),
    "Callable": lambda _, one, around: _ready(one, around),
    "Optional": _optional,
    "Union": _one_of,
    "Literal": _literal,
}
SEVERAL: Final = frozenset(WITHIN) - {"Optional", "Union", "Annotated", "Final"}
_KINDS_BY_LOWER: Final = {kind.lower(): kind for kind in PLAIN}
