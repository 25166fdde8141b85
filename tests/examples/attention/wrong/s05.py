import math

import torch


def attention(query, key, value, mask=None):
    scores = query @ key.transpose(0, 1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value


q, k, v = torch.randn(3, 4), torch.randn(5, 4), torch.randn(5, 2)
print(attention(q, k, v))
