"""`grader report DIR --serve`: the pages on this machine alone, so that the one of corrections can save.

Other users of this machine and other pages in the browser reach the same address, so it gives nothing away.
What is printed opens once and leads to a path that nobody can guess; every request has to name the host as it
was printed, which a page that was led here by its own name does not, and a change has to come from the page
itself, with a key that only the page holds. The bytes of one file can be replaced, overrides.csv of this
report, by a table of corrections of bounded size, where nobody else has changed it meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from grader import overrides, store
from grader.commands.common import tell
from grader.errors import GraderError
from grader.overrides import OVERRIDES_FILE
from grader.report.html import CORRECTIONS_FILE, Renderer
from grader.results import Results

INTERRUPTED: Final = 130
HOST: Final = "127.0.0.1"
MOST: Final = 8 << 20  # bytes of corrections: 100,000 rows
PATIENCE: Final = 30  # seconds for a request that was begun
_PAGE: Final = re.compile(
    r"(?:index|similar|students-(?:[0-9]+|all))\.html|students/[A-Za-z0-9_][A-Za-z0-9_.-]*\.html", re.ASCII
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refused(Exception):
    """A request that is not answered, with the status that says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Desk:
    """What may be asked for: the report, and who may ask."""

    def __init__(
        self, folder: Path, results: Results, renderer: Renderer, render: Callable[[Collection[str]], object]
    ) -> None:
        """`render` makes the class page anew, and those of these students, from the corrections of then."""
        self._folder = folder
        self._results = results
        self._renderer = renderer
        self._render = render
        self._turn = threading.Lock()
        self._opening = secrets.token_urlsafe(24)
        self._key = secrets.token_urlsafe(24)
        self.home = secrets.token_urlsafe(24)

    @property
    def opening(self) -> str:
        """The path that is printed."""
        return f"/open/{self._opening}"

    def opens(self, path: str) -> bool:
        """Whether this is the first time that somebody comes by what was printed."""
        with self._turn:
            fits = bool(self._opening) and hmac.compare_digest(path.encode(), self.opening.encode())
            self._opening = "" if fits else self._opening
            return fits

    def page(self, path: str) -> bytes:
        """A page of the report. Raises Refused."""
        name = self._inner(path)
        if name == CORRECTIONS_FILE:
            with self._turn:
                text = overrides.text_of(self._folder)
            found = overrides.parse(text) if text else overrides.NONE
            return "".join(self._renderer.corrections_page(self._results, found, text, self._key)).encode()
        if _PAGE.fullmatch(name):
            with suppress(OSError), os.fdopen(_opened(self._folder / name), "rb") as file:
                return file.read()
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such page.")

    def save(self, path: str, data: bytes, key: str, based_on: str) -> None:
        """Replace the corrections, and make the pages anew. Raises Refused; GraderError where it cannot."""
        if self._inner(path) != OVERRIDES_FILE:
            raise Refused(HTTPStatus.NOT_FOUND, "There is no such file.")
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "The page is not the one that was served: reload it.")
        if any(text.startswith(f"{OVERRIDES_FILE}, line 1:") for text in overrides.parse(data).warnings):
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "These are no corrections.")
        with self._turn:
            before = overrides.text_of(self._folder)
            if hashlib.sha256(before).hexdigest() != based_on:
                raise Refused(
                    HTTPStatus.PRECONDITION_FAILED, "The file was changed meanwhile: reload the page."
                )
            store.write_bytes(self._folder / OVERRIDES_FILE, data)
            self._render(_touched(before, data))

    def _inner(self, path: str) -> str:
        """What is asked for below the path that nobody can guess. Raises Refused."""
        _, home, *rest = [*path.split("/", 2), "", ""]
        if not hmac.compare_digest(home.encode(), self.home.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "This address opens nothing, or has done so already.")
        return rest[0]


def _touched(before: bytes, after: bytes) -> set[str]:
    """Whose corrections have changed; in which line they stand says nothing."""
    one, other = (
        {(row.student, row.exercise, row.score, row.comment) for row in overrides.parse(text).rows.values()}
        for text in (before, after)
    )
    return {student for student, *_ in one ^ other}


def _opened(path: Path) -> int:
    """No page is a link: what it leads to is none of the report's."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


class Handler(BaseHTTPRequestHandler):
    """One request; everything else is answered with 501 by the library."""

    server: Server
    server_version = "grader"
    sys_version = ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_PUT(self) -> None:
        self._answered(self._put)

    def _answered(self, answer: Callable[[], None]) -> None:
        try:
            self._check_host()
            answer()
        except Refused as refused:
            self._send(refused.status, refused.why.encode(), "text/plain")
        except GraderError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode(), "text/plain")

    def _check_host(self) -> None:
        if self.headers.get_all("Host") != [self.server.host]:
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, f"Ask for http://{self.server.host} by this name.")

    def _get(self) -> None:
        desk = self.server.desk
        if desk.opens(self.path):
            return self._send(
                HTTPStatus.SEE_OTHER, b"", "text/plain", Location=f"/{desk.home}/{CORRECTIONS_FILE}"
            )
        return self._send(HTTPStatus.OK, desk.page(self.path), "text/html")

    def _put(self) -> None:
        if self.headers.get_all("Origin") != [f"http://{self.server.host}"]:
            raise Refused(HTTPStatus.FORBIDDEN, "This does not come from the page that was served.")
        if self.headers.get_content_type() != "text/csv":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Corrections are text/csv.")
        data = self.rfile.read(self._length())
        self.server.desk.save(
            self.path, data, self.headers.get("X-Grader-Key", ""), self.headers.get("If-Match", "")
        )
        tell(f"Saved: {OVERRIDES_FILE}")
        self._send(HTTPStatus.NO_CONTENT, b"", "text/plain")

    def _length(self) -> int:
        given = self.headers.get_all("Content-Length") or [""]
        if (
            "Transfer-Encoding" in self.headers
            or len(given) != 1
            or not re.fullmatch(r"[0-9]{1,12}", given[0])
        ):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "How long it is has to be said.")
        if int(given[0]) > MOST:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"That is more than {MOST >> 20} MiB.")
        return int(given[0])

    def _send(self, status: HTTPStatus, body: bytes, kind: str, **more: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **more, "Content-Type": f"{kind}; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: an address in a log would open the report."""


class Server(ThreadingHTTPServer):
    """On a port that is free, for this machine alone."""

    daemon_threads = True

    def __init__(self, desk: Desk) -> None:
        super().__init__((HOST, 0), Handler)
        self.desk = desk

    @property
    def host(self) -> str:
        return f"{HOST}:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A browser that went away is no news."""


def serve(desk: Desk) -> int:
    """Until Ctrl-C; return the exit code of that."""
    with Server(desk) as server:
        tell(f"Corrections: http://{server.host}{desk.opening}", beside=False)
        tell("This address opens once, in a browser on this machine. Ctrl-C ends it.")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return INTERRUPTED
