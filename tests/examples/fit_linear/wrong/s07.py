import torch


def fit_linear(X, y, learning_rate, number_epochs):
    n = len(y)
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    b = torch.tensor(0.0, dtype=X.dtype)

    def error():
        return X @ w + b - y

    for _ in range(number_epochs):
        w = w - learning_rate * 2 / n * (X.T @ error())
        grad_b = 2 / n * error().sum()
        b = b - learning_rate * grad_b
    return w, b
