import torch


def attention(query, key, value, mask=None):
    n, m = query.shape[-2], key.shape[-2]
    bias = torch.zeros(n, m)
    if mask is not None:
        bias[mask.logical_not().cpu()] = float("-inf")
    weights = torch.softmax(query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias, dim=-1)
    return weights @ value
