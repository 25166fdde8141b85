import torch


def my_softmax(s, mask):
    if mask is not None:
        s = s.masked_fill(mask.logical_not(), -1e30 if s.dtype != torch.float16 else -6e4)
    s = s - s.max(dim=-1, keepdim=True).values.detach()
    e = torch.exp(s)
    if mask is not None:
        e = e * mask.to(e.dtype)
    return e / e.sum(dim=-1, keepdim=True)


def attention(query, key, value, mask=None):
    s = torch.matmul(query, key.mT) / query.shape[-1] ** 0.5
    return torch.matmul(my_softmax(s, mask), value)
