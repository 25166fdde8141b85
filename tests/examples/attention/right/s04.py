import torch


def attention(query, key, value, mask=None):
    q, k, v = query.double(), key.double(), value.double()
    n, m, d = q.size(-2), k.size(-2), q.size(-1)
    bias = torch.zeros(n, m, dtype=q.dtype, device=q.device)
    if mask is not None:
        bias = bias.masked_fill(mask == False, float("-inf"))
    w = torch.softmax(q.matmul(k.transpose(-1, -2)) / d ** 0.5 + bias, -1)
    return w.matmul(v).to(value.dtype)
