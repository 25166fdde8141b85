"""Child side: tensors onto the device that is graded, and back.

The one place that knows how a device's name becomes a torch device.
"""

from __future__ import annotations

import torch

from grader.sandbox import compiler, twin


def place(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """A tensor on the device of that name; `tensor` is a fresh CPU tensor."""
    return tensor if device == "cpu" else tensor.to(device)


def home(tensor: torch.Tensor) -> torch.Tensor:
    """A plain CPU tensor with the same values."""
    return tensor.detach().cpu()


def device_of(tensor: torch.Tensor) -> str:
    """The name of the device that a tensor lies on."""
    return tensor.device.type


def is_plain(tensor: object) -> bool:
    """Whether this is a torch.Tensor or Parameter itself: no subclass can lie about its values."""
    return type(tensor) in (torch.Tensor, torch.nn.Parameter, twin.Tensor)


def wake(device: str) -> None:
    """Start the device and take one step of SGD on it: what both import and set up is charged to nobody.

    The first tensor on CUDA takes seconds.
    """
    compiler.put_to_sleep()
    if device == twin.NAME:
        twin.start()
    step(device)


def step(device: str) -> None:
    """A step of SGD, whatever the defaults are."""
    parameter = torch.nn.Parameter(place(torch.ones(2, device="cpu"), device))
    optimiser = torch.optim.SGD([parameter], lr=0.1)
    optimiser.zero_grad()
    with torch.enable_grad():
        (parameter * parameter).sum().backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    repr(parameter)
