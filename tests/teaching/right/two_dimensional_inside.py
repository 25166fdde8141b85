import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.reshape(1, 1).clone())   # always a matrix inside
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        torch.mm(theta.T, theta).backward()
        opt.step()
    return theta.detach().reshape(initial_theta.shape)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.unsqueeze(1).clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        torch.linalg.matrix_norm(theta).square().backward()
        opt.step()
    return theta.detach().squeeze(1)
