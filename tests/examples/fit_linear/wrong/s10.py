import torch


def fit_linear(X, y, learning_rate, number_epochs):
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    b = torch.zeros((), dtype=X.dtype)
    for epoch in range(number_epochs):
        for x_i, y_i in zip(X, y):
            e = torch.dot(x_i, w) + b - y_i
            w = w - learning_rate * 2 * e * x_i
            b = b - learning_rate * 2 * e
    return w, b


# X = torch.randn(20, 3)
# print(fit_linear(X, X.sum(1), 0.01, 100))
