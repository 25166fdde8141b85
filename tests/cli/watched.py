"""`grader ... --watch` as a process of its own, read answer by answer."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.running import ROOT, clean_environment, command
from tests.hostile.test_lifetimes import descendants

TIME = re.compile(r"^\d\d:\d\d:\d\d, \d+\.\d s\. (?=Watching )", re.MULTILINE)
RIGHT = (ROOT / "submissions" / "s01.py").read_text(encoding="utf-8")
WRONG = (ROOT / "submissions" / "s08.py").read_text(encoding="utf-8")
NEVER_ENDS = RIGHT.replace("    for ", "    while True:\n        pass\n    for ", 1)
GOES_ON = "  help: The watch goes on: what is saved next is looked at.\n"


class Watched:
    """A watch; what it says is read as one text, errors among the answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def answer(self) -> str:
        """All up to the line that ends it, which has no time then and is taken away."""
        assert self.process.stdout is not None
        said = ""
        while not TIME.search(said):
            line = self.process.stdout.readline()
            assert line, f"the watch has ended after: {said}"
            said += line
        return "".join(line for line in said.splitlines(keepends=True) if not TIME.match(line))

    @contextmanager
    def held(self) -> Iterator[None]:
        """It sees all that is done meanwhile at once."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def save(self, file: Path, content: str | bytes) -> None:
        """Over the file; how little of it may be there in between is not for this test to meet."""
        with self.held():
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def processes(self) -> set[int]:
        return descendants(self.process.pid)

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C: the exit code, and what was said at the end."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate()
        return self.process.returncode, said


@contextmanager
def watched(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> Iterator[Watched]:
    with subprocess.Popen(
        [
            "/usr/bin/env",
            "--default-signal=INT",
            *command(*arguments, "--watch"),
        ],  # a shell's background ignores it
        cwd=cwd,
        env=clean_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield Watched(process)
        finally:
            process.kill()  # one that has failed here would be waited for in vain
