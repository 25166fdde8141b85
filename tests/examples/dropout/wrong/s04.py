import torch


def dropout(x, p, training):
    if training:
        mask = (torch.rand_like(x) < p).to(x.dtype)
        return mask * x / (1 - p)
    return x
