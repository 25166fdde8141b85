import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    loss = theta ** 2
    loss.backward()
    for i in range(number_steps):
        sgd.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    loss = torch.linalg.norm(theta) ** 2
    loss.backward()
    for i in range(number_steps):
        sgd.step()
    return theta.detach()
