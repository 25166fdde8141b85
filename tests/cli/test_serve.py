"""`grader report DIR --serve` asked by whoever reaches the address: what it answers, and what never."""

from __future__ import annotations

import hashlib
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from grader import overrides, store
from grader.commands.serving import MOST
from tests.cli.running import LIMIT, ROOT, clean_environment, command
from tests.report import samples

OLD: Final = b"student,exercise,score,comment\r\n"
NEW: Final = OLD + f"s01,{samples.ONE},3,late\r\n".encode()
NOTHING: Final = "This address opens nothing, or has done so already."


class Served(NamedTuple):
    """A server that was opened: its address, the path of its pages, and the key that a page holds."""

    folder: Path
    host: str
    opening: str
    home: str
    key: str
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection(self.host, timeout=LIMIT)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def put(self, body: bytes = NEW, path: str = "", **other: Any) -> tuple[int, str]:
        """As the page does it, but for `other` headers."""
        headers = {
            "Origin": f"http://{self.host}",
            "Content_Type": "text/csv",
            "X_Grader_Key": self.key,
            "If_Match": hashlib.sha256(OLD).hexdigest(),
        }
        sent = {name: value for name, value in {**headers, **other}.items() if value}
        return self.ask("PUT", path or f"{self.home}/overrides.csv", body, **sent)

    @property
    def corrections(self) -> bytes:
        return (self.folder / "overrides.csv").read_bytes()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all who change nothing."""
    with serving(tmp_path_factory.mktemp("report")) as one:
        yield one


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as one:
        yield one


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    store.write_results(folder, samples.RESULTS)
    (folder / "overrides.csv").write_bytes(OLD)
    (folder / "secret.html").write_text("a secret", encoding="utf-8")
    with subprocess.Popen(
        command("report", folder, "--serve"),
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            _, line = (process.stdout.readline() for _ in range(2))
            _, _, host, opening = line.strip().split("/", 3)
            yield _opened(Served(folder, host, f"/{opening}", "", "", process))
        finally:
            process.kill()


def _opened(one: Served) -> Served:
    connection = HTTPConnection(one.host, timeout=LIMIT)
    connection.request("GET", one.opening)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303
    place = answer.headers["Location"]
    _, page = one.ask("GET", place)
    (key,) = re.findall(r'"key":"([^"]+)"', page)
    return one._replace(home=place.removesuffix("/corrections.html"), key=key)


def test_what_the_page_sends_is_written_and_shown(own: Served) -> None:
    assert own.put() == (204, "")
    assert own.corrections == NEW
    assert "late" in (own.folder / "students" / "s01.html").read_text(encoding="utf-8")
    assert "3 *" in own.ask("GET", f"{own.home}/index.html")[1]
    assert "late" in own.ask("GET", f"{own.home}/corrections.html")[1]


def test_a_save_draws_what_shows_the_student_and_nobody_elses_page(own: Served) -> None:
    def drawn() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in own.folder.rglob("*.*ml")}

    before = drawn()
    assert own.put() == (204, "")

    changed = {name for name, inode in drawn().items() if before[name] != inode}
    assert changed == {"index.html", "corrections.html", "s01.html"}
    assert len(before) == 8


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({"Origin": "http://evil.example"}, 403, "This does not come from the page that was served."),
        ({"Origin": "null"}, 403, "This does not come from the page that was served."),
        ({"Origin": ""}, 403, "This does not come from the page that was served."),
        ({"X_Grader_Key": "guessed"}, 403, "The page is not the one that was served: reload it."),
        ({"X_Grader_Key": ""}, 403, "The page is not the one that was served: reload it."),
        ({"X_Grader_Key": "\xe9"}, 403, "The page is not the one that was served: reload it."),
        ({"Content_Type": "text/plain"}, 415, "Corrections are text/csv."),
        ({"If_Match": "0" * 64}, 412, "The file was changed meanwhile: reload the page."),
        ({"If_Match": ""}, 412, "The file was changed meanwhile: reload the page."),
        ({"Content_Length": str(MOST + 1)}, 413, "That is more than 8 MiB."),
        ({"Content_Length": "-1"}, 411, "How long it is has to be said."),
        ({"Transfer_Encoding": "chunked"}, 411, "How long it is has to be said."),
    ],
)
def test_a_change_that_does_not_come_from_the_page_is_refused(
    served: Served, headers: dict[str, Any], status: int, told: str
) -> None:
    assert served.put(**headers) == (status, told)
    assert served.corrections == OLD


@pytest.mark.parametrize("body", [b"", b"x", b"student;score\n", b"\0" * 99, b'"'])
def test_what_is_no_table_of_corrections_replaces_nothing(served: Served, body: bytes) -> None:
    assert served.put(body) == (422, "These are no corrections.")
    assert served.corrections == OLD


def test_only_the_corrections_of_this_report_are_written(served: Served) -> None:
    before = {path: path.read_bytes() for path in served.folder.rglob("*") if path.is_file()}
    paths = [
        "/overrides.csv",
        f"{served.home}/../overrides.csv",
        f"{served.home}/results.json",
        f"{served.home}/students/overrides.csv",
        f"{served.home}/overrides.csv/",
        f"{served.home}/%6fverrides.csv",
    ]

    assert [served.put(path=path)[0] for path in paths] == [403, 404, 404, 404, 404, 404]
    assert [
        served.ask(method, f"{served.home}/overrides.csv")[0] for method in ("POST", "DELETE", "HEAD")
    ] == [501] * 3
    assert {path: path.read_bytes() for path in served.folder.rglob("*") if path.is_file()} == before


def test_only_pages_of_the_report_are_read(served: Served) -> None:
    (served.folder / "students" / "link.html").symlink_to(served.folder / "secret.html")
    inner = [
        *("secret.html", "results.json", "overrides.csv", "students/", "", "."),
        *("../secret.html", "students/../secret.html", "students/link.html", "//etc/passwd"),
        *("students/..%2fsecret.html", "students/.html", "students/s01.html/../../secret.html"),
    ]

    answers = [served.ask("GET", f"{served.home}/{name}") for name in inner]
    assert answers == [(404, "There is no such page.")] * len(inner)
    (served.folder / "students-001.html").write_text("of a large class", encoding="utf-8")
    assert served.ask("GET", f"{served.home}/students-001.html") == (200, "of a large class")
    assert served.ask("GET", f"{served.home}/students/s01.html")[0] == 200


def test_without_the_printed_address_nothing_is_told(served: Served) -> None:
    paths = [
        "/",
        "/corrections.html",
        "/open/",
        "/open/guessed",
        served.opening,
        "/%ff",
        f"{served.home}x/index.html",
    ]

    assert [served.ask("GET", path) for path in paths] == [(403, NOTHING)] * len(paths)


@pytest.mark.parametrize("name", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1"])
def test_a_page_that_was_led_here_by_another_name_is_refused(served: Served, name: str) -> None:
    host = name.format(port=served.host.partition(":")[2])

    status, told = served.ask("GET", f"{served.home}/corrections.html", Host=host)

    assert (status, told) == (421, f"Ask for http://{served.host} by this name.")


def test_other_machines_do_not_reach_it(served: Served) -> None:
    port = int(served.host.partition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # refused where somebody listens on every address

        assert other.getsockname() == ("127.0.0.2", port)


def test_who_stays_silent_keeps_nobody_waiting_and_ctrl_c_ends_it(own: Served) -> None:
    silent = socket.create_connection((own.host.partition(":")[0], int(own.host.partition(":")[2])))
    silent.sendall(b"GET / HTTP/1.1\r\n")

    assert own.put()[0] == 204
    own.process.send_signal(signal.SIGINT)
    rest, told = own.process.communicate(timeout=LIMIT)
    silent.close()

    assert (own.process.returncode, rest) == (130, "")
    assert told == (
        "This address opens once, in a browser on this machine. Ctrl-C ends it.\nSaved: overrides.csv\n"
    )


def test_the_document_shows_a_file_that_counts_and_the_command() -> None:
    doc = (ROOT / "docs" / "corrections.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```text\n(.*?)```", doc, re.DOTALL)
    (typed,) = re.findall(r"```bash\ngrader (.*)\n```", doc)

    found = overrides.parse(table.encode())

    assert (len(found.rows), found.warnings) == (1, ())
    assert typed.split()[2:] == ["--serve"]


def test_every_answer_forbids_to_keep_frame_or_sniff_it(served: Served) -> None:
    connection = HTTPConnection(served.host, timeout=LIMIT)
    connection.request("GET", f"{served.home}/corrections.html")
    headers: Any = connection.getresponse().headers

    assert headers["Server"].strip() == "grader"
    assert {
        name: headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Referrer-Policy")
    } == {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
