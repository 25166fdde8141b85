"""View records -> pages that stand alone: nothing from elsewhere, readable from file:// and without a script.

The templates are jinja2 in its sandbox, with autoescape on and StrictUndefined; they only loop and choose.
The one style sheet and the one script are allowed by their hashes, so markup that got past the escaping
could still not bring its own. An assignment's own template may extend `default/class.html.j2` and replace
single blocks.
"""

from __future__ import annotations

import base64
import hashlib
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from grader import store
from grader.errors import GraderError
from grader.overrides import NONE, Overrides, text_of
from grader.report import corrections as edits
from grader.report import large, redaction, views
from grader.report.classview import ClassView
from grader.report.head import Head
from grader.results import Evidence, Results, SubmissionResult

if TYPE_CHECKING:
    from grader.report.similarview import SimilarView  # with numpy, which no other page needs

INDEX_FILE: Final = "index.html"
CORRECTIONS_FILE: Final = "corrections.html"
SIMILAR_FILE: Final = "similar.html"
STUDENTS_FOLDER: Final = "students"


class Renderer:
    """Compiled templates, kept for the pages of one run; `templates` may hold an assignment's own."""

    def __init__(self, templates: Path | None = None) -> None:
        self._own = templates
        self._environment = _environment(templates)
        self._dress = {kind: self._dressed(kind) for kind in ("class", "student", "similar", "corrections")}

    def class_page(self, view: ClassView) -> str:
        """The first page of the class, and the only one where it is not large."""
        _, pieces = next(self.class_pages(view))
        return "".join(pieces)

    def class_pages(self, view: ClassView) -> Iterator[tuple[str, Iterator[str]]]:
        """Files of the class's pages and their pieces, the first first."""
        dress = self._dress["class"]
        if not large.is_large(view):
            yield INDEX_FILE, self._pieces("class.html.j2", view=view, **dress)
            return
        yield INDEX_FILE, self._pieces("class.html.j2", view=large.first(view), **dress)
        for number, page in enumerate(large.pages(view), 1):
            yield large.name(number), self._pieces("roster.html.j2", view=page, **dress)
        everybody, data = large.everybody(view)
        yield (
            large.EVERYBODY,
            self._pieces("everybody.html.j2", view=everybody, data=map(_plain, data), **dress),
        )

    def student_page(
        self, result: SubmissionResult, evidence: Evidence | None, head: Head, overrides: Overrides = NONE
    ) -> str:
        shown = redaction.for_student(result, evidence, hide_expected=head.hide_expected)
        return self._page("student", views.student(*shown, head, overrides))

    def similar_page(self, view: SimilarView) -> str:
        return self._page("similar", view)

    def fragment(self, kind: str, view: msgspec.Struct, id_: str, more: str) -> str:
        """A part of a page that is not ours, with a style that holds inside the element of this id alone."""
        style = Markup(self._render(f"{kind}.css.j2", id=id_))  # noqa: S704 -- holds no student's text
        return self._render(f"{kind}.html.j2", view=view, id=id_, more=more, style=style)

    def corrections_page(
        self, results: Results, corrections: Overrides, text: bytes, key: str = ""
    ) -> Iterator[str]:
        """In pieces; `text`: the bytes of overrides.csv. With a `key` it is served, and may save."""
        data = edits.data_of(results, text, key)
        policy = self._dress["corrections"]["policy"] + ("; connect-src 'self'" if key else "")
        dress = {**self._dress["corrections"], "policy": policy}
        view = edits.view(results, corrections, data)
        return self._pieces("corrections.html.j2", view=view, data=map(_plain, edits.encoded(data)), **dress)

    def _dressed(self, kind: str) -> dict[str, str]:
        style, script = (self._render(name, kind=kind) for name in ("style.css.j2", "script.js.j2"))
        # Rendered without any student's text: the two things that are not escaped.
        return {
            "style": Markup(style),  # noqa: S704 -- see above
            "script": Markup(script),  # noqa: S704 -- likewise
            "policy": _policy(_digest(style), _digest(script)),
        }

    def _page(self, kind: str, view: msgspec.Struct) -> str:
        return self._render(f"{kind}.html.j2", view=view, **self._dress[kind])

    def _render(self, name: str, **values: object) -> str:
        return "".join(self._pieces(name, **values))

    def _pieces(self, name: str, **values: object) -> Iterator[str]:
        """A page as it is made, for one of a large class is never whole in memory."""
        try:
            yield from self._environment.get_template(name).generate(values)
        except Exception as error:
            if self._own is None and not isinstance(error, TemplateError):
                raise  # a fault of ours
            raise GraderError(
                f"{self._place(error, name)}: {type(error).__name__}: {error}",
                "Mend the assignment's templates/ folder, or move it away to use the default templates.",
            ) from None

    def _place(self, error: Exception, name: str) -> str:
        """The template that failed and the line: jinja2 puts its own lines into the traceback."""
        if isinstance(error, TemplateSyntaxError):
            return f"{error.filename or name}, line {error.lineno}"
        frames = traceback.extract_tb(error.__traceback__)
        inside = [f"{one.filename}, line {one.lineno}" for one in frames if one.filename.endswith(".j2")]
        return inside[-1] if inside else f"template {name}"


