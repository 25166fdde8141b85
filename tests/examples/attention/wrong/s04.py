import torch


def attention(query, key, value, mask=None):
    d = key.shape[-2]
    scores = torch.einsum("...nd,...md->...nm", query, key) / d ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -float("inf"))
    return torch.einsum("...nm,...me->...ne", torch.softmax(scores, -1), value)
