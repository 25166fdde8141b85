import random

import torch


def make_mask(shape, p):
    n = 1
    for s in shape:
        n *= s
    bits = [0.0 if random.random() < p else 1.0 for _ in range(n)]
    return torch.tensor(bits).reshape(shape)


def dropout(x, p, training):
    if not training:
        return x
    mask = make_mask(tuple(x.shape), p).to(dtype=x.dtype, device=x.device)
    return mask * x / (1 - p)
