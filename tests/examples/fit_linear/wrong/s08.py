import torch

torch.manual_seed(0)


def fit_linear(X, y, learning_rate, number_epochs):
    n, d = X.shape
    w = torch.randn(d, dtype=X.dtype) * 0.01
    b = torch.zeros((), dtype=X.dtype)
    for _ in range(number_epochs):
        e = X @ w + b - y
        w = w - learning_rate * 2 / n * (X.T @ e)
        b = b - learning_rate * 2 / n * e.sum()
    return w, b
