"""Run the grader's command line in this process, and say at the end what the process itself used.

    python bench/graded.py REPORT.json ARGUMENT ...

What the children used, and so the zygote and its workers, is what the caller's own count has beyond this.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from grader.cli import main


def peak_bytes() -> int:
    """The largest resident size of this process. Not getrusage's, which an exec inherits."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) << 10 if found else 0


if __name__ == "__main__":
    report = Path(sys.argv.pop(1))
    try:
        main()
    finally:
        report.write_text(json.dumps({"cpu": time.process_time(), "peak": peak_bytes()}), encoding="ascii")
