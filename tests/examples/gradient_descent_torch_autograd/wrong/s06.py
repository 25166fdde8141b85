import torch


def gradient_descent_torch_autograd(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        optimizer.step()
    return theta.detach()
