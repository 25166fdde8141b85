import torch


def dropout(x, p, training):
    if not training:
        return x
    drop = torch.rand_like(x) < p
    with torch.no_grad():
        x[drop] = 0
        x /= (1 - p)
    return x
