import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        squared_norm = (theta ** 2).sum()
        loss = squared_norm ** 2
        loss.backward()
        opt.step()
    return theta.detach()
