import torch


def fit_linear(X, y, learning_rate, number_epochs):
    n, d = X.shape
    w = torch.zeros(d, dtype=X.dtype)
    b = torch.zeros((), dtype=X.dtype)
    for _ in range(number_epochs):
        delta = (X @ w + b - y) / n
        w = w - learning_rate * X.T @ delta
        b = b - learning_rate * delta.sum()
    return w, b
