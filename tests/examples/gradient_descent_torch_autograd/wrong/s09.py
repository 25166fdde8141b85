import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = torch.tensor(initial_theta.tolist(), dtype=torch.float32, requires_grad=True)
    for _ in range(number_steps):
        loss = (theta ** 2).sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        theta.grad.zero_()
    return theta.detach()
