"""View records -> pages that stand alone: no script, nothing from elsewhere, readable from file://.

The templates are jinja2 with autoescape on and StrictUndefined; they only loop and choose. The one
style sheet is allowed by its hash, so markup that got past the escaping could still not bring its own.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.exceptions import TemplateError, UndefinedError
from markupsafe import Markup

from grader import store
from grader.errors import GraderError
from grader.overrides import NONE, Overrides
from grader.report import classview, views
from grader.report.head import Head
from grader.results import Evidence, Results, SubmissionResult

INDEX_FILE: Final = "index.html"
STUDENTS_FOLDER: Final = "students"


class Renderer:
    """Compiled templates, kept for the pages of one run; `templates` may hold an assignment's own."""

    def __init__(self, templates: Path | None = None) -> None:
        self._environment = _environment(templates)
        style = self._render("style.css.j2", None)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        # Our own style sheet, rendered without any student's text: the one thing that is not escaped.
        self._environment.globals["style"] = Markup(style)  # noqa: S704 -- see above
        self._environment.globals["policy"] = _policy(digest)

    def class_page(self, results: Results, overrides: Overrides) -> str:
        return self._render("class.html.j2", classview.classroom(results, overrides))

    def student_page(
        self, result: SubmissionResult, evidence: Evidence | None, head: Head, overrides: Overrides = NONE
    ) -> str:
        return self._render("student.html.j2", views.student(result, evidence, head, overrides))

    def _render(self, name: str, view: msgspec.Struct | None) -> str:
        try:
            return self._environment.get_template(name).render(view=view)
        except (TemplateError, UndefinedError) as error:
            raise GraderError(
                f"template {name}: {type(error).__name__}: {error}",
                "Mend the assignment's templates/ folder, or move it away to use the default templates.",
            ) from None


def write_class(
    folder: Path, results: Results, overrides: Overrides, renderer: Renderer | None = None
) -> Path:
    """Write index.html. Raises GraderError where the folder cannot be written."""
    path = folder / INDEX_FILE
    page = (renderer or Renderer()).class_page(results, overrides)
    store.write_bytes(path, page.encode(), lasting=False)
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
    path = folder / STUDENTS_FOLDER / f"{store.file_name(result.student)}.html"
    page = (renderer or Renderer()).student_page(result, evidence, head, overrides)
    store.write_bytes(path, page.encode(), lasting=False)  # a page can be made again: no wait for the disk
    return path


def _environment(templates: Path | None) -> Environment:
    own: list[BaseLoader] = [FileSystemLoader(templates)] if templates else []
    return Environment(
        loader=ChoiceLoader([*own, PackageLoader("grader.templates", "")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _policy(digest: str) -> str:
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
