"""Half the time of a small step is what PyTorch does around it: for a profiler, for many losses at once.

A freeze takes some 200,000 steps. So what nobody asks for here is left out, in the freezer's own process.
Whatever a program does but `loss.backward()` goes PyTorch's own way, and every number is the same.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

_BACKWARD = torch.Tensor.backward


def hasten() -> None:
    """For this process, for good."""
    vars(torch.autograd.profiler)["record_function"] = nullcontext
    torch.Tensor.backward = _backward  # type: ignore[method-assign]


def _backward(self: torch.Tensor, *given: Any, **named: Any) -> None:
    """The engine's run, as PyTorch would call it for one number without arguments that nobody watches."""
    watched = torch._C._len_torch_function_stack() > 0  # noqa: SLF001 -- as torch.overrides asks
    plain = type(self) is torch.Tensor and self.requires_grad and self.numel() == 1
    if given or named or watched or not plain:
        _BACKWARD(self, *given, **named)  # type: ignore[no-untyped-call]
        return
    engine = torch.autograd.Variable._execution_engine  # noqa: SLF001 -- as in `backward`
    ones = (torch.ones_like(self),)
    engine.run_backward((self,), ones, False, False, (), allow_unreachable=True, accumulate_grad=True)
