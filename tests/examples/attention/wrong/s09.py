import math

import torch


def softmax(s):
    e = torch.exp(s)
    return e / e.sum(dim=-1, keepdim=True)


def attention(query, key, value, mask=None):
    s = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        s = s.masked_fill(~mask, float("-inf"))
    return softmax(s) @ value
