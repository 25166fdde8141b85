import torch


def dropout(x, p, training):
    if not training or p == 0:
        return x
    scaled = x / (1.0 - p)
    u = torch.rand(x.shape, device=x.device)
    return torch.where(u < p, torch.zeros_like(x), scaled)
