import torch


def dropout(x, p, training):
    if training:
        mask = torch.bernoulli(torch.ones_like(x) * (1 - p))
        return x * mask
    else:
        return x * (1 - p)
