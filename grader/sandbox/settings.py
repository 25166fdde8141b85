"""Child side: PyTorch's global settings, so that one call's changes do not reach the next."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch


@dataclass(frozen=True)
class Settings:
    """What a submission can switch for the whole process."""

    default_dtype: torch.dtype
    default_device: torch.device
    grad_enabled: bool
    anomaly_detection: bool
    threads: int


def current() -> Settings:
    return Settings(
        default_dtype=torch.get_default_dtype(),
        default_device=torch.get_default_device(),
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
    torch.set_default_device(None if before.default_device.type == "cpu" else before.default_device)
    torch.set_grad_enabled(before.grad_enabled)
    torch.autograd.set_detect_anomaly(before.anomaly_detection)
    torch.set_num_threads(before.threads)
    changed = {
        field.name for field in fields(before) if getattr(now, field.name) != getattr(before, field.name)
    }
    return {name.replace("_", " ") for name in changed}
