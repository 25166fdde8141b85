"""Parent side: what `layers` finds out on this machine, in a process of its own and never here."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from grader import decoders
from grader.errors import HarnessError
from grader.sandbox import launcher, linux
from grader.sandbox.jobs import Finding

_SECONDS: Final = 600.0  # about three are needed


def findings() -> tuple[Finding, ...]:
    """One for each layer; none on a system that has none of them. Raises HarnessError."""
    if not linux.ON_LINUX:
        return ()
    command = [sys.executable, *launcher.flags(), "-m", "grader.sandbox.layers"]
    environment = launcher.environment(cuda=False)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_SECONDS, check=False, cwd="/"
        )
        return decoders.json(tuple[Finding, ...]).decode(done.stdout)
    except subprocess.TimeoutExpired:
        text = f"The layers could not be tried within {_SECONDS:g} s."
    except decoders.BROKEN:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        text = f"The layers could not be tried: {words[-1] if words else 'no reason was given'}"
    raise HarnessError(text, "Try again on a machine with less to do; else run with --isolation none.")
