import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    final_theta = theta.detach().clone()
    for _ in range(number_steps):
        final_theta = theta.detach().clone()
        opt.zero_grad()
        loss = theta @ theta
        loss.backward()
        opt.step()
    return final_theta

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
    return theta.detach()
