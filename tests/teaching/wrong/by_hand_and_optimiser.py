import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta.square().sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
        optimizer.step()
    return theta.detach()
