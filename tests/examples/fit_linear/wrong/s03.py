import torch


def fit_linear(X, y, learning_rate, number_epochs):
    n = X.shape[0]
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    b = torch.zeros(1, dtype=X.dtype)
    for _ in range(number_epochs):
        err = X.matmul(w) + b - y
        w = w - learning_rate * (2 / n) * X.t().matmul(err)
        b = b - learning_rate * (2 / n) * err.sum()
    return w, b
