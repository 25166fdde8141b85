"""What is left out while freezing, and is not where somebody watches. Under 1 s."""

from __future__ import annotations

import pytest
import torch

from grader.freezing import haste
from grader.sandbox.watching import Watching


def test_a_hastened_backward_is_seen_by_who_watches_and_gives_the_same_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.Tensor, "backward", haste._backward)
    watched, alone = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    watching = Watching(("backward", "grad"))

    with watching:
        (watched**2).sum().backward()  # type: ignore[no-untyped-call]
    (alone**2).sum().backward()  # type: ignore[no-untyped-call]

    assert watching.seen(stepped=False) == ("backward",)
    assert watched.grad is not None
    assert alone.grad is not None
    assert watched.grad.tolist() == alone.grad.tolist() == [2.0, 4.0]
