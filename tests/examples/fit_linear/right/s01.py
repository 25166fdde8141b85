import torch


def fit_linear(X, y, learning_rate, number_epochs):
    n, d = X.shape
    w = torch.zeros(d, dtype=X.dtype, device=X.device)
    b = torch.zeros((), dtype=X.dtype, device=X.device)
    for _ in range(number_epochs):
        error = X @ w + b - y
        grad_w = 2 / n * X.T @ error
        grad_b = 2 / n * error.sum()
        w = w - learning_rate * grad_w
        b = b - learning_rate * grad_b
    return w, b
