"""Half the time of a small step is what PyTorch does around it: for a profiler, for many losses at once.

A freeze takes some 200,000 steps. So what nobody asks for here is left out, in the freezer's own process.
Whatever a program does but `loss.backward()` goes PyTorch's own way, and every number is the same.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch.overrides import has_torch_function_unary

_BACKWARD = torch.Tensor.backward


def hasten() -> None:
    """For this process, for good."""
    vars(torch.autograd.profiler)["record_function"] = nullcontext
    torch.Tensor.backward = _backward  # type: ignore[method-assign]


def _backward(self: torch.Tensor, *given: Any, **named: Any) -> None:
    """The engine's run, as PyTorch would call it for one number without arguments."""
    plain = type(self) is torch.Tensor and not has_torch_function_unary(self)  # no mode watches, either
    if given or named or not plain or not self.requires_grad or self.numel() != 1:
        _BACKWARD(self, *given, **named)  # type: ignore[no-untyped-call]
        return
    engine = torch.autograd.Variable._execution_engine  # noqa: SLF001 -- as in `backward`
    ones = (torch.ones_like(self),)
    engine.run_backward((self,), ones, False, False, (), allow_unreachable=True, accumulate_grad=True)
