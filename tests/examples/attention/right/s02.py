import torch


def attention(query, key, value, mask=None):
    scale = query.size(-1) ** -0.5
    scores = torch.einsum("...nd,...md->...nm", query, key) * scale
    if mask is not None:
        minus_inf = torch.full_like(scores, -torch.inf)
        scores = torch.where(mask, scores, minus_inf)
    return torch.einsum("...nm,...me->...ne", scores.softmax(-1), value)
