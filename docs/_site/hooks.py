"""What MkDocs asks while it builds the site: the order of pages, those that are made, and where links lead.

docs/ is read on its own as well, so a link there may lead to the top of the repository. Nothing is written
twice: the reference comes from the options of the command line, and what lies at the top is shown as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from grader import cli as command_line

REFERENCE: Final = "reference.md"
TOP: Final = ("CHANGELOG.md", "THREATS.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
_LINK: Final = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)#\s:]+)(?P<place>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made, and say the order: the first as listed, the others by name, what is made last."""
    root = Path(config.docs_dir).parent
    files.append(File.generated(config, REFERENCE, content=reference()))
    for name in TOP:
        content = (root / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=_relinked(content, root, root)))
    first = list(config.extra["first"])
    made = [REFERENCE, *TOP]
    written = {file.src_uri for file in files.documentation_pages()} - {*first, *made}
    config.nav = [{"Home": first[0]}, *first[1:], *sorted(written), *made]
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_given: Any) -> str:
    docs = Path(config.docs_dir)
    return markdown if page.file.src_uri in TOP else _relinked(markdown, docs, docs.parent)


def _relinked(markdown: str, folder: Path, root: Path) -> str:
    """Links as they lead on the site: what is in the repository and has no page is named, not linked."""

    def told(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / link["path"]))
        if target.parent == root / "docs" or target.name in TOP:
            return f"[{link['text']}]({target.name}{link['place'] or ''})"
        return link["text"] if target.exists() else link[0]

    return _LINK.sub(told, markdown)


def reference() -> str:
    """Every command with its arguments and options, as --help has them."""
    _, _, codes = (command_line.__doc__ or "").partition("\n\n")
    lines = [line.split(maxsplit=1) for line in codes.splitlines()]
    table = "".join(f"- `{code}` {told}\n" for code, told in lines)
    commands = "".join(_described(command_line.cli, command_line.NAME))
    return f"# Every command\n\n{commands}## Exit codes\n\n{table}"


def _described(command: click.Command, path: str) -> Iterator[str]:
    """A command, then those below it."""
    context = click.Context(command, info_name=path, **command_line.cli.context_settings)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"## {path}\n\n{command.help}\n\n```text\n{usage}\n```\n\n"
    yield from _options(command, context)
    if command.epilog:
        yield f"Example: `{command.epilog.removeprefix('Example: ')}`\n\n"
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _described(inner, f"{path} {name}")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for option in command.get_params(context):
        names, told = option.get_help_record(context) or ("", "")
        if told:  # what an argument is stands in the command's first sentence
            yield f"- `{names}`: {told}\n"
    yield "\n"
