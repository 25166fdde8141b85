import torch


def dropout(x, p, training):
    """inverted dropout"""
    if training:
        keep = torch.bernoulli(torch.full_like(x, 1 - p))
        x = x * (keep / (1 - p))
    return x


if __name__ == "__main__":
    t = torch.ones(5, 5)
    print(dropout(t, 0.5, True))
    print(dropout(t, 0.5, False))
