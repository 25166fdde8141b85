import torch


def fit_linear(X, y, learning_rate, number_epochs):
    w = torch.zeros(X.shape[1], dtype=X.dtype).requires_grad_()
    b = torch.zeros([], dtype=X.dtype).requires_grad_()
    for _ in range(number_epochs):
        loss = torch.mean((y - X @ w - b) ** 2)
        loss.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
        w.grad.zero_()
    return w.detach(), b.detach()