def write_class(folder: Path, view: ClassView, renderer: Renderer | None = None) -> Path:
    """Write index.html, and of a large class the pages of its students; remove those of a larger one before.

    Raises GraderError where the folder cannot be written.
    """
    written = set()
    view = msgspec.structs.replace(view, similar=(folder / SIMILAR_FILE).is_file())
    for name, page in (renderer or Renderer()).class_pages(view):
        store.write_pieces(folder / name, _encoded(page), lasting=False)
        written.add(name)
    for path in folder.glob(large.PAGES):
        if path.name not in written:
            path.unlink()
    return folder / INDEX_FILE


def write_corrections(
    folder: Path, results: Results, corrections: Overrides, renderer: Renderer | None = None
) -> Path:
    """Write corrections.html. Raises GraderError where the folder cannot be written."""
    path = folder / CORRECTIONS_FILE
    page = (renderer or Renderer()).corrections_page(results, corrections, text_of(folder))
    store.write_pieces(path, _encoded(page), lasting=False)
    return path


def write_student(
    folder: Path,
    result: SubmissionResult,
    evidence: Evidence | None,
    head: Head,
    overrides: Overrides = NONE,
    renderer: Renderer | None = None,
) -> Path:
    """Write students/<stem>.html. Raises GraderError where the folder cannot be written."""
    path = store.own_folder(folder, STUDENTS_FOLDER) / f"{store.file_name(result.student)}.html"
    page = (renderer or Renderer()).student_page(result, evidence, head, overrides)
    store.write_bytes(path, page.encode(), lasting=False)  # a page can be made again: no wait for the disk
    return path


def write_similar(folder: Path, view: SimilarView) -> Path:
    """Write similar.html, which leads to the class where that is. Raises GraderError as `write_class`."""
    path = folder / SIMILAR_FILE
    view = msgspec.structs.replace(view, graded=(folder / INDEX_FILE).is_file())
    store.write_bytes(path, Renderer().similar_page(view).encode(), lasting=False)
    return path


def _environment(templates: Path | None) -> ImmutableSandboxedEnvironment:
    own: list[BaseLoader] = [FileSystemLoader(templates)] if templates else []
    default = PackageLoader("grader.templates", "")
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, default, PrefixLoader({"default": default})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    return map(str.encode, pieces)


def _plain(piece: str) -> Markup:
    """JSON as `embedding` makes it."""
    return Markup(piece)  # noqa: S704 -- without a sign that markup begins with


def _breakable(name: str) -> Markup:
    """A long name in Python's spelling may go on in the next line after an underscore."""
    return Markup("_<wbr>").join(map(escape, name.split("_")))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _policy(style: str, script: str) -> str:
    allowed = f"style-src 'sha256-{style}'; script-src 'sha256-{script}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
