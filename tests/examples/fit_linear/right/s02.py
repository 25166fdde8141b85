import torch


def fit_linear(X, y, learning_rate, number_epochs):
    w = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device, requires_grad=True)
    b = torch.zeros((), dtype=X.dtype, device=X.device, requires_grad=True)
    for epoch in range(number_epochs):
        prediction = X @ w + b
        loss = ((prediction - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return w.detach(), b.detach()


if __name__ == "__main__":
    X = torch.randn(50, 2)
    print(fit_linear(X, X @ torch.tensor([1.0, -2.0]) + 0.5, 0.1, 200))
