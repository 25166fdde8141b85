import torch


def dropout(x, p, training=True):
    keep_prob = 1 - p
    mask = torch.bernoulli(torch.full_like(x, keep_prob))
    return x * mask / keep_prob
