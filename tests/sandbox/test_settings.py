"""What a call switches for the whole process is found and put back."""

from __future__ import annotations

import pytest
import torch

from grader.sandbox import settings


@pytest.mark.parametrize("device", ["meta", "cuda", "cuda:7"], ids=["there", "perhaps not", "not there"])
def test_a_default_device_is_put_back_even_where_nothing_can_be_made_on_it(device: str) -> None:
    before = settings.current()
    torch.set_default_device(device)

    assert settings.put_back(before) == {"default device"}
    assert torch.empty(0).device == torch.device("cpu")
    assert settings.put_back(before) == set()


def test_everything_that_was_switched_is_named_and_put_back() -> None:
    before = settings.current()
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)

    assert settings.put_back(before) == {"default dtype", "grad enabled"}
    assert settings.current() == before
