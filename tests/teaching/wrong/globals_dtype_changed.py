import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    torch.set_default_dtype(torch.float16)
    theta = torch.empty(initial_theta.shape).copy_(initial_theta).requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps)
