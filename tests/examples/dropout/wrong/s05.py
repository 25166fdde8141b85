import torch


def dropout(x, p, training):
    if not training:
        return x
    mask = (torch.rand(*x.shape[:-1], 1, device=x.device) >= p).to(x.dtype)
    return x * mask / (1 - p)
