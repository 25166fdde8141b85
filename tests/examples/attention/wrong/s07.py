import math

import torch


def attention(query, key, value, mask=None):
    s = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    w = torch.softmax(s, dim=-1)
    if mask is not None:
        w = w * mask
    return w @ value
