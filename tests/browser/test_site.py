"""The documentation as a site: complete, without a dead link, and nothing in it is fetched from elsewhere."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import click
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from grader.cli import cli
from tests.browser.conftest import PATIENCE

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("docs", "mkdocs.yml", "CHANGELOG.md", "THREATS.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
FETCHING: Final = {"script", "img", "source", "iframe", "link"}  # not what a reader may click on


class Links(HTMLParser):
    """Where a page leads, what it fetches, and which places in it have a name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.fetches: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names |= {given.get("id") or ""}
        found = [one for name in ("href", "src", "srcset") if (one := given.get(name))]
        (self.fetches if tag in FETCHING else self.leads).extend(found)


def build(folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(output)],
        cwd=folder,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_sources(folder: Path) -> None:
    for name in SOURCES:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("site") / "docs"
    done = build(ROOT, output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Links]:
    return {path.name: Links(path.read_text(encoding="utf-8")) for path in site.glob("*.html")}


def test_every_page_of_docs_is_in_the_navigation(pages: dict[str, Links]) -> None:
    written = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    made = {"reference.html", "CHANGELOG.html", "THREATS.html", "ARCHITECTURE.html", "CONTRIBUTING.html"}

    assert written | made | {"404.html"} == set(pages)
    assert written | made <= set(pages["index.html"].leads) | {"index.html"}


def test_no_link_is_dead(site: Path, pages: dict[str, Links]) -> None:
    dead = [
        (name, link)
        for name, page in pages.items()
        for link in (*page.leads, *page.fetches)
        if not urlsplit(link).scheme and name != "404.html" and not _leads_somewhere(link, name, site, pages)
    ]

    assert dead == []


def _leads_somewhere(link: str, name: str, site: Path, pages: dict[str, Links]) -> bool:
    parts = urlsplit(link)
    target = parts.path or name
    named = unquote(parts.fragment)
    if target in pages:
        return not named or named in pages[target].names
    return (site / target).exists()


def test_no_page_fetches_anything_from_elsewhere(site: Path, pages: dict[str, Links]) -> None:
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))

    assert [one for page in pages.values() for one in page.fetches if "//" in one] == []
    assert re.findall(r"url\(\"?(?:https?:)?//[^)]*|@import[^;]*", styles) == []


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (
            "[gone](gone.md)",
            "contains a link 'gone.md', but the target is not found among documentation files",
        ),
        ("[no such part](ci.md#gone)", "contains a link 'ci.md#gone', but the doc 'ci.md' does not contain"),
    ],
)
def test_a_dead_link_stops_the_build(page: str, told: str, tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "docs" / "new.md").write_text(f"# New\n\n{page}\n", encoding="utf-8")

    done = build(tmp_path, tmp_path / "site")

    assert done.returncode == 1
    assert told in done.stderr


def test_what_has_no_page_on_the_site_is_named_and_not_linked(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "reference").mkdir()
    text = "# New\n\n[a lesson](../reference) and [promises](../THREATS.md#what-is-promised)\n"
    (tmp_path / "docs" / "new.md").write_text(text, encoding="utf-8")

    done = build(tmp_path, tmp_path / "site")

    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "new.html").read_text(encoding="utf-8")
    assert '<p>a lesson and <a href="THREATS.html#what-is-promised">promises</a></p>' in page


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for inner, one in command.commands.items():
            yield from commands(one, f"{name} {inner}")


@pytest.mark.parametrize(("name", "command"), list(commands(cli, "grader")))
def test_the_reference_has_every_command_and_option(name: str, command: click.Command, site: Path) -> None:
    text = (site / "reference.html").read_text(encoding="utf-8")
    (part,) = re.findall(rf'<h2 id="{name.replace(" ", "-")}">(.*?)(?=<h2 )', text, re.DOTALL)

    options = [option for param in command.params for option in (*param.opts, *param.secondary_opts)]
    arguments = [one.make_metavar(click.Context(command)) for one in command.params if "-" not in one.opts[0]]
    wanted = [one for one in options if one.startswith("-")] + arguments
    assert [one for one in wanted if not re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", part)] == []
    assert "Example: <code>grader " in part or name == "grader completion"


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """Its address on a server of this machine, as it would be on another."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_given: object) -> None:
        pass


READY: Final = (
    "document.querySelectorAll('table').length === document.querySelectorAll('[tabindex=\"0\"] table').length"
)
RULES: Final = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]}}


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_every_page_fits_its_window_can_be_read_and_asks_nobody_else(
    width: int, scheme: Literal["light", "dark"], served: str, pages: dict[str, Links], browser: Browser
) -> None:
    asked: list[str] = []
    window = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    window.on("request", lambda request: asked.append(request.url))
    faults: dict[str, list[str]] = {}
    for name in sorted(pages):
        window.goto(f"{served}/{name}")
        window.wait_for_function(READY)
        assert window.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(window, options=RULES).response["violations"]
        faults |= {name: [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]} if found else {}
    window.close()

    assert faults == {}
    assert [address for address in asked if not address.startswith((served, "data:", "blob:"))] == []


def test_the_search_finds_a_page_and_asks_nobody_else(served: str, browser: Browser) -> None:
    asked: list[str] = []
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(PATIENCE)
    window.on("request", lambda request: asked.append(request.url))
    window.goto(f"{served}/index.html")
    window.click("input.md-search__input")
    window.keyboard.type("ten minutes")

    window.locator(".md-search-result__link[href*='first-class.html']").first.wait_for(state="attached")
    window.close()

    assert [address for address in asked if not address.startswith((served, "data:", "blob:"))] == []
