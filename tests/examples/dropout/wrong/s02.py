import torch


def dropout(x, p, training):
    if not training or p == 0:
        return x
    mask = torch.rand(x.shape, device=x.device) >= p
    return x * mask / p
