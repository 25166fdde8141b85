import torch


def dropout(x, p, training):
    if not training:
        return x
    n = x.numel()
    k = round(p * n)
    mask = torch.ones(n, dtype=x.dtype, device=x.device)
    mask[torch.randperm(n, device=x.device)[:k]] = 0
    return x * mask.reshape(x.shape) / (1 - p)
