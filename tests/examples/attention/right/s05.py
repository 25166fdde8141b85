import math

import torch


def attention(query, key, value, mask=None):
    d = query.shape[-1]
    rows = []
    for i in range(query.shape[-2]):
        q = query[..., i, :]                                   # (..., d)
        s = (key * q.unsqueeze(-2)).sum(-1) / math.sqrt(d)      # (..., m)
        if mask is not None:
            s = s.masked_fill(~mask[i], -math.inf)
        w = torch.softmax(s, -1)
        rows.append((w.unsqueeze(-1) * value).sum(-2))          # (..., e)
    return torch.stack(rows, dim=-2)


if __name__ == "__main__":
    q = torch.randn(2, 3, 4)
    k = torch.randn(2, 5, 4)
    v = torch.randn(2, 5, 6)
    print(attention(q, k, v).shape)
    print(attention(q, k, v, torch.ones(3, 5).tril().bool()).shape)
