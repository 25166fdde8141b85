"""Parent side: which devices are there, tried in a process of its own and never here."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

from grader import decoders
from grader.records import Record
from grader.results import Device
from grader.sandbox import launcher
from grader.text import one_line

_SECONDS: Final = 300.0  # the first start of a driver may be slow
_CHECK: Final = """
import json, sys, torch
if not torch.cuda.is_available():
    sys.exit("PyTorch finds no CUDA device")
parameter = torch.nn.Parameter(torch.ones(2, device="cuda"))
(parameter * parameter).sum().backward()
torch.cuda.synchronize()
print(json.dumps({"hardware": torch.cuda.get_device_name()}))
"""


class Versions(Record, frozen=True):
    """What the submissions run with."""

    python: str
    torch: str
    platform: str
    torch_cuda: str | None  # None: this PyTorch is built without CUDA


class _Found(Record, frozen=True):
    hardware: str


def probe(device: str, versions: Versions) -> Device:
    """Whether a device can be graded here; `reason` says why not."""
    if device == "cpu":
        return Device(device, graded=True, reason=None, hardware=_processor())
    if device == "twin":
        return Device(device, graded=True, reason=None, hardware="the CPU under another name")
    if device != "cuda":
        return _absent(device, f"the grader does not know the device {device!r}")
    if versions.torch_cuda is None:
        return _absent(device, f"this PyTorch ({versions.torch}) is built without CUDA")
    return _try_cuda()


def _try_cuda() -> Device:
    command = [sys.executable, *launcher.flags(), "-c", _CHECK]
    try:
        done = subprocess.run(
            command, env=launcher.environment(cuda=True), capture_output=True, timeout=_SECONDS, check=False
        )
        found = decoders.json(_Found).decode(done.stdout)
    except subprocess.TimeoutExpired:
        return _absent("cuda", f"CUDA did not start within {_SECONDS:g} s")
    except decoders.BROKEN:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return _absent("cuda", one_line(lines[-1]) if lines else f"CUDA did not start ({done.returncode})")
    return Device("cuda", graded=True, reason=None, hardware=one_line(found.hardware))


def _absent(device: str, reason: str) -> Device:
    return Device(device, graded=False, reason=reason, hardware=None)


def _processor() -> str:
    """The processor's name, as Linux tells it; elsewhere its architecture."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return one_line(names[0]) if names else platform.machine()
