import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        sgd.zero_grad()
        loss = theta.double() ** 2      # the loss in double, theta stays what it is
        loss.backward()
        sgd.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    identity = torch.eye(2, dtype=theta.dtype)
    for _ in range(number_steps):
        sgd.zero_grad()
        loss = theta @ identity @ theta   # quadratic form with A = I
        loss.backward()
        sgd.step()
    return theta.detach()
