"""`grader gradescope build -o FILE`: a zip that Gradescope makes an autograder of.

In it are the kit, the grader that runs here, and two scripts; what its image fetches is PyTorch and other
packages, in the versions that are here. The run is a `grader check`, so its marks are those.
"""

from __future__ import annotations

import math
import sys
from importlib import resources
from pathlib import Path
from typing import Final

from grader import kit as kits
from grader import nearby, store, wheels
from grader.commands.common import load_kit, tell
from grader.errors import GraderError
from grader.kit import Limits
from grader.sandbox import limits

KIT: Final = "homework.kit"
SETUP: Final = "setup.sh"
RUN: Final = "run_autograder"
_SPARE: Final = 30  # seconds that its own harness may take, from its limit of time
_SHARE: Final = 0.5  # of a CPU, which a container has by default


def run(
    output: Path,
    kit_file: Path | None,
    assignment: Path | None,
    expect_digest: str | None,
    minutes: int,
    memory: int | None,
    isolation: str,
    *,
    force: bool,
) -> int:
    """Write the zip, say what is in it and what to set beside it, return the exit code."""
    if output.exists() and not force:
        raise GraderError(f"{output}: there is a file of this name already.", "To replace it: --force.")
    loaded = load_kit(nearby.chosen(kit_file, assignment), expect_digest)
    options = (f" --memory {memory}" if memory else "") + (
        f" --isolation {isolation}" if isolation != "auto" else ""
    )
    files = _files(kits.encode(loaded.kit), options, minutes * 60 - _SPARE)
    with store.writing(output) as file:
        wheels.pack(file, files, frozenset({SETUP, RUN}))
    points = loaded.kit.max_score
    size = output.stat().st_size / 1024
    tell(
        f"Autograder: {output} ({size:.0f} KiB), for {points:g} points\nDigest: {loaded.digest}", beside=False
    )
    _tell_longest(loaded.kit.limits, len(loaded.kit.exercises), minutes)
    return 0


def _files(kit: bytes, options: str, seconds: int) -> dict[str, bytes]:
    name, wheel = wheels.built()
    pins = wheels.pins()
    values = {
        "python": ".".join(map(str, sys.version_info[:2])),
        "torch": pins["torch"],
        "wheel": name,
        "kit": KIT,
        "options": options,
        "seconds": seconds,
    }
    constraints = "".join(f"{package}=={version}\n" for package, version in pins.items())
    scripts = {script: _script(script, values) for script in (SETUP, RUN)}
    return {KIT: kit, name: wheel, "constraints.txt": constraints.encode(), **scripts}


def _script(name: str, values: dict[str, object]) -> bytes:
    from jinja2 import StrictUndefined, Template  # noqa: PLC0415 -- only to build

    text = (resources.files("grader.templates") / f"{name}.j2").read_text(encoding="utf-8")
    template = Template(text, undefined=StrictUndefined, keep_trailing_newline=True)
    return str(template.render(values)).encode()


def _tell_longest(given: Limits, exercises: int, minutes: int) -> None:
    """What loops and the slowest submission take there, and what to do where that is longer than it may."""
    loops = _minutes(exercises * limits.endless_cpu_seconds(given))
    longest = _minutes(limits.submission_cpu_seconds(given, exercises))
    tell(
        f"Time: {loops} min of half a CPU where every function loops for ever; no submission takes more "
        f"than {longest} min.",
        beside=False,
    )
    if longest > minutes:
        tell(
            f"note: after {minutes} min a run is given up without a mark.\n"
            "  help: Where that happens set a longer timeout in Gradescope, and here: --minutes N."
        )


def _minutes(cpu_seconds: float) -> int:
    return math.ceil(cpu_seconds / _SHARE / 60)
