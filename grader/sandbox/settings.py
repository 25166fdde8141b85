"""Child side: PyTorch's global settings, so that one call's changes do not reach the next."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Settings(NamedTuple):
    """What a submission can switch for the whole process."""

    default_dtype: torch.dtype
    default_device: torch.device | None  # None: nothing can be made there
    grad_enabled: bool
    anomaly_detection: bool
    threads: int


def current() -> Settings:
    return Settings(
        default_dtype=torch.get_default_dtype(),
        default_device=_default_device(),
        grad_enabled=torch.is_grad_enabled(),
        anomaly_detection=torch.is_anomaly_enabled(),
        threads=torch.get_num_threads(),
    )


def put_back(before: Settings) -> set[str]:
    """Undo what has changed since, and name it."""
    now = current()
    if now == before:
        return set()
    torch.set_default_dtype(before.default_dtype)
    if now.default_device != before.default_device:
        usual = before.default_device is None or before.default_device.type == "cpu"
        torch.set_default_device(None if usual else before.default_device)
    torch.set_grad_enabled(before.grad_enabled)
    torch.autograd.set_detect_anomaly(before.anomaly_detection)
    torch.set_num_threads(before.threads)
    changed = zip(Settings._fields, now, before, strict=True)
    return {name.replace("_", " ") for name, new, old in changed if new != old}


def _default_device() -> torch.device | None:
    """An empty tensor tells it in a tenth of the time that `torch.get_default_device` takes."""
    try:
        return torch.empty(0).device
    except (AssertionError, RuntimeError):  # a device that is not there: honest code may switch to it
        return None
